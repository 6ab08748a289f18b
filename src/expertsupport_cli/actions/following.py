"""Who follows a request, and what they have read."""

from __future__ import annotations

from expertsupport_cli.actions.repeating import repeatable
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


@repeatable
def follow(store: Store, reference: str, email: str, *, by: Actor, at: str) -> tuple[Request, bool]:
    """Send an address mail about everything that happens to a request. Returns the request, and whether that is new.

    Raises BadUsage, NotFound.
    """
    address(email)
    with store.transaction():
        request = store.request(reference)
        changed = store.add_follower(request, email, at)
        if changed:
            store.record(Event.on(request, by, at, Kind.FOLLOWED).replace(new=email))
    return request, changed


@repeatable
def unfollow(store: Store, reference: str, email: str, *, by: Actor, at: str) -> tuple[Request, bool]:
    """Stop the mail of `follow`. Returns the request, and whether the address followed it before. Raises NotFound."""
    with store.transaction():
        request = store.request(reference)
        changed = store.remove_follower(request, email)
        if changed:
            store.record(Event.on(request, by, at, Kind.UNFOLLOWED).replace(old=email))
    return request, changed


@repeatable
def mark_read(store: Store, news: Sequence[News], *, by: Actor) -> None:
    """Record that the actor has read these news, so that they are no longer new."""
    latest = {parse_id(item.request, REQUEST) or 0: item.number for item in news}
    with store.transaction():
        for request, event in latest.items():
            store.mark_read(by, request, event)


def mark_shown(store: Store, request: Request, last: int, *, by: Actor) -> None:
    """Record that the actor has read a request up to the event `last`, if it is theirs or they follow it.

    Does not wait for a busy store. Raises StoreUnusable if this cannot be recorded.
    """
    follows = by.email is not None and fold_key(by.email) in map(fold_key, store.followers(request))
    concerned = follows or by.is_person(request.initiator, request.initiator_email)
    if concerned and last > store.last_read(by, request.number):
        with store.transaction(patient=False):
            store.mark_read(by, request.number, last)
