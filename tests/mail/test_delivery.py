"""Delivery: by the command itself, by `es mail send`, once more later, and in the end not at all."""

from __future__ import annotations

import json
import re
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from builders import a_request
from conftest import ES, Es
from mail.box import asked, in_maildir, states
from mail.clients import BY_SMTP, LETTER
from sessions import filled

from expertsupport_cli.mail.maildir import Maildir, folder_name

ANN_AT = "ann@example.org"


def blocked(es: Es) -> Path:
    """A place where no Maildir can be made."""
    place = es.home / "a-file"
    place.write_text("")
    return place


def test_mail_goes_to_the_recipients_maildir_beside_the_store_with_no_settings_at_all(es: Es) -> None:
    asked(es, 0)
    assert es.as_("bob")("desk", "reply", "ES-1", "-m", "Is it plugged in?") == ("ES-1\n", "", 0)
    (letter,) = in_maildir(es.home / "mail")
    folder = es.home / "mail" / ANN_AT
    assert (letter["To"], letter["Subject"], letter.get_subdir()) == (ANN_AT, "[ES-1] The printer is on fire", "new")
    assert "    Is it plugged in?\n" in letter.get_payload()
    assert [(path.name, oct(path.stat().st_mode & 0o777)) for path in sorted(folder.iterdir())] == [
        ("cur", "0o700"),
        ("new", "0o700"),
        ("tmp", "0o700"),
    ]
    assert list((folder / "tmp").iterdir()) == []
    assert {oct(path.stat().st_mode & 0o777) for path in (folder / "new").iterdir()} == {"0o600"}
    assert states(es) == [("M-1", "sent", 1)]


def test_each_recipient_has_a_maildir_whoever_delivers_and_wherever(es: Es) -> None:
    asked(es, 0)
    bob = Es(es.home / "elsewhere", ES_USER="bob", ES_STORE=str(es.store), ES_DESK_EMAIL="Desk@Example.org")
    assert bob("desk", "reply", "ES-1", "-m", "Hello").status == 0
    assert es("comment", "ES-1", "-m", "Hello", env={"ES_DESK_EMAIL": "Desk@Example.org"}).status == 0
    assert sorted(path.name for path in (es.home / "mail").iterdir()) == [ANN_AT, "desk@example.org"]


def test_no_recipient_and_no_message_id_leads_out_of_the_folder_of_the_maildirs(tmp_path: Path) -> None:
    box = tmp_path / "mail"
    hostile = ["a/b@x.org", "/etc/x@x.org", "%2e%2e@x.org", "a" * 200 + "@x.org", "a" * 200 + "@y.org", "~root@x.org"]
    for recipient in hostile:
        Maildir(str(box)).deliver(LETTER.replace(recipient=recipient, message_id="<../../../evil@x>"))
        Maildir(str(box)).deliver(LETTER.replace(recipient=recipient, message_id=f"<../{'x' * 200}@x>"))
    assert [path.name for path in tmp_path.iterdir()] == ["mail"]
    assert len(list(box.iterdir())) == len(hostile)
    for folder in box.iterdir():
        assert sorted(path.name for path in folder.iterdir()) == ["cur", "new", "tmp"]
        assert len(list((folder / "new").iterdir())) == 2


def test_the_name_of_a_folder_is_a_name_whatever_the_recipient() -> None:
    hostile = ["", ".", "..", "../x", "../../x", "/", "/etc/passwd", "a/b", "a\0b", "\n", "a:2,S", "é" * 500, "\ud800"]
    names = [folder_name(text) for text in hostile]
    assert len(set(names)) == len(hostile)
    for name in names:
        assert re.fullmatch(r"[a-z0-9%@][a-z0-9%@+_=.-]*", name), name
        assert len(name) <= 200
    assert folder_name("Ann@Example.org") == folder_name(ANN_AT) == ANN_AT


def test_a_store_that_a_group_shares_has_maildirs_for_the_group(es: Es) -> None:
    asked(es, 0)
    es.store.chmod(0o660)
    es.home.chmod(0o2770)
    assert es.as_("bob")("desk", "reply", "ES-1", "-m", "Hello").status == 0
    folders = [es.home / "mail", es.home / "mail" / ANN_AT, es.home / "mail" / ANN_AT / "new"]
    assert {oct(path.stat().st_mode & 0o777) for path in folders} == {"0o770"}
    assert {oct(path.stat().st_mode & 0o777) for path in folders[-1].iterdir()} == {"0o660"}


def test_a_command_whose_mail_cannot_be_delivered_has_succeeded_and_says_so_once(es: Es) -> None:
    asked(es, 0)
    bob = Es(es.home, ES_USER="bob", ES_MAIL_MAILDIR=str(blocked(es)))
    done = bob("desk", "reply", "ES-1", "-m", "Is it plugged in?")
    assert (done.stdout, done.status) == ("ES-1\n", 0)
    assert done.stderr == (
        f"1 email was not sent and stays queued ({es.home}/a-file: Not a directory).\n"
        "  Try: es config set mail.maildir VALUE && es mail send\n"
    )
    assert states(es) == [("M-1", "queued", 0)]


MISSET = {
    "no password": ({**BY_SMTP, "ES_MAIL_SMTP_USER": "es"}, "There is no password for es"),
    "nobody from whom it comes": ({"ES_MAIL_TRANSPORT": "smtp"}, "No sender address is set"),
    "no port": ({**BY_SMTP, "ES_MAIL_SMTP_PORT": "smtp"}, "Invalid port 'smtp'"),
    "no password file": (
        {**BY_SMTP, "ES_MAIL_SMTP_USER": "es", "ES_MAIL_SMTP_PASSWORD_FILE": "/nowhere"},
        "The password file cannot be read",
    ),
}


@pytest.mark.parametrize("case", MISSET)
def test_a_setting_of_mail_that_will_not_do_fails_no_command_that_is_done(case: str, es: Es) -> None:
    settings, why = MISSET[case]
    with filled(es) as store:
        a_request(store)
    done = es.as_("bob")("desk", "reply", "ES-1", "-m", "Hello", env={**es.env, "ES_USER": "bob", **settings})
    assert (done.status, done.stdout) == (0, "ES-1\n")
    assert done.stderr.count("\n") == 2
    assert done.stderr.endswith("es mail send\n")
    assert done.stderr.startswith(f"1 email was not sent and stays queued ({why}")
    assert states(es) == [("M-1", "queued", 0)]


def test_several_requests_at_once_deliver_all_their_mail(es: Es) -> None:
    with filled(es) as store:
        for _ in range(3):
            a_request(store)
    done = es.as_("bob")("desk", "reply", "-", "-m", "Hello", stdin="ES-1\nES-9\nES-3\n")
    assert (done.stdout, done.status) == ("ES-1\nES-3\n", 3)
    assert len(in_maildir(es.home / "mail")) == 2


def test_deliver_manual_leaves_the_mail_to_the_sender(es: Es) -> None:
    asked(es, 0)
    bob = Es(es.home, ES_USER="bob", ES_MAIL_DELIVER="manual")
    assert bob("desk", "reply", "ES-1", "-m", "Is it plugged in?") == ("ES-1\n", "", 0)
    assert states(es) == [("M-1", "queued", 0)]
    assert es("mail", "send") == ("M-1\n", "", 0)
    assert es("mail", "send") == ("", "", 0)
    assert states(es) == [("M-1", "sent", 1)]


def test_a_dry_run_queues_and_delivers_nothing(es: Es) -> None:
    asked(es, 0)
    assert es.as_("bob")("desk", "reply", "ES-1", "-m", "Is it plugged in?", "--dry-run").status == 0
    assert states(es) == []
    assert not (es.home / "data" / "expertsupport" / "mail").exists()


def test_transport_off_queues_nothing_and_sends_nothing(es: Es) -> None:
    off = asked(es, 1, ES_USER="bob", ES_MAIL_TRANSPORT="off")
    assert off("desk", "reply", "ES-1", "-m", "Is it plugged in?") == ("ES-1\n", "", 0)
    assert states(es) == [("M-1", "queued", 0)]
    for command in ("send", "test x@example.org"):
        done = off("mail", *command.split())
        assert (done.stdout, done.status) == ("", 2)
        assert "Mail is switched off." in done.stderr
    assert states(es) == [("M-1", "queued", 0)]


def test_send_says_with_status_6_what_could_not_be_delivered(es: Es) -> None:
    asked(es, 2)
    block_ann(es)
    done = es("mail", "send")
    assert (done.stdout, done.status) == ("", 6)
    assert done.stderr.count("\n") == 2 + 3
    assert "M-1 to ann@example.org was not delivered: " in done.stderr
    assert "It will be tried again after 2" in done.stderr
    assert "2 emails could not be delivered.\n  2 will be tried again, 0 will not.\n" in done.stderr
    assert es("mail", "send") == ("", "", 0)  # nothing is due yet
    assert json.loads(es("mail", "send", "--format", "json").stdout) == []


def test_a_setting_that_is_wrong_stops_the_sender_at_the_first_mail_and_loses_none(es: Es) -> None:
    broken = asked(es, 2, ES_MAIL_MAILDIR=str(blocked(es)))
    done = broken("mail", "send")
    assert (done.stdout, done.status) == ("", 6)
    assert done.stderr == (
        f"es: {es.home}/a-file: Not a directory.\n  The mail stays queued, and no attempt was counted.\n"
        "  Try: es config set mail.maildir VALUE\n"
    )
    assert states(es) == [("M-1", "queued", 0), ("M-2", "queued", 0)]
    assert es("mail", "send").stdout == "M-1\nM-2\n"


def test_mail_that_is_no_text_is_a_damage_that_is_told(es: Es) -> None:
    asked(es, 2)
    with closing(sqlite3.connect(es.store)) as db, db:
        db.execute("UPDATE outbox SET subject = cast(x'FF80' AS TEXT) WHERE number = 1")
    told = es("mail", "send")
    assert told.status == 5
    assert told.stderr.startswith("es: The store is damaged.\n")


def block_ann(es: Es) -> Path:
    """A file where Ann's Maildir should be, in a folder in which there could be others."""
    place = es.home / "mail" / ANN_AT
    place.parent.mkdir()
    place.touch()
    return place


@contextmanager
def watching(es: Es) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([ES, "mail", "send", "--watch"], env=es.env, stdout=subprocess.PIPE, text=True)
    too_long = threading.Timer(60, process.kill)  # so that a test that waits in vain ends
    too_long.start()
    try:
        yield process
    finally:
        too_long.cancel()
        process.kill()
        process.communicate()


@pytest.mark.parametrize(("end", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_watching_sender_delivers_what_comes_until_it_is_told_to_end(
    end: signal.Signals, status: int, es: Es
) -> None:
    asked(es, 1)
    with watching(es) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "M-1\n"
        bob = Es(es.home, ES_USER="bob", ES_MAIL_DELIVER="manual")
        assert bob("desk", "reply", "ES-1", "-m", "And now?").status == 0
        assert process.stdout.readline() == "M-2\n"
        process.send_signal(end)
        assert process.wait(timeout=30) == status
        assert process.stdout.read() == ""
    assert [state for _, state, _ in states(es)] == ["sent", "sent"]


def test_a_watching_sender_goes_on_after_a_failure(es: Es) -> None:
    asked(es, 1)
    place = block_ann(es)
    with watching(es) as process:
        deadline = time.monotonic() + 30
        while states(es) != [("M-1", "failed", 1)] and time.monotonic() < deadline:
            time.sleep(0.1)
        place.unlink()
        assert es("mail", "retry", "M-1").status == 0
        assert process.stdout is not None
        assert process.stdout.readline() == "M-1\n"
    assert len(in_maildir(es.home / "mail")) == 1
