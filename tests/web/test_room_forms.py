"""The owner's forms: what they do, what they refuse, and that everything that was typed comes back."""

from __future__ import annotations

import html
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

import pytest
from builders import AT
from conftest import Es
from web.rooms import Rooms, Seen, error_in, furnish, kept, rows_in, send
from web.serving import Answer, Server, opened
from web.test_busy import held
from web.test_forms import HOSTILE, draft_in

from expertsupport_cli import times
from expertsupport_cli.model.certificates import CertificateState

ODD: tuple[str | bytes, ...] = (
    *HOSTILE,
    "before\0after",
    b"one\xfftwo",
    b"\xed\xa0\x80",
    "x" * 1_000_000,
    "٣",
    "²",
    "9" * 5000,
    "-1",
    "1e9",
    "../../etc/passwd",
    "%00%ff",
    "=?utf-8?q?x?=",
    " \u200b ",
)
NOT_OURS = {"script", "img", "svg", "b", "i"}  # tags that these pages do not have, and odd texts do


@pytest.fixture(scope="module")
def rooms(server: Server, shared_es: Es) -> Rooms:
    return furnish(shared_es)


@pytest.fixture(scope="module")
def olga(server: Server, rooms: Rooms) -> str:
    return server.sign_in("owner", who="olga")


def serials_in(answer: Answer) -> list[str]:
    return re.findall(r'<code class="serial">([^<]+)</code>', answer.text)


def test_a_space_and_a_task_are_added_as_the_forms_say(server: Server, shared_es: Es, olga: str) -> None:
    for fields, lifetime, limit in (
        ({"name": "Space-1", "title": " Ma\u00f1ana & <b> ", "expiry": "12h", "limit": "7"}, 12 * 3600, 7),
        ({"name": "space-2", "title": "", "expiry": "never", "limit": ""}, None, None),
        ({"name": "space-3", "expiry": " 2W "}, 14 * 86400, None),
        ({"name": " space-4 ", "limit": "0"}, None, 0),
    ):
        answer = send(server, "/spaces", fields, olga)
        name = fields["name"].strip()
        assert (answer.status, answer.header("location")) == (303, f"/spaces/{name}"), error_in(answer)
        with opened(shared_es) as store:
            space = store.space(name)
        assert (space.name, space.title) == (name, fields.get("title", "").strip())
        assert (space.task_lifetime, space.task_limit) == (lifetime, limit)
        assert space.name in rows_in(server.get("/spaces", cookie=olga))
        assert server.get(f"/spaces/{name}", cookie=olga).status == 200
    text = "\n  One\r\n\r\ntwo <i>three</i> \n"
    for fields, id in (({"name": " Späti ", "id": " Inc-1 ", "description": text}, "Inc-1"), ({"name": "x"}, None)):
        answer = send(server, "/spaces/SPACE-1/tasks", fields, olga)
        path = str(answer.header("location"))
        assert answer.status == 303
        assert id is None or path == f"/tasks/{id}"
        with opened(shared_es) as store:
            task = store.task(path.removeprefix("/tasks/"))
            events = [(event.actor, event.side, event.via) for event in store.events_of_task(task.id)]
        assert (task.name, task.space, task.creator) == (fields["name"].strip(), "Space-1", "olga")
        assert task.description == fields.get("description", "").replace("\r\n", "\n")
        assert task.expires_at == times.after(task.created_at, 12 * 3600)
        assert events == [("olga", "owner", "web")]
        assert html.escape(task.description.strip(), quote=False) in server.get(path, cookie=olga).text
    assert rows_in(server.get("/spaces/Space-1", cookie=olga))[-1] == "Inc-1"


def test_certificates_are_issued_shown_once_replaced_and_revoked(server: Server, shared_es: Es, olga: str) -> None:
    fields = {"count": "2", "valid-for": "2d", "note": " for <Bob> "}
    serials = serials_in(answer := send(server, "/certificates", fields, olga))
    assert (answer.status, len(set(serials))) == (200, 2)
    ids = re.findall(r'href="/certificates/(C-\d+)"', answer.text)
    for serial, id in zip(serials, ids, strict=True):
        with opened(shared_es) as store:
            found = store.certificate(id)
        assert (found.masked[-4:], found.note, str(found.origin)) == (serial[-4:], "for <Bob>", "issued")
        assert found.expires_at == times.after(found.created_at, 2 * 86400)
        assert shared_es.inside("cert", "check", serial).status == 0
        page = server.get(f"/certificates/{id}", cookie=olga).text
        assert found.masked in page
    listed = server.get("/certificates", cookie=olga)
    assert rows_in(listed)[:2] == ids[::-1]
    assert "for &lt;Bob&gt;" in listed.text
    answer = send(server, f"/certificates/{ids[0]}/replace", {}, olga)
    (new,) = serials_in(answer)
    assert (answer.status, f"It takes the place of {ids[0]}." in answer.text) == (200, True)
    assert (send(server, f"/certificates/{ids[1]}/revoke", {}, olga)).header("location") == f"/certificates/{ids[1]}"
    with opened(shared_es) as store:
        states = [store.certificate(id).state(AT) for id in ids]
    assert states == [CertificateState.REVOKED] * 2
    assert [shared_es.inside("cert", "check", serial).status for serial in (*serials, new)] == [4, 4, 0]
    for path in ("/certificates", *(f"/certificates/{id}" for id in ids)):
        page = server.get(path, cookie=olga).text
        assert not any(serial in page for serial in (*serials, new)), path
    assert send(server, f"/certificates/{ids[1]}/revoke", {}, olga).status == 303, "revoked already"
    assert "What you can do" not in server.get(f"/certificates/{ids[1]}", cookie=olga).text


def test_partners_are_added_and_removed(server: Server, shared_es: Es, olga: str) -> None:
    fields = {"name": ' A "B" & <C> ', "url": " https://b.example/?a=1&b='2' "}
    assert send(server, "/partners", fields, olga).header("location") == "/partners"
    page = server.get("/partners", cookie=olga)
    hidden = next(form.fields for form in Seen(page.text).forms if form.fields.get("name", "").startswith("A"))
    assert fields["url"].strip() in Seen(page.text).links
    assert send(server, "/partners/remove", hidden, olga).header("location") == "/partners"
    again = send(server, "/partners/remove", hidden, olga)
    assert (again.status, error_in(again)) == (404, "Partner 'A \"B\" & <C>' not found.")
    assert fields["url"].strip() not in again.text


SPACE = {"name": "fresh", "title": "T", "expiry": "5d", "limit": "3"}
TASK = {"name": "A task", "id": "FRESH-1", "description": "\n Two\n\nlines "}
ISSUE = {"count": "3", "valid-for": "5d", "note": "N"}
PARTNER = {"name": "Fresh", "url": "https://fresh.example"}
# of each form: what is wrong with it, the status, and what the page says
REFUSALS: list[tuple[str, dict[str, str], dict[str, str], int, str]] = [
    ("/spaces", SPACE, {"name": "acme"}, 409, "Space acme already exists."),
    ("/spaces", SPACE, {"name": "ACME"}, 409, "Space ACME already exists."),
    ("/spaces", SPACE, {"name": ""}, 400, "Invalid space name ''. Use 1 to 64 ASCII letters, "),
    ("/spaces", SPACE, {"name": "a b"}, 400, "Invalid space name 'a b'. "),
    ("/spaces", SPACE, {"title": "x" * 1001}, 400, "The title is too long. It has 1,001 characters; "),
    ("/spaces", SPACE, {"expiry": "soon"}, 400, "Invalid duration 'soon'. Use a positive whole number and a unit"),
    ("/spaces", SPACE, {"expiry": "0d"}, 400, "Invalid duration '0d'."),
    ("/spaces", SPACE, {"expiry": "999999d"}, 400, "Duration '999999d' is too long."),
    ("/spaces", SPACE, {"expiry": "", "name": "acme"}, 409, "Space acme already exists."),
    ("/spaces", SPACE, {"limit": "-1"}, 400, "Invalid task limit '-1'. Use a whole number, or leave it empty."),
    ("/spaces", SPACE, {"limit": "٣"}, 400, "Invalid task limit '٣'."),
    ("/spaces/acme/tasks", TASK, {"name": " "}, 400, "The name is empty."),
    ("/spaces/acme/tasks", TASK, {"id": "T-1"}, 409, "Task T-1 already exists."),
    ("/spaces/acme/tasks", TASK, {"id": "ES-7"}, 400, "Invalid task ID 'ES-7'. Plain numbers and ES-N are request"),
    ("/spaces/acme/tasks", TASK, {"id": "a/b"}, 400, "Invalid task ID 'a/b'."),
    ("/spaces/acme/tasks", TASK, {"description": "x" * 100_001}, 400, "The description is too long."),
    ("/spaces/blocked/tasks", TASK, {}, 409, "Space blocked is blocked. Nothing new can be started in a blocked"),
    ("/spaces/full/tasks", TASK, {}, 409, "Space full is full. It has 0 of 0 tasks."),
    ("/certificates", ISSUE, {"count": "0"}, 400, "Invalid number of certificates '0'. Use 1 to 100."),
    ("/certificates", ISSUE, {"count": "101"}, 400, "Invalid number of certificates '101'."),
    ("/certificates", ISSUE, {"count": ""}, 400, "Invalid number of certificates ''."),
    ("/certificates", ISSUE, {"valid-for": "never"}, 400, "Invalid duration 'never'."),
    ("/certificates", ISSUE, {"note": "x" * 1001}, 400, "The note is too long."),
    ("/partners", PARTNER, {"name": ""}, 400, "The name is empty."),
    ("/partners", PARTNER, {"name": "tools & CO"}, 409, "Partner 'tools & CO' already exists."),
    ("/partners", PARTNER, {"url": "javascript:alert(1)"}, 400, "Invalid URL 'javascript:alert(1)'."),
    ("/partners", PARTNER, {"url": "https://x.example/a b"}, 400, "Invalid URL "),
]


def test_a_form_that_is_refused_says_why_and_keeps_everything_that_was_typed(
    server: Server, shared_es: Es, olga: str
) -> None:
    assert shared_es.inside("space", "add", "full", "--task-limit", "0").status == 0
    before = kept(shared_es)
    for path, good, wrong, status, says in REFUSALS:
        fields = {**good, **wrong}
        answer = send(server, path, fields, olga)
        case = (path, wrong if len(str(wrong)) < 200 else [*wrong])
        assert (answer.status, error_in(answer)[: len(says)]) == (status, says), case
        shown = Seen(answer.text)
        if path != "/spaces/blocked/tasks":  # which has no form
            assert shown.form(path) == fields, case
        assert len(set(shown.ids)) == len(shown.ids), case
        for link in [*shown.links, *(form.action for form in shown.forms if form.method == "get")]:
            found = urljoin(path, link or "")  # as the browser resolves it on this page
            if found.startswith("/") and not found.endswith("#main"):
                assert server.get(found, cookie=olga).status == 200, (case, link)
    assert kept(shared_es) == before


def test_a_certificate_that_was_used_or_has_expired_is_neither_revoked_nor_replaced(
    server: Server, shared_es: Es, rooms: Rooms, olga: str
) -> None:
    send(server, "/certificates", {"count": "1", "valid-for": "1s"}, olga)
    with opened(shared_es) as store:
        expired = next(iter(store.certificates(AT))).id
    before = kept(shared_es)
    for act in ("revoke", "replace"):
        answer = send(server, f"/certificates/{rooms.used}/{act}", {}, olga)
        assert answer.status == 409
        assert re.match(r"Certificate \S+ was already used\. It opened ES-\d+ on task T-\d+\.", error_in(answer))
    while (answer := send(server, f"/certificates/{expired}/replace", {}, olga)).status == 200:
        expired = re.findall(r'href="/certificates/(C-\d+)"', answer.text)[0]
        before = kept(shared_es)
    assert (answer.status, "has expired." in error_in(answer)) == (409, True)
    assert kept(shared_es) == before


def test_whatever_is_typed_is_kept_as_it_is_or_refused_and_shown_as_text(
    server: Server, shared_es: Es, rooms: Rooms, olga: str
) -> None:
    task = f"/tasks/{rooms.open}"
    forms: list[tuple[str, dict[str, str]]] = [
        ("/spaces", SPACE),
        ("/spaces/acme/tasks", {**TASK, "id": ""}),
        ("/certificates", ISSUE),
        ("/partners", PARTNER),
        ("/partners/remove", {"name": ""}),
        (f"{task}/activate", {"serial": "", "body": ""}),
    ]
    for path, good in forms:
        for name in good:
            for odd in ODD:
                answer = send(server, path, {**good, name: odd}, olga)
                case = (path, name, odd[:40])
                assert answer.status in (200, 303, 400, 404, 409, 422), case
                if answer.status >= 400:
                    assert error_in(answer), case
                assert not NOT_OURS & {*Seen(answer.text).tags}, case
    for path in ("/spaces", "/spaces/acme", "/certificates", "/partners", f"{task}/expert-support"):
        page = server.get(path, cookie=olga)
        assert page.status == 200
        assert not NOT_OURS & {*Seen(page.text).tags}, path
    assert shared_es.inside("db", "check").status == 0


def test_a_form_that_cannot_be_kept_now_comes_back_with_all_that_was_typed(
    server: Server, shared_es: Es, olga: str
) -> None:
    with held(shared_es), ThreadPoolExecutor(4) as threads:
        forms = [("/spaces", SPACE), ("/spaces/acme/tasks", TASK), ("/certificates", ISSUE), ("/partners", PARTNER)]
        answers = list(threads.map(lambda form: send(server, form[0], form[1], olga), forms))
    for (path, fields), answer in zip(forms, answers, strict=True):
        assert (answer.status, answer.header("retry-after")) == (503, "2"), path
        assert "Try again in a moment." in error_in(answer)
        assert Seen(answer.text).form(path) == fields, path


def test_a_long_text_is_not_lost_when_the_session_has_ended_meanwhile(server: Server, rooms: Rooms) -> None:
    for path, fields in (("/spaces/acme/tasks", TASK), (f"/tasks/{rooms.open}/activate", {"body": "An hour's work"})):
        answer = send(server, path, fields)
        assert (answer.status, draft_in(answer)) == (403, fields.get("body") or fields["description"]), path
