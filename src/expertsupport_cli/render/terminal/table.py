"""Tables for people, drawn by Rich: cells are cut to the terminal, times are relative, IDs are links."""

from __future__ import annotations

import io
import itertools

from expertsupport_cli import times
from expertsupport_cli.render.terminal.capabilities import console, width
from expertsupport_cli.render.terminal.rows import text_of
from expertsupport_cli.text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from rich.text import Text

    from expertsupport_cli.render.shapes import Shape, View

LEAST = 16  # columns that the widest cell keeps, if leaving out the last columns can help
ALWAYS = 6  # so many columns are never left out
AT_ONCE = 50  # Rich measures all rows that it draws together; what is longer is streamed in the same columns
STATUS_STYLES = {"New": "bold yellow", "Acknowledged": "cyan", "Waiting": "magenta", "Closed": "dim"}


def draw(
    write: Callable[[str], object],
    shape: Shape,
    things: Iterable[Any],
    view: View,
    names: Sequence[str],
    *,
    colour: bool,
) -> int:
    """Write the table of the things; how many there were."""
    columns = list(names or shape.columns or shape.rows or shape.names())
    waiting = iter(things)
    first = [_cells(shape, thing, view, columns, colour=colour) for thing in itertools.islice(waiting, AT_ONCE)]
    if not first:
        return 0
    widths = _widths(columns, first)
    write(_drawn(_row([_heading(name) for name in columns], widths), "bold", colour=colour))
    rest = (_cells(shape, thing, view, columns, colour=colour) for thing in waiting)
    count = 0
    for cells in itertools.chain(first, rest):
        write(_drawn(_row(cells, widths), "", colour=colour))
        count += 1
    return count


def _drawn(text: Text, style: str, *, colour: bool) -> str:
    buffer = io.StringIO()
    console(buffer, colour=colour).print(text, style=style, no_wrap=True, crop=False)
    return buffer.getvalue()


def _cells(shape: Shape, thing: Any, view: View, columns: Sequence[str], *, colour: bool) -> list[Text]:
    from rich.style import Style
    from rich.text import Text

    cells = []
    for name in columns:
        field = shape.field(name)
        value = field.get(thing, view)
        if value is not None and field.type.startswith("time"):
            cell = Text(times.relative(str(value), view.now))
        else:
            cell = Text(one_line(text_of(value)))
        if name == shape.key and shape.link and colour:
            cell.stylize(Style(link=shape.link(thing, view), bold=True))
        elif name == "status":
            cell.stylize(STATUS_STYLES.get(str(value), ""))
        cells.append(cell)
    return cells


def _heading(name: str) -> Text:
    from rich.text import Text

    return Text(
        {"id": "ID", "url": "URL", "task_id": "TASK ID"}.get(name, name.replace("_at", "").replace("_", " ").upper())
    )


def _widths(columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> list[int]:
    """The width of each column: what it needs, the widest cut first where the terminal is too narrow.

    Before that gets out of hand, the last columns are left out.
    """
    widths = [max(len(_heading(name)), *(row[i].cell_len for row in rows)) for i, name in enumerate(columns)]
    while True:
        room = max(width() - 2 * (len(widths) - 1), len(widths))
        cut = list(widths)
        while sum(cut) > room and max(cut) > LEAST:
            cut[cut.index(max(cut))] -= 1
        if max(cut) > LEAST or len(widths) <= ALWAYS or sum(widths) <= room:
            return cut
        widths.pop()


def _row(cells: Sequence[Text], widths: Sequence[int]) -> Text:
    from rich.text import Text

    parts = []
    last = len(widths) - 1
    for i, (cell, size) in enumerate(zip(cells[: len(widths)], widths, strict=True)):
        part = cell.copy()
        part.truncate(size, overflow="ellipsis", pad=i < last)
        parts.append(part)
    line = Text("  ").join(parts)
    line.rstrip()
    return line
