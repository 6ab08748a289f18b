"""Opening and creating a store in PostgreSQL, while others do the same or the server is not ready."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing

import pytest
from builders import AT, a_space
from cluster import Cluster
from store.servers import engine, name, other, to

from expertsupport_cli.errors import StoreBusy, StoreMissing, StoreUnreachable, StoreUnusable
from expertsupport_cli.model.tasks import Space
from expertsupport_cli.store import Store, open_store
from expertsupport_cli.store.postgres import opening


@pytest.fixture
def empty(cluster: Cluster) -> str:
    """The URL of a database without a store."""
    return cluster.new_database(template="template1")


def preparing(url: str, notes: list[str]) -> Store:
    return open_store(url, timeout=10, writes=True, notify=notes.append, prepare="create")


def test_a_store_appears_with_the_first_transaction_or_not_at_all(empty: str) -> None:
    with pytest.raises(StoreMissing, match="no store in this database"):
        to(empty)
    notes: list[str] = []
    with closing(preparing(empty, notes)) as store:
        store.dry_run = True
        a_space(store)
        store.dry_run = False
        with pytest.raises(StoreMissing):
            to(empty)
        a_space(store, "kept")
        assert notes == [f"Created a new store: {empty}"]
    assert [space.name for space in to(empty).spaces()] == ["kept"]


def test_whoever_is_second_to_create_a_store_uses_it(empty: str) -> None:
    notes: list[str] = []
    with closing(preparing(empty, notes)) as first, closing(preparing(empty, notes)) as second:
        a_space(first, "one")
        a_space(second, "two")
        assert [space.name for space in first.spaces()] == ["one", "two"]
    assert len(notes) == 1


def test_a_store_that_cannot_be_created_leaves_nothing(empty: str, cluster: Cluster) -> None:
    cluster.execute("CREATE ROLE guest LOGIN", database=name(empty))
    with closing(preparing(empty.replace("es@", "guest@", 1), [])) as store, pytest.raises(StoreUnusable):
        a_space(store)
    with closing(preparing(empty, [])) as store:
        with other(empty) as execute:
            execute("CREATE TABLE links (id INTEGER); COMMIT")
        with pytest.raises(StoreUnusable):
            a_space(store)


def test_a_store_whose_tables_cannot_be_made_is_not_tried_for_ever(empty: str) -> None:
    with other(empty) as execute:
        execute("CREATE TYPE spaces AS ENUM ('x'); COMMIT")
    with closing(preparing(empty, [])) as store, pytest.raises(StoreUnusable):
        a_space(store)


def test_a_store_that_is_created_between_two_looks_is_seen(empty: str, cluster: Cluster) -> None:
    with closing(preparing(empty, [])) as store:
        a_space(store)
    connection = opening.connect(empty, 1)
    with closing(connection):
        assert opening._refuse_other_tables(connection, empty)


def test_a_url_that_is_no_url_is_refused() -> None:
    for url in ("postgresql://x@/y?nothing=1", "postgresql://[x"):
        with pytest.raises(StoreMissing, match="URL of the store is invalid"):
            to(url)


def test_a_server_that_has_no_connection_left_is_asked_again(cluster: Cluster) -> None:
    url = cluster.new_database()
    cluster.execute(f"ALTER DATABASE {name(url)} CONNECTION LIMIT 0")
    cluster.execute("CREATE ROLE plain LOGIN")
    cluster.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO plain", database=name(url))
    plain = url.replace("es@", "plain@", 1)
    with pytest.raises(StoreBusy, match="no connection left"):
        to(plain, timeout=0)
    freed = threading.Timer(0.3, lambda: cluster.execute(f"ALTER DATABASE {name(url)} CONNECTION LIMIT -1"))
    freed.start()
    with closing(to(plain)) as store:
        assert store.spaces() == []
    freed.join()


def lose(store: Store, url: str, *, write: bool = True, then: Callable[[], object] = lambda: None) -> None:
    """A transaction whose connection is lost before its end."""
    with store.transaction():
        if write:
            store.add_space(a_new_space())
        kill_others(url)
        then()


def test_a_transaction_whose_connection_is_lost_stays_lost(cluster: Cluster) -> None:
    url = cluster.new_database()
    with closing(to(url)) as store:

        def read_twice() -> None:
            with pytest.raises(StoreUnreachable):
                store.spaces()
            store.spaces()

        with pytest.raises(StoreUnreachable):
            lose(store, url, then=read_twice)
        with pytest.raises(ZeroDivisionError):
            lose(store, url, then=lambda: 1 / 0)
        assert store.spaces() == []


def test_a_connection_that_is_lost_while_it_commits_leaves_the_outcome_open(cluster: Cluster) -> None:
    url = cluster.new_database()
    with closing(to(url)) as store:
        commits = store.commits
        with pytest.raises(StoreUnreachable, match="was lost while the change was saved"):
            lose(store, url)
        with pytest.raises(StoreUnreachable, match="connection to the database server was lost"):
            lose(store, url, write=False)
        assert store.commits == commits
        assert store.spaces() == []


def a_new_space() -> Space:
    return Space(name="new", title="", task_lifetime=None, task_limit=None, blocked=False, created_at=AT)


def kill_others(url: str) -> None:
    with other(url) as execute:
        execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )


def test_a_server_that_is_gone_is_looked_for_as_long_as_the_timeout(cluster: Cluster) -> None:
    url = cluster.new_database()
    with closing(to(url)) as store:
        engine(store).timeout = 0.3
        engine(store)._url = url.replace("host=", "host=/nowhere")
        kill_others(url)
        started = time.monotonic()
        with pytest.raises(StoreUnreachable, match="cannot be reached"):
            store.spaces()
        assert time.monotonic() - started >= 0.3


def test_without_the_driver_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "expertsupport_cli.store.postgres.connection", None)
    with pytest.raises(StoreUnusable, match="driver for PostgreSQL is not installed") as refusal:
        to("postgresql://x@/y")
    assert refusal.value.hint == "Try: pip install 'expertsupport-cli[postgres]'"


def test_many_rows_are_loaded_in_several_statements(cluster: Cluster) -> None:
    rows = [{"name": f"{number:>06}{'x' * 300 * (number % 9)}", "value": number} for number in range(2_500)]
    with closing(to(cluster.new_database())) as store, store.transaction():
        store.engine.load("counters", rows)
        assert store.value("SELECT count(*) FROM counters") == 2_500
