"""What the JSON of each command has in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from expertsupport_cli.cli.env import Env
from expertsupport_cli.cli.options import Reads, group, prints
from expertsupport_cli.errors import NotFound
from expertsupport_cli.render.fields import FIELD
from expertsupport_cli.render.shapes import Named, Shape

top = group("")


@top.command("schema", cls=Reads)
@prints(FIELD)
def schema(
    ctx: typer.Context,
    command: Annotated[
        list[str] | None, typer.Argument(metavar="[COMMAND]", help="Such as list, or desk queue; all if left out.")
    ] = None,
) -> None:
    """Show what the JSON that a command prints has in it."""
    env = Env.of(ctx)
    wanted = " ".join(command or ())
    known = dict(_commands(ctx.find_root().command))
    if wanted and wanted not in known:
        close = [name for name in known if name.split()[0] == wanted.split()[0]]
        raise NotFound(
            f"There is no command “{wanted[:80]}” that prints JSON.",
            f"There are: {', '.join(close or known)}.",
        )
    chosen = {wanted: known[wanted]} if wanted else known
    env.printer.list(FIELD, (row for name, shapes in chosen.items() for row in _rows(name, shapes)))


def _commands(root: Any) -> Iterator[tuple[str, tuple[Shape, ...]]]:
    """The commands that print JSON, and the shapes of it."""
    for name, command in root.commands.items():
        inside = command.commands.items() if isinstance(command, TyperGroup) else ()
        for words, each in [(name, command), *((f"{name} {sub}", one) for sub, one in inside)]:
            shapes = getattr(each.callback, "prints", None)
            if shapes:
                yield words, shapes


def _rows(command: str, shapes: tuple[Shape, ...]) -> Iterator[Named]:
    for shape in shapes:
        for field in shape.fields:
            values = {"command": command, "of": shape.name, "name": field.name, "type": field.type}
            yield Named(values={**values, "meaning": field.meaning})
