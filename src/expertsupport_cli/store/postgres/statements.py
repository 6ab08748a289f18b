"""Translates the statements of the nouns: how a value is marked, and where the number of a new row comes from."""

from __future__ import annotations

import re
from functools import lru_cache

from expertsupport_cli.store.postgres.schema import NUMBERED

_PLACEHOLDER = re.compile(r"'[^']*'|\?|(?<!:):(\w+)")  # strings are left alone
_INSERT = re.compile(r"\s*INSERT INTO (\w+) \((?!number\b)([^)]*)\)\s*(VALUES \(|SELECT\b)")
_RETURNING = re.compile(r"\s+RETURNING \w+$")


@lru_cache(maxsize=512)
def translated(sql: str) -> str:
    """A statement with psycopg2's marks for values: `%s` for `?`, `%(name)s` for `:name`."""
    assert "%" not in sql, "a percent sign, which psycopg2 takes for a mark"
    return _PLACEHOLDER.sub(lambda found: "%s" if found[0] == "?" else f"%({found[1]})s" if found[1] else found[0], sql)


@lru_cache(maxsize=128)
def numbered_table(sql: str) -> str | None:
    """The table that a statement adds rows to without saying their numbers; None for any other statement."""
    found = _INSERT.match(sql)
    return found[1] if found and found[1] in NUMBERED else None


def numbered(sql: str, last: int) -> str:
    """An INSERT that numbers its rows: from the one after `last`, in the order in which they are selected."""
    found = _INSERT.match(sql)
    assert found
    table, columns, kind = found.groups()
    start = f"INSERT INTO {table} (number, {columns}) "
    if kind.startswith("VALUES"):
        return f"{start}VALUES ({last + 1}, {sql[found.end() :]}"
    query, end = sql[found.start(3) :], ""
    returning = _RETURNING.search(query)
    if returning:
        query, end = query[: returning.start()], returning[0]
    return f"{start}SELECT {last} + row_number() OVER (), q.* FROM ({query}) AS q{end}"
