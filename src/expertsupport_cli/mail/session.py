"""An SMTP session with one deadline for all of its steps, whatever the server does.

A socket's timeout limits each call by itself: a server that sends one byte at a time, or that is slow at each step,
never exceeds it. So each call gets only the time that is left: connecting to an address, the TLS handshake, sending a
command or a letter, and reading each part of a reply.

Name resolution, of the server and of the local host, is the exception: the system's resolver takes as long as it is
configured to take, and cannot be interrupted. No step begins after the deadline.
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
    """A session that ends by `deadline`, a time of `time.monotonic`. Each delivery may set a new one.

    After the deadline its methods raise TimeoutError, or an error of smtplib that has a TimeoutError as its context.
    """

    def __init__(self, host: str, port: int, deadline: float, tls: ssl.SSLContext | None = None) -> None:
        """Connect and wait for the greeting. With a context in `tls`, TLS starts with the first byte."""
        self.deadline = deadline
        self._tls = tls
        try:
            super().__init__(host, port)
        except BaseException:
            self.close()
            raise

    def connect(self, host: str = "localhost", port: int = 0, source_address: object = None) -> tuple[int, bytes]:
        """Connect as smtplib.SMTP or smtplib.SMTP_SSL does, trying each address of the host. Returns the greeting."""
        self._host = host  # starttls shows it in the handshake; Python 3.14 sets it in the method overridden here
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
            self.file = io.BufferedReader(_Replies(self))
        return super().getreply()

    def docmd(self, cmd: str, args: str = "") -> tuple[int, bytes]:
        reply = super().docmd(cmd, args)
        if cmd == "STARTTLS":  # the handshake comes next and uses the timeout of the socket
            self._set_timeout()
        return reply

    def receive(self, buffer: WriteableBuffer) -> int:
        """Read available bytes into the buffer. Returns how many. Raises OSError."""
        self._set_timeout()
        return self.sock.recv_into(buffer) if self.sock else 0

    def time_left(self) -> float:
        """The seconds until the deadline, more than 0. Raises TimeoutError after it."""
        left = self.deadline - monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left

    def _set_timeout(self) -> None:
        """Limit the next call of the socket to the time that is left. Raises TimeoutError."""
        left = self.time_left()
        if self.sock:
            self.sock.settimeout(left)

    def _open(self, host: str, port: int) -> socket.socket:
        """Connect to the first address that answers; each gets an equal share of the time left. Raises OSError."""
        self.time_left()
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        last_error = OSError(f"{host} has no address")
        for index, address in enumerate(addresses):
            try:
                return _connected(address, self.time_left() / (len(addresses) - index))
            except OSError as error:
                last_error = error
        raise last_error


def _connected(address: tuple[Any, ...], timeout: float) -> socket.socket:
    """Connect to one of the results of `getaddrinfo`. Raises OSError."""
    family, kind, protocol, _, socket_address = address
    connection = socket.socket(family, kind, protocol)
    try:
        connection.settimeout(timeout)
        connection.connect(socket_address)
    except BaseException:
        connection.close()
        raise
    return connection


class _Replies(io.RawIOBase):
    """The server's replies as a file, from which smtplib reads lines."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        return self._session.receive(buffer)
