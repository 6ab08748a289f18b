"""Delivery by SMTP (RFC 5321), over TLS, with STARTTLS, or, where that is asked for, in the clear."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import threading
from time import monotonic

from expertsupport_cli.checks import mailbox
from expertsupport_cli.mail.letter import Letter
from expertsupport_cli.mail.transport import Server, Undelivered

NOT_OF_THE_LETTER = (530, 534, 535, 538)  # of the authentication, RFC 4954
LATER = 5.0  # seconds
GOODBYE = 1.0  # seconds that a server has to answer to QUIT
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Smtp:
    """Delivers over one connection, opened when first needed and again after it was lost.

    A delivery takes no longer than the server's timeout, whatever the server does: it runs in a thread of its own,
    which is left behind when the time is over, and sends nothing any more.
    """

    def __init__(self, server: Server, deadline: float | None = None) -> None:
        """All deliveries are over by the `deadline`, a time of `time.monotonic`, if there is one."""
        self._server = server
        self._deadline = deadline
        self._session: smtplib.SMTP | None = None
        self._lock = threading.Lock()  # held while a session is taken over, or given up

    def deliver(self, letter: Letter) -> None:
        """Raises Undelivered; final if the server refused this letter for good (5xx)."""
        failed: list[BaseException] = []
        over = threading.Event()

        def work() -> None:
            try:
                self._send(letter, over)
            except BaseException as error:
                failed.append(error)

        seconds = self._time_left()
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        try:
            thread.join(seconds)
        finally:  # also when interrupted
            late = thread.is_alive()
            if late:
                self._give_up(over)
        if late:
            raise Undelivered(f"{self._server.host} did not answer within {seconds:g} s", final=False)
        if failed:
            self._drop()
            raise _undelivered(failed[0], self._server) from failed[0]

    def close(self) -> None:
        """Say goodbye, if the server still listens."""
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                if session.sock is not None:
                    session.sock.settimeout(GOODBYE)
                session.quit()

    def _time_left(self) -> float:
        timeout = self._server.timeout
        return timeout if self._deadline is None else max(0.0, round(min(timeout, self._deadline - monotonic()), 1))

    def _send(self, letter: Letter, over: threading.Event) -> None:
        session = self._session or _connect(self._server)
        with self._lock:
            if over.is_set():
                session.close()
                return
            self._session = session
        sender = mailbox(letter.sender)
        try:
            session.sendmail(sender, [letter.recipient], letter.to_bytes("\r\n"))
        finally:
            if over.is_set():
                session.close()

    def _give_up(self, over: threading.Event) -> None:
        """End what the thread does. It closes the connection itself: to close it here would wait for its reading."""
        with self._lock:
            over.set()
            session, self._session = self._session, None
        if session is not None and session.sock is not None:
            with contextlib.suppress(OSError):  # and not SSLSocket's, which goes on in the clear for a moment
                socket.socket.shutdown(session.sock, socket.SHUT_RDWR)

    def _drop(self) -> None:
        """Forget the connection: after a failure nobody knows what state it is in."""
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(OSError):
                session.close()


def _connect(server: Server) -> smtplib.SMTP:
    """A session that is as secure as asked for, or none. Raises OSError, SMTPException."""
    patience = server.timeout + LATER  # it is `deliver` that says when the time is over
    if server.security == "tls":
        context = ssl.create_default_context()
        session: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=patience, context=context)
    else:
        session = smtplib.SMTP(server.host, server.port, timeout=patience)
    try:
        if server.security == "starttls":
            session.starttls(context=ssl.create_default_context())  # raises if it is not offered, or fails
        if server.user is not None:
            if server.security == "none" and server.host not in LOOPBACK:
                raise smtplib.SMTPException("a password is not sent over a connection that is not encrypted")
            session.login(server.user, server.password or "")
    except BaseException:
        session.close()
        raise
    return session


def _undelivered(error: BaseException, server: Server) -> Undelivered:
    """What went wrong, for people, and whether it is worth trying again."""
    where = f"{server.host}:{server.port}"
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, answer = next(iter(error.recipients.values()))
        return Undelivered(f"{where} refused the recipient: {code} {_text(answer)}", final=_is_final(code))
    if isinstance(error, smtplib.SMTPSenderRefused | smtplib.SMTPDataError):
        told = f"{error.smtp_code} {_text(error.smtp_error)}"
        return Undelivered(f"{where} refused the message: {told}", final=_is_final(error.smtp_code))
    if isinstance(error, smtplib.SMTPResponseException):  # of the connection, not of this letter: try again
        return Undelivered(f"{where}: {error.smtp_code} {_text(error.smtp_error)}", final=False)
    if isinstance(error, OSError | smtplib.SMTPException):
        return Undelivered(f"{where}: {error}", final=False)
    return Undelivered(f"{type(error).__name__}: {error}", final=False)


def _is_final(code: int) -> bool:
    """Whether an answer is about this letter, and for good; what is about who we are may be mended in the settings."""
    return 500 <= code < 600 and code not in NOT_OF_THE_LETTER


def _text(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
