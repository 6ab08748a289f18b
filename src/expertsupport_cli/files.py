"""Folders and files: who may use them, that they are the user's own, and that they survive a power loss."""

from __future__ import annotations

import os
import stat

PRIVATE = 0o700  # the mode of a folder that only its owner may enter


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


def access_denied(path: str, access: int = os.R_OK | os.W_OK) -> str:
    """Which file or folder denies this user access to a file, its owner and mode; empty if none does."""
    full = os.path.abspath(path)
    folders = [full]
    while folders[-1] != os.path.dirname(folders[-1]):
        folders.append(os.path.dirname(folders[-1]))
    for place in reversed(folders[1:]):
        if os.path.isdir(place) and not os.access(place, os.X_OK):
            return _belongs(place)
    if os.path.exists(full) and not os.access(full, access):
        return _belongs(full)
    must_write = access & os.W_OK and os.path.isdir(folders[1]) and not os.access(folders[1], os.W_OK)
    return _belongs(folders[1]) if must_write else ""


def _belongs(place: str) -> str:
    """A sentence with the owner and mode of a file or folder, and the current user."""
    found = os.stat(place)
    who, me = _account(found.st_uid), _account(os.geteuid())
    return f"{place} belongs to {who}, mode {stat.S_IMODE(found.st_mode):04o}, and you are {me}."


def _account(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
