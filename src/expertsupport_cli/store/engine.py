"""The base of the statements of every noun, and the interface that a database engine implements.

The noun files speak one dialect of SQL, which SQLite and PostgreSQL both understand: `?` or `:name` for a value, TRUE
and FALSE, `RETURNING number`. Whatever differs between the two is a method of `Engine`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from expertsupport_cli.errors import StoreDamaged
from expertsupport_cli.steps import Step, Verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from enum import StrEnum
    from typing import Any, Literal, Protocol, TypeVar

    from expertsupport_cli.search import Phrase

    Indexed = Literal["tasks", "comments"]  # what can be searched
    Preparation = Literal["create", "upgrade"]  # what no command does to a store of a team unless it is asked to
    Values = Mapping[str, Any] | Sequence[Any]
    Named = dict[str, Any]
    Member = TypeVar("Member", bound=StrEnum)

    class Row(Protocol):
        """One row of a result, read by name or by index."""

        def __getitem__(self, key: int | str, /) -> Any: ...

        def keys(self) -> Iterable[str]: ...


PAGE = 2_000
INDEXED: tuple[Indexed, ...] = ("tasks", "comments")


class RowRefused(Exception):  # noqa: N818 -- as the faults, which it becomes
    """A row that breaks a rule of the schema, among many that were loaded."""


class Engine(ABC):
    """One open database. Not thread-safe.

    Errors that a person can do something about are raised as StoreUnusable.
    """

    place: str  # where the store is, for messages
    commits = 0  # transactions that were committed since the store was opened, and changed something

    @abstractmethod
    def read(self, sql: str, values: Values) -> list[Row]:
        """Return all rows of a query. When this returns, the query has ended and blocks no writer."""

    @abstractmethod
    def write(self, sql: str, values: Values) -> tuple[list[Row], int]:
        """Run a statement that writes, inside a transaction. Returns its rows, and how many rows it changed."""

    @abstractmethod
    def load(self, table: str, rows: Iterable[Named], *, one_by_one: bool = False) -> None:
        """Add many rows quickly, or each with a statement of its own, inside a transaction.

        Raises RowRefused if a row breaks a rule of the schema.
        """

    @abstractmethod
    def begin(self, *, writes: bool, patient: bool) -> None:
        """Begin a transaction: as the only writer, or, without `writes`, to read a consistent snapshot.

        Waits for its turn as long as the store's timeout, or hardly at all unless `patient`.
        """

    @abstractmethod
    def commit(self, *, patient: bool) -> None:
        """Commit the transaction.

        One that changed something is counted in `commits`, and no interrupt comes between.
        """

    @abstractmethod
    def roll_back(self) -> None:
        """Undo what the transaction did, if one is still open."""

    @abstractmethod
    def index(self, what: Indexed, number: int, words: Sequence[str]) -> None:
        """Make a new task or comment findable by its words, inside a transaction."""

    @abstractmethod
    def index_everything(self) -> None:
        """Make all tasks and comments findable, where none is yet, inside a transaction."""

    @abstractmethod
    def freeze(self) -> None:
        """Read the store as it is now from here on. Others can write meanwhile; nothing is written through this one."""

    @abstractmethod
    def numbers_with(self, what: Indexed, value: str) -> str:
        """SQL that selects the numbers of tasks or comments with a phrase; its `expression` is bound to `value`."""

    @abstractmethod
    def expression(self, phrase: Phrase) -> str:
        """The value to bind in order to search for a phrase."""

    @abstractmethod
    def erasing(self) -> AbstractContextManager[None]:
        """`with engine.erasing():` inside a transaction lets the history be changed, and leaves no trace of it.

        What is changed in the block does not stay in the unused space of the database, nor in the search index, which
        is built anew at the end.
        """

    @abstractmethod
    def vacuum(self) -> None:
        """Rebuild the database, outside of a transaction: nothing that was ever deleted stays in it."""

    @abstractmethod
    def data_version(self) -> int:
        """A number that changes whenever another process has changed the store. Cheap enough to poll."""

    @abstractmethod
    def findings(self) -> Iterator[tuple[str, list[str]]]:
        """Checks of this kind of store beyond its data: yields a rule and what breaks it."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection."""


class Statements:
    """The base of each noun: reads that end before anything is printed, and writes inside a transaction.

    A transaction that reads first and writes later fails under contention, whatever the timeout. So everything that a
    write depends on is read inside `transaction()`, which is the only writer from its beginning.
    """

    def __init__(self, engine: Engine, *, dry_run: bool = False) -> None:
        self.engine = engine
        self.dry_run = dry_run

    @property
    def path(self) -> str:
        """Where the store is."""
        return self.engine.place

    @property
    def commits(self) -> int:
        """How many transactions were committed since the store was opened."""
        return self.engine.commits

    def rows(self, sql: str, *values: Any, **named: Any) -> list[Row]:
        """Return all rows of a query. When this returns, the query has ended and blocks no writer."""
        return self.engine.read(sql, named or values)

    def row(self, sql: str, *values: Any, **named: Any) -> Row | None:
        """The only row of a query, or None."""
        found = self.rows(sql, *values, **named)
        return found[0] if found else None

    def value(self, sql: str, *values: Any, **named: Any) -> Any:
        """The only value of a query that always has one, such as a count."""
        return self.rows(sql, *values, **named)[0][0]

    def paged(
        self,
        query: str,
        beyond: str,
        order: str,
        values: Named,
        limit: int | None,
        key: Callable[[Row], Named],
        after: Named | None = None,
    ) -> Iterator[Row]:
        """The rows of a query, read in pages, so that no read is open while the caller works.

        A page starts after the last row of the page before: `key` turns that row into values for the condition
        `beyond`. The first page starts after a row whose values are `after`, if they are given. The query must end in a
        condition, and `order` must be a unique order.
        """
        left = limit
        further = f" AND {beyond}" if after else ""
        values = {**values, **(after or {})}
        while left is None or left > 0:
            page = PAGE if left is None else min(PAGE, left)
            rows = self.rows(f"{query}{further} ORDER BY {order} LIMIT :page", **values, page=page)
            yield from rows
            if len(rows) < page:
                return
            further = f" AND {beyond}"
            values = {**values, **key(rows[-1])}
            left = None if left is None else left - page

    def newest_first(
        self, query: str, number: str, values: Named, limit: int | None, before: int | None = None
    ) -> Iterator[Row]:
        """The rows of a query, the highest `number` first, read in pages; only those `before` a number, if given."""
        return self.paged(
            query,
            f"{number} < :before",
            f"{number} DESC",
            values,
            limit,
            lambda last: {"before": last["number"]},
            None if before is None else {"before": before},
        )

    def change(self, sql: str, *values: Any) -> int:
        """Run a statement that writes, inside a transaction. Returns how many rows it changed."""
        return self.engine.write(sql, values)[1]

    def insert(self, sql: str, *values: Any) -> int:
        """Run an INSERT that ends in RETURNING number, inside a transaction. Returns the number of the new row."""
        (row,), _ = self.engine.write(sql, values)
        return int(row[0])

    def transaction(self, *, patient: bool = True) -> Transaction:
        """`with store.transaction():` commits the block, or rolls it back if anything is raised.

        Waits for its turn as long as the store's timeout, or hardly at all unless `patient`.
        """
        return Transaction(self.engine, keep=not self.dry_run, patient=patient)

    def snapshot(self) -> Transaction:
        """A transaction for reads that see one state of the store. Leave it before anything is printed."""
        return Transaction(self.engine, keep=False, writes=False)

    def vacuum(self) -> None:
        """Rebuild the database, so that it is as small as it can be, and nothing that was ever deleted stays in it."""
        if not self.dry_run:
            self.engine.vacuum()

    def close(self) -> None:
        self.engine.close()


class Transaction:
    """Commits at its end; rolls back if anything is raised, or unless `keep`."""

    def __init__(self, engine: Engine, *, keep: bool, writes: bool = True, patient: bool = True) -> None:
        self._engine = engine
        self._keep = keep
        self._writes = writes
        self._patient = patient

    def __enter__(self) -> None:
        self._engine.begin(writes=self._writes, patient=self._patient)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            if error is None and self._keep:
                self._engine.commit(patient=self._patient)
        finally:
            self._engine.roll_back()


def literals(words: Iterable[str]) -> str:
    """Trusted words as a list of SQL literals for IN, so that a partial index on the same words can be used."""
    return ", ".join(f"'{word}'" for word in words)


def member(kind: type[Member], value: str) -> Member:
    """The member of an enum that a column holds. Raises StoreDamaged."""
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(kind)
        why = f"{str(value)[:40]!r} should be one of: {known}."
        raise StoreDamaged("The store is damaged.", why, Step(verb=Verb.CHECK_STORE)) from None
