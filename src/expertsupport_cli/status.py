"""The statuses of a request, and how each act moves it."""

from __future__ import annotations

from enum import Enum, StrEnum


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
