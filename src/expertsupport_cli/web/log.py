"""What a server writes to stderr: a line for each answer, and what went wrong. Never a path, a name, or a message."""

from __future__ import annotations

import os
import time
import traceback
from contextlib import suppress

from expertsupport_cli.text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from starlette.requests import Request


def log(line: str) -> None:
    """Write a line at once. Control characters in it are escaped."""
    _write(f"{one_line(line)}\n")


def log_answer(request: Request, template: str, status: int, started: float) -> None:
    """Note an answer: with the route, never the path, in which there can be a token."""
    milliseconds = (time.monotonic() - started) * 1000
    log(f"{request.method} {template} {int(status)} {milliseconds:.0f} ms")


def log_error(error: Exception) -> None:
    """Note where an unexpected error came from. Its text is left out: it could repeat a token or a message."""
    _write(f"internal error: {type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}")


def _write(text: str) -> None:
    with suppress(OSError):  # nobody may read it any more
        os.write(2, text.encode("utf-8", "backslashreplace"))
