"""The owner's commands on spaces, and on the partners who sell certificates."""

from __future__ import annotations

from expertsupport_cli import times
from expertsupport_cli.actions import spaces as actions
from expertsupport_cli.cli.perform import changes, reads
from expertsupport_cli.errors import BadUsage
from expertsupport_cli.model.people import Side
from expertsupport_cli.model.tasks import Space
from expertsupport_cli.render.fields import PARTNER, SPACE
from expertsupport_cli.render.pages import space_page

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from expertsupport_cli.cli.env import Env
    from expertsupport_cli.cli.options import Argument, Blocked, NewName, TaskExpiry, TaskLimit, Title


@changes(SPACE)
def add(
    env: Env,
    name: NewName,
    title: Title = None,
    task_expiry: TaskExpiry = None,
    task_limit: TaskLimit = None,
    blocked: Blocked = None,
) -> None:
    """Create a space."""
    changes = _changes(title, task_expiry, task_limit, blocked)
    added = actions.add_space(env.store, name, **changes, by=env.actor(Side.OWNER), at=env.at)  # type: ignore[arg-type]
    env.printer.thing(SPACE, added, f"{added.name}  tasks {_expiry(added)}")
    env.printer.hint(f"Try: es task add NAME --space {added.name}")


@reads(SPACE)
def list_spaces(env: Env) -> None:
    """List spaces by name."""
    shown = env.printer.list(SPACE, env.store.spaces())
    if env.printer.for_people and not shown:
        env.printer.note("No spaces. Try: es space add NAME")


@reads(SPACE)
def show(env: Env, name: NewName) -> None:
    """Show a space."""
    found = env.store.space(name, counted=True)
    env.printer.page(SPACE, found, lambda: space_page(found))


@changes(SPACE)
def edit(
    env: Env,
    name: NewName,
    title: Title = None,
    task_expiry: TaskExpiry = None,
    task_limit: TaskLimit = None,
    blocked: Blocked = None,
) -> None:
    """Change a space.

    Existing tasks keep their expiry.
    """
    changes = _changes(title, task_expiry, task_limit, blocked)
    if not changes:
        raise BadUsage("Nothing to change.", hint="Try: es space edit --help")
    after, changed = actions.edit_space(env.store, name, changes, by=env.actor(Side.OWNER), at=env.at)
    if not changed:
        env.printer.note(f"Space {after.name} already has these values; nothing was changed.")
    env.printer.thing(SPACE, after, f"{after.name}  {'blocked' if after.blocked else 'open'}, tasks {_expiry(after)}")


@changes(PARTNER)
def add_partner(
    env: Env,
    name: Annotated[str, Argument(metavar="NAME", help="The partner's name.")],
    url: Annotated[str, Argument(metavar="URL", help="Where to buy from it.")],
) -> None:
    """Add a partner and where to buy from it."""
    added = actions.add_partner(env.store, name, url, by=env.actor(Side.OWNER), at=env.at)
    env.printer.thing(PARTNER, added, f"{added.name}  {added.url}")


@reads(PARTNER)
def list_partners(env: Env) -> None:
    """List partners by name."""
    show_partners(env)


@changes(PARTNER, asks=True)
def remove_partner(env: Env, name: Annotated[str, Argument(metavar="NAME", help="The partner's name.")]) -> None:
    """Remove a partner."""
    found = actions.find_partner(env.store, name)
    env.confirm(f"Remove partner {found.name} ({found.url})?")
    removed = actions.remove_partner(env.store, name, by=env.actor(Side.OWNER), at=env.at)
    env.printer.thing(PARTNER, removed, f"Removed {removed.name}.")


def show_partners(env: Env) -> None:
    """Print the partners' rows."""
    shown = env.printer.list(PARTNER, env.store.partners())
    if env.printer.for_people and not shown:
        env.printer.note("No partners. Try: es partner add NAME URL")


def _expiry(space: Space) -> str:
    """What becomes of new tasks, after the word "tasks"."""
    return "never expire" if space.task_lifetime is None else f"expire after {times.in_words(space.task_lifetime)}"


def _changes(title: str | None, expiry: str | None, limit: str | None, blocked: bool | None) -> dict[str, object]:
    """The options that were given, as fields of a Space. Raises BadUsage."""
    changes: dict[str, object] = {}
    if title is not None:
        changes["title"] = title
    if expiry is not None:
        changes["task_lifetime"] = times.parse_lifetime(expiry)
    if limit is not None:
        if limit.lower() != "none" and not (limit.isascii() and limit.isdigit() and len(limit) < 10):
            raise BadUsage(f"Invalid task limit '{limit[:80]}'.", "Use a whole number, or none.")
        changes["task_limit"] = None if limit.lower() == "none" else int(limit)
    if blocked is not None:
        changes["blocked"] = blocked
    return changes
