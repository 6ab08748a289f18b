"""A progress bar on stderr for long operations."""

from __future__ import annotations

import sys
from contextlib import contextmanager

from expertsupport_cli.render.terminal.capabilities import colour_depth, width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeVar

    from rich.console import Console

    Item = TypeVar("Item")


def track(items: Iterable[Item], title: str, *, show: bool, colour: bool, total: int | None = None) -> Iterator[Item]:
    """Yield the items, with a bar that advances as they are taken."""
    if not show:
        yield from items
        return
    from rich.progress import Progress

    with Progress(console=_console(colour=colour), transient=True) as progress:
        yield from progress.track(items, total=total, description=title)


@contextmanager
def bar(title: str, *, show: bool, colour: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar that advances when the function that this gives is called with what is done, and the total."""
    if not show:
        yield lambda done, total: None
        return
    from rich.progress import Progress

    with Progress(console=_console(colour=colour), transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _console(*, colour: bool) -> Console:
    """A Rich console on stderr. Without colour it still moves the cursor, which a bar needs."""
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
        _environ={},  # the caller has considered the environment already
    )
