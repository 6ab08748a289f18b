"""The terminal: whether there is one, its width, and whether it gets colour. Resolved here and nowhere else."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal, TextIO

DEFAULT_WIDTH = 80
ELLIPSIS = "…"


def is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def wants_colour(choice: str, stream: TextIO | None, environment: Mapping[str, str]) -> bool:
    """--color > NO_COLOR > CLICOLOR_FORCE, FORCE_COLOR > CLICOLOR=0 > a terminal that is not dumb."""
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if any(environment.get(name, "0") not in ("", "0", "false") for name in ("CLICOLOR_FORCE", "FORCE_COLOR")):
        return True
    if environment.get("CLICOLOR") == "0":
        return False
    return can_redraw(stream, environment)


def can_redraw(stream: TextIO | None, environment: Mapping[str, str]) -> bool:
    """Whether it is a terminal that understands escape codes."""
    return is_terminal(stream) and environment.get("TERM", "dumb") not in ("dumb", "")


def can_show(stream: TextIO, text: str) -> bool:
    """Whether the encoding of a stream has all the characters of a text."""
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def is_plain_locale(environment: Mapping[str, str]) -> bool:
    """Whether the locale is C or POSIX by name: then only ASCII is to be shown. One that is not set says nothing."""
    chosen = (environment.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    return next((name for name in chosen if name), "") in ("C", "POSIX")


def width() -> int:
    """The columns of the terminal: COLUMNS, or what it says itself."""
    import shutil

    return shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns


def colour_depth() -> Literal["standard", "256", "truecolor"]:
    """How many colours the terminal has."""
    depth = os.environ.get("COLORTERM", "")
    if depth in ("truecolor", "24bit"):
        return "truecolor"
    return "256" if "256" in os.environ.get("TERM", "") else "standard"
