"""A progress bar on stderr, for what takes long enough that a person wonders."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeVar

    Item = TypeVar("Item")


def watched(items: Iterable[Item], title: str, *, show: bool, total: int | None = None) -> Iterator[Item]:
    """The items, with a bar that moves as they are taken."""
    if not show:
        yield from items
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(file=sys.stderr, markup=False), transient=True) as progress:
        yield from progress.track(items, total=total, description=title)
