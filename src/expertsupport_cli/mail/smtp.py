"""Delivery by SMTP (RFC 5321): over TLS, with STARTTLS, or, if so configured, unencrypted."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from time import monotonic

from expertsupport_cli.checks import mailbox
from expertsupport_cli.mail.errors import Undelivered
from expertsupport_cli.mail.failure import HOST, SECURITY, USER, failure_to_connect, failure_to_send
from expertsupport_cli.mail.letter import Letter
from expertsupport_cli.mail.session import Session
from expertsupport_cli.mail.transport import Server

QUIT_TIMEOUT = 1.0  # seconds to wait for the reply to QUIT
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Smtp:
    """Delivers over one connection, which is opened when first needed and reopened after a failure.

    A delivery takes no longer than `Server.timeout`, whatever the server does; `mail/session.py` explains how, and the
    one exception.
    """

    def __init__(self, server: Server, deadline: float | None = None) -> None:
        """All deliveries end by `deadline`, a time of `time.monotonic`, if there is one."""
        self._server = server
        self._deadline = deadline
        self._session: Session | None = None
        self._step = HOST  # the setting that the current step of connecting depends on

    def deliver(self, letter: Letter) -> None:
        """Deliver a letter. Raises Misconfigured, or Undelivered, `final` if the server refused the letter (5xx)."""
        data = letter.to_bytes("\r\n")
        seconds = self._time_left()
        try:
            self._send(letter, data, monotonic() + seconds)
        except Exception as error:
            connected = self._session is not None
            self._drop()
            if _timed_out(error):
                why = f"{self._server.host} did not answer within {seconds:g} s"
                raise Undelivered(why, final=False) from error
            if connected:
                raise failure_to_send(error, self._server) from error
            raise failure_to_connect(error, self._server, self._step) from error
        except BaseException:  # interrupted
            self._drop()
            raise

    def close(self) -> None:
        """End the session with QUIT, if there is one, and close the connection."""
        if self._session is not None:
            self._session.deadline = monotonic() + QUIT_TIMEOUT
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._session.quit()
        self._drop()

    def _time_left(self) -> float:
        timeout = self._server.timeout
        return timeout if self._deadline is None else max(0.0, round(min(timeout, self._deadline - monotonic()), 1))

    def _send(self, letter: Letter, data: bytes, deadline: float) -> None:
        if self._session is None:
            self._session = self._connect(deadline)
        self._session.deadline = deadline
        self._session.sendmail(mailbox(letter.sender), [letter.recipient], data)

    def _connect(self, deadline: float) -> Session:
        """Open a session with the configured security, and log in. Raises OSError, SMTPException, UnicodeError."""
        server, self._step = self._server, HOST
        session = Session(server.host, server.port, deadline, _context() if server.security == "tls" else None)
        try:
            session.ehlo_or_helo_if_needed()
            if server.security == "starttls":
                self._step = SECURITY
                session.starttls(context=_context())  # raises if the server does not offer it, or if it fails
            if server.user is not None:
                if server.security == "none" and server.host not in LOOPBACK:
                    self._step = SECURITY
                    raise smtplib.SMTPException("a password is not sent over a connection that is not encrypted")
                session.ehlo_or_helo_if_needed()
                self._step = USER
                session.login(server.user, server.password or "")
        except BaseException:
            session.close()
            raise
        return session

    def _drop(self) -> None:
        """Drop the connection: after a failure its state is unknown."""
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(OSError):
                session.close()


def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


def _timed_out(error: BaseException | None) -> bool:
    """Whether our deadline passed. smtplib then raises its own errors, with the socket's TimeoutError as the context.

    A TimeoutError with an errno is the system's ETIMEDOUT: it gave up on the connection before our deadline.
    """
    while error is not None:
        if isinstance(error, TimeoutError) and error.errno is None:
            return True
        error = error.__context__
    return False
