"""Creates the tables of a store, and those of an older version anew. All in one transaction, which the caller has open.

The first version that was ever created in PostgreSQL is 5, so that is where the migrations begin. Append only.
"""

from __future__ import annotations

from expertsupport_cli.store.postgres.schema import INDEXES, NUMBERED, TABLES, UNIQUE_INDEXES, VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def creation() -> str:
    """The statements that create an empty store."""
    columns, zeros = ", ".join(NUMBERED), ", ".join("0" for _ in NUMBERED)
    return ";\n".join(
        [
            *(f"CREATE TABLE {table} ({columns})" for table, columns in TABLES.items()),
            *(f"CREATE INDEX {name} {on}" for name, on in INDEXES.items()),
            *(f"CREATE UNIQUE INDEX {name} {on}" for name, on in UNIQUE_INDEXES.items()),
            f"INSERT INTO expertsupport (only_row, version, changes, {columns}) VALUES (TRUE, {VERSION}, 0, {zeros})",
        ]
    )


# by the version that they lead to: the statements that change a store of the version before
MIGRATIONS: Mapping[int, str] = {}


def can_upgrade(version: int) -> bool:
    """Whether the migrations lead from a version to this one."""
    return all(step in MIGRATIONS for step in range(version + 1, VERSION + 1))


def upgrade(version: int) -> str:
    """The statements that upgrade a store of an older version."""
    steps = [MIGRATIONS[step] for step in range(version + 1, VERSION + 1)]
    return ";\n".join([*steps, f"UPDATE expertsupport SET version = {VERSION}"])
