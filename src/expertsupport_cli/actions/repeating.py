"""Runs an action again when the database undid its transaction for the sake of another one.

An action can be run again, because time and actor are arguments, and nothing is printed inside. SQLite never asks for
it; a database server does after a deadlock, and one of several machines more often.
"""

from __future__ import annotations

import os
import time
from functools import wraps

from expertsupport_cli.errors import StoreBusy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Concatenate, ParamSpec, TypeVar

    from expertsupport_cli.store import Store

    Arguments = ParamSpec("Arguments")
    Result = TypeVar("Result")
    Action = Callable[Concatenate[Store, Arguments], Result]

MAX_ATTEMPTS = 6
FIRST_PAUSE = 0.02  # seconds; it doubles from one attempt to the next


def repeatable(action: Action[Arguments, Result]) -> Action[Arguments, Result]:
    """For an action of one transaction, whose arguments can be used again."""

    @wraps(action)
    def repeated(store: Store, /, *arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
        commits, queued, attempt = store.commits, store.queued_mails, 1
        while True:
            try:
                return action(store, *arguments, **named)
            except StoreBusy as fault:
                if not fault.repeatable or attempt == MAX_ATTEMPTS or store.commits > commits:
                    raise
            store.queued_mails = queued
            time.sleep(FIRST_PAUSE * 2 ** (attempt - 1) * (0.5 + os.urandom(1)[0] / 255))
            attempt += 1

    return repeated
