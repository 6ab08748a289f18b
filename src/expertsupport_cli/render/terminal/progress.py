"""A progress bar on stderr, for what takes long enough that a person wonders."""

from __future__ import annotations

import sys

from expertsupport_cli.render.terminal.capabilities import colour_depth, width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeVar

    from rich.console import Console

    Item = TypeVar("Item")


def watched(items: Iterable[Item], title: str, *, show: bool, colour: bool, total: int | None = None) -> Iterator[Item]:
    """The items, with a bar that moves as they are taken."""
    if not show:
        yield from items
        return
    from rich.progress import Progress

    with Progress(console=_console(colour=colour), transient=True) as progress:
        yield from progress.track(items, total=total, description=title)


def _console(*, colour: bool) -> Console:
    """Rich on stderr. Without colour it still moves the cursor, since a bar has to."""
    from rich.console import Console

    return Console(
        file=sys.stderr,
        force_terminal=True,
        force_interactive=True,
        color_system=colour_depth() if colour else None,
        no_color=not colour,
        width=width(),
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
        _environ={},  # what the environment says was decided before
    )
