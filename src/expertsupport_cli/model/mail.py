"""A mail in the outbox, and what became of it."""

from __future__ import annotations

from enum import StrEnum

from expertsupport_cli import ids
from expertsupport_cli.record import Record


class MailState(StrEnum):
    """Queued mail waits for its first try, failed mail for another; dead mail is not tried again by itself."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    DEAD = "dead"


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
