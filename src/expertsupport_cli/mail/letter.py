"""A letter, and its bytes: headers and plain text, encoded by the standard library.

Most letters are plain ASCII in short lines. Those are assembled here, to the same bytes that the library produces (a
test compares them), because importing `email` alone would make every command slower by a fifth.
"""

from __future__ import annotations

import re

from expertsupport_cli.checks import address
from expertsupport_cli.errors import BadUsage
from expertsupport_cli.mail.errors import Undelivered
from expertsupport_cli.record import Record
from expertsupport_cli.text import lines, one_line
from expertsupport_cli.times import is_instant

MAX_LINE_LENGTH = 78  # RFC 5322, 2.1.1
MAX_MESSAGE_ID_LENGTH = 250  # characters; ours are shorter, and a line may have 998
MAX_WORD_LENGTH = 60  # in a subject that is folded at blanks rather than encoded
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Letter(Record):
    """A message to one recipient. `sender` and `reply_to` were checked by the caller; all other text may be anything.

    `sender` and `reply_to` are `Name <address>` or an address. `thread_id` is the Message-ID of the first letter of the
    conversation, which may be this one.
    """

    message_id: str
    sender: str
    reply_to: str | None
    recipient: str
    subject: str
    text: str
    at: str
    thread_id: str | None = None

    def headers(self) -> list[tuple[str, str]]:
        """Pairs of name and value, in order, even of a letter that cannot be sent: its values may be anything."""
        headers = [
            ("From", _mailbox(self.sender)),
            ("To", self.recipient),
            ("Subject", " ".join(one_line(self.subject).split())),
            ("Date", _date(self.at)),
            ("Message-ID", self.message_id),
        ]
        if self.reply_to:
            headers.insert(1, ("Reply-To", _mailbox(self.reply_to)))
        if self.thread_id and self.thread_id != self.message_id and _is_message_id(self.thread_id):
            headers += [("In-Reply-To", self.thread_id), ("References", self.thread_id)]
        # RFC 3834: prevents out-of-office replies; the second header is for Exchange
        return [*headers, ("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All")]

    def body(self) -> str:
        """The text with control characters escaped, ending in one line break."""
        return "\n".join(lines(self.text)).rstrip("\n") + "\n"

    def to_bytes(self, newline: str) -> bytes:
        r"""The encoded letter, with `\r\n` (SMTP) or `\n` (files) as line ends. Raises Undelivered."""
        self._check()
        headers, body = self.headers(), self.body()
        if _is_plain(headers, body):
            return _plain(headers, body, newline)
        return _encoded(headers, body, newline)

    def _check(self) -> None:
        """Refuse what could add a header, a recipient or a command, whoever filled the store. Raises Undelivered."""
        try:
            address(self.recipient)
        except BadUsage as error:
            raise Undelivered("The recipient is not an email address", final=True) from error
        if not _is_message_id(self.message_id):
            raise Undelivered("The Message-ID is invalid", final=True)
        if not is_instant(self.at):
            raise Undelivered("The date is invalid", final=True)


def _is_message_id(text: str) -> bool:
    """Whether the text is a Message-ID: `<…@…>`, in printable ASCII without blanks and brackets inside."""
    return len(text) <= MAX_MESSAGE_ID_LENGTH and re.fullmatch(r"<[!-;=?A-~]+@[!-;=?A-~]+>", text) is not None


def _is_plain(headers: list[tuple[str, str]], body: str) -> bool:
    """Whether the library would encode and fold nothing."""
    short = all(len(name) + 2 + len(value) < MAX_LINE_LENGTH for name, value in headers)
    simple = all(value.isascii() and "=?" not in value and '"' not in value for _, value in headers)
    return short and simple and _needs_no_encoding(body)


def _needs_no_encoding(body: str) -> bool:
    return body.isascii() and all(len(line) < MAX_LINE_LENGTH for line in body.split("\n"))


def _plain(headers: list[tuple[str, str]], body: str, newline: str) -> bytes:
    mime = [
        ("Content-Type", 'text/plain; charset="utf-8"'),
        ("Content-Transfer-Encoding", "7bit"),
        ("MIME-Version", "1.0"),
    ]
    head = "".join(f"{name}: {value}{newline}" for name, value in headers + mime)
    return f"{head}{newline}{body.replace(chr(10), newline)}".encode("ascii")


def _encoded(headers: list[tuple[str, str]], body: str, newline: str) -> bytes:
    from email.message import EmailMessage
    from email.policy import SMTP

    content = EmailMessage(policy=SMTP.clone(linesep=newline))
    content.set_content(body, cte="7bit" if _needs_no_encoding(body) else "quoted-printable")
    head = "".join(f"{_field(name, value)}\n" for name, value in headers)
    return head.replace("\n", newline).encode("ascii") + content.as_bytes()


def _field(name: str, value: str) -> str:
    """A header as it is sent, folded if it is long.

    This uses the library's older `Header`, because the newer API decodes what looks encoded in a value, including line
    breaks, and loses quotes when it folds.
    """
    header = f"{name}: {value}"
    if name not in ("From", "Reply-To", "Subject"):  # addresses and Message-IDs: ASCII, and not to be folded
        return header
    looks_encoded = not value.isascii() or "=?" in value
    if len(header) < MAX_LINE_LENGTH and not looks_encoded:
        return header
    if name == "Subject":
        too_long = any(len(word) > MAX_WORD_LENGTH for word in value.split())
        return f"{name}: {_folded(value, name, encoded=looks_encoded or too_long)}"
    display_name, _, rest = value.rpartition("<")
    display_name = display_name.strip()
    if display_name.startswith('"'):
        display_name = re.sub(r"\\(.)", r"\1", display_name[1:-1])
    return f"{name}: {_folded(display_name, name, encoded=True)}\n <{rest}" if display_name else header


def _folded(text: str, name: str, *, encoded: bool) -> str:
    """Text folded to short lines: as encoded words (RFC 2047), or at blanks."""
    from email.header import Header

    return Header(text, "utf-8" if encoded else "us-ascii", header_name=name).encode()


def _mailbox(text: str) -> str:
    """`Name <address>`, with the name quoted if necessary."""
    name, bracket, rest = text.rpartition("<")
    name = " ".join(one_line(name).split())
    if not bracket or not name:
        return rest.rstrip(">").strip() or text
    if all(character.isalnum() or character == " " for character in name):
        return f"{name} <{rest}"
    quoted = name.strip('"').replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{rest}'


def _date(at: str) -> str:
    """An instant in the format of RFC 5322. What is no instant stays as it is."""
    from datetime import datetime

    if not is_instant(at):
        return at
    moment = datetime.fromisoformat(at)
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02d} {month} {moment.year:04d} {moment:%H:%M:%S} +0000"
