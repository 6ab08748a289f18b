"""Styles as escape codes: the same that Rich writes, for every colour depth; and none without colour."""

from __future__ import annotations

import io
import re
from typing import Literal

import pytest
from rich.console import Console
from rich.text import Text

from expertsupport_cli.render.pages import BLOCKED, Page
from expertsupport_cli.render.terminal.paint import BADGE_STYLES, page_lines, to_text
from expertsupport_cli.render.terminal.styles import Styles

USED = ["bold", "dim", "green", *BADGE_STYLES.values(), "rgb(255,100,0)"]
DEPTHS: list[tuple[dict[str, str], Literal["standard", "256", "truecolor"]]] = [
    ({"TERM": "xterm"}, "standard"),
    ({"TERM": "xterm-256color"}, "256"),
    ({"TERM": "xterm-256color", "COLORTERM": "24bit"}, "truecolor"),
]


@pytest.fixture(params=DEPTHS, ids=[depth for _, depth in DEPTHS])
def depth(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    env, depth = request.param
    for name in ("TERM", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return str(depth)


def test_a_link_is_to_an_address_whatever_is_in_it() -> None:
    hostile = {
        "http://x.org/a?b=c&d=%20#e": "http://x.org/a?b=c&d=%20#e",
        "http://x.org/\x1b]0;t\x07": "http://x.org/%1B]0;t%07",
        "http://x.org/\x1b\\a b": "http://x.org/%1B%5Ca%20b",
        "http://x.org/\x9c\u202eé\n": "http://x.org/%C2%9C%E2%80%AE%C3%A9%0A",
        "http://x.org/\ud800": "http://x.org/%ED%A0%80",
    }
    for address, encoded in hostile.items():
        link = re.sub(r"id=\d+", "id=1", Styles(colour=True).link("ES-1", address))
        assert link == f"\x1b]8;id=1;{encoded}\x1b\\ES-1\x1b]8;;\x1b\\"


def by_rich(text: str, style: str, depth: Literal["standard", "256", "truecolor"]) -> str:
    buffer = io.StringIO()
    console = Console(file=buffer, force_terminal=True, color_system=depth, legacy_windows=False, _environ={})
    console.print(Text(text, style=style), end="")
    return buffer.getvalue()


def test_a_painted_text_is_what_rich_prints(depth: Literal["standard", "256", "truecolor"]) -> None:
    styles = Styles(colour=True)
    for style in USED * 2:  # the second time from memory
        assert styles.paint("text", style) == by_rich("text", style, depth) != "text"
    assert styles.paint("text", "") == "text"


def test_without_colour_text_stays_as_it_is_and_links_are_left_out() -> None:
    styles = Styles(colour=False)
    assert {styles.paint("text", style) for style in USED} == {"text"}
    assert styles.link("text", "https://es.example") == "text"


def test_nothing_is_painted_where_there_is_no_text() -> None:
    styles = Styles(colour=True)
    assert styles.paint("", "bold") == styles.link("", "https://es.example") == ""


def test_a_badge_has_its_colour_and_one_that_is_not_known_has_none() -> None:
    styles = Styles(colour=True)
    assert styles.paint("blocked", "bold red") in to_text(page_lines(Page(id="a", title="", badge=BLOCKED)), styles)
    first = to_text(page_lines(Page(id="a", title="", badge="queued")), styles).split("\n")[0]
    assert first == styles.paint("a", "bold") + "  queued"
