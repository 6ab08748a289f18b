"""Checks of a SQLite store beyond its data: the file, its references, its schema, its search index."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

from expertsupport_cli.errors import StoreUnusable
from expertsupport_cli.store.engine import INDEXED, Transaction
from expertsupport_cli.store.sqlite.search import fits_the_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from expertsupport_cli.store.engine import Engine

MAX_EXAMPLES = 20  # examples of one finding
_SCHEMA = "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'"
_INSTANT_COLUMN = re.compile(r"CHECK \((\w+) LIKE '____-__-__T__:__:__Z'")


def findings(engine: Engine, db: sqlite3.Connection) -> Iterator[tuple[str, list[str]]]:
    """Yield each rule with what breaks it: an empty list in an intact store."""
    yield "the file is intact", _file(engine)
    yield "all references are valid", _references(engine)
    expected = _expected_schema()
    yield "the schema is correct", _schema(engine, expected)
    yield "all times are valid", _times(engine, expected)
    yield "the search index matches the text", _index(engine, db)


def is_undamaged(db: sqlite3.Connection) -> bool:
    """Whether the file is intact, and so is the schema: a statement that breaks a rule is then a bug, and no damage."""
    return is_intact(db) and _expected_schema().items() <= dict(db.execute(_SCHEMA)).items()


def is_intact(db: sqlite3.Connection) -> bool:
    """Whether the file and its references are intact."""
    try:
        file = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
        return file == "ok" and not db.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.Error:
        return False


def _first_column(engine: Engine, query: str) -> list[str]:
    """The first column of a query; or the error, if the query fails."""
    try:
        return [str(row[0]) for row in engine.read(query, ())]
    except (StoreUnusable, sqlite3.Error) as error:
        return [f"cannot be checked: {error}"]


def _file(engine: Engine) -> list[str]:
    found = _first_column(engine, f"PRAGMA integrity_check({MAX_EXAMPLES})")
    return [] if found == ["ok"] else found


def _references(engine: Engine) -> list[str]:
    return _first_column(engine, "PRAGMA foreign_key_check")[:MAX_EXAMPLES]


def _schema(engine: Engine, expected: dict[str, str]) -> list[str]:
    """Tables, indexes and triggers that are missing or changed. What another tool has added is its own affair."""
    try:
        actual = {row[0]: row[1] for row in engine.read(_SCHEMA, ())}
    except StoreUnusable as error:
        return [f"cannot be checked: {error}"]
    missing = [f"{name} is missing" for name in expected if name not in actual]
    changed = [f"{name} is changed" for name in expected if name in actual and actual[name] != expected[name]]
    return [*missing, *changed][:MAX_EXAMPLES]


def _expected_schema() -> dict[str, str]:
    """The SQL of each table, index and trigger of a new store, by type and name."""
    from expertsupport_cli.store.sqlite.upgrade import open_empty

    with closing(open_empty()) as fresh:
        return {row[0]: row[1] for row in fresh.execute(_SCHEMA)}


def _times(engine: Engine, expected: dict[str, str]) -> list[str]:
    """Columns of times that hold something else."""
    found: list[str] = []
    for name, sql in expected.items():
        kind, _, table = name.partition(" ")
        for column in _INSTANT_COLUMN.findall(sql) if kind == "table" else ():
            found += _first_column(
                engine,
                f"SELECT '{table}.{column}: ' || {column} FROM {table} WHERE {column} IS NOT NULL"
                f" AND strftime('%Y-%m-%dT%H:%M:%SZ', {column}, '+0 days') IS NOT {column} LIMIT {MAX_EXAMPLES}",
            )
    return found[:MAX_EXAMPLES]


def _index(engine: Engine, db: sqlite3.Connection) -> list[str]:
    """The search indexes that differ from the text."""
    broken = []
    for what in INDEXED:
        try:
            with Transaction(engine, keep=False, writes=False):
                fits = fits_the_text(db, what)
            broken += [] if fits else [f"{what}_words does not match the text"]
        except (StoreUnusable, sqlite3.Error) as error:
            broken.append(f"{what}_words cannot be checked: {error}")
    return broken
