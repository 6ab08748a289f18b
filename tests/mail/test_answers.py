"""What becomes of a mail by what the server answers: tried again, given up, or kept until a setting is changed."""

from __future__ import annotations

from typing import Any

import pytest
from builders import AT, BOB, a_request, later
from mail.box import Box, sender
from mail.clients import LETTER, sending
from mail.servers import DROP, scripted

from expertsupport_cli.actions import outbox, requests
from expertsupport_cli.actions.notices import Post
from expertsupport_cli.actions.outbox import Sender
from expertsupport_cli.errors import MailUndelivered
from expertsupport_cli.model.mail import Mail
from expertsupport_cli.render.notice import notice_text
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store import Store

POST = Post(compose=notice_text)


def tried(store: Store, port: int, **more: Any) -> Mail:
    """What became of one notice after one try at a server."""
    a_request(store)
    requests.reply(store, "ES-1", "Is it plugged in?", asks=False, by=BOB, at=AT, post=POST)
    with sending(port, **more) as smtp:
        by_smtp = Sender(transport=smtp, address=LETTER.sender, reply_to=None, lease="x", lease_seconds=60)
        (mail_,) = outbox.send_due(store, by_smtp, lambda: AT)
    assert store.mail("M-1") == mail_.replace(leased_until=None)
    return mail_


@pytest.mark.parametrize("phase", ["connect", "EHLO", "MAIL", "RCPT", "DATA", "body", "end"])
def test_a_connection_that_is_dropped_is_tried_again_later(phase: str, store: Store) -> None:
    with scripted(**{phase: DROP}) as server:
        mail_ = tried(store, server.port)
    assert (mail_.state, mail_.attempts, mail_.sent_at) == ("failed", 1, None)
    assert later(seconds=24) <= mail_.due_at <= later(seconds=36)
    assert mail_.error is not None
    assert mail_.error.startswith(f"127.0.0.1:{server.port}: ")
    assert server.taken == 0


@pytest.mark.parametrize("phase", ["MAIL", "RCPT", "DATA", "end"])
@pytest.mark.parametrize(("answer", "state"), [("421 busy", "failed"), ("450 later", "failed"), ("550 never", "dead")])
def test_the_answer_says_whether_it_is_worth_trying_again(phase: str, answer: str, state: str, store: Store) -> None:
    answer = "552 too large" if (phase, answer) == ("MAIL", "550 never") else answer
    with scripted(**{phase: answer}) as server:
        mail_ = tried(store, server.port)
    assert (mail_.state, mail_.attempts) == (state, 1)
    assert mail_.due_at > AT
    assert mail_.error is not None
    assert answer in mail_.error


@pytest.mark.parametrize("phase", ["connect", "EHLO"])
def test_a_server_that_is_busy_is_tried_again(phase: str, store: Store) -> None:
    with scripted(**{phase: "421 busy", "HELO": "421 busy"}) as server:
        mail_ = tried(store, server.port)
    assert (mail_.state, mail_.attempts) == ("failed", 1)
    assert mail_.error is not None
    assert "421" in mail_.error


OURS = {  # what a server refuses to everybody who comes as we do, and the setting to change
    ("connect", "554 no service"): "mail.smtp.host",
    ("EHLO", "554 no service"): "mail.smtp.host",
    ("MAIL", "550 never"): "mail.from",
    ("MAIL", "553 not yours"): "mail.from",
    ("MAIL", "530 who are you?"): "mail.smtp.user",
    ("MAIL", "535 not you"): "mail.smtp.user",
    ("RCPT", "530 who are you?"): "mail.smtp.user",
}


@pytest.mark.parametrize(("phase", "answer"), OURS)
def test_what_is_refused_to_every_letter_counts_against_none_and_names_the_setting(
    phase: str, answer: str, store: Store
) -> None:
    with scripted(**{phase: answer, "HELO": answer}) as server, pytest.raises(MailUndelivered) as failure:
        tried(store, server.port)
    mail_ = store.mail("M-1")
    assert (mail_.state, mail_.attempts, mail_.leased_until, mail_.due_at) == ("queued", 0, None, AT)
    assert mail_.error is not None
    assert answer in mail_.error
    assert failure.value.exit_status == 6
    assert failure.value.hint == Step(verb=Verb.SET_SETTING, reference=OURS[phase, answer])
    assert [one.id for one in outbox.send_due(store, sender(Box()), lambda: AT)] == ["M-1"]
