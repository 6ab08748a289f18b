"""The files of a store that is a file: itself, its journal and copies, and the Maildirs beside it.

No link is followed: a file is opened as itself, and then looked at and changed through its descriptor, so that nothing
depends on what its name means a moment later.
"""

from __future__ import annotations

import os
import re
import stat
from contextlib import ExitStack, suppress

from expertsupport_cli.errors import Refused
from expertsupport_cli.files import access_denied
from expertsupport_cli.record import Record
from expertsupport_cli.steps import Step, Verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

MAIL = "mail"
MAX_DEPTH = 16  # of folders in folders; a Maildir has three levels
_JOURNAL = re.compile(r"-(journal|wal|shm)")
_COPY = re.compile(r"\.lock|(\.[0-9a-f]{8})?\.new(-journal)?|(\.[\w-]+)*\.bak(\.\d+)?")
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Entry(Record):
    """A file or folder. `found` is None if it does not exist, `handle` also if this account cannot open it."""

    path: str
    handle: int | None = None
    found: os.stat_result | None = None

    @property
    def is_folder(self) -> bool:
        return self.found is not None and stat.S_ISDIR(self.found.st_mode)

    @property
    def may_be_changed(self) -> bool:
        """Whether this account may change its mode: only the owner may, and the superuser."""
        if self.found is None:
            return True
        return self.handle is not None and os.geteuid() in (0, self.found.st_uid)


class StoreFolder:
    """The folder of a store. `with StoreFolder(path) as folder:` keeps it and the store open; neither need exist.

    Leave it after the transactions on the store: closing a file ends the locks that this process has on it. Entering
    raises Refused if the folder cannot be opened, or if it or the store is a link.
    """

    def __init__(self, path: str) -> None:
        self.store_path = os.path.abspath(path)
        self.path, self._name = os.path.split(self.store_path)
        self._root: int | None = None
        self._store: int | None = None
        self._open = ExitStack()

    def __enter__(self) -> StoreFolder:
        for path in (self.path, self.store_path):
            if os.path.islink(path):
                hint = f"Use the real path: {os.path.realpath(path)}."
                raise Refused(f"{path} is a symbolic link.", "es changes no files through links.", hint)
        try:
            self._enter()
        except OSError as error:
            self._open.close()
            why = access_denied(self.store_path) or f"{self.path}: {error.strerror}."
            raise Refused("The folder of the store cannot be opened.", why, Step(verb=Verb.NAME_STORE)) from error
        return self

    def _enter(self) -> None:
        with suppress(FileNotFoundError):
            self._root = os.open(self.path, _FLAGS | os.O_DIRECTORY)
            self._open.callback(os.close, self._root)
            entry = _entry(self._name, self._root, self.store_path)
            if entry.handle is not None:
                self._store = entry.handle
                self._open.callback(os.close, self._store)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @property
    def itself(self) -> Entry:
        """The folder."""
        if self._root is None:
            return Entry(path=self.path)
        return Entry(path=self.path, handle=self._root, found=os.fstat(self._root))

    @property
    def store(self) -> Entry:
        """The store."""
        if self._store is not None:
            return Entry(path=self.store_path, handle=self._store, found=os.fstat(self._store))
        found = None
        if self._root is not None:
            with suppress(OSError):
                found = os.stat(self._name, dir_fd=self._root, follow_symlinks=False)
        return Entry(path=self.store_path, found=found)

    def strangers(self) -> list[str]:
        """The names of files in the folder that are not the store's."""
        return [name for name in self._names() if name not in (self._name, MAIL) and not self._is_beside(name)]

    def others(self, *, copies: bool, inner_first: bool) -> Iterator[Entry]:
        """What else the store has: journals, Maildirs and, if wanted, its `copies`. Each is open while it is yielded.

        Left out are links, files with a second name elsewhere, and what is neither file nor folder.
        """
        if self._root is None:
            return
        for name in self._names():
            if name != self._name and (name == MAIL or self._is_beside(name, copies=copies)):
                yield from _tree(name, self._root, os.path.join(self.path, name), inner_first)

    def _names(self) -> list[str]:
        return [] if self._root is None else sorted(os.listdir(self._root))

    def _is_beside(self, name: str, *, copies: bool = True) -> bool:
        """Whether a file is named as journals of the store are, or as copies of it."""
        ending = name.removeprefix(self._name)
        return ending != name and bool(_JOURNAL.fullmatch(ending) or (copies and _COPY.fullmatch(ending)))


def _tree(name: str, folder: int, path: str, inner_first: bool, depth: int = 0) -> Iterator[Entry]:
    """A file, or a folder and all that is in it."""
    entry = _entry(name, folder, path)
    if entry.found is None or depth > MAX_DEPTH:
        return
    try:
        if not entry.is_folder and (not stat.S_ISREG(entry.found.st_mode) or entry.found.st_nlink > 1):
            return
        if not inner_first:
            yield entry
        if entry.is_folder and entry.handle is not None:
            for each in sorted(os.listdir(entry.handle)):
                yield from _tree(each, entry.handle, os.path.join(path, each), inner_first, depth + 1)
        if inner_first:
            yield entry
    finally:
        if entry.handle is not None:
            os.close(entry.handle)


def _entry(name: str, folder: int, path: str) -> Entry:
    """What has this name in an open folder. It is opened if it is a file or folder, and this account may."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):  # opening a device can do something
            return Entry(path=path, found=found)
        handle = os.open(name, _FLAGS, dir_fd=folder)
    except FileNotFoundError:
        return Entry(path=path)
    except PermissionError:
        return Entry(path=path, found=found)
    return Entry(path=path, handle=handle, found=os.fstat(handle))
