"""Many processes that do one thing to one store at one moment, or are killed while they do it. Run by test_races.

    python crowd.py MANNER COUNT STORE [WORDS...]

prints one line a process: what came of it. A `{}` in the path of the store stands for the number of the process.
All are forked from here, where nothing but the modules has been loaded, which is much quicker than to start as many
interpreters; each opens the store for itself.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable
from contextlib import closing
from typing import Any

from expertsupport_cli.actions import certificates, links, requests, spaces
from expertsupport_cli.errors import Fault
from expertsupport_cli.model.certificates import Certificate
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.store import Store, open_store
from expertsupport_cli.store.sqlite import migrations, opening
from expertsupport_cli.store.sqlite.connection import SqliteEngine

AT = "2026-01-31T09:30:00Z"
ANN = Actor(name="ann", side=Side.CUSTOMER)


def activate(store: Store, number: int, words: list[str]) -> str:
    """The one serial, on one task or each on a task of its own."""
    serial, *tasks = words
    outcome = requests.activate(store, tasks[number % len(tasks)], serial, by=ANN, at=AT)
    return f"{'opened' if outcome.changed else 'found'} {outcome.request.id}"


def activate_each(store: Store, number: int, words: list[str]) -> str:
    """Serials of their own, on one task."""
    task, *serials = words
    return f"opened {requests.activate(store, task, serials[number], by=ANN, at=AT).request.id}"


def redeem(store: Store, number: int, words: list[str]) -> str:
    handed: list[tuple[str, Certificate]] = []
    links.redeem_link(store, words[0], handed.extend, by=ANN, at=AT)
    return f"redeemed {handed[0][0]}"


def first_use(store: Store, number: int, words: list[str]) -> str:
    return f"added {spaces.add_space(store, f'space-{number}', by=ANN, at=AT).name}"


def move(store: Store, number: int, words: list[str]) -> str:
    """Close, reopen or comment, each three times."""
    for turn in range(3):
        try:
            if (number + turn) % 3 == 0:
                requests.close(store, "ES-1", "Bye.", by=ANN, at=AT)
            elif (number + turn) % 3 == 1:
                requests.reopen(store, "ES-1", "Again.", by=ANN, at=AT)
            else:
                requests.comment(store, "ES-1", f"{number}.", by=ANN, at=AT)
        except Fault as fault:
            if fault.code != "request_closed":
                raise
    return "done"


def issue(store: Store, number: int, words: list[str]) -> str:
    certificates.issue_certificates(store, 5, lambda batch: None, by=ANN, at=AT)
    return "issued"


class Counting:
    """Counts statements, and ends the process as the one of a number begins."""

    def __init__(self, kill_at: int = 0) -> None:
        self.begun = 0
        self.kill_at = kill_at

    def __call__(self, statement: str) -> None:
        self.begun += 1
        if self.begun == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


def killed(store: Store, number: int, words: list[str]) -> str:
    """Activate and comment, and be killed as the statement of that number begins.

    With so small a cache SQLite writes to the file before the commit.
    """
    assert isinstance(store.engine, SqliteEngine)
    db = store.engine.db
    db.execute("PRAGMA cache_size = 1")
    db.set_trace_callback(Counting(kill_at=number + 1))
    requests.activate(store, words[0], words[1], by=ANN, at=AT)
    requests.comment(store, words[0], "x" * 200_000, by=ANN, at=AT)
    return "survived"


def watch_upgrade(counting: Counting) -> None:
    """Count the statements of the connection to the store that is opened next; of the copy beside, none.

    With so small a cache SQLite writes to the file before the commit.
    """
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def watched(path: str, **how: Any) -> sqlite3.Connection:
        db = connect(path, **how)
        if how.get("uri"):
            db.execute("PRAGMA cache_size = 1")
            db.set_trace_callback(counting)
        return db

    sqlite3.connect = watched  # type: ignore[assignment]


def upgrade(store: Store, number: int, words: list[str]) -> str:
    """Be killed as the statement of that number begins, while the store is upgraded."""
    return "survived"


def count_upgrade(store: Store, number: int, words: list[str]) -> str:
    """How many statements there are from the opening of the store until it is upgraded."""
    return str(counting.begun)


MANNERS: dict[str, Callable[[Store, int, list[str]], str]] = {
    manner.__name__: manner
    for manner in (activate, activate_each, redeem, first_use, move, issue, killed, upgrade, count_upgrade)
}


counting = Counting()


def one_of_them(manner: str, number: int, path: str, words: list[str]) -> str:
    global counting
    counting = Counting(kill_at=number + 1 if manner == "upgrade" else 0)
    if manner in ("upgrade", "count_upgrade"):
        watch_upgrade(counting)
    try:
        with closing(open_store(path.format(number), timeout=60, writes=True, notify=lambda _: None)) as store:
            return MANNERS[manner](store, number, words)
    except Fault as fault:
        return type(fault).__name__
    except BaseException:
        return traceback.format_exc().replace("\n", " | ")


def main(manner: str, count: int, path: str, words: list[str]) -> None:
    assert len(migrations.migrations._migrations) == opening.VERSION  # loaded once, not by each
    gate, start = os.pipe()
    children = []
    for number in range(count):
        child = os.fork()
        if child == 0:
            os.close(start)
            os.read(gate, 1)  # until the parent opens the gate, by closing it
            os.write(1, f"{one_of_them(manner, number, path, words)}\n".encode())
            os._exit(0)
        children.append(child)
    os.close(start)
    for child in children:
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:])
