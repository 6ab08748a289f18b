"""A request: its status, whose turn it is, and how each act moves it."""

from __future__ import annotations

from enum import Enum, StrEnum

from expertsupport_cli import ids
from expertsupport_cli.errors import RequestClosed
from expertsupport_cli.model.certificates import Origin
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.record import Record


class Turn(StrEnum):
    """Whose move it is."""

    DESK = "desk"
    CUSTOMER = "customer"

    @property
    def statuses(self) -> list[Status]:
        """The statuses in which it is this side's move."""
        return [status for status in Status if status.turn is self]


class Status(StrEnum):
    """Where a request stands. Waiting means that it waits for the customer."""

    NEW = "New"
    ACKNOWLEDGED = "Acknowledged"
    WAITING = "Waiting"
    CLOSED = "Closed"

    @property
    def turn(self) -> Turn | None:
        """Whose move it is; nobody's once the request is closed."""
        if self is Status.CLOSED:
            return None
        return Turn.CUSTOMER if self is Status.WAITING else Turn.DESK


OPEN = tuple(status for status in Status if status is not Status.CLOSED)


class Act(StrEnum):
    """What can be done to a request, by its word in the history."""

    COMMENT = "commented"
    ACKNOWLEDGE = "acknowledged"
    REPLY = "replied"
    ASK = "asked"
    NOTE = "noted"
    CLOSE = "closed"
    REOPEN = "reopened"

    @property
    def needs_message(self) -> bool:
        """Whether a message is required. For closing and reopening it is optional; an acknowledgement has none."""
        return self in (Act.COMMENT, Act.REPLY, Act.ASK, Act.NOTE)


class Move(Enum):
    """The outcomes of an act that do not change the status."""

    STAYS = 1
    ALREADY = 2
    REFUSED = 3


_NEW, _ACKNOWLEDGED, _WAITING, _CLOSED = Status
_STAYS, _ALREADY, _REFUSED = Move

_ROWS: dict[Act, tuple[Status | Move, ...]] = {
    #                 New            Acknowledged   Waiting        Closed
    Act.COMMENT:     (_STAYS,        _STAYS,        _ACKNOWLEDGED, _REFUSED),
    Act.ACKNOWLEDGE: (_ACKNOWLEDGED, _ALREADY,      _ACKNOWLEDGED, _REFUSED),
    Act.REPLY:       (_ACKNOWLEDGED, _STAYS,        _STAYS,        _REFUSED),
    Act.ASK:         (_WAITING,      _WAITING,      _STAYS,        _REFUSED),
    Act.NOTE:        (_STAYS,        _STAYS,        _STAYS,        _STAYS),
    Act.CLOSE:       (_CLOSED,       _CLOSED,       _CLOSED,       _ALREADY),
    Act.REOPEN:      (_ALREADY,      _ALREADY,      _ALREADY,      _ACKNOWLEDGED),
}  # fmt: skip

MOVES = {(act, status): move for act, row in _ROWS.items() for status, move in zip(Status, row, strict=True)}


class Request(Record):
    """A support case on a task. `certificate` is masked; `turn_since` is when the turn last changed sides.

    `last_by` spoke last, for `last_side`, at `last_at`: the author of the last message that is not a note, or else the
    initiator. `unanswered_since` is when the customer's side first spoke after the desk last did; None if it has not.
    """

    number: int
    token: str
    task: str
    task_name: str
    space: str
    certificate: str
    certificate_origin: Origin
    status: Status
    initiator: str
    initiator_email: str | None
    created_at: str
    updated_at: str
    closed_at: str | None
    turn_since: str
    last_by: str
    last_side: Side
    last_at: str
    unanswered_since: str | None

    @property
    def id(self) -> str:
        return ids.write_id(ids.REQUEST, self.number)

    def url(self, page_url: str) -> str:
        """The support ticket URL. It contains the token, because an ID could be guessed."""
        return ticket_url(page_url, self.token)

    def desk_url(self, page_url: str) -> str:
        """The address of its page for the desk, which leads through a sign-in: it opens nothing by itself."""
        return f"{page_url.rstrip('/')}/desk/requests/{self.id}"

    def after(self, act: Act, at: str) -> Request | None:
        """The request after an act, or None if the act changes nothing. Raises RequestClosed."""
        move = MOVES[act, self.status]
        if move is Move.REFUSED:
            raise RequestClosed(self.id)
        if move is Move.ALREADY:
            return None
        if act is Act.NOTE:  # a note must not show, not even in updated_at
            return self
        status = self.status if move is Move.STAYS else move
        assert isinstance(status, Status)
        same_turn = status.turn is self.status.turn
        return self.replace(
            status=status,
            updated_at=at,
            closed_at=at if status is Status.CLOSED else None,
            turn_since=self.turn_since if same_turn else at,
        )

    def spoken(self, by: Actor, at: str) -> Request:
        """The request after a message that both sides can see."""
        answered = by.side is Side.DESK
        return self.replace(
            last_by=by.name,
            last_side=Side.DESK if answered else Side.CUSTOMER,
            last_at=at,
            unanswered_since=None if answered else self.unanswered_since or at,
        )


class Comment(Record):
    """A message on a request, never edited or deleted, only erased when the request is forgotten.

    Those of kind `note` are visible to the desk only.
    """

    number: int
    request: str
    author: str
    side: Side
    kind: str
    body: str
    created_at: str


def ticket_url(page_url: str, token: str) -> str:
    """The support ticket URL: the address of the page of the request with this token."""
    return f"{page_url.rstrip('/')}/requests/{token}"
