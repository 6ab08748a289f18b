"""Fixtures: a server, shared by the tests of a module, or of a test's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import Es, needs
from playwright.sync_api import Browser, sync_playwright
from web.browser import launch
from web.serving import Server, opened, serving


@pytest.fixture(scope="module")
def shared_es(tmp_path_factory: pytest.TempPathFactory, program: str) -> Es:
    """The program, and the store of the shared server."""
    es = Es(tmp_path_factory.mktemp("web"))
    with opened(es):
        pass
    return es


@pytest.fixture(scope="module")
def server(shared_es: Es) -> Iterator[Server]:
    """A server that the tests of a module share: each looks at requests of its own."""
    with serving(shared_es) as running:
        yield running


@pytest.fixture
def own_server(es: Es) -> Iterator[Server]:
    """A server of the test's own, whose store it may lock, replace or delete."""
    with opened(es):
        pass
    with serving(es) as running:
        yield running


@pytest.fixture(scope="module")
def browser(program: str) -> Iterator[Browser]:
    """The system's Chromium, one for each module."""
    needs("chromium")
    with sync_playwright() as playwright:
        running = launch(playwright)
        yield running
        running.close()
