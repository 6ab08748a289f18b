"""What happened: a change as it is recorded, as a log shows it, and as news to somebody."""

from __future__ import annotations

from expertsupport_cli.model import Actor, Request, Side
from expertsupport_cli.record import Record


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

    @staticmethod
    def on(request: Request, actor: Actor, at: str, kind: str) -> Event:
        """Something done to a request."""
        return Event.by(actor, at, kind).but(space=request.space, task=request.task, request=request.number)


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


class News(Record):
    """Something that happened to a request, with what was said."""

    number: int
    at: str
    kind: str
    actor: str
    side: str
    old: str | None
    new: str | None
    request: str
    task: str
    task_name: str
    space: str
    text: str | None
