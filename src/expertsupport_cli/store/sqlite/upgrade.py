"""Makes the schema: in an empty database, or out of that of an older version.

A store is upgraded in one immediate transaction, after a copy of it was made beside it.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress

from expertsupport_cli.errors import StoreDamaged, StoreUnusable
from expertsupport_cli.files import PRIVATE_FILE, SHARED_FILE, is_shared, sync_name
from expertsupport_cli.store.sqlite.migrations import migrate
from expertsupport_cli.store.sqlite.opening import APPLICATION_ID, VERSION, prepare, private_copy, read_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def make_schema(db: sqlite3.Connection) -> None:
    """Apply the migrations that are missing, inside a transaction."""
    migrate(db)
    db.execute(f"PRAGMA application_id={APPLICATION_ID}")
    db.execute(f"PRAGMA user_version={VERSION}")


def open_empty() -> sqlite3.Connection:
    """An empty store in memory, for looking things up where there is no store."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    prepare(db)
    db.execute("BEGIN")
    make_schema(db)
    db.execute("COMMIT")
    return db


def upgrade(db: sqlite3.Connection, place: str, notify: Callable[[str], None], *, copy_of: str | None) -> None:
    """Upgrade the store that is open, unless another process has done it just now.

    `copy_of` is its path, beside which it is copied first; None for one that is a copy itself. Raises StoreUnusable,
    or an error of SQLite.
    """
    db.execute("PRAGMA foreign_keys=OFF")  # while tables are rebuilt; inside a transaction it has no effect
    try:
        db.execute("BEGIN IMMEDIATE")
        version = read_version(db, place)
        if version < VERSION:
            if copy_of is not None:
                notify(f"Upgrading the store. The old one was copied to {_copy(copy_of, version)}")
            make_schema(db)
            _refuse_dangling(db, place)
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")
        db.execute("PRAGMA foreign_keys=ON")


def upgraded_copy(db: sqlite3.Connection, place: str) -> sqlite3.Connection:
    """A private, temporary copy of an old store, upgraded: for a command that may not change the store itself."""
    copy = private_copy(db)
    try:
        upgrade(copy, place, lambda _: None, copy_of=None)
    except BaseException:
        copy.close()
        raise
    return copy


def _refuse_dangling(db: sqlite3.Connection, place: str) -> None:
    """Raises StoreDamaged where a row refers to one that does not exist."""
    dangling = db.execute("PRAGMA foreign_key_check").fetchone()
    if dangling:
        raise StoreDamaged(
            "The store is damaged, so it was not upgraded.",
            f"{place}: table {dangling[0]} refers to a row that does not exist.",
            "Copy the file before you do anything else.",
        )


def _copy(path: str, version: int) -> str:
    """Copy the store to a file beside it, and return its path. Raises StoreUnusable.

    The caller holds the write lock, so that the copy is consistent. It is for its owner alone, or for the group that
    shares the store.
    """
    copy = f"{path}.v{version}.bak"
    temporary = f"{copy}.{os.getpid()}"
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE_FILE))
        if is_shared(path):
            os.chmod(temporary, SHARED_FILE)  # whatever the umask
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(temporary)) as target:
            source.backup(target)
        os.replace(temporary, copy)
        sync_name(copy)
    except OSError as error:
        with suppress(OSError):
            os.unlink(temporary)
        raise StoreUnusable(
            "The store could not be copied, so it was not upgraded.",
            f"{copy}: {error.strerror}.",
            "Free some space beside it.",
        ) from error
    return copy
