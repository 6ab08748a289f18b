"""Lets what was recorded be erased: past the triggers that guard the history, and without traces in the file.

Text that is overwritten or deleted would stay in unused parts of pages, and its words in the segments of the search
index. So SQLite is asked to overwrite unused space with zeros, and the index is emptied and filled again.
"""

from __future__ import annotations

from contextlib import contextmanager

from expertsupport_cli.store.engine import INDEXED, literals
from expertsupport_cli.store.sqlite.search import empty_index, index_everything

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

_GUARDS = ("comments_no_update", "events_no_update")  # triggers


@contextmanager
def erasing(db: sqlite3.Connection) -> Iterator[None]:
    """Drop the guards for the block, and then put them back, inside the transaction that is open.

    If anything is raised, the transaction has to be rolled back.
    """
    db.execute("PRAGMA secure_delete=ON")
    guards = db.execute(f"SELECT name, sql FROM sqlite_schema WHERE name IN ({literals(_GUARDS)})").fetchall()
    for name, _ in guards:
        db.execute(f"DROP TRIGGER {name}")
    yield
    for what in INDEXED:
        empty_index(db, what)
        index_everything(db, what)
    for _, sql in guards:
        db.execute(sql)
