"""Mail that failed is tried again, until it is dead; the text of what was sent is kept for a while."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest
from builders import AT
from conftest import Es
from mail.box import Box, asked, in_maildir, sender, states
from sessions import filled

from expertsupport_cli.actions import outbox
from expertsupport_cli.actions.outbox import MAX_ATTEMPTS
from expertsupport_cli.mail.errors import Undelivered


@pytest.fixture
def es(inside: Es) -> Es:
    return inside


def test_what_failed_or_is_dead_is_tried_again_when_told(es: Es) -> None:
    asked(es, 3)
    with closing(sqlite3.connect(es.store)) as db, db:
        db.execute("UPDATE outbox SET state = 'dead', attempts = 10 WHERE number = 1")
        db.execute("UPDATE outbox SET state = 'failed', attempts = 3, due_at = '9999-01-01T00:00:00Z' WHERE number = 2")
    assert es("mail", "retry", "M-1") == ("M-1\n", "", 0)
    assert states(es) == [("M-1", "queued", 0), ("M-2", "failed", 3), ("M-3", "queued", 0)]
    assert es("mail", "retry", "--all").stdout == "M-2\n"
    assert (es("mail", "retry", "M-3", "M-9").stdout, states(es)[1]) == ("", ("M-2", "queued", 0))
    done = es("mail", "retry", "-", stdin="M-3\nM-2\nM-9\n")
    assert (done.stdout, done.status) == ("M-3\nM-2\n", 3)
    assert "M-3 is queued; nothing was changed." in done.stderr
    assert sorted(es("mail", "send").stdout.split()) == ["M-1", "M-2", "M-3"]
    assert es("mail", "retry", "M-1").stderr == "M-1 is sent; nothing was changed.\n"
    assert es("mail", "retry").status == es("mail", "retry", "--all", "M-1").status == 2


def test_ten_failures_are_dead_and_visible(es: Es) -> None:
    asked(es, 1)
    box, clock = Box(lambda _: Undelivered("450 later", final=False)), [AT]
    with filled(es) as store:
        for tries in range(1, MAX_ATTEMPTS + 1):
            (tried,) = outbox.send_due(store, sender(box), lambda: clock[0])
            assert (tried.state, tried.attempts) == ("failed" if tries < 10 else "dead", tries)
            assert list(outbox.send_due(store, sender(box), lambda: clock[0])) == []  # not before it is due
            clock[0] = tried.due_at
        assert list(outbox.send_due(store, sender(Box()), lambda: "9999-01-01T00:00:00Z")) == []
    assert es("mail", "list", "--state", "dead").stdout.split("\t")[0] == "M-1"
    assert "450 later" in es("mail", "show", "M-1").stdout


def test_the_text_of_what_was_sent_is_purged_after_a_while_and_no_other(es: Es) -> None:
    asked(es, 4)
    with closing(sqlite3.connect(es.store)) as db, db:
        sent = "UPDATE outbox SET state = 'sent', sent_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', ?) WHERE number = ?"
        db.execute(sent, ("-31 days", 1))
        db.execute(sent, ("-29 days", 2))
        db.execute("UPDATE outbox SET state = 'dead' WHERE number = 3")
    assert es("mail", "send").stdout == "M-4\n"
    rows = json.loads(es("mail", "list", "--json").stdout)[::-1]
    assert [(row["id"], row["body"] is None) for row in rows] == [
        ("M-1", True),
        ("M-2", False),
        ("M-3", False),
        ("M-4", False),
    ]
    assert es("mail", "show", "M-1").status == 0
    assert es("mail", "send", env={**es.env, "ES_MAIL_KEEP": "7d"}).status == 0
    assert json.loads(es("mail", "show", "M-2", "--json").stdout)["body"] is None


def test_the_text_of_old_mail_is_purged_by_a_command_too_where_nobody_runs_a_sender(es: Es) -> None:
    asked(es, 1)
    with closing(sqlite3.connect(es.store)) as db, db:
        db.execute("UPDATE outbox SET state = 'sent', sent_at = '2026-02-01T00:00:00Z'")
    es.as_("bob")("desk", "reply", "ES-1", "-m", "Hello")
    bodies = [row["body"] is None for row in json.loads(es("mail", "list", "--json").stdout)]
    assert bodies == [False, True]


def test_mail_that_a_wrong_clock_has_put_off_for_years_is_sent_now_and_not_dated_ahead(es: Es) -> None:
    asked(es, 4)
    ahead = "'2099-01-01T00:00:00Z'"
    with closing(sqlite3.connect(es.store)) as db, db:
        db.execute(f"UPDATE outbox SET state = 'failed', attempts = 3, due_at = {ahead} WHERE number = 1")
        db.execute(f"UPDATE outbox SET lease = 'dead', leased_until = {ahead} WHERE number = 2")
        db.execute(f"UPDATE outbox SET created_at = {ahead}, due_at = {ahead} WHERE number = 3")
        db.execute(
            "UPDATE outbox SET state = 'failed', due_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '1 hour')"
            " WHERE number = 4"
        )
    assert es("mail", "show", "M-3").stdout.count("2099") == 2  # queued and due, but not the date of the letter
    assert sorted(es("mail", "send").stdout.split()) == ["M-1", "M-2", "M-3"]
    dates = [parsedate_to_datetime(letter["Date"]) for letter in in_maildir(es.home / "mail")]
    assert len(dates) == 3
    assert max(dates) <= datetime.now(UTC)
