"""The engine for PostgreSQL: one connection to a server, or to a pool such as PgBouncer in transaction mode.

Nothing is kept in the session: each transaction says its own timeouts. Whoever writes locks the one row of the table
`expertsupport` first, as BEGIN IMMEDIATE locks a file: all that decides is read after that, and events are committed in
the order of their numbers, which come from the same row.
"""

from __future__ import annotations

import time
from contextlib import contextmanager

import psycopg2

from expertsupport_cli.databases import without_password
from expertsupport_cli.errors import StoreDamaged, StoreUnreachable
from expertsupport_cli.interrupts import interrupts_held
from expertsupport_cli.store.engine import INDEXED, Engine, RowRefused
from expertsupport_cli.store.postgres import opening
from expertsupport_cli.store.postgres.faults import lost, unknown_outcome, unusable
from expertsupport_cli.store.postgres.schema import NUMBERED, TABLES
from expertsupport_cli.store.postgres.statements import numbered, numbered_table, translated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any, TypeVar

    from expertsupport_cli.search import Phrase
    from expertsupport_cli.store.engine import Indexed, Named, Preparation, Row, Values

    Result = TypeVar("Result")

PAUSE = 0.2  # seconds between two attempts to reach a server that is gone
IDLE_SECONDS = 60  # for which a writer may be silent before the server ends its transaction, so that others can write

_LOCK = f"SELECT version, changes, {', '.join(NUMBERED)} FROM expertsupport FOR UPDATE"


class PostgresRow:
    """One row of a result, read by name or by index."""

    __slots__ = ("_places", "_values")

    def __init__(self, places: dict[str, int], values: Sequence[Any]) -> None:
        self._places = places
        self._values = values

    def __getitem__(self, key: int | str, /) -> Any:
        return self._values[key if isinstance(key, int) else self._places[key]]

    def keys(self) -> Iterable[str]:
        return self._places


class PostgresEngine(Engine):
    """A store in a PostgreSQL database."""

    def __init__(
        self, place: str, *, timeout: float, notify: Callable[[str], None], prepare: Preparation | None = None
    ) -> None:
        """Open the store at a URL. Raises StoreUnusable if there is none, or one of another version.

        With `prepare`, one that is missing is created, or an old one upgraded, by the first transaction that writes.
        """
        self.place = without_password(place)
        self.timeout = timeout
        self._url = place
        self._notify = notify
        self._prepare = prepare
        self._statements = ""  # that create or upgrade the store
        self._state: str = ""  # of the transaction: "", "writing", "reading" or "frozen"
        self._last: dict[str, int] = {}  # the last number in each table, while writing
        self._moved: set[str] = set()  # tables that got rows
        self._changed = False
        self._connection: Any = None
        self._connect()

    def _connect(self) -> None:
        connection = opening.connect(self._url, self.timeout)
        try:
            opening.refuse_other_encodings(connection, self.place)
            version = opening.find_version(connection, self.place)
            self._statements = opening.preparation(version, self._prepare)
            if not self._statements:
                opening.check_version(version, self.place)
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def read(self, sql: str, values: Values) -> list[Row]:
        if self._state:
            return self._run(translated(sql), values)[0]
        return self._while_unreachable(lambda: self._run(translated(sql), values)[0])

    def _while_unreachable(self, run: Callable[[], Result]) -> Result:
        """Call `run` with a connection; while the server cannot be reached, again, for at most the store's timeout."""
        deadline = time.monotonic() + self.timeout
        while True:
            try:
                if self._connection.closed:
                    self._connect()
                return run()
            except StoreUnreachable:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(PAUSE)

    def _run(self, sql: str, values: Values = ()) -> tuple[list[Row], int]:
        """Run a statement, or several. Returns the rows of the last, and how many rows it changed."""
        if self._connection.closed:  # inside a transaction, which is lost
            raise lost(self.place)
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(sql, values or None)
                if cursor.description is None:
                    return [], cursor.rowcount
                places = {column[0]: place for place, column in enumerate(cursor.description)}
                return [PostgresRow(places, row) for row in cursor.fetchall()], cursor.rowcount
        except psycopg2.Error as error:
            raise unusable(error, self.place) from error

    def write(self, sql: str, values: Values) -> tuple[list[Row], int]:
        """As `Engine.write`. New rows get the numbers after the last one of their table."""
        assert self._state == "writing", "a write outside of a transaction"
        table = numbered_table(sql)
        if table:
            sql = numbered(sql, self._last[table])
        rows, count = self._run(translated(sql), values)
        self._changed |= count > 0
        if table:
            self._advance(table, self._last[table] + count)
        return rows, count

    def _advance(self, table: str, number: int) -> None:
        self._last[table] = max(number, self._last[table])
        self._moved.add(table)

    def load(self, table: str, rows: Iterable[Named], *, one_by_one: bool = False) -> None:
        """As `Engine.load`. After RowRefused, the transaction can only be rolled back."""
        from expertsupport_cli.store.postgres.bulk import load

        assert self._state == "writing", "a write outside of a transaction"
        try:
            with self._connection.cursor() as cursor:
                count, highest = load(cursor, table, rows, one_by_one=one_by_one)
        except psycopg2.IntegrityError as error:
            raise RowRefused(f"it breaks the rule {error.diag.constraint_name or error.diag.column_name}") from error
        except psycopg2.Error as error:
            raise unusable(error, self.place) from error
        self._changed |= count > 0
        if table in self._last:
            self._advance(table, highest)

    def begin(self, *, writes: bool, patient: bool) -> None:
        """As `Engine.begin`. A store that is to be created or upgraded is, with the first transaction that writes."""
        if self._state == "frozen" and not writes:
            return
        assert not self._state, "a transaction in a transaction"
        if not writes:
            self._while_unreachable(lambda: self._run("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            self._state = "reading"
            return
        try:
            row = self._while_unreachable(lambda: self._lock(patient))
        except BaseException:
            self._end()
            raise
        self._state = "writing"
        self._changed, self._moved = bool(self._statements), set()
        self._last = {table: row[table] for table in NUMBERED}

    def _lock(self, patient: bool) -> Row:
        """Begin a transaction as the only writer. Returns the row that says so."""
        limit = int(self.timeout * 1000) if patient else 0
        begin = (
            "BEGIN ISOLATION LEVEL READ COMMITTED;"
            f" SET LOCAL lock_timeout = {limit};"
            f" SET LOCAL idle_in_transaction_session_timeout = {IDLE_SECONDS * 1000};"
        )
        try:
            rows, _ = self._run(f"{begin} {self._statements} {_LOCK}{'' if limit else ' NOWAIT'}")
        except (StoreDamaged, psycopg2.IntegrityError):
            if not self._statements:
                raise
            self._connection.close()
            self._connect()
            if self._statements:
                raise
            return self._lock(patient)  # another process has just created or upgraded it
        if len(rows) != 1:
            raise StoreDamaged("The store is damaged.", f"{self.place} has no version. It was not changed.")
        opening.check_version(rows[0]["version"], self.place)  # it may have been upgraded since it was opened
        return rows[0]

    def commit(self, *, patient: bool) -> None:
        """As `Engine.commit`. If the connection breaks meanwhile, nobody knows whether it was committed."""
        counters = "".join(f", {table} = {self._last[table]}" for table in sorted(self._moved))
        note = f"UPDATE expertsupport SET changes = changes + 1{counters}; " if self._changed else ""
        with interrupts_held():
            try:
                self._run(f"{note}COMMIT")
            except StoreUnreachable:
                self._state = ""
                raise (unknown_outcome if self._changed else lost)(self.place) from None
            self._state = ""
            self.commits += self._changed
        if self._statements:
            self._notify(
                f"{'Upgraded the store' if self._prepare == 'upgrade' else 'Created a new store'}: {self.place}"
            )
            self._statements = ""

    def roll_back(self) -> None:
        if self._state != "frozen":
            self._end()

    def _end(self) -> None:
        """End the transaction, whatever its state."""
        self._state = ""
        if not self._connection.closed:
            try:
                with self._connection.cursor() as cursor:
                    cursor.execute("ROLLBACK")
            except psycopg2.Error:
                self._connection.close()  # which the server takes for the end, too

    def index(self, what: Indexed, number: int, words: Sequence[str]) -> None:
        from expertsupport_cli.store.postgres import search

        self.load(f"{what}_words", search.index_rows(number, words))

    def index_everything(self) -> None:
        from expertsupport_cli.store.postgres import search

        for what in INDEXED:
            self.load(f"{what}_words", search.all_rows(self, what))

    def freeze(self) -> None:
        """Begin a transaction that sees the store as it is now, and goes on until the store is closed."""
        if self._state == "frozen":
            return
        self.begin(writes=False, patient=True)
        self._run("SET LOCAL idle_in_transaction_session_timeout = 0")
        self.read("SELECT version FROM expertsupport", ())
        self._state = "frozen"

    def numbers_with(self, what: Indexed, value: str) -> str:
        from expertsupport_cli.store.postgres import search

        return search.numbers_with(what, value)

    def expression(self, phrase: Phrase) -> str:
        from expertsupport_cli.store.postgres import search

        return search.expression(phrase)

    @contextmanager
    def erasing(self) -> Iterator[None]:
        """What is erased stays in unused parts of the server's files until the tables are rebuilt by `vacuum`."""
        yield
        for what in INDEXED:
            self.write(f"DELETE FROM {what}_words", ())
        self.index_everything()

    def vacuum(self) -> None:
        assert not self._state, "in a transaction"
        self._while_unreachable(lambda: None)
        for table in TABLES:
            self._run(f"VACUUM (FULL) {table}")

    def data_version(self) -> int:
        return int(self.read("SELECT changes FROM expertsupport", ())[0][0]) - self.commits

    def findings(self) -> Iterator[tuple[str, list[str]]]:
        from expertsupport_cli.store.postgres.check import findings

        return findings(self)

    def close(self) -> None:
        self._connection.close()
