"""A transport that keeps what it gets, and mails for it to deliver."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from builders import AT, BOB, a_request
from conftest import Es
from sessions import filled

from expertsupport_cli.actions import requests
from expertsupport_cli.actions.notices import Post, message_id
from expertsupport_cli.actions.outbox import Sender
from expertsupport_cli.mail.letter import Letter
from expertsupport_cli.model.mail import Mail, MailState
from expertsupport_cli.render.notice import notice_text
from expertsupport_cli.store import Store

POST = Post(compose=notice_text)


class Box:
    """A transport that keeps what it gets, except from those on whom it chokes."""

    def __init__(self, chokes: Callable[[Letter], BaseException | None] = lambda _: None) -> None:
        self.letters: list[Letter] = []
        self.chokes = chokes

    def deliver(self, letter: Letter) -> None:
        fault = self.chokes(letter)
        if fault:
            raise fault
        self.letters.append(letter)

    def close(self) -> None:
        pass


def sender(box: Box, lease: str = "a sender") -> Sender:
    return Sender(transport=box, address="Support <s@desk.example>", reply_to=None, lease=lease, lease_seconds=60)


def replies(store: Store, count: int) -> None:
    """Queue replies to one initiator."""
    a_request(store)
    for number in range(count):
        requests.reply(store, "ES-1", f"Reply {number}", asks=False, by=BOB, at=AT, post=POST)


def a_mail(store: Store) -> Mail:
    replies(store, 1)
    return store.mail("M-1")


def asked(es: Es, count: int = 1, **more: str) -> Es:
    """A request in the store, replies to it that are queued, and the program with some settings."""
    with filled(es) as store:
        replies(store, count)
    return type(es)(es.home, **more)


def states(es: Es) -> list[tuple[str, str, int]]:
    rows = json.loads(es("mail", "list", "--json").stdout)
    return [(row["id"], row["state"], row["attempts"]) for row in rows][::-1]


def queue(store: Store, count: int) -> None:
    """Queue so many mails in one transaction, each to somebody else."""
    event, before = store.last_event(), store.count_mails()
    with store.transaction():
        for number in range(before, before + count):
            mail = Mail(
                number=0,
                event=event,
                request="ES-1",
                recipient=f"reader-{number}@example.org",
                message_id=message_id("desk.example"),
                subject="[ES-1] The printer is on fire",
                body=f"Mail {number}\n",
                state=MailState.QUEUED,
                attempts=0,
                error=None,
                created_at=AT,
                due_at=AT,
                sent_at=None,
            )
            store.add_mail(mail, None, None)


def let_leases_lapse(path: Path) -> int:
    """What the passing of time does to those that the dead have left; how many are still to be sent."""
    with closing(sqlite3.connect(path, timeout=60)) as db, db:
        db.execute("UPDATE outbox SET leased_until = '2026-01-01T00:00:00Z' WHERE lease IS NOT NULL")
        (left,) = db.execute("SELECT count(*) FROM outbox WHERE state <> 'sent'").fetchone()
    return int(left)
