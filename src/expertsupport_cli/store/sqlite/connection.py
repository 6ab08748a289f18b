"""The engine for SQLite: one file, one connection.

A deferred transaction that reads first and writes later fails under contention, whatever the timeout; an immediate one
waits its turn.
"""

from __future__ import annotations

import sqlite3

from expertsupport_cli.interrupts import interrupts_held
from expertsupport_cli.store.engine import Engine
from expertsupport_cli.store.sqlite.faults import retry_while_busy, unusable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from expertsupport_cli.search import Phrase
    from expertsupport_cli.store.engine import Indexed, Named, Row, Values


class SqliteEngine(Engine):
    """A SQLite database that `opening` has opened and checked."""

    def __init__(self, db: sqlite3.Connection, place: str, *, timeout: float = 0) -> None:
        db.row_factory = sqlite3.Row
        self.db = db
        self.place = place
        self.timeout = timeout
        self._changes_before = 0

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
        self._control(lambda: self.db.execute("BEGIN IMMEDIATE" if writes else "BEGIN"), patient)
        self._changes_before = self.db.total_changes

    def commit(self, *, patient: bool) -> None:
        self._control(self._commit, patient)

    def _commit(self) -> None:
        with interrupts_held():  # each attempt waits for a fraction of a second
            self.db.execute("COMMIT")
            self.commits += self.db.total_changes > self._changes_before

    def roll_back(self) -> None:
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")

    def _control(self, run: Callable[[], object], patient: bool) -> None:
        try:
            retry_while_busy(run, self.timeout if patient else 0)
        except sqlite3.Error as error:
            raise unusable(error, self.place) from error

    def index(self, what: Indexed, number: int, words: Sequence[str]) -> None:
        from expertsupport_cli.store.sqlite import search

        for values in search.index_rows(number, words):
            self.write(search.insertion(what), values)

    def numbers_with(self, what: Indexed, value: str) -> str:
        from expertsupport_cli.store.sqlite import search

        return search.numbers_with(what, value)

    def expression(self, phrase: Phrase) -> str:
        from expertsupport_cli.store.sqlite import search

        return search.expression(phrase)

    def data_version(self) -> int:
        return int(self.read("PRAGMA data_version", ())[0][0])

    def findings(self) -> Iterator[tuple[str, list[str]]]:
        from expertsupport_cli.store.sqlite.check import findings

        return findings(self, self.db)

    def close(self) -> None:
        self.db.close()
