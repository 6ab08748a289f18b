"""Writes the settings file. Its comments, mode and line ends are kept, and so is a symbolic link to it."""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
import time
from contextlib import contextmanager

from expertsupport_cli.errors import BadUsage
from expertsupport_cli.files import make_folder, sync_folder
from expertsupport_cli.settings.file import FIX_FILE, read
from expertsupport_cli.settings.known import Setting, check, known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    import tomlkit

LOCK_ATTEMPTS = 200
LOCK_PAUSE = 0.05  # seconds


def write(path: str, name: str, value: str | None, *, dry_run: bool = False) -> bool:
    """Set a value in the file, or remove it with None. Returns whether anything changed.

    A lock makes concurrent writers take turns. If the file is a symbolic link, its target is written. Raises BadUsage
    for an invalid value, or if the file cannot be written.
    """
    setting = known(name)
    if value is not None:
        check(setting, value, str)
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    if dry_run:
        return _new_text(target, setting, value) is not None
    try:
        make_folder(folder)
        with _locked(folder):
            text = _new_text(target, setting, value)
            if text is not None:
                _replace(target, text)
    except OSError as error:
        raise BadUsage("The settings file cannot be written.", f"{path}: {error.strerror}.") from error
    return text is not None


def _new_text(path: str, setting: Setting, value: str | None) -> str | None:
    """The text of the file with the new value and its old line ends; None if nothing changes."""
    import tomlkit

    text = read(path).text
    try:
        document = tomlkit.parse(text)
    except ValueError as error:
        raise BadUsage("The settings file cannot be changed.", f"{path}: {error}.", FIX_FILE) from error
    table: tomlkit.TOMLDocument | tomlkit.items.Table = document
    *sections, key = setting.keys
    for section in sections:
        if section not in table:
            if value is None:
                return None
            table[section] = tomlkit.table()
        table = table[section]
    if table.get(key) == value:
        return None
    if value is None:
        del table[key]
    else:
        table[key] = value
    new_text = tomlkit.dumps(document).replace("\r\n", "\n")
    return new_text.replace("\n", "\r\n") if "\r\n" in text else new_text


@contextmanager
def _locked(folder: str) -> Iterator[None]:
    """Hold a lock on a folder, which leaves no lock file behind. Raises BadUsage after ten seconds."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for _ in range(LOCK_ATTEMPTS):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(LOCK_PAUSE)
        else:
            raise BadUsage("Another program has locked the settings file.", f"{folder}.", "Try again.")
        yield
    finally:
        os.close(handle)


def _replace(path: str, text: str) -> None:
    """Replace the file atomically and durably. It keeps its mode; a new one is readable by its owner only."""
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        mode = 0o600
    handle, temporary = tempfile.mkstemp(prefix=".config-", dir=os.path.dirname(path))
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    sync_folder(os.path.dirname(path))
