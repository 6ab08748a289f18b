"""Builders: what a test needs around its point, with names and times that are always the same."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from expertsupport_cli import times
from expertsupport_cli.actions import certificates, requests, spaces, tasks
from expertsupport_cli.model.certificates import Certificate, Origin, PurchaseLink
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.model.requests import Request
from expertsupport_cli.model.tasks import Space, Task
from expertsupport_cli.store import Store, open_store
from expertsupport_cli.store.sqlite.connection import SqliteEngine

AT = "2026-01-31T09:30:00Z"
ANN = Actor(name="ann", side=Side.CUSTOMER, email="ann@example.org")
BOB = Actor(name="bob", side=Side.DESK, email="bob@desk.example")
OLGA = Actor(name="olga", side=Side.OWNER)


def later(days: float = 0, *, seconds: int = 0) -> str:
    """So long after AT."""
    return times.after(AT, int(days * 86400) + seconds)


def a_store(path: Path) -> Store:
    """The store at a path. If there is none, it is a copy of a new one: to make it takes as long as most tests."""
    if not path.exists() and path.parent.is_dir():
        path.touch(mode=0o600)
        path.write_bytes(_empty_store())
    return made_store(path)


def made_store(path: Path) -> Store:
    """The store at a path, really made if there is none."""
    store = open_store(str(path), timeout=10, writes=True, notify=lambda _: None)
    if not path.exists():
        with store.transaction():
            pass
    return store


@cache
def _empty_store() -> bytes:
    """The file of a store in which nothing is yet."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        made_store(path).close()
        return path.read_bytes()


def a_space(store: Store, name: str = "acme", *, lifetime: int | None = 10 * 86400, limit: int | None = None) -> Space:
    return spaces.add_space(store, name, task_lifetime=lifetime, task_limit=limit, by=OLGA, at=AT)


def a_task(
    store: Store,
    name: str = "The printer is on fire",
    *,
    id: str | None = None,
    space: str = "acme",
    description: str = "",
) -> Task:
    """A task, in a space that is made if there is none."""
    if not store.has_space(space):
        a_space(store, space)
    return tasks.add_task(store, name, space, id=id, description=description, by=ANN, at=AT)


def a_certificate(store: Store, *, valid_for: int | None = None, at: str = AT) -> tuple[str, Certificate]:
    """A serial and its certificate."""
    handed: list[tuple[str, Certificate]] = []
    certificates.issue_certificates(store, 1, handed.extend, valid_for=valid_for, by=OLGA, at=at)
    return handed[0]


def a_new_certificate(digest: str = "d" * 64) -> Certificate:
    """One that is not in a store yet, nor is its serial known."""
    return Certificate(
        number=0,
        digest=digest,
        last_group="7K3M",
        origin=Origin.ISSUED,
        note="n",
        created_at=AT,
        expires_at=later(5),
        revoked_at=None,
        used_at=None,
    )


def a_new_link(task: str, digest: str = "e" * 64) -> PurchaseLink:
    """One that is not in a store yet."""
    return PurchaseLink(
        number=0,
        digest=digest,
        task=task,
        created_at=AT,
        creator="ann",
        expires_at=later(1),
        used_at=None,
        revoked_at=None,
    )


def a_request(store: Store, *, by: Actor = ANN, at: str = AT, task: str | None = None) -> Request:
    """A New request, on a task of its own unless one is named."""
    id = task or a_task(store).id
    serial, _ = a_certificate(store)
    return requests.activate(store, id, serial, by=by, at=at).request


def dump(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, as another program reads them from the file: to see that nothing was changed."""
    with closing(sqlite3.connect(store.path)) as db:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
        return {name: db.execute(f'SELECT * FROM "{name}"').fetchall() for name in names}


def engine(store: Store) -> SqliteEngine:
    """What a store in a file stands on."""
    assert isinstance(store.engine, SqliteEngine)
    return store.engine


def raw(store: Store) -> sqlite3.Connection:
    """The connection of a store in a file, for faults to be put into it."""
    return engine(store).db
