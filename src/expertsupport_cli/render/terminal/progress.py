"""A progress bar on stderr, for what takes long enough that a person wonders."""

from __future__ import annotations

import sys

from expertsupport_cli.render.terminal.capabilities import console

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeVar

    Item = TypeVar("Item")


def watched(items: Iterable[Item], title: str, *, show: bool, colour: bool, total: int | None = None) -> Iterator[Item]:
    """The items, with a bar that moves as they are taken."""
    if not show:
        yield from items
        return
    from rich.progress import Progress

    with Progress(console=console(sys.stderr, colour=colour, moves=True), transient=True) as progress:
        yield from progress.track(items, total=total, description=title)
