"""A serial in the form of a task: it opens a request, or says why not, and is not shown again."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from builders import AT, OLGA, a_certificate, a_task
from conftest import Es
from web.rooms import Rooms, Seen, error_in, furnish, kept, send
from web.serving import Server, opened, path_of

from expertsupport_cli import serial as serials
from expertsupport_cli.actions import certificates, tasks
from expertsupport_cli.model.requests import Request, Status

MESSAGE = "\n It <b>burns</b>,\n\nstill. "


@pytest.fixture(scope="module")
def rooms(server: Server, shared_es: Es) -> Rooms:
    return furnish(shared_es)


@pytest.fixture(scope="module")
def carl(server: Server, rooms: Rooms) -> str:
    return server.sign_in("customer", who="carl")


def new(es: Es, space: str = "acme") -> tuple[str, str]:
    """The ID of a new task, and an unused serial."""
    with opened(es) as store:
        return a_task(store, space=space).id, a_certificate(store)[0]


def request_of(es: Es, task: str) -> tuple[Request, list[str]]:
    """The open request of a task, and its messages."""
    with opened(es) as store:
        found = store.open_request(task)
        assert found
        return found, [comment.body for comment in store.comments(found, notes=True)]


def test_a_serial_opens_a_request_however_it_is_written(server: Server, shared_es: Es, carl: str) -> None:
    for written, message in (
        (lambda serial: serial, MESSAGE),
        (lambda serial: serial.lower(), ""),
        (lambda serial: f"  {serial.replace('-', ' ')}\t", " \r\n "),
        (lambda serial: "\u200b\u201c" + serial.replace("-", "\u2013") + "\u201d.", ""),
        (lambda serial: serial.replace("-", ""), ""),
        (lambda serial: serial.replace("0", "O").replace("1", "l"), ""),
    ):
        task, serial = new(shared_es)
        fields = {"serial": written(serial), "body": message.replace("\n", "\r\n")}
        answer = send(server, f"/tasks/{task}/activate", fields, carl)
        request, messages = request_of(shared_es, task)
        assert (answer.status, answer.header("location")) == (303, f"/spaces/acme/requests/{request.id}")
        assert (request.status, request.initiator) == (Status.NEW, "carl")
        assert messages == ([message] if message.strip() else [])
        with opened(shared_es) as store:
            assert store.task(task).expires_at is None
            event = store.events_of_task(task)[-1]
            assert (event.actor, str(event.side), str(event.via)) == ("carl", "customer", "web")
        for path in (f"/tasks/{task}/expert-support", f"/tasks/{task}"):
            shown = server.get(path, cookie=carl)
            led = shown.header("location") or Seen(shown.text).links
            assert f"/spaces/acme/requests/{request.id}" in led
        log = server.get(f"/tasks/{task}/log", cookie=carl).text
        assert f'href="{server.url}{path_of(request)}"' in log
        assert log.index("Support ticket URL") < log.index(path_of(request))


def test_the_owner_activates_as_a_customer(server: Server, shared_es: Es, rooms: Rooms) -> None:
    task, serial = new(shared_es)
    olga = server.sign_in("owner", who="olga")
    assert send(server, f"/tasks/{task}/activate", {"serial": serial, "body": "Mine"}, olga).status == 303
    request, messages = request_of(shared_es, task)
    assert (request.initiator, str(request.last_side), messages) == ("olga", "customer", ["Mine"])


def test_a_serial_that_is_refused_is_not_shown_again_and_uses_nothing(
    server: Server, shared_es: Es, rooms: Rooms, carl: str
) -> None:
    unknown = serials.write(serials.issue())
    mistyped = unknown[:-1] + ("A" if unknown[-1] != "A" else "B")
    with opened(shared_es) as store:
        revoked, old = a_certificate(store)
        certificates.revoke_certificate(store, old.id, by=OLGA, at=AT)
        stale, _ = a_certificate(store, valid_for=60)
    good, used, task = rooms.serial, rooms.used_serial, f"Task {rooms.closed}"
    blocked, brief = (server.sign_in("customer", space=space, who="carl") for space in ("blocked", "brief"))
    open_, started = rooms.open, rooms.started
    cases = (
        (carl, open_, "", 400, "Invalid serial number. Too short: 0 of 16 letters and digits."),
        (carl, open_, good[:-1], 400, "Invalid serial number. Too short: 15 of 16 letters and digits."),
        (carl, open_, good + "A", 400, "Invalid serial number. Too long: it continues after 16"),
        (carl, open_, good[:-1] + "é", 400, "Invalid serial number. Character 19 is not a letter from A to Z"),
        (carl, open_, unknown, 422, "Unknown serial number. No certificate in this store has this serial number."),
        (carl, open_, mistyped, 422, "Unknown serial number; it looks mistyped. Its check symbol does not match"),
        (carl, open_, used, 409, f"Certificate ****-****-****-{used[-4:]} was already used. It opened ES-"),
        (carl, open_, revoked, 409, f"Certificate ****-****-****-{revoked[-4:]} was revoked. It was revoked at"),
        (carl, open_, stale, 409, f"Certificate ****-****-****-{stale[-4:]} has expired. It was valid until"),
        (carl, rooms.closed, good, 409, f"{task} is closed. It was closed at 2026-01-31T09:30:00Z."),
        (brief, rooms.expired, good, 409, f"Task {rooms.expired} has expired. It expired at"),
        (blocked, rooms.blocked, good, 409, "Space blocked is blocked. Nothing new can be started in a blocked"),
        (carl, started, good, 409, f"Task {started} has an open request: {rooms.request} (New). A task can have"),
    )
    before = kept(shared_es)
    for cookie, id, typed, status, says in cases:
        answer = send(server, f"/tasks/{id}/activate", {"serial": typed, "body": MESSAGE}, cookie)
        assert (answer.status, error_in(answer)[: len(says)]) == (status, says)
        assert Seen(answer.text).form(f"/tasks/{id}/activate") == {"serial": "", "body": MESSAGE}, says
        if len(typed) > 15:
            assert typed[:15] not in answer.text, says
    too_long = {"serial": good, "body": "x" * 1_000_001}
    answer = send(server, f"/tasks/{open_}/activate", too_long, carl)
    assert error_in(answer).startswith("The message is too long. It has 1,000,001 characters;")
    assert kept(shared_es) == before
    assert good not in server.log


def test_a_message_with_a_serial_that_has_opened_the_request_is_not_lost(
    server: Server, shared_es: Es, carl: str
) -> None:
    task, serial = new(shared_es)
    path, fields = f"/tasks/{task}/activate", {"serial": serial, "body": "Hello\r\n"}
    for _ in range(2):  # a second click shows the same
        answer = send(server, path, fields, carl)
        request, messages = request_of(shared_es, task)
        assert (answer.status, answer.header("location")) == (303, f"/spaces/acme/requests/{request.id}")
        assert messages == ["Hello\n"]
    assert send(server, path, {"serial": serial}, carl).status == 303
    answer = send(server, path, {**fields, "body": "Something else"}, carl)
    assert (answer.status, error_in(answer)) == (
        409,
        f"This certificate has opened {request.id} already. Your message was not sent.",
    )
    assert Seen(answer.text).form(path)["body"] == "Something else"
    assert f"/spaces/acme/requests/{request.id}" in Seen(answer.text).links
    assert request_of(shared_es, task)[1] == ["Hello\n"]


def test_of_two_who_activate_at_once_one_opens_the_request(server: Server, shared_es: Es, carl: str) -> None:
    task, first = new(shared_es)
    _, second = new(shared_es)
    with ThreadPoolExecutor(2) as threads:
        path = f"/tasks/{task}/activate"
        answers = list(threads.map(lambda serial: send(server, path, {"serial": serial}, carl), (first, second)))
    assert sorted(answer.status for answer in answers) == [303, 409]
    assert sorted(shared_es.inside("cert", "check", serial).status for serial in (first, second)) == [0, 4]


def test_wrong_serials_are_answered_late_and_a_right_one_at_once(server: Server, shared_es: Es, carl: str) -> None:
    def took(path: str, serial: str, source: str) -> tuple[int, bool]:
        started = time.monotonic()
        status = send(server, path, {"serial": serial}, carl, source).status
        return status, time.monotonic() - started >= 1

    (task, serial), wrong = new(shared_es), serials.write(serials.issue())
    path, guesser = f"/tasks/{task}/activate", "127.2.3.4"
    assert [took(path, wrong, guesser) for _ in range(11)] == [(422, False)] * 10 + [(422, True)]
    assert took(path, "no serial", guesser) == (400, False)
    assert took(path, serial, guesser) == (303, False)
    assert took(path, wrong, "127.2.3.5") == (422, False)


def test_a_purchase_link_is_created_shown_once_and_is_for_this_task(
    server: Server, shared_es: Es, rooms: Rooms, carl: str
) -> None:
    task, serial = new(shared_es)
    answer = send(server, f"/tasks/{task}/purchase-link", {}, carl)
    (address,) = (link for link in Seen(answer.text).links if "/buy/" in link)
    with opened(shared_es) as store:
        (link,) = store.links(task)
    assert (answer.status, link.creator, link.certificate) == (200, "carl", None)
    assert f'datetime="{link.expires_at}"' in answer.text
    token = address.rpartition("/")[2]
    for path in (f"/tasks/{task}", f"/tasks/{task}/log", f"/tasks/{task}/expert-support"):
        assert token not in server.get(path, cookie=carl).text
    bought = shared_es.inside("link", "redeem", address).stdout.strip()
    assert send(server, f"/tasks/{task}/activate", {"serial": bought}, carl).status == 303
    for id, cookie, says in (
        (rooms.closed, carl, f"Task {rooms.closed} is closed."),
        (rooms.blocked, server.sign_in("customer", space="blocked", who="carl"), "Space blocked is blocked."),
    ):
        before = kept(shared_es)
        refused = send(server, f"/tasks/{id}/purchase-link", {}, cookie)
        assert (refused.status, error_in(refused)[: len(says)]) == (409, says)
        assert kept(shared_es) == before
    led = send(server, f"/tasks/{task}/purchase-link", {}, carl)
    assert led.header("location") == f"/spaces/acme/requests/{request_of(shared_es, task)[0].id}"
    assert shared_es.inside("cert", "check", serial).status == 0


def test_a_closed_or_expired_task_is_reopened_unless_its_space_is_blocked(server: Server, shared_es: Es) -> None:
    closed, _ = new(shared_es)
    with opened(shared_es) as store:
        expired = a_task(store, space="brief").id
        for id in (closed, a_task(store, id="SHUT", space="acme").id):
            tasks.close_task(store, id, by=OLGA, at=AT)
    olga = server.sign_in("owner", who="olga")
    for id, why in ((closed, "is closed."), (expired, "has expired.")):
        page = server.get(f"/tasks/{id}", cookie=olga)
        assert "No expert support can be started." in page.text
        assert why in page.text
        assert [form.action for form in Seen(page.text).forms] == ["/sign-out", f"/tasks/{id}/reopen"]
        assert server.get(f"/tasks/{id}/expert-support", cookie=olga).header("location") == f"/tasks/{id}"
        assert send(server, f"/tasks/{id}/reopen", {}, olga).header("location") == f"/tasks/{id}"
        assert f"/tasks/{id}/expert-support" in Seen(server.get(f"/tasks/{id}", cookie=olga).text).links
        before = kept(shared_es)
        assert send(server, f"/tasks/{id}/reopen", {}, olga).status == 303, "it is open already"
        assert kept(shared_es) == before
    shared_es.inside("space", "edit", "acme", "--blocked")
    try:
        page = server.get("/tasks/SHUT", cookie=olga)
        assert [form.action for form in Seen(page.text).forms] == ["/sign-out"]
        refused = send(server, "/tasks/SHUT/reopen", {}, olga)
        assert (refused.status, error_in(refused)[:24]) == (409, "Space acme is blocked. N")
    finally:
        shared_es.inside("space", "edit", "acme", "--unblocked")
