"""Activation: its six checks in their order; without a serial; with a message."""

from __future__ import annotations

import json
from contextlib import closing

import pytest
from builders import AT, OLGA, a_certificate, a_request, a_space, a_store, a_task, later
from conftest import Es
from sessions import as_json, dump, filled, open_task, refusal

from expertsupport_cli import serial as serials
from expertsupport_cli.actions import certificates, requests, spaces, tasks


@pytest.fixture
def es(inside: Es) -> Es:
    return inside


UNKNOWN = serials.write(serials.issue())


def refused(es: Es, *arguments: str) -> tuple[int, str]:
    """How an activation is refused; it leaves the store as it was."""
    before = dump(es)
    told = refusal(es("activate", *arguments, "--json"))
    assert dump(es) == before
    return told


@pytest.mark.parametrize(
    ("typed", "where"),
    [
        ("ABCD-EFGH", "Too short: 8 of 16"),
        ("ABCD-EFGH-JKMN-PQR!", "Character 19 is not a letter"),
        ("ABCDE-FGH-JKMN-PQRS", "Character 6 is a dash or a blank"),
        ("ABCD-EFGH-JKMN-PQRST", "after 16 letters and digits, at character 20"),
        ("ÀBCD-EFGH-JKMN-PQRS", "Character 1 is not a letter"),
        ("", "Too short: 0"),
    ],
)
def test_a_serial_that_is_not_of_the_form_is_wrong_usage_and_says_where(es: Es, typed: str, where: str) -> None:
    with filled(es) as store:
        open_task(store)
    result = es("activate", "T-1", typed)
    assert (result.status, result.stdout) == (2, "")
    assert where in result.stderr
    assert not typed or typed not in result.stderr


def test_first_the_form_of_the_serial_is_looked_at(es: Es) -> None:
    with filled(es):
        pass
    assert refused(es, "T-1", "ABCD") == (2, "malformed_serial")


def test_then_whether_the_task_is_known_and_close_ids_are_suggested(es: Es) -> None:
    with filled(es) as store:
        open_task(store, "INC-4711")
    assert refused(es, "INC-4712", UNKNOWN) == (3, "not_found")
    result = es("activate", "INC-4712", UNKNOWN)
    assert "Task 'INC-4712' not found" in result.stderr
    assert "Did you mean INC-4711?" in result.stderr


def test_then_whether_this_serial_opened_this_tasks_request_whatever_became_of_both(es: Es) -> None:
    with filled(es) as store:
        task = open_task(store)
        serial, _ = a_certificate(store, valid_for=86400)
    with closing(a_store(es.store)) as store:
        requests.activate(store, task, serial, by=OLGA, at=AT)
        requests.close(store, "ES-1", None, by=OLGA, at=AT)
        tasks.close_task(store, task, by=OLGA, at=AT)
    before = dump(es)
    result = es("activate", task, serial)
    assert result.id == "ES-1"
    assert "already opened ES-1 on T-1; nothing was changed" in result.stderr
    assert dump(es) == before


@pytest.mark.parametrize("certificate", ["unknown", "mistyped", "revoked", "expired", "used"])
@pytest.mark.parametrize("task", ["open", "expired"])
def test_then_the_certificate_even_where_the_task_would_be_refused_too(es: Es, certificate: str, task: str) -> None:
    with filled(es) as store:
        id = open_task(store) if task == "open" else a_task(store).id
        serial, made = a_certificate(store, valid_for=86400 if certificate == "expired" else None)
        if certificate == "revoked":
            certificates.revoke_certificate(store, made.id, by=OLGA, at=AT)
        elif certificate == "used":
            other = open_task(store, "OTHER")
            requests.activate(store, other, serial, by=OLGA, at=AT)
        elif certificate == "unknown":
            serial = UNKNOWN
        elif certificate == "mistyped":
            wrong = "2" if serial[0] != "2" else "3"
            serial = wrong + serial[1:]
    code = {"mistyped": "serial_mistyped"}.get(certificate, f"certificate_{certificate}")
    assert refused(es, id, serial) == (4, code)


def test_each_refusal_of_a_certificate_says_what_is_wrong_with_it(es: Es) -> None:
    with filled(es) as store:
        open_task(store)
        gone, made = a_certificate(store)
        certificates.revoke_certificate(store, made.id, by=OLGA, at=AT)
        old, _ = a_certificate(store, valid_for=86400)
        used, _ = a_certificate(store)
        requests.activate(store, open_task(store, "OTHER"), used, by=OLGA, at=AT)
    assert f"was revoked.\n  It was revoked at {AT}." in es("activate", "T-1", gone).stderr
    assert f"has expired.\n  It was valid until {later(1)}." in es("activate", "T-1", old).stderr
    assert "was already used.\n  It opened ES-1 on task OTHER." in es("activate", "T-1", used).stderr
    assert "Unknown serial number." in es("activate", "T-1", UNKNOWN).stderr
    swapped = next(
        UNKNOWN[:i] + UNKNOWN[i + 1] + UNKNOWN[i] + UNKNOWN[i + 2 :] for i in range(3) if UNKNOWN[i] != UNKNOWN[i + 1]
    )
    assert "looks mistyped" in es("activate", "T-1", swapped).stderr


@pytest.mark.parametrize(
    ("state", "code", "how"),
    [
        ("closed", "task_closed", "es task reopen T-1"),
        ("expired", "task_expired", "es task reopen T-1"),
        ("blocked", "space_blocked", "es space edit acme --unblocked"),
    ],
)
def test_then_the_task_and_its_space_even_where_another_request_is_open(
    es: Es, state: str, code: str, how: str
) -> None:
    with filled(es) as store:
        a_space(store, lifetime=None if state != "expired" else 86400)
        task = a_task(store).id
        if state != "expired":
            a_request(store, task=task)
        serial, _ = a_certificate(store)
        if state == "closed":
            tasks.close_task(store, task, by=OLGA, at=AT)
        if state == "blocked":
            spaces.edit_space(store, "acme", {"blocked": True}, by=OLGA, at=AT)
    assert refused(es, task, serial) == (4, code)
    assert how in es("activate", task, serial).stderr
    assert es("cert", "check", serial).status == 0


def test_last_whether_the_task_has_a_request_that_is_not_closed_which_is_named(es: Es) -> None:
    with filled(es) as store:
        task = open_task(store)
        a_request(store, task=task)
        serial, _ = a_certificate(store)
    assert refused(es, task, serial) == (4, "request_open")
    assert "ES-1 (New)" in es("activate", task, serial).stderr
    assert es("close", "ES-1").id == "ES-1"
    assert es("activate", task, serial).id == "ES-2"


def test_an_expired_task_can_be_activated_after_it_was_reopened_and_then_never_expires(es: Es) -> None:
    with filled(es) as store:
        task = a_task(store).id
        serial, _ = a_certificate(store)
    assert es("activate", task, serial).status == 4
    assert es("task", "reopen", task).id == task
    assert es("activate", task, serial).id == "ES-1"
    assert as_json(es("task", "show", task, "--json"))["expires_at"] is None
    assert es("close", "ES-1").status == 0
    assert as_json(es("task", "show", task, "--json"))["expires_at"] is None


def test_everything_that_activation_does_is_done_at_once(es: Es) -> None:
    with filled(es) as store:
        task = a_task(store).id
        tasks.reopen_task(store, task, by=OLGA, at=later(20))
        serial, _ = a_certificate(store)
    assert es("task", "reopen", task).status == 0
    assert es("activate", task, serial, env={"ES_EMAIL": "ann@example.org"}).stderr == ""
    request = as_json(es("show", "ES-1", "--json"))
    assert (request["status"], request["initiator_email"]) == ("New", "ann@example.org")
    assert request["certificate"] == f"****-****-****-{serial[-4:]}"
    (certificate,) = as_json(es("cert", "list", "--json"))
    assert (certificate["state"], certificate["request"], certificate["task_id"]) == ("used", "ES-1", task)
    entry = json.loads(es("log", task, "--format", "jsonl").stdout.splitlines()[-1])
    assert (entry["event"], entry["support_ticket_url"]) == ("activated", request["url"])
    assert f"Support ticket URL  {request['url']}" in es("log", task, "--expand").stdout


def test_who_has_no_email_is_told_so_once_at_activation(es: Es) -> None:
    with filled(es) as store:
        open_task(store)
        serial, _ = a_certificate(store)
    assert es("activate", "T-1", serial).stderr.count("No mail can reach you") == 1
    assert "No mail" not in es("activate", "T-1", serial).stderr


def opened(es: Es) -> str:
    """A task T-1 with an open request ES-1, and a serial that is unused."""
    with filled(es) as store:
        open_task(store)
        a_request(store, task="T-1")
        serial, _ = a_certificate(store)
    return serial


@pytest.mark.parametrize("state", ["open", "closed", "blocked"])
def test_without_a_serial_the_open_request_is_shown_whatever_became_of_task_and_space(es: Es, state: str) -> None:
    opened(es)
    if state == "closed":
        es("task", "close", "T-1")
    if state == "blocked":
        es("space", "edit", "forever", "--blocked")
    before = dump(es)
    shown = es("activate", "t-1")
    assert (shown.stdout, shown.status) == ("ES-1\n", 0)
    assert "has an open request" in shown.stderr
    assert "purchase-link" not in shown.stderr
    assert as_json(es("activate", "T-1", "--json"))["id"] == "ES-1"
    assert dump(es) == before


@pytest.mark.parametrize(
    ("how", "code"), [("closed", "task_closed"), ("blocked", "space_blocked"), ("T-9", "not_found")]
)
def test_without_a_serial_a_task_that_cannot_be_activated_is_refused_before_anything_is_asked(
    es: Es, how: str, code: str
) -> None:
    with filled(es) as store:
        open_task(store)
    if how == "closed":
        es("task", "close", "T-1")
    if how == "blocked":
        es("space", "edit", "forever", "--blocked")
    assert refusal(es("activate", how if how == "T-9" else "T-1", "--json"))[1] == code


def test_a_message_opens_the_conversation(es: Es) -> None:
    with filled(es) as store:
        open_task(store)
        serial, _ = a_certificate(store)
    result = es("activate", "T-1", serial, "-m", "It smokes since Monday.", env={"ES_DESK_EMAIL": "desk@example.org"})
    assert result.id == "ES-1"
    page = as_json(es("show", "ES-1", "--json"))
    assert [comment["body"] for comment in page["comments"]] == ["It smokes since Monday."]
    assert [event["event"] for event in page["events"]] == ["activated"]
    assert page["status"] == "New"
    assert "    It smokes since Monday." in es("show", "ES-1").stdout
    assert "It smokes since Monday." in as_json(es("mail", "show", "M-1", "--json"))["body"]
    assert es("db", "check").status == 0


def test_a_message_that_is_not_valid_spends_nothing(es: Es) -> None:
    with filled(es) as store:
        open_task(store)
        serial, _ = a_certificate(store)
    before = dump(es)
    for more in (("-m", " "), ("-m", "x", "-F", "y"), ("-F", "/nowhere/at/all"), ("-m", "x" * 1_000_001)):
        if len(more[1]) < 100_000:
            assert es("activate", "T-1", serial, *more).status in (2, 3)
    assert es("activate", "T-1", "-", "-F", "-", stdin=serial).status == 2
    assert dump(es) == before


def test_a_message_for_a_request_that_there_is_already_is_not_saved_and_that_is_said(es: Es) -> None:
    serial = opened(es)
    refused = es("activate", "T-1", "-m", "More")
    assert (refused.stdout, refused.status) == ("ES-1\n", 4)
    assert "Your message was not saved.\n  Try: es comment ES-1 -m TEXT" in refused.stderr
    assert es("activate", "T-1", serial, "-m", "More").status == 4
    es("close", "ES-1")
    assert es("activate", "T-1", serial, "-m", "First").id == "ES-2"
    again = es("activate", "T-1", serial, "-m", "More")
    assert (again.stdout, again.status) == ("ES-2\n", 0)
    assert "Your message was not saved." in again.stderr
    assert [comment["body"] for comment in as_json(es("show", "ES-2", "--json"))["comments"]] == ["First"]
