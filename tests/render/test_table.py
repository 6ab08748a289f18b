"""Tables on a terminal, compared with what Rich itself makes of the same cells: the same text, colours and links."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.style import Style
from rich.text import Text

from expertsupport_cli.model.requests import Status
from expertsupport_cli.render.shapes import Named, Shape, View, computed
from expertsupport_cli.render.terminal import table
from expertsupport_cli.render.terminal.styles import STATUS_STYLES, Styles
from expertsupport_cli.text import one_line

NAMES = ("id", "text", "status", "note", "more", "last", "also", "end")
VIEW = View(page_url="https://es.example", now="2026-01-31T09:30:00Z")
SHAPE = Shape(
    name="row",
    key="id",
    link=lambda thing, view: f"{view.page_url}/{len(thing.values['id'])}",
    rows=NAMES,
    fields=tuple(
        computed(name, "string", "", lambda thing, _, name=name: thing.values[name])  # type: ignore[misc]
        for name in NAMES
    ),
)
NASTY = [
    "",
    "The printer is on fire, again and again, and nobody comes",
    "表ポあA鷗ŒéＢ逍Üßªąñ丂㐀𠀀",
    "👩‍👩‍👧‍👦🇺🇸" * 3,
    "👩\u200d",
    "\u200d a",
    "❤\ufe0f 1\ufe0f\u20e3",
    "e\u0301" * 30,
    "مرحبا שלום",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "\r\x08\x7f\x0b\x0c overwritten\t\n",
    "a\u202egnp.exe\u2066\u200f\u2028",
    "[/b][red]x[/red] :smile:",
    "blanks at the end   ",
    "\u3000\u00a0 blanks of other kinds \u3000\u00a0",
    "…" * 30,
    "\ud800",
]
DEPTHS: dict[str, dict[str, str]] = {
    "standard": {"TERM": "xterm"},
    "256": {"TERM": "xterm-256color"},
    "truecolor": {"COLORTERM": "truecolor"},
}


class Cell(NamedTuple):
    """One character as it is shown."""

    character: str
    codes: str
    link: str


def painted(output: str) -> list[Cell]:
    """The characters of an output, each with the colours and the link that it has; blanks without a link have none."""
    codes = link = ""
    cells = []
    for found in re.finditer(r"\x1b\[([0-9;]*)m|\x1b\]8;[^;]*;([^\x1b]*)\x1b\\|(.)", output, re.DOTALL):
        if found[1] is not None:
            codes = "" if found[1] in ("", "0") else found[1]
        elif found[2] is not None:
            link = found[2]
        else:
            cells.append(Cell(found[3], codes if not found[3].isspace() or link else "", link))
    return cells


def by_rich(rows: Sequence[dict[str, str]], width: int, depth: Literal["standard", "256", "truecolor"] | None) -> str:
    """The table as Rich draws it: each cell a Text that it truncates and pads, each row printed by a Console."""
    cells = [[Text(one_line(row[name])) for name in NAMES] for row in rows]
    for row, (id, _, status, *_) in zip(rows, cells, strict=True):
        if depth:
            id.stylize(Style(link=f"https://es.example/{len(row['id'])}", bold=True))
        status.stylize(STATUS_STYLES.get(row["status"], ""))
    head = [Text("ID" if name == "id" else name.upper()) for name in NAMES]
    needed = [max(cell.cell_len for cell in column) for column in zip(head, *cells[: table.SAMPLE_SIZE], strict=True)]
    sizes = table._sizes(needed, width)
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        force_terminal=depth is not None,
        color_system=depth,
        width=width,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
        _environ={},
    )
    for style, line in [("bold", head), *(("", row) for row in cells)]:
        for i, (cell, size) in enumerate(zip(line, sizes, strict=False)):
            cell.truncate(size, overflow="ellipsis", pad=i < len(sizes) - 1)
        text = Text("  ").join(line[: len(sizes)])
        text.rstrip()
        console.print(text, style=style, no_wrap=True, crop=False)
    return buffer.getvalue()


def ours(rows: Sequence[dict[str, str]], *, colour: bool) -> str:
    written: list[str] = []
    things = iter([Named(values=row) for row in rows])
    assert table.draw(written.append, SHAPE, things, VIEW, (), Styles(colour=colour)) == len(rows)
    return "".join(written)


def is_cut_right_by_rich(text: str) -> bool:
    """Whether Rich cuts the text to each width that it asks for; it does not where joiners stand alone."""
    line = one_line(text)
    try:
        return all(cell_len(set_cell_size(line, size)) == size for size in range(cell_len(line)))
    except (ArithmeticError, LookupError):
        return False


texts = st.sampled_from(NASTY) | st.text(max_size=40) | st.text("aé表あ👩\u200d\ufe0f\u0301 ", max_size=40)
texts = texts.filter(is_cut_right_by_rich)
rows = st.lists(
    st.fixed_dictionaries({name: st.sampled_from(Status) if name == "status" else texts for name in NAMES}),
    min_size=1,
    max_size=4,
)


@settings(deadline=None)
@given(text=st.text("aé表👩\u200d\ufe0f\u0301 🇺", max_size=12), size=st.integers(0, 12))
@example(text="\u200d\u200d表", size=1)
@example(text="\u200d\u200d👩あ", size=3)
@example(text="\u200d\u200d000000", size=3)
def test_any_text_can_be_cut_to_any_width(text: str, size: int) -> None:
    cut = table._cut(text, size)
    assert cell_len(cut) <= size
    assert text.startswith(cut.rstrip(" "))


@pytest.mark.program
@pytest.mark.parametrize("depth", [None, *DEPTHS])
@settings(max_examples=300, deadline=None)
@given(rows=rows, width=st.integers(20, 200))
@example(rows=[dict.fromkeys(NAMES, text) for text in NASTY], width=200)
@example(rows=[dict.fromkeys(NAMES, text) for text in NASTY], width=80)
@example(rows=[dict.fromkeys(NAMES, text) for text in NASTY], width=20)
def test_a_table_is_what_rich_makes_of_the_same_cells(
    depth: Literal["standard", "256", "truecolor"] | None, rows: list[dict[str, str]], width: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("TERM", "COLORTERM"):
            patch.delenv(name, raising=False)
        for name, value in (DEPTHS[depth] if depth else {}).items():
            patch.setenv(name, value)
        patch.setenv("COLUMNS", str(width))
        drawn = ours(rows, colour=depth is not None)
    expected = by_rich(rows, width, depth)
    assert painted(drawn) == painted(expected)
    if depth is None:
        assert drawn == expected
