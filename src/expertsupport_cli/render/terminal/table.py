"""Tables for people: cells are cut to the terminal, times are relative, IDs are links.

The first rows decide the column widths; the others are written one by one, so that memory does not grow with the list.
Only text that is not plain ASCII is measured by Rich.
"""

from __future__ import annotations

import itertools
import sys
from contextlib import suppress

from expertsupport_cli import times
from expertsupport_cli.render.terminal.capabilities import ELLIPSIS, can_show, width
from expertsupport_cli.render.terminal.rows import text_of
from expertsupport_cli.render.terminal.styles import STATUS_STYLES
from expertsupport_cli.text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from expertsupport_cli.render.shapes import Field, Shape, View
    from expertsupport_cli.render.terminal.styles import Styles

    Text = Callable[[Any], str]  # from the thing in the row to the safe text of a cell
    Paint = Callable[[str, str, Any], str]  # from a cell as cut, its full text, and the thing in the row

MIN_CELL_WIDTH = 16  # characters; cells are not cut below this, columns are left out instead
MIN_COLUMNS = 6  # columns that are never left out
SAMPLE_SIZE = 50  # rows that decide the column widths
GAP = "  "
AHEAD = ("expires_at", "due_at")  # fields that tell of the future
HEADINGS = {"id": "ID", "url": "URL", "task_id": "TASK ID"}


def draw(
    write: Callable[[str], object],
    shape: Shape,
    things: Iterable[Any],
    view: View,
    names: Sequence[str],
    styles: Styles,
) -> int:
    """Write a table of the things. Returns how many rows it has."""
    names = list(names or shape.columns or shape.rows or shape.names())
    texts = [_text(shape.field(name), view) for name in names]
    remaining = iter(things)
    first = [(thing, [text(thing) for text in texts]) for thing in itertools.islice(remaining, SAMPLE_SIZE)]
    if not first:
        return 0
    headings = [_heading(name) for name in names]
    layout = Layout([headings, *(cells for _, cells in first)], width())
    texts, names = texts[: layout.columns], names[: layout.columns]
    paints = _paints(shape, names, view, styles)
    write(styles.paint(layout.line(headings)[0], "bold") + "\n")
    count = 0
    rest = ((thing, [text(thing) for text in texts]) for thing in remaining)
    for thing, cells in itertools.chain(first, rest):
        line, ends = layout.line(cells)
        write(_painted(line, ends, cells, paints, thing) + "\n")
        count += 1
    return count


class Layout:
    """The width of each column, computed from sample rows, and of a line."""

    def __init__(self, rows: Sequence[Sequence[str]], room: int) -> None:
        self._room = room
        self._mark = ELLIPSIS if can_show(sys.stdout, ELLIPSIS) else "~"  # of a cell that was cut
        self._sizes = _sizes([max(map(_length, column)) for column in zip(*rows, strict=True)], room)
        self._fits = sum(self._sizes) + len(GAP) * (self.columns - 1) <= room

    @property
    def columns(self) -> int:
        """How many columns fit."""
        return len(self._sizes)

    def line(self, texts: Sequence[str]) -> tuple[str, list[int]]:
        """The cells in one line, and the index at which each ends, including its padding."""
        cells, ends, end = [], [], 0
        for text, size in zip(texts, self._sizes, strict=False):
            length = len(text) if text.isascii() else _length(text)
            cell = text + " " * (size - length) if length <= size else _cut(text, size - 1) + self._mark
            cells.append(cell)
            end += len(cell)
            ends.append(end)
            end += len(GAP)
        line = GAP.join(cells).rstrip()
        return line if self._fits else _cut(line, self._room), ends


def _sizes(needed: list[int], room: int) -> list[int]:
    """The width of each column. If the terminal is too narrow, the widest columns are cut first.

    If that is not enough, the last columns are left out, down to MIN_COLUMNS.
    """
    sizes = list(needed)
    while True:
        left = max(room - len(GAP) * (len(sizes) - 1), len(sizes))
        cut = list(sizes)
        while sum(cut) > left and max(cut) > MIN_CELL_WIDTH:
            cut[cut.index(max(cut))] -= 1
        if max(cut) > MIN_CELL_WIDTH or len(sizes) <= MIN_COLUMNS or sum(sizes) <= left:
            return cut
        sizes.pop()


def _text(field: Field, view: View) -> Text:
    """The function that gives the cell text of a field."""
    get, now = field.shown or field.get, view.now

    def text(thing: Any) -> str:
        shown = text_of(get(thing, view))
        # printable text needs no escaping, and this check is faster
        return shown if shown.isprintable() else one_line(shown)

    def age(thing: Any) -> str:
        at = get(thing, view)
        return "" if at is None else times.relative(str(at), now, past=field.name not in AHEAD)

    return age if field.type.startswith("time") else text


def _heading(name: str) -> str:
    return HEADINGS.get(name, name.replace("_at", "").replace("_", " ").upper())


def _paints(shape: Shape, names: Sequence[str], view: View, styles: Styles) -> list[tuple[int, Paint]]:
    """The indexes of the columns that have colour, each with the function that paints its cells."""
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
    """The line with its coloured cells painted, but not their padding."""
    parts, done = [], 0
    for i, paint in paints:
        start = ends[i - 1] + len(GAP) if i else 0
        end = min(start + len(texts[i]), ends[i])
        parts += [line[done:start], paint(line[start:end], texts[i], thing)]
        done = end
    return "".join([*parts, line[done:]])


def _length(text: str) -> int:
    """How many terminal columns the text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _cut(text: str, size: int) -> str:
    """The text cut to `size` terminal columns; a wide character that fits only half becomes a blank."""
    if text.isascii():
        return text[:size]
    from rich.cells import set_cell_size

    if _length(text) <= size:
        return text
    with suppress(ArithmeticError, LookupError):  # which Rich 15 raises where joiners stand alone
        cut = set_cell_size(text, size)
        if _length(cut) <= size:
            return cut
    cut = next(text[:end] for end in range(len(text), -1, -1) if _length(text[:end]) <= size)
    return cut + " " * (size - _length(cut))
