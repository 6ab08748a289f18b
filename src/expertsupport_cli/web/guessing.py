"""Slows down whoever guesses: after ten addresses that open nothing within a minute, further failures come late.

A right address always opens at once.
"""

from __future__ import annotations

import time
from collections import OrderedDict

MAX_FAILURES = 10  # in WINDOW, from one address
WINDOW = 60  # seconds
DELAY = 1  # second
MAX_ADDRESSES = 1_000  # that are remembered


class Guesses:
    """The failures of each address. Used by one thread, the one that answers."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def delay_after_failure(self, address: str) -> float:
        """Count a failure. Returns the seconds to wait before it is answered."""
        now = time.monotonic()
        recent = [at for at in self._failures.pop(address, []) if now - at < WINDOW]
        recent.append(now)
        self._failures[address] = recent[-MAX_FAILURES - 1 :]
        while len(self._failures) > MAX_ADDRESSES:
            self._failures.popitem(last=False)
        return DELAY if len(recent) > MAX_FAILURES else 0
