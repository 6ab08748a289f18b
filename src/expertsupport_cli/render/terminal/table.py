"""Tables for people: cells are cut to the terminal, times are relative, IDs are links.

The columns are laid out by the first rows; the others follow one by one, so that a list of any length needs the same
memory. Only text that is not plain ASCII is measured by Rich.
"""

from __future__ import annotations

import itertools

from expertsupport_cli import times
from expertsupport_cli.render.terminal.capabilities import width
from expertsupport_cli.render.terminal.rows import text_of
from expertsupport_cli.render.terminal.styles import STATUS_STYLES
from expertsupport_cli.text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from expertsupport_cli.render.shapes import Field, Shape, View
    from expertsupport_cli.render.terminal.styles import Styles

    Text = Callable[[Any], str]  # the text of a cell, made safe, from the thing in the row
    Paint = Callable[[str, str, Any], str]  # a cell as it was cut, its whole text, the thing in the row

LEAST = 16  # columns that the widest cell keeps, if leaving out the last columns can help
ALWAYS = 6  # this many columns are never left out
LAID_OUT_BY = 50  # this many rows decide how wide the columns are
GAP = "  "
HEADINGS = {"id": "ID", "url": "URL", "task_id": "TASK ID"}


def draw(
    write: Callable[[str], object],
    shape: Shape,
    things: Iterable[Any],
    view: View,
    names: Sequence[str],
    styles: Styles,
) -> int:
    """Write the table of the things; returns how many there were."""
    names = list(names or shape.columns or shape.rows or shape.names())
    texts = [_text(shape.field(name), view) for name in names]
    waiting = iter(things)
    first = [(thing, [text(thing) for text in texts]) for thing in itertools.islice(waiting, LAID_OUT_BY)]
    if not first:
        return 0
    headings = [_heading(name) for name in names]
    layout = Layout([headings, *(cells for _, cells in first)], width())
    texts, names = texts[: layout.columns], names[: layout.columns]
    paints = _paints(shape, names, view, styles)
    write(styles.paint(layout.line(headings)[0], "bold") + "\n")
    count = 0
    rest = ((thing, [text(thing) for text in texts]) for thing in waiting)
    for thing, cells in itertools.chain(first, rest):
        line, ends = layout.line(cells)
        write(_painted(line, ends, cells, paints, thing) + "\n")
        count += 1
    return count


class Layout:
    """How wide each column is, found out from some rows, and how wide a line may be."""

    def __init__(self, rows: Sequence[Sequence[str]], room: int) -> None:
        self._room = room
        self._sizes = _sizes([max(map(_length, column)) for column in zip(*rows, strict=True)], room)
        self._fits = sum(self._sizes) + len(GAP) * (self.columns - 1) <= room

    @property
    def columns(self) -> int:
        """How many columns there is room for."""
        return len(self._sizes)

    def line(self, texts: Sequence[str]) -> tuple[str, list[int]]:
        """The cells in one line, and where in it each of them ends, its padding included."""
        cells, ends, end = [], [], 0
        for text, size in zip(texts, self._sizes, strict=False):
            length = len(text) if text.isascii() else _length(text)
            cell = text + " " * (size - length) if length <= size else _cut(text, size - 1) + "…"
            cells.append(cell)
            end += len(cell)
            ends.append(end)
            end += len(GAP)
        line = GAP.join(cells).rstrip()
        return line if self._fits else _cut(line, self._room), ends


def _sizes(needed: list[int], room: int) -> list[int]:
    """The width of each column: what it needs, the widest cut first where the terminal is too narrow.

    Before that gets out of hand, the last columns are left out.
    """
    sizes = list(needed)
    while True:
        left = max(room - len(GAP) * (len(sizes) - 1), len(sizes))
        cut = list(sizes)
        while sum(cut) > left and max(cut) > LEAST:
            cut[cut.index(max(cut))] -= 1
        if max(cut) > LEAST or len(sizes) <= ALWAYS or sum(sizes) <= left:
            return cut
        sizes.pop()


def _text(field: Field, view: View) -> Text:
    """What a field shows of a thing."""
    get, now = field.shown or field.get, view.now

    def text(thing: Any) -> str:
        shown = text_of(get(thing, view))
        # what is printable has nothing in it that would have to be made safe, and asking is quicker
        return shown if shown.isprintable() else one_line(shown)

    def age(thing: Any) -> str:
        at = get(thing, view)
        return "" if at is None else times.relative(str(at), now)

    return age if field.type.startswith("time") else text


def _heading(name: str) -> str:
    return HEADINGS.get(name, name.replace("_at", "").replace("_", " ").upper())


def _paints(shape: Shape, names: Sequence[str], view: View, styles: Styles) -> list[tuple[int, Paint]]:
    """The columns that have colour, and who paints them."""
    link = shape.link

    def key(cell: str, text: str, thing: Any) -> str:
        assert link
        return styles.link(styles.paint(cell, "bold"), link(thing, view))

    def status(cell: str, text: str, thing: Any) -> str:
        return styles.paint(cell, STATUS_STYLES.get(text, ""))

    painted: dict[str, Paint] = {"status": status, **({shape.key: key} if link else {})}
    return [(i, painted[name]) for i, name in enumerate(names) if styles.colour and name in painted]


def _painted(
    line: str, ends: Sequence[int], texts: Sequence[str], paints: Sequence[tuple[int, Paint]], thing: Any
) -> str:
    """The line, with the cells painted that have colour; their padding has none."""
    parts, done = [], 0
    for i, paint in paints:
        start = ends[i - 1] + len(GAP) if i else 0
        end = min(start + len(texts[i]), ends[i])
        parts += [line[done:start], paint(line[start:end], texts[i], thing)]
        done = end
    return "".join([*parts, line[done:]])


def _length(text: str) -> int:
    """How many columns the text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _cut(text: str, size: int) -> str:
    """As much of the text as fits; of a wide character that does not, a blank."""
    if text.isascii():
        return text[:size]
    from rich.cells import set_cell_size

    return text if _length(text) <= size else set_cell_size(text, size)
