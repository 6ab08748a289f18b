"""What the JSON of each command has in it."""

from __future__ import annotations

from collections.abc import Iterator

from expertsupport_cli.cli.commands import COMMANDS, find
from expertsupport_cli.cli.perform import reads
from expertsupport_cli.errors import NotFound
from expertsupport_cli.render.fields import FIELD
from expertsupport_cli.render.shapes import Named, Shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from expertsupport_cli.cli.env import Env
    from expertsupport_cli.cli.options import Argument


@reads(FIELD)
def schema(
    env: Env,
    command: Annotated[
        list[str] | None, Argument(metavar="[COMMAND]", help="Such as list, or desk queue; all if left out.")
    ] = None,
) -> None:
    """Describe the fields that commands print."""
    wanted = " ".join(command or ())
    known = {name: shapes for name in COMMANDS if (shapes := find(name).shapes)}
    if wanted and wanted not in known:
        similar = [name for name in known if name.split()[0] == wanted.split()[0]]
        raise NotFound(
            f"Unknown command '{wanted[:80]}', or one that prints no data.",
            f"Choose one of: {', '.join(similar)}." if similar else "",
            "Try: es --help",
        )
    chosen = {wanted: known[wanted]} if wanted else known
    env.printer.list(FIELD, (row for name, shapes in chosen.items() for row in _rows(name, shapes)))


def _rows(command: str, shapes: tuple[Shape, ...]) -> Iterator[Named]:
    for shape in shapes:
        for field in shape.fields:
            values = {"command": command, "of": shape.name, "name": field.name, "type": field.type}
            yield Named(values={**values, "meaning": field.meaning})
