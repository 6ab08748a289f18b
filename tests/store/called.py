"""A plugin of pytest that writes down which statements of the store were never called.

    pytest -p called --uncalled FILE ...

Run by test_coverage on the contract suite, in a process of its own, so that it does not matter which tests a run has.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from expertsupport_cli.store import Store
from expertsupport_cli.store.engine import Statements

uncalled: set[str] = set()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--uncalled", type=Path, help="The file to write to, one name a line.")


def pytest_configure(config: pytest.Config) -> None:
    for noun in Store.__mro__[1:]:
        if issubclass(noun, Statements):
            for name, value in list(vars(noun).items()):
                if not name.startswith("_") and callable(value):
                    uncalled.add(f"{noun.__name__}.{name}")
                    setattr(noun, name, watched(f"{noun.__name__}.{name}", value))


def watched(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(*arguments: Any, **named: Any) -> Any:
        uncalled.discard(name)
        return method(*arguments, **named)

    return call


def pytest_sessionfinish(session: pytest.Session) -> None:
    path: Path = session.config.getoption("--uncalled")
    path.write_text("".join(f"{name}\n" for name in sorted(uncalled)), encoding="utf-8")
