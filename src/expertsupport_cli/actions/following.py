"""Who follows a request, and what they have read."""

from __future__ import annotations

from expertsupport_cli.checks import address
from expertsupport_cli.folding import fold_key
from expertsupport_cli.ids import REQUEST, parse_id
from expertsupport_cli.model.history import Event, Kind
from expertsupport_cli.model.people import Actor
from expertsupport_cli.model.requests import Request
from expertsupport_cli.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from expertsupport_cli.model.history import News


def follow(store: Store, reference: str, email: str, *, by: Actor, at: str) -> tuple[Request, bool]:
    """Have an address hear of all that is done to a request; it, and whether it did not until now."""
    address(email)
    with store.transaction():
        request = store.request(reference)
        changed = store.add_follower(request, email, at)
        if changed:
            store.record(Event.on(request, by, at, Kind.FOLLOWED).replace(new=email))
    return request, changed


def unfollow(store: Store, reference: str, email: str, *, by: Actor, at: str) -> tuple[Request, bool]:
    """End that; the request, and whether the address followed until now."""
    with store.transaction():
        request = store.request(reference)
        changed = store.remove_follower(request, email)
        if changed:
            store.record(Event.on(request, by, at, Kind.UNFOLLOWED).replace(old=email))
    return request, changed


def mark_read(store: Store, news: Sequence[News], *, by: Actor) -> None:
    """The actor has seen these: they are new no more."""
    latest = {parse_id(item.request, REQUEST) or 0: item.number for item in news}
    with store.transaction():
        for request, event in latest.items():
            store.mark_read(by, request, event)


def mark_shown(store: Store, request: Request, last: int, *, by: Actor) -> None:
    """Whoever was shown a request of theirs, or one that they follow, has read it up to this event.

    Does not wait for a busy store. Raises StoreUnusable, where it cannot be written down.
    """
    follows = by.email is not None and fold_key(by.email) in map(fold_key, store.followers(request))
    mine = follows or by.is_person(request.initiator, request.initiator_email)
    if mine and last > store.last_read(by, request.number):
        with store.transaction(patient=False):
            store.mark_read(by, request.number, last)
