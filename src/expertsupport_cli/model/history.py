"""The history: the kinds of events, and an event as it is recorded, as a log shows it, and as news."""

from __future__ import annotations

from enum import Enum, StrEnum

from expertsupport_cli.model.people import Actor, Side, Via
from expertsupport_cli.model.requests import Request, ticket_url
from expertsupport_cli.record import Record


class Value(Enum):
    """What the values `old` and `new` of an event are."""

    STATUS = 1
    EXPIRY = 2  # of a task
    ADDRESS = 3  # of a follower
    FIELDS = 4  # of a space, as JSON
    PARTNER = 5  # name and URL
    REASON = 6  # why
    REPLACEMENT = 7  # the ID of the new certificate


class Kind(StrEnum):
    """The kinds of events, by their word in the history. They include those of `Act`."""

    SPACE_ADDED = "space_added"
    SPACE_EDITED = "space_edited"
    PARTNER_ADDED = "partner_added"
    PARTNER_REMOVED = "partner_removed"
    TASK_ADDED = "task_added"
    TASK_IMPORTED = "task_imported"
    TASK_CLOSED = "task_closed"
    TASK_REOPENED = "task_reopened"
    CERTIFICATE_ISSUED = "certificate_issued"
    CERTIFICATE_IMPORTED = "certificate_imported"
    CERTIFICATE_BOUGHT = "certificate_bought"
    CERTIFICATE_DEMO = "certificate_demo"
    CERTIFICATE_REVOKED = "certificate_revoked"
    CERTIFICATE_REPLACED = "certificate_replaced"
    CERTIFICATE_RESTORED = "certificate_restored"
    LINK_CREATED = "link_made"
    LINK_REDEEMED = "link_redeemed"
    LINK_REVOKED = "link_revoked"
    LINK_RESTORED = "link_restored"
    ACTIVATED = "activated"
    COMMENTED = "commented"
    ACKNOWLEDGED = "acknowledged"
    REPLIED = "replied"
    ASKED = "asked"
    NOTED = "noted"
    CLOSED = "closed"
    REOPENED = "reopened"
    FOLLOWED = "followed"
    UNFOLLOWED = "unfollowed"
    FORGOTTEN = "forgotten"

    @property
    def value_kind(self) -> Value | None:
        """What the event's values `old` and `new` are, where it has any."""
        return _VALUES.get(self)

    @property
    def moves_status(self) -> bool:
        """Whether `old` and `new` are statuses of a request."""
        return self.value_kind is Value.STATUS

    @property
    def for_customers(self) -> bool:
        """Whether the customer's side may see it: everything but the desk's notes."""
        return self is not Kind.NOTED

    @property
    def is_news(self) -> bool:
        """Whether it is news to followers of the request: what was done to it, but not who follows it."""
        return self.for_customers and self.value_kind is Value.STATUS


_VALUES = {
    Kind.SPACE_EDITED: Value.FIELDS,
    Kind.PARTNER_ADDED: Value.PARTNER,
    Kind.PARTNER_REMOVED: Value.PARTNER,
    Kind.CERTIFICATE_REVOKED: Value.REASON,
    Kind.CERTIFICATE_REPLACED: Value.REPLACEMENT,
    Kind.CERTIFICATE_RESTORED: Value.REASON,
    Kind.LINK_RESTORED: Value.REASON,
    Kind.TASK_REOPENED: Value.EXPIRY,
    Kind.FOLLOWED: Value.ADDRESS,
    Kind.UNFOLLOWED: Value.ADDRESS,
    Kind.ACTIVATED: Value.STATUS,
    Kind.COMMENTED: Value.STATUS,
    Kind.ACKNOWLEDGED: Value.STATUS,
    Kind.REPLIED: Value.STATUS,
    Kind.ASKED: Value.STATUS,
    Kind.NOTED: Value.STATUS,
    Kind.CLOSED: Value.STATUS,
    Kind.REOPENED: Value.STATUS,
}


class Event(Record):
    """One change, as it is recorded. `old` and `new` are the value that changed, if one did."""

    at: str
    actor: str
    actor_email: str | None = None
    side: Side
    via: Via
    kind: Kind
    old: str | None = None
    new: str | None = None
    space: str | None = None
    task: str | None = None
    request: int | None = None
    certificate: int | None = None
    link: int | None = None
    comment: int | None = None

    @staticmethod
    def by(actor: Actor, at: str, kind: Kind) -> Event:
        """An event of an actor. `replace` adds what it is about."""
        return Event(at=at, actor=actor.name, actor_email=actor.email, side=actor.side, via=actor.via, kind=kind)

    @staticmethod
    def on(request: Request, actor: Actor, at: str, kind: Kind) -> Event:
        """An event of an actor on a request."""
        return Event.by(actor, at, kind).replace(space=request.space, task=request.task, request=request.number)


class LogEntry(Record):
    """One change, as it is read, with the IDs that people see. The history is ordered by `number`."""

    number: int
    at: str
    actor: str
    side: str
    via: str
    kind: Kind
    old: str | None
    new: str | None
    request: str | None
    token: str | None
    certificate: str | None
    link: str | None
    comment: int | None

    def url(self, page_url: str) -> str | None:
        """The support ticket URL, on the event that opened the request."""
        return ticket_url(page_url, self.token) if self.kind is Kind.ACTIVATED and self.token else None


class News(Record):
    """Something that happened to a request, with the message that came with it."""

    number: int
    at: str
    kind: Kind
    actor: str
    actor_email: str | None
    side: Side
    old: str | None
    new: str | None
    request: str
    task: str
    task_name: str
    space: str
    text: str | None

    @property
    def by(self) -> Actor:
        """Who did it."""
        return Actor(name=self.actor, email=self.actor_email, side=self.side)
