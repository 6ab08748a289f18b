"""What an error of an SMTP session means: try the letter again later, give it up, or change a setting.

If a server refuses (5xx) the recipient or the text, that concerns one letter. If it refuses the connection, the login
or the sender, that would happen to every letter, so it must not count against any.
"""

from __future__ import annotations

import smtplib
import socket
import ssl

from expertsupport_cli.mail.errors import Misconfigured, Undelivered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from expertsupport_cli.mail.transport import Server

AUTHENTICATION_CODES = (530, 534, 535, 538)  # of RFC 4954
TOO_LARGE = 552  # after MAIL FROM, about the announced size of the letter
MAX_REPLY_LENGTH = 500  # characters; a reply may have any number of lines
HOST, SECURITY, USER, SENDER = "mail.smtp.host", "mail.smtp.security", "mail.smtp.user", "mail.from"
LOST_CONNECTION = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


def failure_to_connect(error: Exception, server: Server, setting: str) -> Undelivered | Misconfigured:
    """What an error before the first letter means. `setting` is the one that the failed step depends on."""
    why = f"{_name(server)}: {_text(error)}"
    if setting == USER and isinstance(error, smtplib.SMTPResponseException):
        source = f" with the password from {server.password_source}" if server.password_source else ""
        why = f"{_name(server)} refused the login as {server.user}{source}: {_text(error)}"
    if isinstance(error, ssl.SSLCertVerificationError):
        return Misconfigured(why, HOST)
    if isinstance(error, ssl.SSLError) and not isinstance(error, LOST_CONNECTION):
        return Misconfigured(why, SECURITY)
    return Misconfigured(why, setting) if _is_permanent(error) else Undelivered(why, final=False)


def failure_to_send(error: Exception, server: Server) -> Undelivered | Misconfigured:
    """What an error with a letter means."""
    if isinstance(error, smtplib.SMTPSenderRefused):
        why = f"{_name(server)} refused the sender {error.sender}: {_text(error)}"
        if _is_refusal(error.smtp_code) and error.smtp_code not in (TOO_LARGE, *AUTHENTICATION_CODES):
            return Misconfigured(why, SENDER)
        return _verdict(error.smtp_code, why)
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, reply = next(iter(error.recipients.values()))
        return _verdict(code, f"{_name(server)} refused the recipient: {code} {_decoded(reply)}")
    if isinstance(error, smtplib.SMTPDataError):
        return _verdict(error.smtp_code, f"{_name(server)} refused the message: {_text(error)}")
    if isinstance(error, OSError | smtplib.SMTPException):
        return Undelivered(f"{_name(server)}: {_text(error)}", final=False)
    return Undelivered(f"{type(error).__name__}: {error}", final=False)


def _verdict(code: int, why: str) -> Undelivered | Misconfigured:
    """What a reply to a letter means."""
    return Misconfigured(why, USER) if code in AUTHENTICATION_CODES else Undelivered(why, final=_is_refusal(code))


def _is_refusal(code: int) -> bool:
    return 500 <= code < 600


def _is_permanent(error: Exception) -> bool:
    """Whether connecting fails until a setting is changed."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _is_refusal(error.smtp_code)
    if isinstance(error, socket.gaierror):
        return error.errno in (socket.EAI_NONAME, socket.EAI_NODATA)
    # smtplib raises SMTPException itself where the server offers no way of logging in
    return isinstance(error, smtplib.SMTPNotSupportedError | UnicodeError) or type(error) is smtplib.SMTPException


def _name(server: Server) -> str:
    return f"{server.host}:{server.port}"


def _text(error: Exception) -> str:
    """An error for people. Those about characters are worded here, because Python's repeat a part of the password."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_decoded(error.smtp_error)}"
    if isinstance(error, UnicodeEncodeError):
        return "the user and the password must be ASCII"
    if isinstance(error, UnicodeError):
        return "the name of the server is invalid"
    # OpenSSL's reasons are in the text only
    reason = None if isinstance(error, ssl.SSLError) else getattr(error, "strerror", None)
    return reason or str(error)


def _decoded(reply: bytes | str) -> str:
    """A reply as text, cut off if it is long."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return text if len(text) <= MAX_REPLY_LENGTH else f"{text[:MAX_REPLY_LENGTH]}…"
