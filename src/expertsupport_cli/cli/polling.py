"""Waiting for the store to change, at next to no cost."""

from __future__ import annotations

import time
from collections.abc import Iterator

from expertsupport_cli.store import Store

PAUSE = 0.3  # seconds: a change is noticed within one


def each_change(store: Store, seconds: float | None = None) -> Iterator[None]:
    """Yields at once, and then whenever somebody else has changed the store, until so many seconds are over."""
    deadline = None if seconds is None else time.monotonic() + seconds
    seen = store.data_version()
    yield
    while deadline is None or time.monotonic() < deadline:
        pause = PAUSE if deadline is None else min(PAUSE, max(deadline - time.monotonic(), 0.0))
        time.sleep(pause)
        version = store.data_version()
        if version != seen:
            seen = version
            yield
