"""Delivery into a Maildir: a folder of files that mail readers can open and that needs no server."""

from __future__ import annotations

import os
from errno import EACCES, ELOOP, ENAMETOOLONG, ENOTDIR, EPERM, EROFS

from expertsupport_cli.files import PRIVATE, PRIVATE_FILE, SHARED, SHARED_FILE, make_folder, sync_folder
from expertsupport_cli.mail.errors import Misconfigured, Undelivered
from expertsupport_cli.mail.letter import Letter

MAX_NAME_LENGTH = 180  # bytes; file systems allow 255, and a host's name and a process ID follow
UNUSABLE = (EACCES, ELOOP, ENAMETOOLONG, ENOTDIR, EPERM, EROFS)  # errors that last, unlike a full disk
DIGEST_LENGTH = 32  # characters; makes the names of long texts differ


class Maildir:
    """Delivers into one Maildir per recipient, all in one folder, each named by the address in lower case.

    A letter is written to `tmp` and then moved to `new`, so that no reader sees half of it
    (https://cr.yp.to/proto/maildir.html). Its file is named by the Message-ID, so that a letter that is delivered twice
    replaces itself, as long as it is unread.
    """

    def __init__(self, folder: str, *, shared: bool = False) -> None:
        """If `shared`, the group gets access too, so that the recipient need not be the user who delivers."""
        self._folder = folder
        self._folder_mode = SHARED if shared else PRIVATE
        self._file_mode = SHARED_FILE if shared else PRIVATE_FILE

    def deliver(self, letter: Letter) -> None:
        """Deliver a letter to its recipient's Maildir. Raises Undelivered, Misconfigured."""
        data = letter.to_bytes("\n")
        box = os.path.join(self._folder, folder_name(letter.recipient))
        name = f"{_safe(letter.message_id.strip('<>'))}.{_safe(os.uname().nodename)}"
        temporary = os.path.join(box, "tmp", f"{name}.{os.getpid()}")
        try:
            try:
                self._write(temporary, data)
            except FileNotFoundError:
                for part in (self._folder, box, *(os.path.join(box, part) for part in ("tmp", "new", "cur"))):
                    make_folder(part, self._folder_mode)
                self._write(temporary, data)
            os.rename(temporary, os.path.join(box, "new", name))
            sync_folder(os.path.join(box, "new"))
        except OSError as error:
            if error.errno in UNUSABLE and not self._is_usable():
                raise Misconfigured(f"{self._folder}: {error.strerror}", "mail.maildir") from error
            raise Undelivered(f"{box}: {error.strerror}", final=False) from error

    def _is_usable(self) -> bool:
        """Whether Maildirs can be created in the folder of all of them."""
        return os.path.isdir(self._folder) and os.access(self._folder, os.W_OK | os.X_OK)

    def _write(self, path: str, data: bytes) -> None:
        handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, self._file_mode)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, self._file_mode)
            file.write(data)
            file.flush()
            os.fsync(handle)

    def close(self) -> None:
        """Do nothing: no resource is kept open."""


def folder_name(address: str) -> str:
    """The name of a recipient's folder: the address in lower case, with unsafe characters escaped as `%2f`."""
    return _safe(address.lower()) or "%"


def _safe(text: str) -> str:
    """Text made safe as a part of a file's name: it cannot leave the folder, and other text has another name."""
    escaped = "".join(
        chr(byte) if (chr(byte).isalnum() and byte < 128) or (chr(byte) in "@+-_=." and index) else f"%{byte:02x}"
        for index, byte in enumerate(text.encode("utf-8", "surrogatepass"))
    )
    if len(escaped) <= MAX_NAME_LENGTH:
        return escaped
    from hashlib import sha256

    return f"{escaped[: MAX_NAME_LENGTH - DIGEST_LENGTH]}{sha256(escaped.encode()).hexdigest()[:DIGEST_LENGTH]}"
