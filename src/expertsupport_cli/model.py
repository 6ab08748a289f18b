"""What things are, and how they move. Pure: no clock, no store, standard library only.

IDs are text: a request is `ES-1`, a certificate `C-1`, a purchase link `L-1`, a task whatever its creator
called it. Instants are text too, see `times`.
"""

from __future__ import annotations

from enum import Enum, StrEnum

from expertsupport_cli import times
from expertsupport_cli.errors import (
    BadUsage,
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


class Status(StrEnum):
    """Where a request stands. Waiting means that it waits for the customer."""

    NEW = "New"
    ACKNOWLEDGED = "Acknowledged"
    WAITING = "Waiting"
    CLOSED = "Closed"

    @property
    def turn(self) -> str | None:
        """Whose move it is: `desk`, `customer`, or nobody's."""
        return {Status.WAITING: "customer", Status.CLOSED: None}.get(self, "desk")


class Side(StrEnum):
    """On whose behalf somebody acts. The owner keeps spaces, certificates and partners."""

    CUSTOMER = "customer"
    DESK = "desk"
    OWNER = "owner"


class Act(StrEnum):
    """What can be done to a request, by its word in the history."""

    COMMENT = "commented"
    ACKNOWLEDGE = "acknowledged"
    REPLY = "replied"
    ASK = "asked"
    NOTE = "noted"
    CLOSE = "closed"
    REOPEN = "reopened"


class Move(Enum):
    """What an act may do to a status other than change it."""

    STAYS = 1
    ALREADY = 2
    REFUSED = 3


_NEW, _ACKNOWLEDGED, _WAITING, _CLOSED = Status
_STAYS, _ALREADY, _REFUSED = Move

MOVES: dict[Act, tuple[Status | Move, ...]] = {
    #                 New            Acknowledged   Waiting        Closed
    Act.COMMENT:     (_STAYS,        _STAYS,        _ACKNOWLEDGED, _REFUSED),
    Act.ACKNOWLEDGE: (_ACKNOWLEDGED, _ALREADY,      _ACKNOWLEDGED, _REFUSED),
    Act.REPLY:       (_ACKNOWLEDGED, _STAYS,        _STAYS,        _REFUSED),
    Act.ASK:         (_WAITING,      _WAITING,      _STAYS,        _REFUSED),
    Act.NOTE:        (_STAYS,        _STAYS,        _STAYS,        _STAYS),
    Act.CLOSE:       (_CLOSED,       _CLOSED,       _CLOSED,       _ALREADY),
    Act.REOPEN:      (_ALREADY,      _ALREADY,      _ALREADY,      _ACKNOWLEDGED),
}  # fmt: skip


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


class Event(Record):
    """One change, as it is recorded. `old` and `new` are the value that changed, if one did."""

    at: str
    actor: str
    side: Side
    kind: str
    old: str | None = None
    new: str | None = None
    space: str | None = None
    task: str | None = None
    request: int | None = None
    certificate: int | None = None
    link: int | None = None
    comment: int | None = None

    @staticmethod
    def by(actor: Actor, at: str, kind: str) -> Event:
        return Event(at=at, actor=actor.name, side=actor.side, kind=kind)


class LogEntry(Record):
    """One change, as it is read: what it points to has the IDs that people see. `number` gives the order."""

    number: int
    at: str
    actor: str
    side: str
    kind: str
    old: str | None
    new: str | None
    request: str | None
    token: str | None
    certificate: str | None
    link: str | None
    comment: int | None


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


def identifier(text: str, what: str) -> str:
    """The ID of a task or the name of a space: letters, digits, dot, dash, underscore. Raises BadUsage."""
    good = text.isascii() and text.replace("-", "a").replace(".", "a").replace("_", "a").isalnum()
    if not good or not text[0].isalnum() or len(text) > 64:
        raise BadUsage(
            f"This is not {what}: “{text[:80]}”.",
            "It is 1 to 64 ASCII letters, digits, dots, dashes and underscores, a letter or digit first.",
        )
    return text


def task_id(text: str) -> str:
    """A task's ID. Raises BadUsage where it could be taken for a request."""
    if text.isdigit() or numbered(text, "ES") is not None:
        raise BadUsage(f"“{text[:80]}” cannot be the ID of a task.", "Bare numbers and ES-… are the IDs of requests.")
    return identifier(text, "the ID of a task")


def prose(text: str, what: str, *, most: int = 1_000) -> str:
    """What a person wrote, unchanged: any text but NUL, up to `most` characters, not only blanks. Raises BadUsage."""
    if not text.strip():
        raise BadUsage(f"{what} is empty.")
    return prose_or_empty(text, what, most=most)


def prose_or_empty(text: str, what: str, *, most: int = 1_000) -> str:
    """As `prose`, but it may be empty."""
    if "\0" in text:
        raise BadUsage(f"{what} has a NUL character in it, at character {text.index(chr(0)) + 1}.")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise BadUsage(f"{what} is not valid UTF-8.")
    if len(text) > most:
        raise BadUsage(f"{what} is too long.", f"It has {len(text):,} characters; {most:,} are allowed.")
    return text


def address(text: str, what: str = "An email address") -> str:
    """An email address in its simple form, `ann@example.org`. Raises BadUsage."""
    local, at, domain = text.rpartition("@")
    if not (local and at and domain) or any(c.isspace() or not c.isprintable() or c in '<>,;:"()[]\\' for c in text):
        raise BadUsage(f"{what} is like ann@example.org, not “{text[:80]}”.")
    return prose(text, what, most=254)


def web_address(text: str, what: str) -> str:
    """An http or https URL without blanks or control characters. Raises BadUsage."""
    head, _, rest = text.partition("://")
    if (
        head.lower() not in ("http", "https")
        or not rest.strip("/")
        or any(c.isspace() or not c.isprintable() for c in text)
    ):
        raise BadUsage(f"{what} is an address that starts with http:// or https://, not “{text[:80]}”.")
    return prose(text, what, most=2_000)


def expiry(created_at: str, lifetime: int | None) -> str | None:
    """When a task made (or reopened) now expires."""
    return None if lifetime is None else times.after(created_at, lifetime)
