"""Folders and files: who may use them, that they are the user's own, and that they survive a power loss."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress

from expertsupport_cli.accounts import described_user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

PRIVATE = 0o700  # the mode of a folder that only its owner may enter
PRIVATE_FILE = 0o600
SHARED = 0o2770  # of a folder that a group shares: what is created in it is the group's
SHARED_FILE = 0o660
_GROUP_OWNED = stat.S_ISGID | stat.S_IWGRP


def make_folder(folder: str, mode: int = PRIVATE) -> None:
    """Create a folder unless it exists, with this mode whatever the umask.

    Folders above it that are missing are created for the owner alone. Raises OSError.
    """
    if os.path.isdir(folder):
        return
    above = os.path.dirname(folder)
    if above and above != folder:
        make_folder(above)
    try:
        os.mkdir(folder, mode)
    except FileExistsError:
        if not os.path.isdir(folder):  # else another process created it first
            raise
    else:
        os.chmod(folder, mode | (os.stat(folder).st_mode & stat.S_ISGID))


def sync_folder(folder: str) -> None:
    """Flush a folder to the disk, so that a file moved into it survives a power loss. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_name(path: str) -> None:
    """Flush the folder of a file to the disk, so that its name survives; a folder that cannot be read cannot be."""
    with suppress(OSError):
        sync_folder(os.path.dirname(os.path.abspath(path)))


@contextmanager
def new_file(path: str) -> Iterator[BinaryIO]:
    """A file, for its owner alone, that gets its name when the block has ended, complete and flushed to the disk.

    Until then its `name` is that of a file beside it. Raises FileExistsError if there is something at the path, or
    another OSError; then nothing is left.
    """
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    new = f"{path}.{os.urandom(4).hex()}.new"
    try:
        with open(new, "xb", opener=lambda path, flags: os.open(path, flags, PRIVATE_FILE)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        give_name(new, path)
        sync_name(path)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(new)


def give_name(new: str, path: str) -> None:
    """Move a file to a path at which there must be none. Raises FileExistsError, or another OSError."""
    try:
        os.link(new, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise FileExistsError(path) from None
        os.rename(new, path)
    else:
        os.unlink(new)


def is_shared_folder(folder: str) -> bool:
    """Whether a group may write to a folder, and owns what is created in it."""
    try:
        return os.stat(folder).st_mode & _GROUP_OWNED == _GROUP_OWNED
    except OSError:
        return False


def is_shared(path: str) -> bool:
    """Whether a group shares a file: it may write to it, and it shares the folder.

    What is created beside a shared file must be usable by the group too, whatever the umask.
    """
    folder = os.path.dirname(path) or "."
    if not is_shared_folder(folder):
        return False
    try:
        file = os.stat(path)
        return bool(file.st_mode & stat.S_IWGRP) and file.st_gid == os.stat(folder).st_gid
    except OSError:
        return False


def access_denied(path: str, access: int = os.R_OK | os.W_OK) -> str:
    """Which file or folder denies this user access to a file, its owner and mode; empty if none does."""
    place = denying(path, access)
    return f"{ownership(place)}, and {asked_by()}." if place else ""


def denying(path: str, access: int = os.R_OK | os.W_OK) -> str | None:
    """The file or folder that denies this user access to a file; None if none does."""
    full = os.path.abspath(path)
    folders = [full]
    while folders[-1] != os.path.dirname(folders[-1]):
        folders.append(os.path.dirname(folders[-1]))
    for place in reversed(folders[1:]):
        if os.path.isdir(place) and not os.access(place, os.X_OK):
            return place
    if os.path.exists(full) and not os.access(full, access):
        return full
    must_write = access & os.W_OK and os.path.isdir(folders[1]) and not os.access(folders[1], os.W_OK)
    return folders[1] if must_write else None


def ownership(place: str) -> str:
    """The owner and mode of a file or folder, as the beginning of a sentence."""
    found = os.stat(place)
    return f"{place} belongs to {described_user(found.st_uid)}, mode {stat.S_IMODE(found.st_mode):04o}"


def asked_by() -> str:
    """Who runs this process, as the end of such a sentence."""
    return f"you are {described_user(os.geteuid())}"
