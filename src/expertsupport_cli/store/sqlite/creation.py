"""Creates a store: it appears with the first transaction that is committed, complete, or not at all.

The schema and what the first command writes are one transaction in a file beside the store, with mode 0600; after the
commit that file gets the store's name, unless there is one already. So a command that fails leaves nothing behind, and
nobody ever sees half a store. A lock on the folder lets one process at a time create a store in it.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from contextlib import suppress

from expertsupport_cli.errors import StoreBusy, StoreMissing
from expertsupport_cli.files import access_denied, give_name, make_folder, sync_name
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store.sqlite.faults import busy, retry_while_busy
from expertsupport_cli.store.sqlite.opening import connect, read_version
from expertsupport_cli.store.sqlite.upgrade import make_schema

POLL_INTERVAL = 0.01  # seconds, while another process creates a store in the same folder


class Creation:
    """A store that does not exist yet, or is an empty file, until its first transaction is committed."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._path = os.path.abspath(place)
        self._folder = os.path.dirname(self._path)
        self._lock: int | None = None
        self._new = ""  # the file beside the store, while there is one
        self._made: list[str] = []  # folders, the outermost first
        self._db: sqlite3.Connection | None = None

    def begin(self, timeout: float) -> sqlite3.Connection | None:
        """Begin the transaction that creates the store. Returns its connection, or None if there is a store by now.

        Raises StoreUnusable, or an error of SQLite.
        """
        try:
            self._prepare_folder(timeout)
            exists = os.path.lexists(self._path)
            self._db, version = connect(self._path if exists else self._make_file(), self._place, timeout)
            if not version:
                retry_while_busy(lambda: self._execute("BEGIN IMMEDIATE"), timeout)
                version = read_version(self._db, self._place)
            if not version:
                make_schema(self._db)
                return self._db
        except OSError as error:
            self.abandon()
            why = access_denied(self._place) or f"{self._place}: {error.strerror}."
            raise StoreMissing("The store cannot be created.", why, Step(verb=Verb.NAME_STORE)) from error
        except BaseException:
            self.abandon()
            raise
        self.abandon()
        return None

    def finish(self) -> None:
        """Give the store its name, after the transaction was committed. Raises StoreBusy or StoreMissing."""
        self._close()
        if self._new:
            try:
                give_name(self._new, self._path)
            except OSError as error:
                self.abandon()
                if isinstance(error, FileExistsError):
                    raise StoreBusy("Another program has just created the store.", hint="Try again.") from error
                why = f"{self._place}: {error.strerror}."
                raise StoreMissing("The store cannot be created.", why, Step(verb=Verb.NAME_STORE)) from error
            sync_name(self._path)
        self._release()

    def abandon(self) -> None:
        """Leave everything as it was before `begin`. May be called at any time."""
        self._close()
        if self._new:
            for name in (self._new, f"{self._new}-journal"):
                with suppress(OSError):
                    os.unlink(name)
            self._new = ""
        self._release()
        while self._made:
            with suppress(OSError):  # somebody else has put something there
                os.rmdir(self._made.pop())

    def _prepare_folder(self, timeout: float) -> None:
        """Create the folder of the store, and the folders above it, each for its owner alone, and lock it."""
        folder = self._folder
        while not os.path.lexists(folder):
            self._made.insert(0, folder)
            folder = os.path.dirname(folder)
        make_folder(self._folder)
        self._lock = _lock(self._folder, timeout)

    def _make_file(self) -> str:
        """Create the file in which the store is built, and return its path."""
        new = f"{self._path}.new" if self._lock is not None else f"{self._path}.{os.urandom(4).hex()}.new"
        for name in (new, f"{new}-journal"):  # left behind by a process that was killed
            with suppress(FileNotFoundError):
                os.unlink(name)
        os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        self._new = new
        return new

    def _execute(self, sql: str) -> None:
        assert self._db is not None
        self._db.execute(sql)

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()  # which rolls back what is open
            self._db = None

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _lock(folder: str, timeout: float) -> int | None:
    """Lock a folder until the handle that is returned is closed; None where that cannot be done. Raises StoreBusy."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except PermissionError:  # it may still be possible to create files there
        return None
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(handle)
                raise busy("Another program has been creating it for longer than store.timeout.") from None
            time.sleep(POLL_INTERVAL)
        except OSError:  # a file system without locks
            os.close(handle)
            return None
