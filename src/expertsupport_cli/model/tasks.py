"""Tasks, and the spaces that group them."""

from __future__ import annotations

from enum import StrEnum

from expertsupport_cli import times
from expertsupport_cli.errors import SpaceBlocked, SpaceFull, TaskClosed, TaskExpired
from expertsupport_cli.record import Record


class Space(Record):
    """A named group of tasks. `task_lifetime` is in seconds, None for tasks that never expire.

    `tasks` is their number, None if they were not counted.
    """

    name: str
    title: str
    task_lifetime: int | None
    task_limit: int | None
    blocked: bool
    created_at: str
    tasks: int | None = None

    def refuse_if_blocked(self) -> None:
        """Raises SpaceBlocked."""
        if self.blocked:
            raise SpaceBlocked(self.name)

    def refuse_if_full(self, more: int) -> None:
        """Raises SpaceBlocked or SpaceFull if `more` tasks cannot be added to those that were counted."""
        self.refuse_if_blocked()
        assert self.tasks is not None
        if self.task_limit is not None and self.tasks + more > self.task_limit:
            raise SpaceFull(self.name, self.task_limit, self.tasks)

    def expiry(self, at: str) -> str | None:
        """When a task that is added or reopened at an instant expires; None for never."""
        return None if self.task_lifetime is None else times.after(at, self.task_lifetime)


class TaskState(StrEnum):
    """Whether a task can be worked on."""

    OPEN = "open"
    CLOSED = "closed"
    EXPIRED = "expired"


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

    def state(self, at: str) -> TaskState:
        """The state at an instant. A task that was closed is closed, whether or not it has expired as well."""
        if self.closed_at:
            return TaskState.CLOSED
        return TaskState.EXPIRED if self.expires_at and self.expires_at <= at else TaskState.OPEN

    def refuse_if_not_workable(self, at: str) -> None:
        """Raises TaskClosed or TaskExpired."""
        if self.closed_at:
            raise TaskClosed(self.id, self.closed_at)
        if self.expires_at and self.state(at) is TaskState.EXPIRED:
            raise TaskExpired(self.id, self.expires_at)
