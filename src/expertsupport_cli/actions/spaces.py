"""Actions of the owner: on spaces, and on the partners who sell certificates."""

from __future__ import annotations

import json

from expertsupport_cli.actions.repeating import repeatable
from expertsupport_cli.checks import identifier, prose, prose_or_empty, web_address
from expertsupport_cli.errors import AlreadyExists, NotFound
from expertsupport_cli.model.certificates import Partner
from expertsupport_cli.model.history import Event, Kind
from expertsupport_cli.model.people import Actor
from expertsupport_cli.model.tasks import Space
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store import Store

DEFAULT_TASK_LIFETIME = 10 * 86400  # seconds


@repeatable
def add_space(
    store: Store,
    name: str,
    *,
    title: str = "",
    task_lifetime: int | None = DEFAULT_TASK_LIFETIME,
    task_limit: int | None = None,
    blocked: bool = False,
    by: Actor,
    at: str,
) -> Space:
    """Add a space. `task_lifetime` is in seconds, None for tasks that never expire. Raises BadUsage, AlreadyExists."""
    space = Space(
        name=identifier(name, "space name"),
        title=prose_or_empty(title, "The title"),
        task_lifetime=task_lifetime,
        task_limit=task_limit,
        blocked=blocked,
        created_at=at,
        tasks=0,
    )
    with store.transaction():
        if store.has_space(name):
            raise AlreadyExists(f"Space {name} already exists.", hint=Step(verb=Verb.SHOW_SPACE, reference=name))
        store.add_space(space)
        store.record(Event.by(by, at, Kind.SPACE_ADDED).replace(space=name))
    return space


@repeatable
def edit_space(store: Store, name: str, changes: dict[str, object], *, by: Actor, at: str) -> tuple[Space, bool]:
    """Change fields of a space. Returns the space, and whether anything changed.

    Existing tasks keep their expiry. Raises BadUsage, NotFound.
    """
    if "title" in changes:
        prose_or_empty(str(changes["title"]), "The title")
    with store.transaction():
        before = store.space(name, counted=True)
        after = before.replace(**changes)
        changed = {key: getattr(before, key) for key, value in changes.items() if getattr(before, key) != value}
        if changed:
            store.save_space(after)
            old = json.dumps(changed)
            new = json.dumps({key: changes[key] for key in changed})
            store.record(Event.by(by, at, Kind.SPACE_EDITED).replace(space=before.name, old=old, new=new))
    return after, bool(changed)


@repeatable
def add_partner(store: Store, name: str, url: str, *, by: Actor, at: str) -> Partner:
    """Add a partner and the URL of its shop. Raises BadUsage, AlreadyExists."""
    partner = Partner(
        name=prose(name, "The name", max_length=200), url=web_address(url, "A partner's URL"), created_at=at
    )
    with store.transaction():
        if store.partner(name):
            raise AlreadyExists(f"Partner '{name}' already exists.", hint=Step(verb=Verb.LIST_PARTNERS))
        store.add_partner(partner)
        store.record(Event.by(by, at, Kind.PARTNER_ADDED).replace(new=f"{partner.name} {partner.url}"))
    return partner


@repeatable
def remove_partner(store: Store, name: str, *, by: Actor, at: str) -> Partner:
    """Remove a partner, and return it as it was. Raises BadUsage, NotFound."""
    with store.transaction():
        partner = find_partner(store, name)
        store.remove_partner(name)
        store.record(Event.by(by, at, Kind.PARTNER_REMOVED).replace(old=f"{partner.name} {partner.url}"))
    return partner


def find_partner(store: Store, name: str) -> Partner:
    """Find a partner by name, in any case. Raises BadUsage, NotFound."""
    partner = store.partner(prose_or_empty(name, "The name"))
    if partner is None:
        raise NotFound(f"Partner '{name[:80]}' not found.", hint=Step(verb=Verb.LIST_PARTNERS))
    return partner
