"""Opens the file of a store: checks what is at a path, and refuses what is not a store of this version.

Nothing is written to a file before it was checked: one of another program, or of a newer version of this one, is
refused and left unchanged. A store that does not exist yet is created by `creation`, an old one upgraded by `upgrade`.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import ExitStack, closing, suppress

from expertsupport_cli.errors import StoreDamaged, StoreForeign, StoreMissing, StoreTooNew, StoreUnusable
from expertsupport_cli.files import access_denied
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store.sqlite.faults import (
    BUSY_TIMEOUT,
    DATABASE_ERRORS,
    retry_while_busy,
    unusable,
    way_in,
)

APPLICATION_ID = 0x45535550  # "ESUP", in the header of the file
VERSION = 5  # the number of migrations

OLDEST_SQLITE = (3, 39)  # the first with IS DISTINCT FROM
_SMALLEST_DATABASE = 512  # bytes: one page of the smallest size
_PRAGMAS = (
    "foreign_keys=ON",
    "synchronous=EXTRA",  # with a rollback journal, the only level that survives every loss of power
    "trusted_schema=OFF",
    "cell_size_check=ON",
)
_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-~")


def refuse_old_sqlite() -> None:
    """Raises StoreUnusable."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreUnusable(
            f"The SQLite library of this Python is too old: {sqlite3.sqlite_version}.",
            f"The store needs {'.'.join(map(str, OLDEST_SQLITE))} or newer.",
            "Run es with a Python that has a newer SQLite.",
        )


def holds_something(path: str) -> bool:
    """Whether there is a file with something in it. Raises StoreMissing or StoreForeign if it can be no store."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return False
    except (OSError, ValueError) as error:
        raise cannot_open(path, str(getattr(error, "strerror", "") or error)) from error
    if stat.S_ISDIR(found.st_mode):
        raise cannot_open(path, "This is a folder")
    if not stat.S_ISREG(found.st_mode):
        raise cannot_open(path, "This is not a regular file")
    if 0 < found.st_size < _SMALLEST_DATABASE:
        raise foreign(path, f"has only {found.st_size} bytes")
    return found.st_size > 0


def foreign(place: str, what: str = "is a database of another program") -> StoreForeign:
    """The error for a file that is no store."""
    why = f"{place} {what}. It was not changed."
    return StoreForeign("This file is not an Expert Support store.", why, Step(verb=Verb.NAME_STORE))


def cannot_open(path: str, why: str) -> StoreMissing:
    """The error for a path at which no store can be opened or created."""
    reason = access_denied(path) or f"{path}: {why}."
    return StoreMissing("The store cannot be opened.", reason, way_in(path))


def connect(path: str, place: str, timeout: float, *, snapshot: bool = False) -> tuple[sqlite3.Connection, int]:
    """Connect to an existing file. Returns the connection and the version of the store, 0 for an empty database.

    With `snapshot`, a read transaction is open on it. `place` names the file in messages. Raises StoreUnusable.
    """
    try:
        db = sqlite3.connect(address(path), uri=True, isolation_level=None, timeout=BUSY_TIMEOUT)
    except DATABASE_ERRORS as error:
        raise unusable(error, place) from error
    try:
        retry_while_busy(lambda: prepare(db), timeout)  # setting `synchronous` reads the schema
        if snapshot:
            db.execute("BEGIN")  # which begins with what is read next
        return db, retry_while_busy(lambda: read_version(db, place), timeout)
    except BaseException as error:
        db.close()
        if isinstance(error, DATABASE_ERRORS):
            raise unusable(error, place) from error
        raise


def leave_wal(db: sqlite3.Connection) -> None:
    """Set the journal mode back if another tool has turned on WAL, which no read-only folder can serve.

    While others use the store it cannot be done, and the next command that writes tries again.
    """
    with suppress(sqlite3.OperationalError):
        if db.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            db.execute("PRAGMA journal_mode=DELETE")


def read_version(db: sqlite3.Connection, place: str) -> int:
    """The version of the store, 0 for an empty database. Raises StoreForeign, StoreTooNew or StoreDamaged."""
    owner, version, filled = header(db)
    if owner != APPLICATION_ID:
        if owner == version == 0 and not filled:
            return 0
        raise foreign(place)
    if version > VERSION:
        raise StoreTooNew(
            "A newer version of es created this store.",
            f"{place} has version {version}; this es knows versions up to {VERSION}. It was not changed.",
            "Upgrade the program: pip install --upgrade expertsupport-cli",
        )
    if version < 1 or not filled:
        what = f"the unknown version {version}" if version < 1 else "no tables"
        raise StoreDamaged("The store is damaged.", f"{place} has {what}. It was not changed.")
    return int(version)


def header(db: sqlite3.Connection) -> tuple[int, int, bool]:
    """The application ID, the version, and whether there are tables, read as one state: another process may write."""
    outside_transaction = not db.in_transaction
    if outside_transaction:
        db.execute("BEGIN")
    try:
        (owner,) = db.execute("PRAGMA application_id").fetchone()
        (version,) = db.execute("PRAGMA user_version").fetchone()
        filled = bool(db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall())
    finally:
        if outside_transaction and db.in_transaction:
            db.execute("ROLLBACK")
    return owner, version, filled


def private_copy(db: sqlite3.Connection) -> sqlite3.Connection:
    """A private, temporary copy of a database: in memory as long as it is small, and gone when it is closed."""
    with ExitStack() as stack:
        copy = stack.enter_context(closing(sqlite3.connect("", isolation_level=None)))
        db.backup(copy)
        stack.pop_all()
    return copy


def prepare(db: sqlite3.Connection) -> None:
    """Set how a connection behaves."""
    for pragma in _PRAGMAS:
        db.execute(f"PRAGMA {pragma}")


def address(path: str) -> str:
    """The URI that opens an existing file for reading and writing, whatever its name."""
    absolute = b"/" + os.fsencode(os.path.abspath(path)).lstrip(b"/")
    return "file://" + "".join(chr(b) if b in _PLAIN else f"%{b:02X}" for b in absolute) + "?mode=rw"
