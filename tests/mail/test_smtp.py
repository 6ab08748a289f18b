"""Delivery by SMTP to real servers on loopback, safe or not at all; and what becomes of a mail whatever they answer."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from builders import a_request
from conftest import Es, Result
from mail.clients import LETTER, misset, over_smtp, refused, sending
from mail.servers import PASSWORD, SILENCE, Letterbox, authenticate, certificates, scripted, serving
from sessions import dump, filled

from expertsupport_cli.mail.smtp import Smtp
from expertsupport_cli.mail.transport import Server


def listed_id(es: Es, recipient: str) -> str:
    rows = json.loads(es("mail", "list", "--json").stdout)
    return next(str(row["id"]) for row in rows if row["recipient"] == recipient)


def test_letters_arrive_as_they_are_over_one_connection() -> None:
    box = Letterbox()
    with serving(box) as port, sending(port) as smtp:
        smtp.deliver(LETTER)
        smtp.deliver(LETTER.replace(recipient="carl@example.org"))
    assert [(letter.sender, letter.recipients) for letter in box.received] == [
        ("support@desk.example", ["ann@example.org"]),
        ("support@desk.example", ["carl@example.org"]),
    ]
    assert box.received[0].content == LETTER.to_bytes("\r\n")


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_letter_is_sent_encrypted(security: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box, ours = Letterbox(), certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", ours.trusted)
    with serving(box, tls=ours, implicit=security == "tls") as port, sending(port, security) as smtp:
        smtp.deliver(LETTER)
    assert [letter.encrypted for letter in box.received] == [True]


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(("host", "trusted"), [("other.example", True), ("127.0.0.1", False)])
def test_a_letter_is_not_sent_to_a_server_that_cannot_prove_who_it_is(
    security: str, host: str, trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, theirs = Letterbox(), certificates(tmp_path, host)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", theirs.trusted)
    with serving(box, tls=theirs, implicit=security == "tls") as port, sending(port, security) as smtp:
        failure = misset(smtp)
    assert "certificate verify failed" in str(failure)
    assert failure.setting == "mail.smtp.host"
    assert box.received == []


def test_starttls_is_never_skipped_and_nothing_is_sent_in_the_clear() -> None:
    with scripted() as server, sending(server.port, "starttls", user="es", password=PASSWORD) as smtp:
        failure = misset(smtp)
    assert "STARTTLS" in str(failure)
    assert failure.setting == "mail.smtp.security"
    assert {line.split(" ")[0].lower() for line in server.seen} <= {"ehlo", "helo", "quit"}


@pytest.mark.program
def test_tls_is_never_skipped_and_nothing_is_sent_in_the_clear() -> None:
    with scripted(connect=SILENCE) as server, sending(server.port, "tls", timeout=1, password=PASSWORD) as smtp:
        assert not refused(smtp).final
    assert server.seen == []


def test_a_password_is_not_sent_over_a_line_that_is_not_encrypted() -> None:
    # this machine, by a name that does not look like it
    with scripted() as server, sending(server.port, host="LocalHost", user="es", password=PASSWORD) as smtp:
        assert "not encrypted" in str(misset(smtp))
    assert [line for line in server.seen if "AUTH" in line.upper()] == []


@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
def test_the_server_is_told_the_password_and_a_wrong_one_is_no_fault_of_the_letter(
    password: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box, ours = Letterbox(), certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", ours.trusted)
    with (
        serving(box, tls=ours, authenticator=authenticate, auth_required=True) as port,
        sending(port, "starttls", user="es", password=password) as smtp,
    ):
        if password == PASSWORD:
            smtp.deliver(LETTER)
        else:
            failure = misset(smtp)
            assert failure.setting == "mail.smtp.user"
            assert "535" in str(failure)
            assert password not in str(failure)
    assert [(letter.encrypted, letter.user) for letter in box.received] == [(True, b"es")] * (password == PASSWORD)


@pytest.mark.parametrize("source", ["variable", "file"])
@pytest.mark.parametrize("password", [PASSWORD, "wrong-horse-battery"])
def test_the_password_is_shown_nowhere(es: Es, source: str, password: str, tmp_path: Path) -> None:
    box, ours = Letterbox(), certificates(tmp_path)
    with filled(es) as store:
        a_request(store)
    with serving(box, tls=ours, authenticator=authenticate, auth_required=True) as port:
        more = {"SSL_CERT_FILE": ours.trusted, "ES_MAIL_SMTP_SECURITY": "starttls", "ES_MAIL_SMTP_USER": "es"}
        if source == "variable":
            more["ES_SMTP_PASSWORD"] = password
        else:
            more["ES_MAIL_SMTP_PASSWORD_FILE"] = str(tmp_path / "password")
            (tmp_path / "password").write_text(f"{password}\n")
        env = over_smtp(es.as_("bob"), port, **more)
        commands = ["desk reply ES-1 -m Hello", "mail retry --all", "mail send", "mail list", "mail show M-1"]
        commands += ["mail test ann@example.org", "config list --show-origin", "mail send --format json"]
        done = [es("--debug", *command.split(" "), env=env) for command in commands]
    assert len(box.received) == (2 if password == PASSWORD else 0)
    assert {one.status for one in done} == ({0} if password == PASSWORD else {0, 6})
    everything = "\n".join([*(one.stdout + one.stderr for one in done), *dump(es)])
    assert password not in everything
    assert ("Traceback" in everything) is (password != PASSWORD)  # which --debug shows, without it


@pytest.mark.program
def test_a_server_that_does_not_say_goodbye_is_left() -> None:
    with scripted(QUIT=SILENCE) as server:
        began = time.monotonic()
        with sending(server.port, timeout=30) as smtp:
            smtp.deliver(LETTER)
        assert time.monotonic() - began < 20  # not a measurement: it would be 30, at least
        assert server.taken == 1


@pytest.mark.program
def test_the_deliveries_of_a_command_are_all_over_by_its_deadline() -> None:
    with scripted(end=SILENCE) as server:
        smtp = Smtp(Server(host="127.0.0.1", port=server.port, security="none", timeout=60), time.monotonic() + 1)
        assert not refused(smtp).final
        assert "did not answer" in str(refused(smtp))
        smtp.close()


@pytest.mark.program
@pytest.mark.parametrize("phase", ["connect", "EHLO", "MAIL", "RCPT", "DATA", "body", "end"])
def test_a_server_that_falls_silent_is_left_when_the_time_is_over(phase: str) -> None:
    with scripted(**{phase: SILENCE}) as server, sending(server.port, timeout=1) as smtp:
        began = time.monotonic()
        failure = refused(smtp)
        assert time.monotonic() - began < 4  # not a measurement: without the limit, it would be for ever
    assert not failure.final
    assert "did not answer within 1 s" in str(failure)


@pytest.mark.program
def test_a_server_that_is_slow_at_each_step_is_left_when_the_time_of_all_is_over() -> None:
    # each step has time enough, and the letter would be taken at last
    with scripted() as server, sending(server.port, timeout=2) as smtp:
        server.pause = 0.5
        assert "did not answer within 2 s" in str(refused(smtp))
        assert server.taken == 0


@pytest.mark.program
def test_a_letter_that_was_given_up_is_not_sent_after_all() -> None:
    with scripted(connect=SILENCE, EHLO=SILENCE, AUTH="235 welcome") as server:
        with sending(server.port, timeout=2, user="es", password=PASSWORD) as smtp:
            waking = threading.Timer(1, server.wake, kwargs={"connect": "220 ready"})
            waking.start()  # the first half of the time is over when it greets
            assert "did not answer within 2 s" in str(refused(smtp))
            waking.join()
            server.wake(EHLO="250-fine\r\n250 AUTH PLAIN")  # to which the client would listen for the other half
            assert server.ended.wait(10)
        assert server.taken == 0
        assert [line for line in server.seen if line.lower().startswith("mail")] == []


def test_one_refused_recipient_stops_no_other(es: Es) -> None:
    box = Letterbox(refused={"gone@example.org": "550 no such user", "full@example.org": "452 mailbox full"})
    with filled(es) as store:
        a_request(store)
    for address in ("gone@example.org", "full@example.org", "zoe@example.org"):
        es("follow", "ES-1", "--email", address)
    with serving(box) as port:
        done = es.as_("bob")("desk", "reply", "ES-1", "-m", "Hello", env=over_smtp(es.as_("bob"), port))
    assert (done.stdout, done.status) == ("ES-1\n", 0)
    failed, send, dead, hint = done.stderr.splitlines()
    assert send == "  Try: es mail send"
    assert failed.startswith("1 email was not delivered (127.0.0.1:")
    assert "The next attempt is due after 20" in failed
    assert dead.startswith("1 email was not delivered and will not be tried again (127.0.0.1:")
    assert hint == f"  Try: es mail retry {listed_id(es, 'gone@example.org')}"
    assert sorted(to for letter in box.received for to in letter.recipients) == ["ann@example.org", "zoe@example.org"]
    listed = {row["recipient"]: row for row in json.loads(es("mail", "list", "--json").stdout)}
    assert {to: row["state"] for to, row in listed.items()} == {
        "ann@example.org": "sent",
        "full@example.org": "failed",
        "gone@example.org": "dead",
        "zoe@example.org": "sent",
    }
    assert "550 no such user" in listed["gone@example.org"]["error"]
    assert "452 mailbox full" in listed["full@example.org"]["error"]


def test_a_server_that_is_not_there_leaves_the_mail_queued_for_another_try(es: Es) -> None:
    with filled(es) as store:
        a_request(store)
    with scripted() as server:
        port = server.port
    done: Result = es.as_("bob")("desk", "reply", "ES-1", "-m", "Hello", env=over_smtp(es.as_("bob"), port))
    assert (done.stdout, done.status, done.stderr.count("\n")) == ("ES-1\n", 0, 2)
    assert "The next attempt is due after 2" in done.stderr
    assert done.stderr.endswith("es mail send\n")
    with closing(sqlite3.connect(es.store)) as db:
        assert db.execute("SELECT state, attempts, lease FROM outbox").fetchall() == [("failed", 1, None)]
