"""What things are, and how they move. Pure: no clock, no store, standard library only.

IDs are text: a request is `ES-1`, a certificate `C-1`, a purchase link `L-1`, a task whatever its creator
called it. Instants are text too, see `times`.
"""

from __future__ import annotations

from enum import StrEnum

from expertsupport_cli import times
from expertsupport_cli.errors import (
    CertificateExpired,
    CertificateRevoked,
    LinkSpent,
    RequestClosed,
    SpaceBlocked,
    TaskClosed,
    TaskExpired,
)
from expertsupport_cli.record import Record
from expertsupport_cli.serial import mask
from expertsupport_cli.status import MOVES, Move
from expertsupport_cli.status import Act as Act
from expertsupport_cli.status import Status as Status


class Side(StrEnum):
    """On whose behalf somebody acts. The owner keeps spaces, certificates and partners."""

    CUSTOMER = "customer"
    DESK = "desk"
    OWNER = "owner"


class Actor(Record):
    """Who acts, for which side."""

    name: str
    side: Side
    email: str | None = None


class Space(Record):
    """A named group of tasks. `task_lifetime` is in seconds, None for tasks that never expire."""

    name: str
    title: str
    task_lifetime: int | None
    task_limit: int | None
    blocked: bool
    created_at: str
    tasks: int = 0

    def refuse_if_blocked(self) -> None:
        if self.blocked:
            raise SpaceBlocked(self.name)


class Task(Record):
    """One piece of work. `expires_at` is None if it never expires."""

    id: str
    name: str
    description: str
    space: str
    creator: str
    created_at: str
    closed_at: str | None
    expires_at: str | None
    number: int = 0

    def state(self, at: str) -> str:
        """`open`, `closed` or `expired`; closing goes before."""
        if self.closed_at:
            return "closed"
        return "expired" if self.expires_at and self.expires_at <= at else "open"

    def refuse_if_not_workable(self, at: str) -> None:
        """Raises TaskClosed or TaskExpired."""
        if self.closed_at:
            raise TaskClosed(self.id, self.closed_at)
        if self.expires_at and self.state(at) == "expired":
            raise TaskExpired(self.id, self.expires_at)


class Certificate(Record):
    """A paid right to one request. The serial is kept only as its digest and its last group."""

    number: int
    digest: str
    last_group: str
    origin: str
    note: str
    created_at: str
    valid_until: str | None
    revoked_at: str | None
    used_at: str | None
    request: str | None = None
    task: str | None = None

    @property
    def id(self) -> str:
        return f"C-{self.number}"

    @property
    def masked(self) -> str:
        return mask(self.last_group)

    def state(self, at: str) -> str:
        """`unused`, `used`, `revoked` or `expired`."""
        if self.used_at:
            return "used"
        if self.revoked_at:
            return "revoked"
        return "expired" if self.valid_until and self.valid_until <= at else "unused"

    def refuse_if_invalid(self, at: str) -> None:
        """Raises CertificateRevoked or CertificateExpired."""
        if self.revoked_at:
            raise CertificateRevoked(self.masked, self.revoked_at)
        if self.valid_until and self.valid_until <= at:
            raise CertificateExpired(self.masked, self.valid_until)


class PurchaseLink(Record):
    """A unique address in the online store that works once. The token is kept only as its digest."""

    number: int
    digest: str
    task: str
    created_at: str
    creator: str
    lapses_at: str
    used_at: str | None
    revoked_at: str | None
    certificate: str | None = None

    @property
    def id(self) -> str:
        return f"L-{self.number}"

    def state(self, at: str) -> str:
        """`unused`, `used`, `revoked` or `lapsed`."""
        if self.used_at:
            return "used"
        if self.revoked_at:
            return "revoked"
        return "lapsed" if self.lapses_at <= at else "unused"

    def refuse_if_spent(self, at: str) -> None:
        """Raises LinkSpent."""
        state = self.state(at)
        if state != "unused":
            raise LinkSpent(self.id, state, self.used_at or self.revoked_at or self.lapses_at, self.task)


class Partner(Record):
    """A reseller of certificates."""

    name: str
    url: str
    created_at: str


class Request(Record):
    """A support case on a task. `certificate` is masked; `turn_since` is when the turn last changed sides."""

    number: int
    token: str
    task: str
    task_name: str
    space: str
    certificate: str
    status: Status
    initiator: str
    initiator_email: str | None
    created_at: str
    updated_at: str
    closed_at: str | None
    turn_since: str

    @property
    def id(self) -> str:
        return request_id(self.number)

    def url(self, page_url: str) -> str:
        """The support ticket URL; the token in it cannot be guessed, as the ID can."""
        return ticket_url(page_url, self.token)

    def after(self, act: Act, at: str) -> Request | None:
        """The request after an act, or None where there is nothing left to do. Raises RequestClosed."""
        move = MOVES[act][list(Status).index(self.status)]
        if move is Move.REFUSED:
            raise RequestClosed(self.id)
        if move is Move.ALREADY:
            return None
        if act is Act.NOTE:  # the customer's side must not notice, not even by the time of the last change
            return self
        status = self.status if move is Move.STAYS else move
        assert isinstance(status, Status)
        same_turn = status.turn == self.status.turn
        return self.but(
            status=status,
            updated_at=at,
            closed_at=at if status is Status.CLOSED else None,
            turn_since=self.turn_since if same_turn else at,
        )


class Comment(Record):
    """A message on a request. Never edited, never deleted; a `note` is for the desk alone."""

    number: int
    request: str
    author: str
    side: Side
    kind: str
    body: str
    created_at: str


class Mail(Record):
    """A notice to one recipient, in the outbox. `body` is None once it was purged."""

    number: int
    event: int
    request: str
    recipient: str
    message_id: str
    subject: str
    body: str | None
    state: str
    attempts: int
    error: str | None
    created_at: str
    due_at: str
    sent_at: str | None
    leased_until: str | None = None
    thread_id: str | None = None

    @property
    def id(self) -> str:
        return f"M-{self.number}"


def ticket_url(page_url: str, token: str | None) -> str:
    """The support ticket URL."""
    return f"{page_url.rstrip('/')}/requests/{token}"


def request_id(number: int) -> str:
    return f"ES-{number}"


def numbered(text: str, prefix: str) -> int | None:
    """The number in an ID such as `ES-12`, in any case, or None if the text is not of that form."""
    head, dash, digits = text.upper().partition("-")
    if dash and head == prefix and digits.isascii() and digits.isdigit() and len(digits) < 16:
        return int(digits)
    return None


def counted(task: str) -> int | None:
    """The n of a task's ID of the form T-n, as we count them ourselves: T-007 is somebody's own."""
    number = numbered(task, "T")
    return number if task.upper() == f"T-{number}" else None


def expiry(created_at: str, lifetime: int | None) -> str | None:
    """When a task made (or reopened) now expires."""
    return None if lifetime is None else times.after(created_at, lifetime)
