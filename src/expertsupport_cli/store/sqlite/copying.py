"""Copies stores: a backup to a new file, and a backup back into the store.

A backup is read in one transaction, so it is consistent, and writers wait until it is read. It is written beside its
place, checked there, and only then gets its name. A store that can be opened is restored in place, in one transaction:
programs that have it open go on with what was restored, and a kill leaves the one or the other.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, contextmanager, suppress
from time import monotonic

from expertsupport_cli.errors import AlreadyExists, StoreDamaged, StoreMissing, StoreUnusable
from expertsupport_cli.files import access_denied, give_name, new_file
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store.sqlite import opening
from expertsupport_cli.store.sqlite.check import is_intact
from expertsupport_cli.store.sqlite.faults import DATABASE_ERRORS, busy, unusable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    Progress = Callable[[int, int], None]  # pages done, pages in all

PAGES = 16  # read or written between two calls of the progress; fewer than any store has, and than stay in memory
_PAUSE = 0.05  # seconds, while the store is busy


def back_up(place: str, target: str, *, timeout: float, progress: Progress) -> None:
    """Copy the store at a path to a new file, for its owner alone, and check the copy.

    Raises StoreUnusable, or AlreadyExists if there is something at `target`.
    """
    with _snapshot(place, timeout) as source:
        _new_file(source, target, timeout, progress)


def check(place: str, timeout: float) -> None:
    """Check that there is an intact store at a path, of this version or an older one. Raises StoreUnusable."""
    try:
        with _snapshot(place, timeout) as db:
            _refuse_damaged(db, place)
    except StoreUnusable as fault:
        fault.hint = "Use another backup."
        raise


def count_requests(place: str, timeout: float) -> int | None:
    """How many requests the store at a path has; None if it has none or cannot be read."""
    try:
        if not opening.holds_something(place):
            return None
        with _snapshot(place, timeout) as db:
            return int(db.execute("SELECT count(*) FROM requests").fetchone()[0])
    except (StoreUnusable, *DATABASE_ERRORS):
        return None


def restore(backup: str, place: str, kept: str, *, timeout: float, progress: Progress) -> bool:
    """Put the content of a checked backup in place of a store. Returns whether there was one, now a copy at `kept`.

    Raises StoreUnusable; the store is as it was then.
    """
    with _snapshot(backup, timeout) as source:
        _refuse_damaged(source, backup)
        if not opening.holds_something(place):
            _set_aside(f"{place}-journal", f"{kept}-journal")
            with suppress(FileNotFoundError):  # an empty file
                os.unlink(place)
            _new_file(source, place, timeout, progress)
            return False
        try:
            _replace_content(source, place, kept, timeout, progress)
        except DATABASE_ERRORS as error:
            fault = unusable(error, place)
            if not isinstance(fault, StoreDamaged):
                raise fault from error
            _set_aside(f"{place}-journal", f"{kept}-journal")
            _set_aside(place, kept)
            _new_file(source, place, timeout, progress)
            _hand_on(place, os.stat(kept))
        return True


@contextmanager
def _snapshot(place: str, timeout: float) -> Iterator[sqlite3.Connection]:
    """A connection on which a read transaction is open, so that nobody changes the file."""
    if not opening.holds_something(place):
        raise StoreMissing("There is no store to copy.", f"{place} does not exist.", Step(verb=Verb.NAME_STORE))
    db, _version = opening.connect(place, place, timeout, snapshot=True)
    with closing(db):
        yield db


def _new_file(source: sqlite3.Connection, target: str, timeout: float, progress: Progress) -> None:
    """Copy an open database to a new file beside `target`, which then gets that name."""
    try:
        with new_file(target) as file:
            _fill(source, file.name, timeout, progress)
    except FileExistsError as error:
        raise AlreadyExists(f"{target} already exists.", "Nothing is overwritten.") from error
    except OSError as error:
        why = access_denied(target) or f"{target}: {error.strerror}."
        raise StoreMissing("The file cannot be created.", why) from error


def _fill(source: sqlite3.Connection, path: str, timeout: float, progress: Progress) -> None:
    """Copy an open database into a file, and check the copy."""
    copy, _version = opening.connect(path, path, timeout)
    with closing(copy):
        try:
            _copy(source, copy, timeout, progress)
            copy.execute("PRAGMA journal_mode=DELETE")  # a copy of a store that another tool has turned to WAL
        except DATABASE_ERRORS as error:
            raise unusable(error, path) from error
        _refuse_damaged(copy, path)


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, timeout: float, progress: Progress) -> None:
    """Copy all pages in one transaction of both sides. Raises StoreBusy, or an error of SQLite."""
    deadline = monotonic() + timeout

    def step(status: int, left: int, total: int) -> None:
        if status not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            progress(total - left, total)
        elif monotonic() >= deadline:
            raise busy()

    source.backup(target, pages=PAGES, progress=step, sleep=_PAUSE)


def _replace_content(source: sqlite3.Connection, place: str, kept: str, timeout: float, progress: Progress) -> None:
    """Copy an open database into a store, after a copy of what it holds was made.

    The copy is made when the first pages are written: nobody else can write then, and the file is still as it was.
    """
    target = sqlite3.connect(opening.address(place), uri=True, isolation_level=None, timeout=0)
    # a handle that is closed before the transaction has ended would end the locks of SQLite too
    with open(place, "rb") as old, closing(target):
        opening.prepare(target)
        _refuse_foreign(target, place)
        opening.leave_wal(target)
        copied = False

        def keep_the_old(done: int, total: int) -> None:
            nonlocal copied
            if not copied:
                _keep(old, kept)
                copied = True
            progress(done, total)

        try:
            _copy(source, target, timeout, keep_the_old)
        except BaseException:
            if copied:
                with suppress(OSError):
                    os.unlink(kept)
            raise


def _keep(old: BinaryIO, kept: str) -> None:
    """Copy an open file to a new one, with its owner, group and mode. Raises StoreUnusable.

    It is read through this handle, not a duplicate: to close that would end the locks of SQLite.
    """
    try:
        with new_file(kept) as copy:
            shutil.copyfileobj(old, copy, 1 << 20)
            _hand_on(copy.fileno(), os.fstat(old.fileno()))
    except OSError as error:
        why = f"{kept}: {error.strerror}."
        raise StoreUnusable("The store could not be copied, so nothing was restored.", why) from error


def _hand_on(file: int | str, old: os.stat_result) -> None:
    """Give a file the group and mode of another, and its owner if this is the superuser."""
    with suppress(OSError):  # a group that this account is not in gets no access
        os.chown(file, old.st_uid if os.geteuid() == 0 else -1, old.st_gid)
        os.chmod(file, old.st_mode & 0o777)


def _set_aside(path: str, kept: str) -> None:
    """Give a file that no store can be opened from another name, if it exists."""
    try:
        give_name(path, kept)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreUnusable("The old store could not be kept, so nothing was restored.", f"{kept}: {error}.") from error


def _refuse_damaged(db: sqlite3.Connection, place: str) -> None:
    if not is_intact(db):
        raise StoreDamaged("The copy of the store is damaged.", f"{place} is not intact.")


def _refuse_foreign(db: sqlite3.Connection, place: str) -> None:
    """Refuse to replace the database of another program."""
    owner, _version, filled = opening.header(db)
    if owner != opening.APPLICATION_ID and filled:
        raise opening.foreign(place)
