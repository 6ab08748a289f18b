#!/usr/bin/env python3
"""What does our table cost over that of Rich, and does it need more memory for more rows?

    python bench/table.py [ROWS]

Prints the processor time that both need for the same rows, which Rich gets as finished cells, the ratio of the two, and
the peak memory of a process that draws a thousand rows and of one that draws a hundred thousand. Nothing is asserted.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from expertsupport_cli import times
from expertsupport_cli.model.certificates import Origin
from expertsupport_cli.model.people import Side
from expertsupport_cli.model.requests import Request, Status
from expertsupport_cli.render.fields import REQUEST
from expertsupport_cli.render.shapes import View
from expertsupport_cli.render.terminal.capabilities import colour_depth, width
from expertsupport_cli.render.terminal.styles import STATUS_STYLES, Styles
from expertsupport_cli.render.terminal.table import draw

VIEW = View(page_url="https://es.example", now="2026-01-31T09:30:00Z")
NAMES = {"plain": "The printer is on fire, again and again: {}", "wide": "プリンターが燃えている、何度も: {}"}


def main(rows: int) -> None:
    """Measure and print."""
    os.environ["COLUMNS"] = "120"
    small, large = peak(1_000), peak(100_000)  # first: a child starts with the peak that its parent has reached
    print(f"{'task names':<12}{'rich':>8}{'ours':>8}{'ratio':>8}   seconds of processor time for {rows:,} rows")
    for kind, name in NAMES.items():
        requests = list(some(rows, name))
        rich = seconds(lambda requests=requests: draw_with_rich(requests))  # type: ignore[misc]
        ours = seconds(lambda requests=requests: draw_ours(iter(requests)))  # type: ignore[misc]
        print(f"{kind:<12}{rich:>8.2f}{ours:>8.3f}{ours / rich:>8.1%}")
    print(f"peak memory: {small:.1f} MiB for 1,000 rows, {large:.1f} MiB for 100,000, ratio {large / small:.2f}")


def some(count: int, name: str) -> Iterator[Request]:
    """Requests of all statuses, each a little older than the one before."""
    for number in range(count):
        at = times.after(VIEW.now, -37 * number)
        yield Request(
            number=number,
            token=f"{number:032x}",
            task=f"T-{number}",
            task_name=name.format(number),
            space="acme",
            certificate="****-****-****-7K3M",
            certificate_origin=Origin.ISSUED,
            status=list(Status)[number % len(Status)],
            initiator="ann",
            initiator_email=None,
            created_at=at,
            updated_at=at,
            closed_at=None,
            last_by="ann",
            last_side=Side.CUSTOMER,
            last_at=at,
            unanswered_since=at,
            turn_since=at,
        )


def draw_ours(requests: Iterator[Request]) -> None:
    with open(os.devnull, "w", encoding="utf-8") as sink:
        draw(sink.write, REQUEST, requests, VIEW, (), Styles(colour=True))


def draw_with_rich(requests: list[Request]) -> float:
    """Draw the same rows with Rich; the seconds that making the cells took, which do not count."""
    from rich.console import Console
    from rich.style import Style
    from rich.table import Table
    from rich.text import Text

    start = time.process_time()
    cells = []
    for request in requests:
        row = [Text(str(value)) for value in REQUEST.as_json(request, VIEW, REQUEST.rows).values()]
        row[0].stylize(Style(link=request.url(VIEW.page_url), bold=True))
        row[REQUEST.rows.index("status")].stylize(STATUS_STYLES[request.status])
        cells.append(row)
    prepared = time.process_time() - start
    table = Table(box=None)
    for name in REQUEST.rows:
        table.add_column(name, no_wrap=True, overflow="ellipsis")
    for row in cells:
        table.add_row(*row)
    console = Console(file=io.StringIO(), force_terminal=True, color_system=colour_depth(), width=width())
    console.print(table)
    return prepared


def seconds(run: Callable[[], float | None]) -> float:
    """The seconds of processor time that this takes, without those that it says do not count."""
    start = time.process_time()
    left_out = run() or 0
    return time.process_time() - start - left_out


def peak(rows: int) -> float:
    """The MiB that a process needs at most to draw so many rows."""
    process = subprocess.Popen([sys.executable, __file__, "draw", str(rows)])
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss / 1024


if __name__ == "__main__":
    if sys.argv[1:2] == ["draw"]:
        draw_ours(some(int(sys.argv[2]), NAMES["plain"]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
