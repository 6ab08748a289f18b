"""A call for which file modes count, whoever runs the tests.

The superuser may read and write whatever the mode says, by a capability; without it he is as anybody else. Each thread
has capabilities of its own, so that one can give them up and end.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")
_VERSION = 0x20080522  # of the system call capset
_IS_ROOT = os.geteuid() == 0


def drop_capabilities() -> None:
    """Give up all that the superuser may do more than others: for this thread, and for good."""
    header = (ctypes.c_uint32 * 2)(_VERSION, 0)
    if _IS_ROOT and ctypes.CDLL(None, use_errno=True).capset(header, (ctypes.c_uint32 * 6)()) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def without_power(run: Callable[[], Result]) -> Result:
    """What a call gives, or raises, in a thread that may only do what file modes allow."""
    with ThreadPoolExecutor(1, initializer=drop_capabilities) as thread:
        return thread.submit(run).result()
