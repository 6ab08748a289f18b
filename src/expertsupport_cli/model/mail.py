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
    """Queued mail waits for its first try, failed mail for another; dead mail is not tried again by itself."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    DEAD = "dead"


class Role(StrEnum):
    """Why somebody gets a notice."""

    INITIATOR = "initiator"
    DESK = "desk"
    FOLLOWER = "follower"


class Pages(Record):
    """Where the pages of requests are, as far as mail may say so.

    `url` is None where no address is known that leads there from elsewhere; `local` is one that does on this machine,
    for mail that stays on it. `replies_are_read` says whether somebody reads what is answered to the mail itself.
    """

    url: str | None = None
    local: str | None = None
    replies_are_read: bool = False


class Notice(Record):
    """What somebody is told by mail, before it is put into words. `body` is what was said, if anything was."""

    event: Event
    request: Request
    role: Role
    body: str | None
    description: str  # of the task, where the request is new to the reader
    pages: Pages


class Mail(Record):
    """A notice to one recipient, in the outbox. `body` is None once it was purged."""

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
