"""Reads files that the user names as UTF-8 text, and makes written files survive a power loss."""

from __future__ import annotations

import os
import sys

from expertsupport_cli.errors import BadUsage, NotFound

MAX_BYTES = 1 << 30


def read_text(path: str, what: str) -> str:
    """The text of a file, or of stdin for `-`. Raises NotFound, or BadUsage naming the line that is not UTF-8."""
    try:
        if path == "-":
            data = sys.stdin.buffer.read(MAX_BYTES) if sys.stdin else b""
        else:
            with open(path, "rb") as file:
                data = file.read(MAX_BYTES)
    except FileNotFoundError as error:
        raise NotFound(f"{what} is not there: {path}") from error
    except OSError as error:
        raise BadUsage(f"{what} cannot be read.", f"{path}: {error.strerror}.") from error
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadUsage(f"Line {line}: {what} is not valid UTF-8.", f"{path}, byte {error.start + 1}.") from error


def sync_folder(folder: str) -> None:
    """Flush a folder to the disk, so that a file moved into it survives a power loss. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
