"""The engine for SQLite: one file, one connection.

A deferred transaction that reads first and writes later fails under contention, whatever the timeout; an immediate one
waits its turn.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager

from expertsupport_cli.errors import StoreTooOld
from expertsupport_cli.interrupts import interrupts_held
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store.engine import INDEXED, Engine, RowRefused
from expertsupport_cli.store.sqlite import opening
from expertsupport_cli.store.sqlite.faults import DATABASE_ERRORS, damaged, retry_while_busy, unusable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from expertsupport_cli.search import Phrase
    from expertsupport_cli.store.engine import Indexed, Named, Row, Values
    from expertsupport_cli.store.sqlite.creation import Creation


class SqliteEngine(Engine):
    """A SQLite database.

    Where there is no store, `db` is an empty one in memory; a command that writes creates the store with its first
    transaction. Of an old store, a command that may not change it gets an upgraded copy.
    """

    def __init__(self, place: str, *, timeout: float, writes: bool, dry_run: bool, notify: Callable[[str], None]):
        """Open the store at a path. `notify` is called with messages for the user. Raises StoreUnusable."""
        opening.refuse_old_sqlite()
        self.place = place
        self.timeout = timeout
        self._writes = writes and not dry_run
        self._may_write_copy = dry_run
        self._notify = notify
        self._creation: Creation | None = None
        self._is_copy = False
        self._switches = 0  # how often another database took the place of the one before
        self._changes_before = 0
        self._empty: sqlite3.Connection | None = None
        self._switch(self._existing())

    def _existing(self) -> sqlite3.Connection | None:
        """Open the store, upgraded if it is old; None if there is none."""
        if not opening.holds_something(self.place):
            return None
        db, version = opening.connect(self.place, self.place, self.timeout)
        try:
            if not version:
                db.close()
                return None
            if version != opening.VERSION:
                db = self._upgraded(db)
            if self._writes:
                opening.leave_wal(db)
        except BaseException as error:
            db.close()
            if isinstance(error, DATABASE_ERRORS):
                raise unusable(error, self.place) from error
            raise
        return db

    def _upgraded(self, db: sqlite3.Connection) -> sqlite3.Connection:
        from expertsupport_cli.store.sqlite.upgrade import upgrade, upgraded_copy

        if self._writes:
            retry_while_busy(lambda: upgrade(db, self.place, self._notify, copy_of=self.place), self.timeout)
            return db
        copy = retry_while_busy(lambda: upgraded_copy(db, self.place), self.timeout)
        db.close()
        self._is_copy = True
        return copy

    def _none_yet(self) -> sqlite3.Connection:
        """An empty store in memory, while there is none at the place."""
        from expertsupport_cli.store.sqlite.upgrade import open_empty

        if self._writes:
            from expertsupport_cli.store.sqlite.creation import Creation

            self._creation = Creation(self.place)
        else:
            self._say_there_is_none()
        self._empty = open_empty()
        return self._empty

    def _say_there_is_none(self) -> None:
        self._notify(f"No store yet at {self.place}. The first command that changes something creates it.")

    def _switch(self, db: sqlite3.Connection | None) -> None:
        """Go on with another database; with the empty one if it is None."""
        self.db = db or self._empty or self._none_yet()
        self.db.row_factory = sqlite3.Row
        self._switches += 1

    def read(self, sql: str, values: Values) -> list[Row]:
        try:
            return retry_while_busy(lambda: self.db.execute(sql, values).fetchall(), self.timeout)
        except DATABASE_ERRORS as error:
            raise unusable(error, self.place) from error

    def write(self, sql: str, values: Values) -> tuple[list[Row], int]:
        assert self.db.in_transaction, "a write outside of a transaction"
        try:
            cursor = self.db.execute(sql, values)
            return cursor.fetchall(), cursor.rowcount
        except DATABASE_ERRORS as error:
            raise self._refusal(error) from error

    def load(self, table: str, rows: Iterable[Named], *, one_by_one: bool = False) -> None:
        from expertsupport_cli.store.sqlite.bulk import BATCH, load

        assert self.db.in_transaction, "a write outside of a transaction"
        try:
            load(self.db, table, rows, batch=1 if one_by_one else BATCH)
        except sqlite3.IntegrityError as error:
            raise RowRefused(str(error)) from error
        except DATABASE_ERRORS as error:
            raise unusable(error, self.place) from error

    def _refusal(self, error: Exception) -> Exception:
        """The error for a write that failed: where it breaks a rule, that is a bug, unless the store is damaged."""
        if isinstance(error, sqlite3.IntegrityError):
            from expertsupport_cli.store.sqlite.check import is_undamaged

            return error if is_undamaged(self.db) else damaged(error, self.place)
        return unusable(error, self.place)

    def begin(self, *, writes: bool, patient: bool) -> None:
        if writes and self._is_copy and not self._may_write_copy:
            raise self._too_old("changed")
        if writes and self._creation is not None:
            self._begin_creation(self._creation, patient)
        if not self.db.in_transaction:
            self._control(lambda: self.db.execute("BEGIN IMMEDIATE" if writes else "BEGIN"), patient)
        self._changes_before = self.db.total_changes

    def _begin_creation(self, creation: Creation, patient: bool) -> None:
        """Begin the transaction that creates the store; or open the store, if there is one by now."""
        try:
            new = creation.begin(self.timeout if patient else 0)
        except DATABASE_ERRORS as error:
            raise unusable(error, self.place) from error
        if new is None:
            self._creation = None
        self._switch(new or self._existing())

    def commit(self, *, patient: bool) -> None:
        creation = self._creation
        self._control(self._commit, patient)
        if creation is not None:
            self._notify(f"Created a new store: {self.place}")

    def _commit(self) -> None:
        with interrupts_held():  # each attempt waits for a fraction of a second
            self.db.execute("COMMIT")
            changed = self.db.total_changes > self._changes_before
            if self._creation is not None:
                self._switch(None)
                self._creation.finish()
                self._creation = None
                self._switch(self._existing())
            self.commits += changed

    def roll_back(self) -> None:
        if self._creation is not None:
            self._switch(None)
            self._creation.abandon()
        elif self.db.in_transaction:
            self.db.execute("ROLLBACK")

    def _control(self, run: Callable[[], object], patient: bool) -> None:
        try:
            retry_while_busy(run, self.timeout if patient else 0)
        except DATABASE_ERRORS as error:
            raise unusable(error, self.place) from error

    def index(self, what: Indexed, number: int, words: Sequence[str]) -> None:
        from expertsupport_cli.store.sqlite import search

        for values in search.index_rows(number, words):
            self.write(search.insertion(what), values)

    def index_everything(self) -> None:
        from expertsupport_cli.store.sqlite import search

        for what in INDEXED:
            search.index_everything(self.db, what)

    def freeze(self) -> None:
        """Copy the store to a temporary database, and go on with that."""
        if self._is_copy or self.db is self._empty:
            return
        try:
            self.db.execute("BEGIN")
            retry_while_busy(lambda: self.db.execute("SELECT 1 FROM spaces LIMIT 1").fetchone(), self.timeout)
            copy = opening.private_copy(self.db)
        except DATABASE_ERRORS as error:
            self.roll_back()
            raise unusable(error, self.place) from error
        self.db.close()
        self._is_copy = True
        self._switch(copy)

    def numbers_with(self, what: Indexed, value: str) -> str:
        from expertsupport_cli.store.sqlite import search

        return search.numbers_with(what, value)

    def expression(self, phrase: Phrase) -> str:
        from expertsupport_cli.store.sqlite import search

        return search.expression(phrase)

    @contextmanager
    def erasing(self) -> Iterator[None]:
        from expertsupport_cli.store.sqlite.erasing import erasing

        assert self.db.in_transaction, "a write outside of a transaction"
        try:
            with erasing(self.db):
                yield
        except DATABASE_ERRORS as error:
            raise self._refusal(error) from error

    def vacuum(self) -> None:
        if self._creation is None:
            self._control(lambda: self.db.execute("VACUUM"), patient=True)

    def data_version(self) -> int:
        if self._is_copy:
            raise self._too_old("watched")
        if self.db is self._empty and (existing := self._existing()) is not None:
            self._switch(existing)
        return (self._switches << 32) + int(self.read("PRAGMA data_version", ())[0][0])

    def findings(self) -> Iterator[tuple[str, list[str]]]:
        from expertsupport_cli.store.sqlite.check import findings

        return findings(self, self.db)

    def close(self) -> None:
        if self._creation is not None:
            self._say_there_is_none()
        self.db.close()
        if self._empty is not None:
            self._empty.close()

    def _too_old(self, done: str) -> StoreTooOld:
        return StoreTooOld(
            f"The store must be upgraded before it can be {done}.",
            f"An older version of es created {self.place}.",
            Step(verb=Verb.UPGRADE_STORE),
        )
