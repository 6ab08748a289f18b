"""Every reply of a server, at each step: it means later, never, or that a setting is wrong. See test_answers."""

from __future__ import annotations

import json

import pytest
from builders import AT, BOB, a_request
from conftest import Es
from mail.box import POST
from mail.clients import LETTER, misset, over_smtp, refused, sending
from mail.servers import PASSWORD, Letterbox, scripted, serving
from sessions import filled

from expertsupport_cli.actions import requests
from expertsupport_cli.mail.errors import Misconfigured, Undelivered

ANSWERS: dict[str, dict[str, str]] = {
    # phase: the answer, and what it means: later (failed), never (dead), or the setting that is wrong
    "connect": {"421 busy": "later", "450 later": "later", "554 no service": "mail.smtp.host", "oops": "later"},
    "EHLO": {"421 busy": "later", "451 later": "later", "550 bad name": "mail.smtp.host", "554 no": "mail.smtp.host"},
    "STARTTLS": {
        "454 no TLS now": "later",
        "421 busy": "later",
        "502 no": "mail.smtp.security",
        "501 no": "mail.smtp.security",
    },
    "AUTH": {
        "535 wrong": "mail.smtp.user",
        "534 too weak": "mail.smtp.user",
        "530 TLS first": "mail.smtp.user",
        "504 how?": "mail.smtp.user",
        "454 later": "later",
        "421 busy": "later",
    },
    "MAIL": {
        "550 not you": "mail.from",
        "553 no such sender": "mail.from",
        "501 syntax": "mail.from",
        "530 who are you?": "mail.smtp.user",
        "535 not you": "mail.smtp.user",
        "552 too large": "never",
        "451 later": "later",
        "452 full": "later",
        "421 busy": "later",
    },
    "RCPT": {
        "550 no such user": "never",
        "551 moved": "never",
        "553 bad name": "never",
        "554 no": "never",
        "530 who are you?": "mail.smtp.user",
        "450 later": "later",
        "452 full": "later",
        "421 busy": "later",
    },
    "DATA": {
        "554 no": "never",
        "550 no": "never",
        "530 log in": "mail.smtp.user",
        "451 later": "later",
        "421 x": "later",
    },
    "end": {"554 spam": "never", "552 too large": "never", "550 no": "never", "450 later": "later", "421 x": "later"},
}


@pytest.mark.parametrize("phase", ANSWERS)
def test_an_answer_means_later_or_never_or_that_a_setting_is_wrong(phase: str) -> None:
    logs_in = {"user": "es", "password": PASSWORD, "password_source": "a test"} if phase == "AUTH" else {}
    security = "starttls" if phase == "STARTTLS" else "none"
    for answer, meaning in ANSWERS[phase].items():
        script = {"EHLO": "250-hello\r\n250-STARTTLS\r\n250 AUTH PLAIN", phase: answer}
        script |= {"HELO": answer} if phase == "EHLO" else {}
        with (
            scripted(**script) as server,
            sending(server.port, security, **logs_in) as smtp,
            pytest.raises((Undelivered, Misconfigured)) as caught,
        ):
            smtp.deliver(LETTER)
        failure = caught.value
        assert isinstance(failure, Undelivered | Misconfigured)
        found = failure.setting if isinstance(failure, Misconfigured) else "never" if failure.final else "later"
        assert (answer, found) == (answer, meaning)
        assert answer[:3] in str(failure) or answer == "oops"
        assert str(failure).startswith(f"127.0.0.1:{server.port}")


def test_a_long_reply_is_cut_off() -> None:
    for phase in ("connect", "MAIL", "RCPT", "end"):
        with (
            scripted(**{phase: "\r\n".join(["550-no"] * 5_000) + "\r\n550 never"}) as server,
            sending(server.port) as smtp,
            pytest.raises((Undelivered, Misconfigured)) as caught,
        ):
            smtp.deliver(LETTER)
        assert "550 no\nno\nno" in str(caught.value)
        assert len(str(caught.value)) < 700
        assert str(caught.value).endswith("…")


def test_a_host_that_cannot_be_found_is_a_wrong_setting_and_one_that_is_not_there_is_not() -> None:
    for host in ("no-such-host.invalid", "a..b", "x" * 70):
        with sending(25, host=host) as smtp:
            assert misset(smtp).setting == "mail.smtp.host"
    with scripted() as server:
        port = server.port
    with sending(port) as smtp:
        assert not refused(smtp).final


def test_a_server_that_speaks_no_tls_is_a_wrong_setting() -> None:
    with scripted() as server, sending(server.port, "tls") as smtp:
        assert misset(smtp).setting == "mail.smtp.security"


def test_a_password_that_cannot_be_sent_is_a_wrong_setting_and_no_part_of_it_is_shown() -> None:
    with (
        scripted(EHLO="250-hello\r\n250 AUTH PLAIN LOGIN") as server,
        sending(server.port, user="es", password=PASSWORD + "ß") as smtp,
    ):
        failure = misset(smtp)
    assert failure.setting == "mail.smtp.user"
    assert str(failure).endswith("the user and the password must be ASCII")


def test_a_wrong_setting_leaves_all_mail_as_it_was_and_names_the_setting_once(es: Es) -> None:
    with filled(es) as store:
        a_request(store)
        for text in ("One", "Two"):
            requests.reply(store, "ES-1", text, asks=False, by=BOB, at=AT, post=POST)
    bob = es.as_("bob")
    with scripted(MAIL="553 5.1.8 no such sender.") as server:
        env = over_smtp(bob, server.port)
        done = bob("desk", "reply", "ES-1", "-m", "Three", env=env)
        sent = bob("mail", "send", env=env)
        tested = bob("mail", "test", "ann@example.org", env=env)
        watched = bob("mail", "send", "--watch", env=env)
    why = f"127.0.0.1:{server.port} refused the sender support@desk.example: 553 5.1.8 no such sender"
    assert (done.stdout, done.status) == ("ES-1\n", 0)
    assert done.stderr == (
        f"1 email was not sent and stays queued ({why}).\n  Try: es config set mail.from VALUE && es mail send\n"
    )
    assert sent[::2] == watched[::2] == ("", 6)
    assert watched.stderr == sent.stderr
    hint = "  Try: es config set mail.from VALUE\n"
    assert sent.stderr == f"es: {why}.\n  The mail stays queued, and no attempt was counted.\n{hint}"
    assert tested.stderr == f"es: {why}.\n{hint}"
    rows = json.loads(es("mail", "list", "--json").stdout)
    assert [(row["state"], row["attempts"], row["error"]) for row in rows] == [
        ("queued", 0, f"{why}."),
        ("queued", 0, None),
        ("queued", 0, f"{why}."),
    ]
    assert "Error   127.0.0.1" in es("mail", "show", "M-1").stdout
    with serving(Letterbox()) as port:
        assert bob("mail", "send", env=over_smtp(bob, port)).stdout == "M-1\nM-2\nM-3\n"


def test_the_notice_about_dead_mail_names_each_or_how_to_see_them_all(inside: Es) -> None:
    bob = inside.as_("bob")
    with filled(inside) as store:
        a_request(store)
    for number in range(4):
        inside("follow", "ES-1", "--email", f"fan-{number}@example.org")
    with scripted(RCPT="550 never") as server:
        env = over_smtp(bob, server.port)
        few = bob("desk", "reply", "ES-1", "-m", "Hello", env=env)
        inside("follow", "ES-1", "--email", "fan-5@example.org")
        many = bob("desk", "reply", "ES-1", "-m", "Hello", env=env)
    why = f"127.0.0.1:{server.port} refused the recipient: 550 never"
    lost = "emails were not delivered and will not be tried again"
    assert few.stderr == f"5 {lost} ({why}).\n  Try: es mail retry M-1 M-2 M-3 M-4 M-5\n"
    assert many.stderr == f"6 {lost} ({why}).\n  Try: es mail list --state dead\n"
