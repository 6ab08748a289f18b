"""Handles errors of SQLite: retries while the store is busy, and translates errors for people."""

from __future__ import annotations

import sqlite3
from time import monotonic

from expertsupport_cli.errors import StoreBusy, StoreDamaged, StoreFull, StoreMissing, StoreReadOnly, StoreUnusable
from expertsupport_cli.files import access_denied
from expertsupport_cli.steps import Step, Verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Result = TypeVar("Result")

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


def unusable(error: sqlite3.Error, path: str) -> Exception:
    """The StoreUnusable for an error that a person can do something about; else the same error, which is a bug."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if "decode to UTF-8" in str(error):  # Python raises this text without an SQLite code
        code = sqlite3.SQLITE_CORRUPT
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreBusy(
            "The store is busy.",
            "Another program has held it for longer than the setting store.timeout.",
            Step(verb=Verb.WAIT_LONGER),
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreDamaged(
            "The store is damaged, or not a store.",
            f"{path}: {error}.",
            Step(verb=Verb.CHECK_STORE),
        )
    if code == sqlite3.SQLITE_FULL:
        return StoreFull("The disk is full.", f"Nothing was changed in {path}.", "Make room and try again.")
    if code == sqlite3.SQLITE_READONLY:
        why = access_denied(path) or f"{path} is read-only."
        return StoreReadOnly("The store cannot be written.", why, Step(verb=Verb.NAME_STORE))
    if code in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        why = access_denied(path) or f"{path}: {error}."
        return StoreMissing("The store cannot be opened.", why, Step(verb=Verb.NAME_STORE))
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PROTOCOL):
        return StoreUnusable(
            "The store could not be read or written.",
            f"{path}: {error}.",
            Step(verb=Verb.CHECK_STORE),
        )
    return error
