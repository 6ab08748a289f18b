"""Several senders at once, and senders that are killed: nothing is lost, and nothing comes twice without cause."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

from builders import ANN, AT, BOB, a_request
from conftest import Es
from mail.box import queue
from mail.servers import Letterbox, serving
from sessions import at_once, filled

from expertsupport_cli.actions import requests

SENDERS, ROWS = 4, 1000
KILLS, READY = 200, 40
DOOMED = Path(__file__).with_name("doomed.py")


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


def test_two_hundred_kills_lose_no_mail_and_cause_no_more_duplicates_than_there_were_kills(es: Es) -> None:
    a_full_outbox(es, READY)
    box = Letterbox()
    with serving(box) as port:
        sender = over_smtp(es, port)
        doomed = subprocess.run(
            [sys.executable, str(DOOMED), str(KILLS), str(READY)],
            env={**sender.env, "PYTHONPATH": str(DOOMED.parents[1])},
            capture_output=True,
            check=True,
            timeout=300,
        )
        assert sender("mail", "send").status == 0
    kills = int(doomed.stdout)
    came = arrivals(box)
    assert set(came) == queued(es)  # none is lost, and whatever came twice has the Message-ID of the first
    assert states(es) == {"sent": len(came)}
    assert len(box.received) - len(came) <= kills
    assert len(came) > READY  # they were killed at their work
