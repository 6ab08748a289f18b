"""SMTP servers on loopback: real ones, and one that answers as scripted, or not at all."""

from __future__ import annotations

import asyncio
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

PASSWORD = "correct-horse-battery"  # noqa: S105 -- of a server that lives as long as a test
DROP, SILENCE = "drop", "silence"


class Slowly(str):
    """An answer that comes one byte at a time, ten bytes a second."""

    __slots__ = ()


class Received(NamedTuple):
    """A letter that has arrived."""

    sender: str | None
    recipients: list[str]
    content: bytes
    encrypted: bool
    user: bytes | None


class Letterbox:
    """Takes every letter, except for recipients that are to be refused."""

    def __init__(self, refused: Mapping[str, str] | None = None) -> None:
        self.received: list[Received] = []
        self.refused = refused or {}

    async def handle_RCPT(  # noqa: N802 -- the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        assert server.transport is not None
        encrypted = server.transport.get_extra_info("ssl_object") is not None
        user = session.auth_data.login if isinstance(session.auth_data, LoginPassword) else None
        self.received.append(Received(envelope.mail_from, envelope.rcpt_tos, envelope.content, encrypted, user))
        return "250 OK"


class Certificates(NamedTuple):
    """A server's certificate, and the file by which clients trust it (SSL_CERT_FILE)."""

    context: ssl.SSLContext
    trusted: str


def certificates(folder: Path, host: str = "127.0.0.1") -> Certificates:
    """A certificate for a host."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(host).configure_cert(context)
    trusted = folder / f"{host}.pem"
    authority.cert_pem.write_to_path(str(trusted))
    return Certificates(context, str(trusted))


@contextmanager
def serving(box: Letterbox, *, tls: Certificates | None = None, implicit: bool = False, **how: Any) -> Iterator[int]:
    """A real server that puts what it takes into the box, on a port that the system chooses."""
    security: dict[str, Any] = {} if tls is None else {"ssl_context" if implicit else "tls_context": tls.context}
    server = OnAnyPort(box, hostname="127.0.0.1", port=0, **security, **how)
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


class OnAnyPort(Controller):
    """Learns its port once it listens."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object) -> AuthResult:
    """There is one user, with one password."""
    assert isinstance(given, LoginPassword)
    return AuthResult(success=given == LoginPassword(b"es", PASSWORD.encode()), handled=False, auth_data=given)


class Scripted(socketserver.ThreadingTCPServer):
    """Answers each phase of a conversation with 250 and the like, unless the script says otherwise.

    The phases are connect, EHLO, MAIL, RCPT, DATA, body (its first line has come), end (the dot has come) and QUIT.
    """

    daemon_threads = False

    def __init__(self, script: Mapping[str, str]) -> None:
        self.script = dict(script)
        self.pause = 0.0  # seconds that it takes to read a line
        self.tls: Certificates | None = None  # from the first byte
        self.over = threading.Event()
        self.seen: list[str] = []  # every line, of the conversation and of letters
        self.taken = 0
        self.ended = threading.Event()  # a conversation has
        super().__init__(("127.0.0.1", 0), Conversation)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)  # who reads slowly is waited for

    def wake(self, **script: str) -> None:
        """Go on with this, where it fell silent."""
        self.script.update(script)
        self.over.set()
        self.over.clear()

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Conversation(socketserver.StreamRequestHandler):
    server: Scripted
    request: socket.socket

    def setup(self) -> None:
        if self.server.tls:
            self.request = self.server.tls.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()  # the TLS socket has taken over from the one that the server closes

    def handle(self) -> None:
        with suppress(ConnectionError, ssl.SSLError):
            self._answer("connect", "220 ready")
            while line := self._line():
                self._obey(line.split(" ")[0].upper())
        self.server.ended.set()

    def _obey(self, verb: str) -> None:
        self._answer(verb, {"DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 fine"))
        if verb == "QUIT":
            raise ConnectionError
        if verb == "DATA" and "DATA" not in self.server.script:
            self._line()
            self._answer("body", "")
            while self._line() != ".":
                pass
            self._answer("end", "250 taken")
            self.server.taken += 1

    def _line(self) -> str:
        line = self.rfile.readline().decode(errors="replace")
        self.server.over.wait(self.server.pause)
        if not line:
            raise ConnectionError
        self.server.seen.append(line.rstrip("\r\n"))
        return self.server.seen[-1]

    def _answer(self, phase: str, usual: str) -> None:
        answer = self.server.script.get(phase, usual)
        if answer == SILENCE:
            self.server.over.wait()
            answer = self.server.script[phase]
        if answer in (DROP, SILENCE):
            raise ConnectionError
        if not answer:
            return
        data = f"{answer}\r\n".encode()
        if isinstance(answer, Slowly):
            for byte in data[:-1]:
                self.wfile.write(bytes([byte]))
                self.server.over.wait(0.1)
            data = data[-1:]
        self.wfile.write(data)


@contextmanager
def scripted(**script: str) -> Iterator[Scripted]:
    """A server that answers as scripted."""
    with Scripted(script) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()
