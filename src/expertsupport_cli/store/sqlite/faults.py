"""Handles errors of SQLite: retries while the store is busy, and translates errors for people."""

from __future__ import annotations

import os
import sqlite3
from time import monotonic

from expertsupport_cli.accounts import described_user, group_name, user_name
from expertsupport_cli.errors import StoreBusy, StoreDamaged, StoreFull, StoreMissing, StoreReadOnly, StoreUnusable
from expertsupport_cli.files import access_denied, denying, is_shared, is_shared_folder
from expertsupport_cli.steps import Step, Verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Result = TypeVar("Result")

# SQLite reports a damaged schema or header as a plain error: "unsupported file format", "no such column"
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_FORMAT)
_OURS = (0, sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_MISUSE, sqlite3.SQLITE_RANGE)
DATABASE_ERRORS = (sqlite3.Error, UnicodeDecodeError)  # all that a statement raises where the file is to blame

BUSY_TIMEOUT = 0.2  # seconds


def retry_while_busy(run: Callable[[], Result], timeout: float) -> Result:
    """Call `run`, again while the store is busy, for at most `timeout` seconds. Returns its result.

    SQLite itself waits for at most BUSY_TIMEOUT at a time, because Python cannot handle Ctrl-C meanwhile.
    """
    deadline = monotonic() + timeout
    while True:
        try:
            return run()
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY or monotonic() >= deadline:
                raise


def unusable(error: Exception, path: str) -> Exception:
    """The StoreUnusable for what SQLite raised; the same error if it is a bug: a broken rule, or misuse."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if isinstance(error, UnicodeDecodeError) or "decode to UTF-8" in str(error):  # Python raises both without a code
        code = sqlite3.SQLITE_CORRUPT
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return busy()
    if code in _DAMAGED:
        return damaged(error, path)
    if code == sqlite3.SQLITE_FULL:
        return StoreFull("The disk is full.", f"Nothing was changed in {path}.", "Free some space and try again.")
    if code == sqlite3.SQLITE_READONLY:
        why = access_denied(path) or f"{path} is read-only."
        return StoreReadOnly("The store cannot be written.", why, way_in(path))
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
        why = access_denied(path) or f"{path}: {error}."
        return StoreMissing("The store cannot be opened.", why, way_in(path))
    if code in _OURS:
        return error
    return StoreUnusable("The store could not be read or written.", f"{path}: {error}.", Step(verb=Verb.CHECK_STORE))


def busy(why: str = "Another program held it for longer than store.timeout.") -> StoreBusy:
    """The error for a store that was not free in time."""
    return StoreBusy("The store is busy.", why, Step(verb=Verb.WAIT_LONGER))


def way_in(path: str) -> str | Step:
    """What to do about a store that cannot be opened: ask for access, if another account owns it."""
    place = denying(path)
    if place is None:
        return Step(verb=Verb.NAME_STORE)
    found = os.stat(place)
    if found.st_uid == os.geteuid() or (os.path.isdir(place) and os.access(place, os.X_OK)):  # no store is in it
        return Step(verb=Verb.NAME_STORE)
    if is_shared_folder(place) or is_shared(place):
        return f"Ask root to run: usermod -aG {group_name(found.st_gid)} {user_name(os.geteuid())}"
    return Step(verb=Verb.ASK_TO_SHARE, reference=described_user(found.st_uid))


def damaged(error: Exception, path: str) -> StoreDamaged:
    """The error for a store that is damaged, with what SQLite says of it."""
    if str(error) == "file is not a database":
        what, verb = "This file is not a store, or it is damaged.", Verb.NAME_STORE
    else:
        what, verb = "The store is damaged.", Verb.CHECK_STORE
    return StoreDamaged(what, f"{path}: {error}.", Step(verb=verb))
