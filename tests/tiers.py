"""Two tiers of tests: `program` for what starts a program or takes long, and the quick rest, for every save.

A test is of the tier `program` if the fixture `program` is among those that it stands on, as it is of `es`, or if it or
its module is marked so. Any other test that starts a process fails, whatever it does with the error.

Tests that stand on the fixture `browser` are marked `browser`, so that they can be left out where there is no Chromium;
those that stand on `cluster`, or run on a store in it, are marked `database`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

STARTS = {
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "pty.spawn",
    "subprocess.Popen",
}

MEMORY = "/dev/shm"  # noqa: S108 -- pytest makes a folder of its own in it

started: list[str] = []  # what the test that runs now has started although it is of the quick tier
_quick: list[str] = []  # this test, if it is of the quick tier


def pytest_configure(config: pytest.Config) -> None:
    """Keep the files of the quick tier in memory: a third of its time is waiting for the disk. The rest needs one."""
    if config.option.markexpr == "not program" and os.access(MEMORY, os.W_OK):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", MEMORY)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "program" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.program)
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
        if {"cluster", "own_cluster"} & {*getattr(item, "fixturenames", ())} or _in_postgres(item):
            item.add_marker(pytest.mark.database)


def _in_postgres(item: pytest.Item) -> bool:
    call = getattr(item, "callspec", None)
    return call is not None and "in_postgres" in call.params.values()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    _quick[:] = [] if item.get_closest_marker("program") else [item.nodeid]
    started.clear()
    try:
        return (yield)
    finally:
        _quick.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    result = yield
    if started:
        pytest.fail(_said(started.pop()))
    return result


@contextmanager
def allowed() -> Iterator[None]:
    """For what is started once for many tests, such as a server of databases."""
    before = _quick.copy()
    _quick.clear()
    try:
        yield
    finally:
        _quick[:] = before


def _said(event: str) -> str:
    return f"A test of the quick tier started a process ({event}): mark it with pytest.mark.program, or use `es`."


def _watch(event: str, _: object) -> None:
    if _quick and event in STARTS:
        started.append(event)
        pytest.fail(_said(event))


sys.addaudithook(_watch)
