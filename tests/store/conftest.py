"""The stores that have to keep the contract, each as a way to open one in a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from builders import a_store
from cluster import Cluster

from expertsupport_cli.store import Store, engine, open_store

Opener = Callable[[], Store]


def in_a_file(folder: Path) -> Opener:
    """Each opening is a connection of its own to one store."""
    return lambda: a_store(folder / "store.db")


@pytest.fixture(params=["in_a_file", "in_postgres"], scope="session")
def kind_of_store(request: pytest.FixtureRequest) -> Callable[[Path], Opener]:
    """One kind of store after the other: whatever asks for this runs on each."""
    if request.param == "in_a_file":
        return in_a_file
    cluster: Cluster = request.getfixturevalue("cluster")

    def in_postgres(_: Path) -> Opener:
        url = cluster.new_database()
        return lambda: open_store(url, timeout=10, writes=True, notify=lambda _: None)

    return in_postgres


@pytest.fixture
def opener(kind_of_store: Callable[[Path], Opener], tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Opener]:
    """A way to open a store of the test's own."""
    if kind_of_store is in_a_file:
        yield in_a_file(tmp_path)
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    with cluster.lent_database() as url:
        yield lambda: open_store(url, timeout=10, writes=True, notify=lambda _: None)


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> int:
    """Pages of three, so that few rows make many."""
    monkeypatch.setattr(engine, "PAGE", 3)
    return 3
