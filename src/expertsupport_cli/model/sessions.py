"""Sessions of a browser, and the links that open one."""

from __future__ import annotations

from expertsupport_cli import ids, times
from expertsupport_cli.folding import fold_key
from expertsupport_cli.model.people import Actor, Side, Via
from expertsupport_cli.model.requests import Request
from expertsupport_cli.record import Record

IDLE = 12 * 3600  # seconds without a visit, after which a session ends
LIFETIME = 7 * 86400  # seconds, after which it ends in any case
TOUCH_INTERVAL = 600  # seconds between two notes of when it was last used


class SignIn(Record):
    """A link that opens one session, once. `space` is the only one that a customer's session sees."""

    number: int
    name: str
    email: str | None
    side: Side
    space: str | None
    created_at: str
    expires_at: str
    used_at: str | None

    def is_valid(self, at: str) -> bool:
        return self.used_at is None and at < self.expires_at


class Session(Record):
    """A browser that is signed in, under a name, for a side, and for a customer in one space."""

    number: int
    name: str
    email: str | None
    side: Side
    space: str | None
    created_at: str
    seen_at: str
    expires_at: str
    ended_at: str | None

    @property
    def id(self) -> str:
        return ids.write_id(ids.SESSION, self.number)

    @property
    def actor(self) -> Actor:
        """Who acts in it."""
        return Actor(name=self.name, email=self.email, side=self.side, via=Via.WEB)

    def is_active(self, at: str) -> bool:
        """Whether it can be used: not ended, and neither too old nor idle for too long."""
        return self.ended_at is None and at < min(self.expires_at, times.after(self.seen_at, IDLE))

    def is_stale(self, at: str) -> bool:
        """Whether the note of when it was last used is too old to stay."""
        return at >= times.after(self.seen_at, TOUCH_INTERVAL)

    def sees(self, request: Request) -> bool:
        """Whether it may see a request."""
        return self.sees_space(request.space)

    def sees_space(self, name: str) -> bool:
        """Whether it may see a space, and what is in it. Names are the same in any case."""
        return self.side is not Side.CUSTOMER or fold_key(name) == fold_key(self.space or "")
