"""What the tests of copies have in common: backups, what is in them, and who is in the way."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from builders import a_request, a_store

from expertsupport_cli import store

Progress = Callable[[int, int], None]
JUNK = b"\xff" * 10_000


def a_used_store(folder: Path) -> Path:
    """A store with a request, in a folder of its own."""
    folder.mkdir()
    with closing(a_store(folder / "store.db")) as opened:
        a_request(opened)
    return folder / "store.db"


def nothing(done: int, total: int) -> None:
    pass


def back_up(path: Path, target: Path, progress: Progress = nothing) -> None:
    store.back_up(str(path), str(target), timeout=0, progress=progress)


def rows(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


def names(path: Path) -> list[str]:
    """What is in the folder of the store."""
    return sorted(child.name for child in path.parent.iterdir())


def interrupt(done: int, total: int) -> None:
    raise KeyboardInterrupt


@contextmanager
def held(path: Path, lock: str) -> Iterator[None]:
    """Another holds the store."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(lock)
        other.execute("SELECT * FROM spaces").fetchall()
        yield
