"""Mail about what is done on pages: by a real SMTP server, after the answer, and never in the way of a form."""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message

import pytest
from conftest import Es
from mail.clients import over_smtp
from mail.servers import SILENCE, Letterbox, scripted
from mail.servers import serving as smtp_server
from sessions import as_json
from web.serving import a_request_in, path_of, serving, state, wait_for
from web.test_server import listens

from expertsupport_cli.model.requests import Status

URL = "https://help.example/support"
HOST = "help.example"
DESK, ANN = "desk@desk.example", "ann@example.org"


def smtp(es: Es, port: int) -> dict[str, str]:
    """The settings of a server that mails to the initiator and to the desk."""
    return over_smtp(es, port, ES_DESK_EMAIL=DESK, ES_PAGE_URL=URL)


def by_recipient(box: Letterbox) -> dict[str, Message]:
    assert all(len(letter.recipients) == 1 for letter in box.received)
    return {letter.recipients[0]: message_from_bytes(letter.content) for letter in box.received}


def text_of(letter: Message) -> str:
    body = letter.get_payload(decode=True)
    assert isinstance(body, bytes)
    return body.decode()


def queue(es: Es) -> dict[str, str]:
    """The state of the mail to each recipient."""
    return {mail["recipient"]: mail["state"] for mail in as_json(es.inside("mail", "list", "--json"))}


def test_a_comment_on_the_page_is_mailed_to_the_initiator_and_to_the_desk(es: Es) -> None:
    request, box = a_request_in(es), Letterbox()
    with smtp_server(box) as port, serving(es, **smtp(es, port)) as server:
        assert server.post(f"{path_of(request)}/comment", {"body": "It burns, é."}, Host=HOST).status == 303
        wait_for(lambda: len(box.received) == 2, "both letters")
    letters = by_recipient(box)
    assert letters.keys() == {ANN, DESK}
    for letter in letters.values():
        assert "It burns, é." in text_of(letter)
        assert f"[{request.id}]" in str(letter["Subject"])
    assert f"{URL}{path_of(request)}" in text_of(letters[ANN])
    assert f"{URL}/desk/requests/{request.id}" in text_of(letters[DESK])
    assert request.token not in letters[DESK].as_string(), "the desk has an address that takes signing in"
    assert queue(es) == {ANN: "sent", DESK: "sent"}


def test_a_form_is_answered_before_its_mail_is_delivered(es: Es) -> None:
    request = a_request_in(es)
    with scripted(end=SILENCE) as box, serving(es, **smtp(es, box.port)) as server:
        assert server.post(f"{path_of(request)}/comment", {"body": "Hello"}, Host=HOST).status == 303
        wait_for(lambda: "." in box.seen, "the letter")
        assert box.taken == 0
        assert "Hello" in server.get(path_of(request), Host=HOST).text
        assert server.post(f"{path_of(request)}/close", Host=HOST).status == 303
        box.wake(end="250 taken")
        wait_for(lambda: set(queue(es).values()) == {"sent"}, "all mail")
    assert state(es, request)[0] is Status.CLOSED


def test_a_signal_ends_the_server_after_the_mail_that_it_has_begun(es: Es) -> None:
    request = a_request_in(es)
    with scripted(end=SILENCE) as box, serving(es, **smtp(es, box.port)) as server:
        assert server.post(f"{path_of(request)}/comment", {"body": "Hello"}, Host=HOST).status == 303
        wait_for(lambda: "." in box.seen, "the letter")
        server.process.terminate()
        wait_for(lambda: not listens(server), "the end of listening")
        box.wake(end="250 taken")
        assert server.ended() == 0
    assert queue(es) == {ANN: "sent", DESK: "sent"}


@pytest.mark.parametrize("phase", ["connect", "MAIL", "RCPT", "end"])
def test_a_mail_server_that_fails_does_not_fail_the_form(es: Es, phase: str) -> None:
    request = a_request_in(es)
    with scripted(**{phase: "451 not now"}) as box, serving(es, **smtp(es, box.port)) as server:
        assert server.post(f"{path_of(request)}/comment", {"body": "Hello"}, Host=HOST).status == 303
        wait_for(lambda: "failed" in queue(es).values(), "an attempt")
        assert server.get(path_of(request), Host=HOST).status == 200
        assert server.post(f"{path_of(request)}/close", Host=HOST).status == 303
    assert state(es, request) == (Status.CLOSED, ["Hello"])


def test_without_a_mail_server_mail_stays_queued_until_somebody_sends_it(es: Es) -> None:
    request = a_request_in(es)
    with smtp_server(Letterbox()) as port:
        pass  # nothing listens there any more
    with serving(es, **smtp(es, port)) as server:
        assert server.post(f"{path_of(request)}/comment", {"body": "Hello"}, Host=HOST).status == 303
        wait_for(lambda: "failed" in queue(es).values(), "an attempt")
    box = Letterbox()
    with smtp_server(box) as port:
        other = Es(es.home)
        other.env = {**es.env, **smtp(es, port)}
        assert other("mail", "retry", "--all").status == 0
        assert other("mail", "send").status == 0
    assert by_recipient(box).keys() == {ANN, DESK}
