"""Waits for the server in a way that Ctrl-C can end, and for no longer than a deadline while a connection is opened."""

from __future__ import annotations

import select
import threading
from contextlib import contextmanager
from time import monotonic

from psycopg2 import extensions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_EVENTS = {extensions.POLL_READ: select.POLLIN, extensions.POLL_WRITE: select.POLLOUT}
_LIMIT = threading.local()  # the deadline of this thread, as a time of `monotonic`


class NoAnswer(Exception):  # noqa: N818 -- not shown
    """The server did not answer before the deadline."""


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """In the block, waiting for a server raises NoAnswer when the time is over."""
    _LIMIT.deadline = monotonic() + seconds
    try:
        yield
    finally:
        _LIMIT.deadline = None


def wait(connection: Any) -> None:
    """Wait until psycopg2 has what it asked for. An exception that is raised here closes the connection."""
    while (state := connection.poll()) != extensions.POLL_OK:
        poll = select.poll()
        poll.register(connection.fileno(), _EVENTS[state])
        deadline = getattr(_LIMIT, "deadline", None)
        left = None if deadline is None else max(deadline - monotonic(), 0) * 1000
        if not poll.poll(left):
            raise NoAnswer


extensions.set_wait_callback(wait)
