"""Opens the store: creates it at the first write, upgrades it, or refuses it.

The file is created exclusively, with mode 0600 in a folder of 0700, and then opened as an existing one, so that a store
that vanishes is never silently replaced by an empty one. Nothing is written to a file before it was checked: one of
another program, or of a newer version of this one, is refused and left unchanged.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress

from expertsupport_cli.errors import StoreDamaged, StoreForeign, StoreMissing, StoreTooNew, StoreUnusable
from expertsupport_cli.files import access_denied, make_folder
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store.sqlite.faults import BUSY_TIMEOUT, retry_while_busy, unusable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

APPLICATION_ID = 0x45535550  # "ESUP", in the header of the file
VERSION = 3  # the number of migrations

OLDEST_SQLITE = (3, 39)  # the first with IS DISTINCT FROM
_PRAGMAS = (
    "foreign_keys=ON",
    "synchronous=EXTRA",  # with a rollback journal, the only level that survives every loss of power
    "trusted_schema=OFF",
    "cell_size_check=ON",
)


def open_database(path: str, *, timeout: float, writes: bool, notify: Callable[[str], None]) -> sqlite3.Connection:
    """Open the store at a path. If there is none, create it if `writes`, else open an empty one in memory.

    Raises StoreUnusable.
    """
    _refuse_old_sqlite()
    if writes:
        return _open_or_create(path, timeout, notify)
    if _exists(path):
        return _open_existing(path, timeout, notify)
    notify(f"There is no store yet at {path}; the first command that writes makes it.")
    return open_empty()


def _open_existing(path: str, timeout: float, notify: Callable[[str], None]) -> sqlite3.Connection:
    """Open the store at a path, and upgrade it if it is old. Raises StoreUnusable."""
    safe = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    try:
        db = sqlite3.connect(f"file:{safe}?mode=rw", uri=True, isolation_level=None, timeout=BUSY_TIMEOUT)
    except sqlite3.Error as error:
        raise unusable(error, path) from error
    try:
        retry_while_busy(lambda: _prepare(db), timeout)  # setting `synchronous` reads the schema
        if retry_while_busy(lambda: _version(db, path), timeout) != VERSION:
            retry_while_busy(lambda: _upgrade(db, path, notify), timeout)
    except sqlite3.Error as error:
        db.close()
        raise unusable(error, path) from error
    except BaseException:
        db.close()
        raise
    return db


def _open_or_create(path: str, timeout: float, notify: Callable[[str], None]) -> sqlite3.Connection:
    """Open the store at a path; create it if there is none. Raises StoreUnusable."""
    if not _exists(path):
        try:
            make_folder(os.path.dirname(os.path.abspath(path)))
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            notify(f"Made a new store: {path}")
        except OSError as error:
            # another process may have created it first
            if not isinstance(error, FileExistsError) or not os.path.lexists(path):
                why = access_denied(path) or f"{path}: {error.strerror}."
                raise StoreMissing("The store cannot be made.", why, Step(verb=Verb.NAME_STORE)) from error
    return _open_existing(path, timeout, notify)


def _exists(path: str) -> bool:
    """Whether there is a store. Raises StoreMissing if this user has no permission to look."""
    try:
        os.stat(path)
    except PermissionError as error:
        why = access_denied(path) or f"{path}: {error.strerror}."
        raise StoreMissing("The store cannot be opened.", why, Step(verb=Verb.NAME_STORE)) from error
    except (OSError, ValueError):
        return False
    return True


def open_empty() -> sqlite3.Connection:
    """An empty store in memory, for a command that only reads when there is no store."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    _prepare(db)
    _upgrade(db, ":memory:", lambda _: None)
    return db


def _refuse_old_sqlite() -> None:
    """Raises StoreUnusable."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreUnusable(
            f"The SQLite library of this Python is too old: {sqlite3.sqlite_version}.",
            f"The store needs {'.'.join(map(str, OLDEST_SQLITE))} or newer.",
            "Run es with a Python that has a newer one.",
        )


def _prepare(db: sqlite3.Connection) -> None:
    for pragma in _PRAGMAS:
        db.execute(f"PRAGMA {pragma}")


def _version(db: sqlite3.Connection, path: str) -> int:
    """The version of the store, 0 for an empty file. Raises StoreForeign or StoreTooNew."""
    owner, version, filled = _header(db)
    if owner != APPLICATION_ID:
        if owner == version == 0 and not filled:
            return 0
        raise StoreForeign(
            "This file is not a store of Expert Support.",
            f"{path} is a database of another program; it was left as it is.",
            Step(verb=Verb.NAME_STORE),
        )
    if version > VERSION:
        raise StoreTooNew(
            "The store was made by a newer version of this program.",
            f"{path} has version {version}, and this program knows {VERSION}; it was left as it is.",
            "Upgrade the program: pip install --upgrade expertsupport-cli",
        )
    return int(version)


def _header(db: sqlite3.Connection) -> tuple[int, int, bool]:
    """The application ID, the version, and whether there are tables, read as one state: another process may write."""
    outside_transaction = not db.in_transaction
    if outside_transaction:
        db.execute("BEGIN")
    try:
        (owner,) = db.execute("PRAGMA application_id").fetchone()
        (version,) = db.execute("PRAGMA user_version").fetchone()
        filled = owner == 0 and bool(db.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall())
    finally:
        if outside_transaction and db.in_transaction:
            db.execute("ROLLBACK")
    return owner, version, filled


def _upgrade(db: sqlite3.Connection, path: str, notify: Callable[[str], None]) -> None:
    """Apply the missing migrations in one immediate transaction, after a copy of the store if it is not new."""
    from expertsupport_cli.store.sqlite.migrations import migrate

    db.execute("PRAGMA foreign_keys=OFF")  # while tables are rebuilt; inside a transaction it has no effect
    try:
        db.execute("BEGIN IMMEDIATE")
        version = _version(db, path)
        if version < VERSION:
            if version:
                notify(f"Upgrading the store; a copy of it as it was is in {_copy(path, version)}")
            migrate(db)
            _refuse_dangling(db, path)
            db.execute(f"PRAGMA application_id={APPLICATION_ID}")
            db.execute(f"PRAGMA user_version={VERSION}")
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")
        db.execute("PRAGMA foreign_keys=ON")


def _refuse_dangling(db: sqlite3.Connection, path: str) -> None:
    """Raises StoreDamaged where a reference leads nowhere."""
    dangling = db.execute("PRAGMA foreign_key_check").fetchone()
    if dangling:
        raise StoreDamaged(
            "The store is damaged, so it was not upgraded.",
            f"{path}: table {dangling[0]} refers to something that is not there.",
            "Keep a copy of the file before you do anything else.",
        )


def _copy(path: str, version: int) -> str:
    """Copy the store to a file beside it, and return its path. Raises StoreUnusable.

    The caller holds the write lock, so that the copy is consistent.
    """
    copy = f"{path}.v{version}.bak"
    temporary = f"{copy}.{os.getpid()}"
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(temporary)) as target:
            source.backup(target)
        os.replace(temporary, copy)
    except OSError as error:
        with suppress(OSError):
            os.unlink(temporary)
        raise StoreUnusable(
            "The store could not be copied, so it was not upgraded.",
            f"{copy}: {error.strerror}.",
            "Make room beside it.",
        ) from error
    return copy
