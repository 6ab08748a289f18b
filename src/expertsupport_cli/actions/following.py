"""Who follows a request, and what they have read."""

from __future__ import annotations

from expertsupport_cli.checks import address
from expertsupport_cli.history import Event
from expertsupport_cli.model import Actor, Request
from expertsupport_cli.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from expertsupport_cli.history import News


def follow(store: Store, reference: str, email: str, *, by: Actor, at: str) -> tuple[Request, bool]:
    """Have an address hear of all that is done to a request; it, and whether it did not until now."""
    address(email)
    with store.transaction():
        request = store.request(reference)
        changed = store.add_follower(request, email, at)
        if changed:
            store.record(_event(request, "followed", by, at).but(new=email))
    return request, changed


def unfollow(store: Store, reference: str, email: str, *, by: Actor, at: str) -> tuple[Request, bool]:
    """End that; the request, and whether the address followed until now."""
    with store.transaction():
        request = store.request(reference)
        changed = store.remove_follower(request, email)
        if changed:
            store.record(_event(request, "unfollowed", by, at).but(old=email))
    return request, changed


def mark_read(store: Store, news: Sequence[News], *, by: Actor) -> None:
    """The actor has seen these: they are new no more."""
    latest = {int(item.request.removeprefix("ES-")): item.number for item in news}
    with store.transaction():
        for request, event in latest.items():
            store.mark_read(by.name, request, event)


def _event(request: Request, kind: str, by: Actor, at: str) -> Event:
    return Event.by(by, at, kind).but(space=request.space, task=request.task, request=request.number)
