"""Loading many rows at once."""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from expertsupport_cli.store.engine import Named

BATCH = 1_000


def load(db: sqlite3.Connection, table: str, rows: Iterable[Named], *, batch: int = BATCH) -> None:
    """Add rows to a table, inside the transaction that is open."""
    Database(db, execute_plugins=False).table(table).insert_all(rows, batch_size=batch)
