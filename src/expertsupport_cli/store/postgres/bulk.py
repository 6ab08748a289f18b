"""Loading many rows at once."""

from __future__ import annotations

from itertools import chain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from expertsupport_cli.store.engine import Named

MAX_ROWS = 1_000  # in one statement
MAX_BYTES = 1_000_000


def load(cursor: Any, table: str, rows: Iterable[Named], *, one_by_one: bool) -> tuple[int, int]:
    """Add rows to a table, inside the transaction that is open. Returns how many, and the highest number, 0 if none."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return 0, 0
    columns, highest, count = list(first), 0, 0
    marks = f"({', '.join(['%s'] * len(columns))})"

    def written() -> Iterator[bytes]:
        nonlocal highest, count
        for row in chain([first], rows):
            yield cursor.mogrify(marks, [row[name] for name in columns])
            count += 1
            highest = max(highest, row.get("number", 0))

    for batch in _batches(written(), 1 if one_by_one else MAX_ROWS):
        cursor.execute(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ".encode() + b",".join(batch))
    return count, highest


def _batches(values: Iterable[bytes], most: int) -> Iterator[list[bytes]]:
    """The values in lists of at most `most`, and of at most MAX_BYTES unless there is only one."""
    batch: list[bytes] = []
    size = 0
    for value in values:
        if batch and (len(batch) >= most or size + len(value) > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(value)
        size += len(value)
    yield batch
