"""Cheap polling for changes in the store."""

from __future__ import annotations

import time
from collections.abc import Iterator

from expertsupport_cli.store import Store

POLL_INTERVAL = 0.3  # seconds; bounds how late a change is noticed


def each_change(store: Store, timeout: float | None = None) -> Iterator[None]:
    """Yield at once, and then whenever another process has changed the store, until `timeout` seconds have passed.

    Without a timeout it goes on forever.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    seen = store.data_version()
    yield
    while deadline is None or time.monotonic() < deadline:
        pause = POLL_INTERVAL if deadline is None else min(POLL_INTERVAL, max(deadline - time.monotonic(), 0.0))
        time.sleep(pause)
        version = store.data_version()
        if version != seen:
            seen = version
            yield
