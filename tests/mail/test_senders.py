"""Several senders at once, and senders that are killed: nothing is lost, and nothing comes twice without cause."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from contextlib import closing

from builders import ANN, AT, BOB, a_request
from conftest import ES, Es
from mail.servers import Letterbox, serving
from sessions import at_once, filled

from expertsupport_cli.actions import requests
from expertsupport_cli.actions.notices import message_id
from expertsupport_cli.model.mail import Mail, MailState
from expertsupport_cli.store import Store

SENDERS, ROWS = 4, 1000
KILLS, AT_A_TIME, READY = 200, 4, 40


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


def a_full_outbox(es: Es, count: int) -> None:
    with filled(es) as store:
        a_request(store)
        requests.comment(store, "ES-1", "Hello?", by=ANN, at=AT)
        requests.reply(store, "ES-1", "Hello!", asks=False, by=BOB, at=AT)
        queue(store, count)


def over_smtp(es: Es, port: int) -> Es:
    more = {"ES_MAIL_TRANSPORT": "smtp", "ES_MAIL_SMTP_SECURITY": "none", "ES_MAIL_SMTP_HOST": "127.0.0.1"}
    more["ES_MAIL_FROM"] = "support@desk.example"
    return Es(es.home, **more, ES_MAIL_SMTP_PORT=str(port), ES_MAIL_TIMEOUT="60s", ES_STORE_TIMEOUT="60s")


def arrivals(box: Letterbox) -> Counter[tuple[str, str]]:
    """How often each letter came: its Message-ID, and to whom."""
    found: Counter[tuple[str, str]] = Counter()
    for letter in box.received:
        head = letter.content.split(b"\r\n\r\n")[0].decode().split("\r\n")
        (id,) = [line.partition(": ")[2] for line in head if line.startswith("Message-ID: ")]
        (recipient,) = letter.recipients
        found[id, recipient] += 1
    return found


def queued(es: Es) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(es.store)) as db:
        return set(db.execute("SELECT message_id, recipient FROM outbox").fetchall())


def states(es: Es) -> dict[str, int]:
    with closing(sqlite3.connect(es.store)) as db:
        return dict(db.execute("SELECT state, count(*) FROM outbox GROUP BY state").fetchall())


def let_leases_lapse(es: Es) -> int:
    """What the passing of time does to those that the dead have left; how many are still to be sent."""
    with closing(sqlite3.connect(es.store, timeout=60)) as db, db:
        db.execute("UPDATE outbox SET leased_until = '2026-01-01T00:00:00Z' WHERE lease IS NOT NULL")
        (left,) = db.execute("SELECT count(*) FROM outbox WHERE state <> 'sent'").fetchone()
    return int(left)


def test_four_senders_at_once_deliver_each_of_a_thousand_mails_once(es: Es) -> None:
    a_full_outbox(es, ROWS)
    box = Letterbox()
    with serving(box) as port:
        done = at_once(over_smtp(es, port), [["mail", "send"]] * SENDERS)
    assert [(one.stderr, one.status) for one in done] == [("", 0)] * SENDERS
    assert arrivals(box) == dict.fromkeys(queued(es), 1)
    assert states(es) == {"sent": ROWS}
    told = [id for one in done for id in one.stdout.split()]
    assert sorted(told) == sorted(f"M-{number}" for number in range(1, ROWS + 1))
    assert all(one.stdout for one in done)  # they share the work


def killed(es: Es, chance: random.Random) -> int:
    """Start senders and kill each at some moment; how many were killed before they had ended."""
    running = [
        subprocess.Popen([ES, "mail", "send"], env=es.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(AT_A_TIME)
    ]
    for process in running:
        time.sleep(chance.uniform(0.01, 0.1) if process is not running[0] else chance.uniform(0.2, 0.4))
        process.kill()
    return sum(process.wait() == -signal.SIGKILL for process in running)


def test_two_hundred_kills_lose_no_mail_and_cause_no_more_duplicates_than_there_were_kills(es: Es) -> None:
    a_full_outbox(es, READY)
    box, chance, kills = Letterbox(), random.Random(7), 0  # noqa: S311 -- to be much the same every time
    with serving(box) as port:
        sender = over_smtp(es, port)
        while kills < KILLS:
            kills += killed(sender, chance)
            if let_leases_lapse(es) < READY:
                with filled(es) as store:
                    queue(store, READY)
        assert sender("mail", "send").status == 0
    came = arrivals(box)
    assert set(came) == queued(es)  # none is lost, and whatever came twice has the Message-ID of the first
    assert states(es) == {"sent": len(came)}
    assert len(box.received) - len(came) <= kills
