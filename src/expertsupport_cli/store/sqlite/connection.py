"""SQLite behind the seam: one file, one connection.

A deferred transaction that reads first and writes later fails under contention, whatever the timeout; an immediate one
waits its turn.
"""

from __future__ import annotations

import sqlite3

from expertsupport_cli.store.engine import Engine
from expertsupport_cli.store.sqlite.faults import retry_while_busy, unusable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from expertsupport_cli.store.engine import Named, Row, Values


class SqliteEngine(Engine):
    """An open SQLite database that `opening` has found good."""

    def __init__(self, db: sqlite3.Connection, place: str, *, timeout: float = 0) -> None:
        db.row_factory = sqlite3.Row
        self.db = db
        self.place = place
        self.timeout = timeout

    def read(self, sql: str, values: Values) -> list[Row]:
        try:
            return retry_while_busy(lambda: self.db.execute(sql, values).fetchall(), self.timeout)
        except sqlite3.Error as error:
            raise unusable(error, self.place) from error

    def write(self, sql: str, values: Values) -> tuple[list[Row], int]:
        assert self.db.in_transaction, "a write outside of a transaction"
        try:
            cursor = self.db.execute(sql, values)
            return cursor.fetchall(), cursor.rowcount
        except sqlite3.Error as error:
            raise unusable(error, self.place) from error

    def load(self, table: str, rows: Iterable[Named]) -> None:
        from expertsupport_cli.store.sqlite.bulk import load

        assert self.db.in_transaction, "a write outside of a transaction"
        try:
            load(self.db, table, rows)
        except sqlite3.Error as error:
            raise unusable(error, self.place) from error

    def begin(self, *, writes: bool, patient: bool) -> None:
        self._control("BEGIN IMMEDIATE" if writes else "BEGIN", patient)

    def commit(self, *, patient: bool) -> None:
        self._control("COMMIT", patient)

    def roll_back(self) -> None:
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")

    def _control(self, sql: str, patient: bool) -> None:
        try:
            retry_while_busy(lambda: self.db.execute(sql), self.timeout if patient else 0)
        except sqlite3.Error as error:
            raise unusable(error, self.place) from error

    def index_task(self, number: int, name: str) -> None:
        self.write("INSERT INTO tasks_fts (rowid, name) VALUES (?, ?)", (number, name))

    def index_tasks_from(self, number: int) -> None:
        self.write("INSERT INTO tasks_fts (rowid, name) SELECT number, name FROM tasks WHERE number >= ?", (number,))

    def index_comment(self, number: int, body: str) -> None:
        self.write("INSERT INTO comments_fts (rowid, body) VALUES (?, ?)", (number, body))

    def tasks_with(self, value: str) -> str:
        return f"SELECT rowid FROM tasks_fts WHERE tasks_fts MATCH {value}"

    def comments_with(self, value: str) -> str:
        return f"SELECT rowid FROM comments_fts WHERE comments_fts MATCH {value}"

    def search_for(self, word: str) -> str:
        return '"' + word.replace('"', '""') + '"*'

    def data_version(self) -> int:
        return int(self.read("PRAGMA data_version", ())[0][0])

    def findings(self) -> Iterator[tuple[str, list[str]]]:
        from expertsupport_cli.store.sqlite.check import findings

        return findings(self)

    def close(self) -> None:
        self.db.close()
