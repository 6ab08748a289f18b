"""A mail in the outbox, and what became of it."""

from __future__ import annotations

from enum import StrEnum

from expertsupport_cli import ids
from expertsupport_cli.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from expertsupport_cli.model.history import Event
    from expertsupport_cli.model.requests import Request


class MailState(StrEnum):
    """Queued mail waits for its first attempt, failed mail for another; dead mail is not retried automatically."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    DEAD = "dead"


class Role(StrEnum):
    """Why a recipient gets a notice."""

    INITIATOR = "initiator"
    DESK = "desk"
    FOLLOWER = "follower"


class Pages(Record):
    """The base URLs of the pages of requests that mail may contain.

    `url` works everywhere; None if no such URL is configured. `local` works on this machine only, and is for mail that
    stays on it. `replies_are_read` says whether anybody reads replies to the mail itself.
    """

    url: str | None = None
    local: str | None = None
    replies_are_read: bool = False


class Notice(Record):
    """The content of a notice, before it is worded. `body` is the message that came with the event, if there is one."""

    event: Event
    request: Request
    role: Role
    body: str | None
    description: str  # of the task, if the request is new to the recipient
    pages: Pages


LONGEST_WAIT = 86_400  # seconds; longer than every pause between attempts and every lease


class Mail(Record):
    """A notice to one recipient, in the outbox. `body` is None after it was purged."""

    number: int
    event: int
    request: str
    recipient: str
    message_id: str
    subject: str
    body: str | None
    state: MailState
    attempts: int
    error: str | None
    created_at: str
    due_at: str
    sent_at: str | None
    leased_until: str | None = None
    thread_id: str | None = None

    @property
    def id(self) -> str:
        return ids.write_id(ids.MAIL, self.number)
