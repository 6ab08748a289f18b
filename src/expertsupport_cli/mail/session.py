"""An SMTP session whose steps share one time, whatever the server does.

A socket's timeout alone is a limit for each call: a server that sends one byte at a time, or that is slow at each step,
stays below it for ever. So each call gets the time that is left: a try at an address, the TLS handshake, the sending of
a command or a letter, and the reading of each part of an answer.

Looking up names, the server's and our own, cannot be limited so: the system's resolver takes the time that it is
configured to take, and cannot be interrupted. What comes after it is not begun once the time is over.
"""

from __future__ import annotations

import io
import smtplib
import socket
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from typing import Any

    from _typeshed import ReadableBuffer, WriteableBuffer


class Session(smtplib.SMTP):
    """A session that is over by `over_at`, a time of `time.monotonic`; each delivery may set another one.

    Raises TimeoutError, or an error of smtplib with it as the context.
    """

    def __init__(self, host: str, port: int, over_at: float, tls: ssl.SSLContext | None = None) -> None:
        """Connect, and wait for the greeting; over TLS from the first byte if there is a context for it."""
        self.over_at = over_at
        self._tls = tls
        try:
            super().__init__(host, port)
        except BaseException:
            self.close()
            raise

    def connect(self, host: str = "localhost", port: int = 0, source_address: object = None) -> tuple[int, bytes]:
        """What smtplib's does, at each address of the host, and with what smtplib.SMTP_SSL adds to it."""
        self.sock = self._open(host, port)
        if self._tls:
            self._set_timeout()
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=host)
        return self.getreply()

    def send(self, s: ReadableBuffer | str) -> None:
        self._set_timeout()
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None:
            self.file = io.BufferedReader(_Answers(self))
        return super().getreply()

    def docmd(self, cmd: str, args: str = "") -> tuple[int, bytes]:
        answer = super().docmd(cmd, args)
        if cmd == "STARTTLS":  # the handshake is next, and takes its timeout from the socket
            self._set_timeout()
        return answer

    def receive(self, buffer: WriteableBuffer) -> int:
        """Read what comes next into the buffer."""
        self._set_timeout()
        return self.sock.recv_into(buffer) if self.sock else 0

    def time_left(self) -> float:
        """Seconds, more than 0. Raises TimeoutError."""
        left = self.over_at - monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left

    def _set_timeout(self) -> None:
        """Give the next call of the socket the time that is left. Raises TimeoutError."""
        left = self.time_left()
        if self.sock:
            self.sock.settimeout(left)

    def _open(self, host: str, port: int) -> socket.socket:
        """A connection to the first address that answers; none of them takes the time of those after it."""
        self.time_left()
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        failed = OSError(f"{host} has no address")
        for tried, address in enumerate(addresses):
            try:
                return _connected(address, self.time_left() / (len(addresses) - tried))
            except OSError as error:
                failed = error
        raise failed


def _connected(address: tuple[Any, ...], timeout: float) -> socket.socket:
    """A connection to an address as `getaddrinfo` gives it. Raises OSError."""
    family, kind, protocol, _, where = address
    connection = socket.socket(family, kind, protocol)
    try:
        connection.settimeout(timeout)
        connection.connect(where)
    except BaseException:
        connection.close()
        raise
    return connection


class _Answers(io.RawIOBase):
    """What the server says, as a file of which smtplib reads lines."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        return self._session.receive(buffer)
