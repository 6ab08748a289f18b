"""Delivery by SMTP (RFC 5321), over TLS, with STARTTLS, or, where that is asked for, in the clear."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from time import monotonic

from expertsupport_cli.checks import mailbox
from expertsupport_cli.mail.letter import Letter
from expertsupport_cli.mail.session import Session
from expertsupport_cli.mail.transport import Server, Undelivered

NOT_OF_THE_LETTER = (530, 534, 535, 538)  # of the authentication, RFC 4954
GOODBYE = 1.0  # seconds that a server has to answer to QUIT
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Smtp:
    """Delivers over one connection, opened when first needed and again after it was lost.

    A delivery takes no longer than the server's timeout, whatever the server does; `mail/session.py` says how, and
    what the one exception is.
    """

    def __init__(self, server: Server, deadline: float | None = None) -> None:
        """All deliveries are over by the `deadline`, a time of `time.monotonic`, if there is one."""
        self._server = server
        self._deadline = deadline
        self._session: Session | None = None

    def deliver(self, letter: Letter) -> None:
        """Raises Undelivered; final if the server refused this letter for good (5xx)."""
        seconds = self._time_left()
        try:
            self._send(letter, monotonic() + seconds)
        except Exception as error:
            self._drop()
            if _timed_out(error):
                why = f"{self._server.host} did not answer within {seconds:g} s"
                raise Undelivered(why, final=False) from error
            raise _undelivered(error, self._server) from error
        except BaseException:  # interrupted
            self._drop()
            raise

    def close(self) -> None:
        """Say goodbye, if the server still listens."""
        if self._session is not None:
            self._session.over_at = monotonic() + GOODBYE
            with contextlib.suppress(OSError, smtplib.SMTPException):
                self._session.quit()
        self._drop()

    def _time_left(self) -> float:
        timeout = self._server.timeout
        return timeout if self._deadline is None else max(0.0, round(min(timeout, self._deadline - monotonic()), 1))

    def _send(self, letter: Letter, over_at: float) -> None:
        if self._session is None:
            self._session = _connect(self._server, over_at)
        self._session.over_at = over_at
        self._session.sendmail(mailbox(letter.sender), [letter.recipient], letter.to_bytes("\r\n"))

    def _drop(self) -> None:
        """Forget the connection: after a failure nobody knows what state it is in."""
        session, self._session = self._session, None
        if session is not None:
            with contextlib.suppress(OSError):
                session.close()


def _connect(server: Server, over_at: float) -> Session:
    """A session that is as secure as asked for, or none. Raises OSError, SMTPException."""
    tls = ssl.create_default_context() if server.security == "tls" else None
    session = Session(server.host, server.port, over_at, tls)
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


def _timed_out(error: BaseException | None) -> bool:
    """Whether the time was over; smtplib raises errors of its own then, in the context of a socket's TimeoutError.

    The system's own, ETIMEDOUT, has a number: it gave up on the connection, before our time was over.
    """
    while error is not None:
        if isinstance(error, TimeoutError) and error.errno is None:
            return True
        error = error.__context__
    return False


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
