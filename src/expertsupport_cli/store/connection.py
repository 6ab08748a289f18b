"""The connection to the store: reads that end before anybody prints, writes in one immediate transaction.

A deferred transaction that reads first and writes later fails under contention, whatever the timeout; an
immediate one waits its turn. Everything that decides is therefore read inside `transaction()`.
"""

from __future__ import annotations

import sqlite3
from time import monotonic

from expertsupport_cli.errors import StoreBusy, StoreDamaged, StoreFull, StoreMissing, StoreReadOnly, StoreUnusable
from expertsupport_cli.steps import Step, Verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeVar

    Values = dict[str, Any]
    Key = Callable[[sqlite3.Row], Values]
    Result = TypeVar("Result")

PAGE = 2_000
PATIENCE = 0.2


class Connection:
    """One open store. Not for sharing between threads."""

    def __init__(self, db: sqlite3.Connection, path: str, *, timeout: float = 0, dry_run: bool = False) -> None:
        db.row_factory = sqlite3.Row
        self._db = db
        self._timeout = timeout
        self.path = path
        self.dry_run = dry_run

    def rows(self, sql: str, *values: Any, **named: Any) -> list[sqlite3.Row]:
        """All rows of a query; it has ended, and blocks no writer, when this returns."""
        try:
            return patiently(lambda: self._db.execute(sql, named or values).fetchall(), self._timeout)
        except sqlite3.Error as error:
            raise unusable(error, self.path) from error

    def paged(
        self, query: str, beyond: str, order: str, values: Values, limit: int | None, key: Key
    ) -> Iterator[sqlite3.Row]:
        """The rows of a query, read in pages, so that no read is open while the caller works.

        A page starts beyond the last row of the one before, whose place in the order `key` gives as values for the
        condition `beyond`; the query is to end in a condition, and to be ordered by `order`.
        """
        left = limit
        further = ""
        while left is None or left > 0:
            page = PAGE if left is None else min(PAGE, left)
            rows = self.rows(f"{query}{further} ORDER BY {order} LIMIT :page", **values, page=page)
            yield from rows
            if len(rows) < page:
                return
            further = f" AND {beyond}"
            values = {**values, **key(rows[-1])}
            left = None if left is None else left - page

    def newest_first(self, query: str, number: str, values: Values, limit: int | None) -> Iterator[sqlite3.Row]:
        """The rows of a query by the number of each, the highest first, read in pages."""
        return self.paged(
            query,
            f"{number} < :before",
            f"{number} DESC",
            values,
            limit,
            lambda last: {"before": last["number"]},
        )

    def row(self, sql: str, *values: Any, **named: Any) -> sqlite3.Row | None:
        """The only row of a query, or None."""
        found = self.rows(sql, *values, **named)
        return found[0] if found else None

    def value(self, sql: str, *values: Any, **named: Any) -> Any:
        """The only value of a query that always has one, such as a count."""
        return self.rows(sql, *values, **named)[0][0]

    def change(self, sql: str, *values: Any) -> int:
        """Run a statement that writes, inside a transaction; how many rows it changed."""
        return self._write(sql, values).rowcount

    def insert(self, sql: str, *values: Any) -> int:
        """Run an INSERT, inside a transaction; the number of the new row."""
        number = self._write(sql, values).lastrowid
        assert number is not None
        return number

    def _write(self, sql: str, values: tuple[Any, ...]) -> sqlite3.Cursor:
        assert self._db.in_transaction, "a write outside of a transaction"
        try:
            return self._db.execute(sql, values)
        except sqlite3.Error as error:
            raise unusable(error, self.path) from error

    def transaction(self, *, patient: bool = True) -> Transaction:
        """`with store.transaction():` all of it or, if anything is raised, none of it.

        Waits for its turn as long as the store's timeout, or hardly at all where that is not worth it.
        """
        return Transaction(self._db, self.path, self._timeout if patient else 0, keep=not self.dry_run)

    def rehearsal(self) -> Transaction:
        """A transaction of which nothing is kept."""
        return Transaction(self._db, self.path, self._timeout, keep=False)

    def snapshot(self) -> Transaction:
        """Reads that see the store at one moment. To be left before anything is printed."""
        return Transaction(self._db, self.path, self._timeout, keep=False, begin="BEGIN")

    def close(self) -> None:
        self._db.close()


class Transaction:
    """BEGIN IMMEDIATE ... COMMIT; rolled back when anything is raised, and if nothing is to be kept."""

    def __init__(
        self, db: sqlite3.Connection, path: str, timeout: float, *, keep: bool, begin: str = "BEGIN IMMEDIATE"
    ) -> None:
        self._db = db
        self._path = path
        self._timeout = timeout
        self._keep = keep
        self._begin = begin

    def __enter__(self) -> None:
        self._run(self._begin)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            if error is None and self._keep:
                self._run("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def _run(self, sql: str) -> None:
        try:
            patiently(lambda: self._db.execute(sql), self._timeout)
        except sqlite3.Error as error:
            raise unusable(error, self._path) from error


def literals(words: Iterable[str]) -> str:
    """Our own words as a list of SQL literals, for an IN."""
    return ", ".join(f"'{word}'" for word in words)


def patiently(run: Callable[[], Result], timeout: float) -> Result:
    """Run something again while the store is busy, for so many seconds.

    SQLite's own waiting is kept to `PATIENCE` at a time, as Python hears of no Ctrl-C meanwhile.
    """
    deadline = monotonic() + timeout
    while True:
        try:
            return run()
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY or monotonic() >= deadline:
                raise


def unusable(error: sqlite3.Error, path: str) -> Exception:
    """The error that a person can do something about, or the same error where it is a fault of ours."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if "decode to UTF-8" in str(error):  # which is sqlite3's word, not SQLite's
        code = sqlite3.SQLITE_CORRUPT
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreBusy(
            "The store is busy.",
            "Another program has held it for longer than the setting store.timeout.",
            Step(verb=Verb.WAIT_LONGER),
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreDamaged(
            "The store is damaged, or not a store.",
            f"{path}: {error}.",
            Step(verb=Verb.CHECK_STORE),
        )
    if code == sqlite3.SQLITE_FULL:
        return StoreFull("The disk is full.", f"Nothing was changed in {path}.", "Make room and try again.")
    if code == sqlite3.SQLITE_READONLY:
        return StoreReadOnly("The store cannot be written.", f"{path} is read-only.", Step(verb=Verb.NAME_STORE))
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return StoreMissing("The store cannot be opened.", f"{path}: {error}.", Step(verb=Verb.NAME_STORE))
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PROTOCOL):
        return StoreUnusable(
            "The store could not be read or written.",
            f"{path}: {error}.",
            Step(verb=Verb.CHECK_STORE),
        )
    return error
