"""Writing the settings file. Its comments, its mode and its line ends stay, and so does a symbolic link to it."""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
import time
from contextlib import contextmanager

from expertsupport_cli.errors import BadUsage
from expertsupport_cli.files import sync_folder
from expertsupport_cli.settings.file import read
from expertsupport_cli.settings.known import Setting, check, known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    import tomlkit

LOCK_ATTEMPTS = 200
LOCK_PAUSE = 0.05  # seconds


def write(path: str, name: str, value: str | None, *, dry_run: bool = False) -> bool:
    """Set a value in the file, or remove it with None; whether anything changed. Comments in the file stay.

    Of several who write at once, each sees what the one before has written. A symbolic link stays one: its target is
    written. Raises BadUsage for an invalid value, and where the file cannot be written.
    """
    setting = known(name)
    if value is not None:
        check(setting, value, "your value")
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    if dry_run:
        return _changed(target, setting, value) is not None
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with _locked(folder):
            text = _changed(target, setting, value)
            if text is not None:
                _replace(target, text)
    except OSError as error:
        raise BadUsage("The settings file cannot be written.", f"{path}: {error.strerror}.") from error
    return text is not None


def _changed(path: str, setting: Setting, value: str | None) -> str | None:
    """The text of the file with the new value, its line ends as they were; None where nothing changes."""
    import tomlkit

    read(path)
    text = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
    document = tomlkit.parse(text)
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
    written = tomlkit.dumps(document).replace("\r\n", "\n")
    return written.replace("\n", "\r\n") if "\r\n" in text else written


@contextmanager
def _locked(folder: str) -> Iterator[None]:
    """Hold the lock of a folder, which leaves no file behind. Raises BadUsage after ten seconds."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for _ in range(LOCK_ATTEMPTS):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(LOCK_PAUSE)
        else:
            raise BadUsage("The settings file is locked by another program.", f"{folder}.", "Try again.")
        yield
    finally:
        os.close(handle)


def _replace(path: str, text: str) -> None:
    """Write the file anew, all of it or nothing, and on the disk; it keeps its mode, a new one is for its owner."""
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        mode = 0o600
    handle, making = tempfile.mkstemp(prefix=".config-", dir=os.path.dirname(path))
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(making, path)
    except BaseException:
        os.unlink(making)
        raise
    sync_folder(os.path.dirname(path))
