"""A store in PostgreSQL when something goes wrong: lost connections, conflicts, and what the server refuses."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from typing import Any

import psycopg2
import pytest
from builders import ANN, AT, a_certificate, a_space, a_task
from cluster import EMPTY, Cluster, dump_database
from store.acts import Act, activating, closing_with_a_word, importing_tasks, redeeming
from store.servers import engine, name, other, to

from expertsupport_cli.actions import requests
from expertsupport_cli.actions.repeating import MAX_ATTEMPTS, repeatable
from expertsupport_cli.errors import (
    Fault,
    StoreBusy,
    StoreDamaged,
    StoreFull,
    StoreMissing,
    StoreReadOnly,
    StoreUnreachable,
    StoreUnusable,
)
from expertsupport_cli.store import Store, check
from expertsupport_cli.store.postgres import faults, opening, schema
from expertsupport_cli.store.postgres.connection import PostgresEngine


@pytest.fixture
def url(cluster: Cluster) -> str:
    return cluster.new_database()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with closing(to(url)) as opened:
        yield opened


# --- faults: at each statement the server ends the connection


class Dying(PostgresEngine):
    """Loses its connection as the n-th statement begins."""

    left = 0
    assassin: Callable[[str], None]

    def _run(self, sql: str, values: Any = ()) -> Any:
        self.left -= 1
        if self.left == 0:
            self.assassin(f"SELECT pg_terminate_backend({self._connection.info.backend_pid}, 5000)")
        return super()._run(sql, values)


@pytest.mark.program  # it takes long
@pytest.mark.parametrize("prepare", [activating, closing_with_a_word, redeeming, importing_tasks])
def test_a_connection_that_ends_at_any_statement_leaves_the_store_as_it_was(
    prepare: Callable[[Store], Act], url: str
) -> None:
    dying = Dying(url, timeout=10, notify=lambda _: None)
    with closing(Store(dying)) as store, other(url) as dying.assassin:
        act = prepare(store)
        before = dump_database(url)
        for number in count(1):
            dying.left = number
            try:
                act()
            except StoreUnreachable:
                assert dump_database(url) == before, f"after statement {number}"
            else:
                if dying.left > 0:
                    break
                assert number == 1, "a lost connection was passed over"  # before the transaction: it was opened anew
                act, before = prepare_again(prepare, store), dump_database(url)
        assert number > 3
        assert dump_database(url) != before
        assert [rule for rule, found in check.findings(store) if found] == []


def prepare_again(prepare: Callable[[Store], Act], store: Store) -> Act:
    """The act once more, in a store in which it was done."""
    with closing(psycopg2.connect(engine(store)._url)) as connection, connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(schema.TABLES)}")
        cursor.execute(EMPTY)
        connection.commit()
    return prepare(store)


def test_a_connection_that_was_lost_between_two_commands_is_opened_anew(store: Store, url: str) -> None:
    for use in (lambda: store.spaces(), lambda: a_space(store), lambda: store.snapshot().__enter__()):
        with other(url) as execute:
            execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        use()


# --- conflicts: the action is run again


def test_an_action_that_was_undone_for_a_deadlock_is_run_again(store: Store, url: str) -> None:
    task, (serial, _) = a_task(store).id, a_certificate(store)
    with other(url) as execute:
        execute("SET deadlock_timeout = '1h'")
        execute("SELECT 1 FROM tasks FOR UPDATE")
        done: list[str] = []
        acting = threading.Thread(
            target=lambda: done.append(requests.activate(store, task, serial, by=ANN, at=AT).request.id)
        )
        acting.start()
        wait_until_one_waits(url)
        execute("SELECT 1 FROM expertsupport FOR UPDATE")  # which waits until the action is undone
        execute("COMMIT")
        acting.join()
    assert done == ["ES-1"]
    assert [rule for rule, found in check.findings(store) if found] == []


def wait_until_one_waits(url: str) -> None:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        while True:
            cursor.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            if cursor.fetchall():
                return
            time.sleep(0.01)


def test_an_action_is_not_run_for_ever_nor_again_after_it_has_committed(store: Store) -> None:
    attempts = []

    @repeatable
    def always_undone(store: Store, *, commits: bool) -> None:
        attempts.append(1)
        if commits:
            a_space(store)
        store.value("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")

    with pytest.raises(StoreBusy):
        always_undone(store, commits=False)
    assert len(attempts) == MAX_ATTEMPTS
    with pytest.raises(StoreBusy):
        always_undone(store, commits=True)
    assert len(attempts) == MAX_ATTEMPTS + 1


def test_a_store_that_another_holds_is_busy_and_stays_as_it_was(store: Store, url: str) -> None:
    before = dump_database(url)
    with other(url) as execute:
        execute("SELECT 1 FROM expertsupport FOR UPDATE")
        with pytest.raises(StoreBusy), store.transaction(patient=False):
            pass
        for timeout in (0, 0.05):
            engine(store).timeout = timeout
            with pytest.raises(StoreBusy) as refusal:
                a_space(store)
            assert not refusal.value.repeatable
        assert store.spaces() == []  # who reads does not wait
    assert dump_database(url) == before
    assert a_space(store)


# --- what the server says


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("40P01", StoreBusy),
        ("55P03", StoreBusy),
        ("53300", StoreBusy),
        ("57P01", StoreUnreachable),
        ("08006", StoreUnreachable),
        ("25006", StoreReadOnly),
        ("42501", StoreReadOnly),
        ("53100", StoreFull),
        ("XX001", StoreDamaged),
        ("42703", StoreDamaged),
        ("58030", StoreUnusable),
        ("23505", psycopg2.IntegrityError),
    ],
)
def test_each_error_of_the_server_has_its_ending(code: str, kind: type[Exception], store: Store) -> None:
    engine(store).timeout = 0
    with pytest.raises(kind) as refusal:
        store.engine.read(f"DO $$ BEGIN RAISE EXCEPTION 'private' USING ERRCODE = '{code}'; END $$", ())
    assert "private" not in getattr(refusal.value, "why", "")
    assert store.spaces() == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('connection to server at "x" failed: FATAL:  sorry, too many clients already', StoreBusy),
        ("FATAL:  the database system is starting up", StoreUnreachable),
        ("could not connect to server: Connection refused", StoreUnreachable),
        ('could not translate host name "x" to address', StoreUnreachable),
        ('FATAL:  database "x" does not exist', StoreMissing),
        ('FATAL:  password authentication failed for user "x"', StoreUnreachable),
        ('FATAL:  permission denied for database "x"', StoreReadOnly),
        ("server does not support SSL, but SSL was required", StoreUnreachable),
        ('definition of service "x" not found', StoreMissing),
        ("FATAL:  something else", StoreUnreachable),
    ],
)
def test_each_refusal_of_a_connection_has_its_ending_and_its_text_is_left_out(text: str, kind: type[Fault]) -> None:
    fault = faults.not_connected(psycopg2.OperationalError(f"{text} (secret)"), "postgresql://x")
    assert type(fault) is kind
    assert "secret" not in fault.message


def test_a_server_that_does_not_answer_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "SMALLEST_TIMEOUT", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(StoreUnreachable, match="cannot be reached") as refusal:
            to(f"postgresql://x@127.0.0.1:{port}/x", timeout=0)
    assert refusal.value.why == f"postgresql://x@127.0.0.1:{port}/x did not answer within 0.05s."


def test_a_read_only_role_can_read(cluster: Cluster, store: Store, url: str) -> None:
    a_space(store)
    cluster.execute("CREATE ROLE reader LOGIN", "ALTER ROLE reader SET default_transaction_read_only = on")
    cluster.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", database=name(url))
    cluster.execute("CREATE ROLE nobody LOGIN")
    with closing(to(url.replace("es@", "reader@", 1))) as reader:
        assert [space.name for space in reader.spaces()] == ["acme"]
        with pytest.raises(StoreReadOnly, match="cannot be written"):
            a_space(reader, "other")
    with pytest.raises(StoreReadOnly, match="cannot be used"):
        to(url.replace("es@", "nobody@", 1))


def test_a_database_of_another_encoding_is_refused(cluster: Cluster) -> None:
    cluster.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'")
    with pytest.raises(StoreUnusable, match="wrong encoding"):
        to(cluster.url("latin"))
