"""Checks of a PostgreSQL store beyond its data: its tables, its times, its numbers, its search index.

The server itself sees to it that references are valid, and that its files are intact.
"""

from __future__ import annotations

import re
from itertools import islice

from expertsupport_cli.errors import StoreUnusable
from expertsupport_cli.store.engine import INDEXED, Transaction
from expertsupport_cli.store.postgres.schema import INDEXES, NUMBERED, TABLES, UNIQUE_INDEXES
from expertsupport_cli.store.postgres.search import all_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from expertsupport_cli.store.engine import Engine, Indexed

MAX_EXAMPLES = 20  # examples of one finding
BATCH = 50  # rows of the search index that are compared at once

_COLUMN = re.compile(r"(?:^|,)\s*(\w+)\s+(TEXT|BIGINT|BOOLEAN|TSVECTOR)\b", re.MULTILINE)
_CONSTRAINT = re.compile(r"\bCHECK \(|\bUNIQUE\b|\bREFERENCES\b|\bPRIMARY KEY\b")
_INSTANT_COLUMN = re.compile(r"CHECK \((\w+) LIKE '____-__-__T__:__:__Z'")
_INSTANT = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$"  # roughly
_HERE = "n.nspname = ANY (current_schemas(FALSE))"


def findings(engine: Engine) -> Iterator[tuple[str, list[str]]]:
    """Yield each rule with what breaks it: an empty list in an intact store."""
    rules: dict[str, Callable[[Engine], list[str]]] = {
        "the schema is correct": _schema,
        "all times are valid": _times,
        "numbers follow the last ones": _numbers,
        "the search index matches the text": _index,
    }
    for rule, check in rules.items():
        try:
            yield rule, check(engine)[:MAX_EXAMPLES]
        except StoreUnusable as error:
            yield rule, [f"cannot be checked: {error}"]


def _schema(engine: Engine) -> list[str]:
    """Columns, indexes and rules that are missing. What another tool has added is its own affair."""
    columns = {
        f"column {row[0]}.{row[1]}"
        for row in engine.read(
            "SELECT c.table_name, c.column_name FROM information_schema.columns c"
            " WHERE c.table_schema = ANY (current_schemas(FALSE))",
            (),
        )
    }
    indexes = {
        f"index {row[0]}"
        for row in engine.read(
            f"SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            f" WHERE c.relkind IN ('i', 'I') AND {_HERE}",
            (),
        )
    }
    constraints = {
        row[0]: row[1]
        for row in engine.read(
            "SELECT c.relname, count(*) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
            " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE k.contype IN ('c', 'f', 'p', 'u')"
            f" AND k.convalidated AND {_HERE} GROUP BY c.relname",
            (),
        )
    }
    expected = [
        *(f"column {table}.{column}" for table, text in TABLES.items() for column, _ in _COLUMN.findall(text)),
        *(f"index {name}" for name in (*INDEXES, *UNIQUE_INDEXES)),
    ]
    return [
        *(f"{name} is missing" for name in expected if name not in columns | indexes),
        *(
            f"a constraint of {table} is missing"
            for table, text in TABLES.items()
            if constraints.get(table, 0) < len(_CONSTRAINT.findall(text))
        ),
    ]


def _times(engine: Engine) -> list[str]:
    """Columns of times that hold something else."""
    return [
        f"{table}.{column}: {row[0]}"
        for table, text in TABLES.items()
        for column in _INSTANT_COLUMN.findall(text)
        for row in engine.read(
            f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL AND {column} !~ ? LIMIT {MAX_EXAMPLES}",
            (_INSTANT,),
        )
    ]


def _numbers(engine: Engine) -> list[str]:
    """Tables with a row whose number is to be given again."""
    last = engine.read(f"SELECT {', '.join(NUMBERED)} FROM expertsupport", ())[0]
    highest = {table: engine.read(f"SELECT coalesce(max(number), 0) FROM {table}", ())[0][0] for table in NUMBERED}
    return [f"{table} has {highest[table]} after {last[table]}" for table in NUMBERED if highest[table] > last[table]]


def _index(engine: Engine) -> list[str]:
    """The search indexes that differ from the text."""
    with Transaction(engine, keep=False, writes=False):
        return [f"{what}_words does not match the text" for what in INDEXED if not _fits_the_text(engine, what)]


def _fits_the_text(engine: Engine, what: Indexed) -> bool:
    """Whether the index has every word of every text at its position, and nothing else."""
    rows, count = all_rows(engine, what), 0
    while batch := list(islice(rows, BATCH)):
        count += len(batch)
        values = [value for row in batch for value in row.values()]
        marks = ", ".join(["(?, ?, ?)"] * len(batch))
        fitting = engine.read(
            f"SELECT count(*) FROM {what}_words w JOIN (VALUES {marks}) AS v (number, piece, words)"
            " ON v.number = w.number AND v.piece = w.piece AND CAST(v.words AS tsvector) = w.words",
            values,
        )
        if fitting[0][0] != len(batch):
            return False
    return bool(engine.read(f"SELECT count(*) FROM {what}_words", ())[0][0] == count)
