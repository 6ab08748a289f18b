"""What the owner keeps: spaces, and the partners who sell certificates."""

from __future__ import annotations

from typing import Annotated

import typer

from expertsupport_cli import times
from expertsupport_cli.actions import spaces as actions
from expertsupport_cli.cli.env import Env
from expertsupport_cli.cli.options import Changes, Reads, group, prints
from expertsupport_cli.errors import BadUsage
from expertsupport_cli.model.people import Side
from expertsupport_cli.model.tasks import Space
from expertsupport_cli.render.fields import PARTNER, SPACE
from expertsupport_cli.render.pages import space_page

space = group("Spaces: named groups of tasks.")
partner = group("Partners: resellers of certificates.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The space's name: letters, digits, dots and dashes.")]
Title = Annotated[str | None, typer.Option("--title", metavar="TEXT", help="A title for people.")]
TaskExpiry = Annotated[
    str | None,
    typer.Option("--task-expiry", metavar="10d|never", help="How long new tasks live (10d unless told otherwise)."),
]
TaskLimit = Annotated[str | None, typer.Option("--task-limit", metavar="N|none", help="How many tasks it may have.")]
Blocked = Annotated[
    bool | None,
    typer.Option("--blocked/--unblocked", help="Whether nothing new can be started in it.", show_default=False),
]


@space.command("add", cls=Changes)
@prints(SPACE)
def add(
    ctx: typer.Context,
    name: Name,
    title: Title = None,
    task_expiry: TaskExpiry = None,
    task_limit: TaskLimit = None,
    blocked: Blocked = None,
) -> None:
    """Make a space."""
    env = Env.of(ctx)
    changes = _changes(title, task_expiry, task_limit, blocked)
    made = actions.add_space(env.store, name, **changes, by=env.actor(Side.OWNER), at=env.now())  # type: ignore[arg-type]
    env.printer.thing(SPACE, made, f"{made.name}: tasks live {_lifetime(made)}")
    env.printer.hint(f"To add a task: es task add NAME --space {made.name}")


@space.command("list", cls=Reads)
@prints(SPACE)
def list_spaces(ctx: typer.Context) -> None:
    """List the spaces, by name."""
    env = Env.of(ctx)
    shown = env.printer.list(SPACE, env.store.spaces())
    if env.printer.for_people and not shown:
        env.printer.note("No spaces. To make one: es space add NAME")


@space.command("show", cls=Reads)
@prints(SPACE)
def show(ctx: typer.Context, name: Name) -> None:
    """Show a space."""
    env = Env.of(ctx)
    found = env.store.space(name)
    env.printer.page(SPACE, found, lambda: space_page(found))


@space.command("edit", cls=Changes)
@prints(SPACE)
def edit(
    ctx: typer.Context,
    name: Name,
    title: Title = None,
    task_expiry: TaskExpiry = None,
    task_limit: TaskLimit = None,
    blocked: Blocked = None,
) -> None:
    """Change a space. Tasks that are there keep the expiry they have."""
    env = Env.of(ctx)
    changes = _changes(title, task_expiry, task_limit, blocked)
    if not changes:
        raise BadUsage("Nothing to change was named.", hint="es space edit --help")
    after, changed = actions.edit_space(env.store, name, changes, by=env.actor(Side.OWNER), at=env.now())
    if not changed:
        env.printer.note(f"Space {after.name} is so already; nothing was changed.")
    env.printer.thing(
        SPACE, after, f"{after.name}: {'blocked' if after.blocked else 'open'}, tasks live {_lifetime(after)}"
    )


@partner.command("add", cls=Changes)
@prints(PARTNER)
def add_partner(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The partner's name.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to buy from it.")],
) -> None:
    """Name a partner and where to buy from it."""
    env = Env.of(ctx)
    made = actions.add_partner(env.store, name, url, by=env.actor(Side.OWNER), at=env.now())
    env.printer.thing(PARTNER, made, f"{made.name}  {made.url}")


@partner.command("list", cls=Reads)
@prints(PARTNER)
def list_partners(ctx: typer.Context) -> None:
    """List the partners, by name."""
    show_partners(Env.of(ctx))


@partner.command("remove", cls=Changes)
@prints(PARTNER)
def remove_partner(
    ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME", help="The partner's name.")]
) -> None:
    """Remove a partner."""
    env = Env.of(ctx)
    env.confirm(f"Remove partner {name}?")
    removed = actions.remove_partner(env.store, name, by=env.actor(Side.OWNER), at=env.now())
    env.printer.thing(PARTNER, removed, f"{removed.name} was removed.")


def show_partners(env: Env) -> None:
    """Print the partners' rows."""
    shown = env.printer.list(PARTNER, env.store.partners())
    if env.printer.for_people and not shown:
        env.printer.note("No partners. To name one: es partner add NAME URL")


def _lifetime(found: Space) -> str:
    return times.write_duration(found.task_lifetime)


def _changes(title: str | None, expiry: str | None, limit: str | None, blocked: bool | None) -> dict[str, object]:
    """What was given, as the fields of a Space. Raises BadUsage."""
    changes: dict[str, object] = {}
    if title is not None:
        changes["title"] = title
    if expiry is not None:
        changes["task_lifetime"] = times.parse_lifetime(expiry)
    if limit is not None:
        if limit.lower() != "none" and not (limit.isascii() and limit.isdigit() and len(limit) < 10):
            raise BadUsage(f"“{limit[:80]}” is not a limit.", "It is a whole number, or none.")
        changes["task_limit"] = None if limit.lower() == "none" else int(limit)
    if blocked is not None:
        changes["blocked"] = blocked
    return changes
