"""Delivery into a Maildir: a folder of files that every mail reader opens, and that needs no server."""

from __future__ import annotations

import os

from expertsupport_cli.files import sync_folder
from expertsupport_cli.mail.letter import Letter
from expertsupport_cli.mail.transport import Undelivered


class Maildir:
    """Writes each letter to `tmp` and moves it to `new`, whole or not at all (https://cr.yp.to/proto/maildir.html).

    The file's name comes from the Message-ID: a letter delivered again takes its own place, as long as it is unread.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def deliver(self, letter: Letter) -> None:
        """Raises Undelivered."""
        token = letter.message_id.strip("<>").partition("@")[0]
        name = f"{token}.{os.uname().nodename.replace('/', '_').replace(':', '_')}"
        making = os.path.join(self._folder, "tmp", f"{name}.{os.getpid()}")
        try:
            try:
                _write(making, letter.to_bytes("\n"))
            except FileNotFoundError:
                for part in ("", "tmp", "new", "cur"):
                    os.makedirs(os.path.join(self._folder, part), mode=0o700, exist_ok=True)
                _write(making, letter.to_bytes("\n"))
            os.rename(making, os.path.join(self._folder, "new", name))
            sync_folder(os.path.join(self._folder, "new"))
        except OSError as error:
            raise Undelivered(f"{self._folder}: {error.strerror}", final=False) from error

    def close(self) -> None:
        """Nothing is open."""


def _write(path: str, data: bytes) -> None:
    handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(handle)
