"""Delivery into a Maildir: a folder of files that every mail reader opens, and that needs no server."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from expertsupport_cli.files import sync_folder
from expertsupport_cli.mail.letter import Letter
from expertsupport_cli.mail.transport import Undelivered

LONGEST_NAME = 200  # of a folder; file systems take 255 bytes


class Maildir:
    """A Maildir for each recipient, in one folder, each named by the address in small letters.

    Each letter is written to `tmp` and moved to `new`, whole or not at all (https://cr.yp.to/proto/maildir.html). The
    file's name comes from the Message-ID: a letter delivered again takes its own place, as long as it is unread.
    """

    def __init__(self, folder: str, *, shared: bool = False) -> None:
        """A `shared` folder is made for its group as well, so that the recipient need not be whoever delivers."""
        self._folder = folder
        self._folder_mode = 0o770 if shared else 0o700
        self._file_mode = 0o660 if shared else 0o600

    def deliver(self, letter: Letter) -> None:
        """Raises Undelivered."""
        box = os.path.join(self._folder, folder_name(letter.recipient))
        name = f"{_safe(letter.message_id.strip('<>').partition('@')[0])}.{_safe(os.uname().nodename)}"
        making = os.path.join(box, "tmp", f"{name}.{os.getpid()}")
        try:
            try:
                self._write(making, letter.to_bytes("\n"))
            except FileNotFoundError:
                for part in (self._folder, box, *(os.path.join(box, part) for part in ("tmp", "new", "cur"))):
                    self._make(part)
                self._write(making, letter.to_bytes("\n"))
            os.rename(making, os.path.join(box, "new", name))
            sync_folder(os.path.join(box, "new"))
        except OSError as error:
            raise Undelivered(f"{box}: {error.strerror}", final=False) from error

    def _make(self, folder: str) -> None:
        """Make a folder, with its mode whatever the umask, unless it is there."""
        if os.path.isdir(folder):
            return
        os.makedirs(os.path.dirname(folder), mode=0o700, exist_ok=True)
        with suppress(FileExistsError):  # somebody else was faster
            os.mkdir(folder, self._folder_mode)
            os.chmod(folder, self._folder_mode | (os.stat(folder).st_mode & stat.S_ISGID))

    def _write(self, path: str, data: bytes) -> None:
        handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, self._file_mode)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, self._file_mode)
            file.write(data)
            file.flush()
            os.fsync(handle)

    def close(self) -> None:
        """Nothing is open."""


def folder_name(address: str) -> str:
    """The name of a recipient's folder: the address in small letters, what is not safe in a name as `%40`."""
    return _safe(address.lower()) or "%"


def _safe(text: str) -> str:
    """Text as part of a file's name, that leads nowhere else: whatever filled the store."""
    kept = "".join(
        chr(byte) if (chr(byte).isalnum() and byte < 128) or (chr(byte) in "@+-_=." and place) else f"%{byte:02x}"
        for place, byte in enumerate(text.encode("utf-8", "surrogateescape"))
    )
    return kept[:LONGEST_NAME]
