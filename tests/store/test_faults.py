"""A fault at each statement leaves the store as it was; and the schema refuses what must never be."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import count

import pytest
from builders import ANN, AT, OLGA, a_certificate, a_request, a_space, dump, engine, raw
from store.acts import ACTS, BIG, Act, activating

from expertsupport_cli.actions import links, requests
from expertsupport_cli.errors import Fault, StoreBusy, StoreFull, StoreUnusable
from expertsupport_cli.store import Store, check

# what SQLite asks leave for; columns and functions go with the statement that reads or calls them
PARTS_OF_STATEMENTS = (sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION)


class Refusing:
    """Leave for all that a connection does, but for the n-th statement."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, action: int, what: str | None, *_: object) -> int:
        if action in PARTS_OF_STATEMENTS or what == "data_version":  # the search index asks, but can do without
            return sqlite3.SQLITE_OK
        self.left -= 1
        return sqlite3.SQLITE_DENY if self.left == 0 else sqlite3.SQLITE_OK


@pytest.mark.parametrize("prepare", ACTS)
def test_a_fault_at_each_statement_leaves_the_store_as_it_was(prepare: Callable[[Store], Act], store: Store) -> None:
    act = prepare(store)
    before = dump(store)
    for number in count(1):
        refusing = Refusing(number)
        raw(store).set_authorizer(refusing)
        try:
            act()
        except (sqlite3.Error, Fault):
            assert refusing.left <= 0
        else:
            break
        finally:
            raw(store).set_authorizer(None)
        assert not raw(store).in_transaction
        assert dump(store) == before, f"after a fault at statement {number}"
    assert refusing.left > 0, "a fault was passed over"
    assert number > 5
    assert dump(store) != before
    assert [rule for rule, found in check.findings(store) if found] == []


@pytest.mark.parametrize("part", range(1, 20))
def test_an_interruption_in_the_middle_of_activation_leaves_the_store_as_it_was(part: int, store: Store) -> None:
    act = activating(store)
    before = dump(store)
    steps = count(1)
    raw(store).set_progress_handler(lambda: next(steps) == part * 5, 2)
    with pytest.raises(StoreUnusable, match="could not be read or written"):
        act()
    raw(store).set_progress_handler(None, 0)
    assert dump(store) == before
    assert act()


@pytest.mark.parametrize("prepare", BIG)
def test_a_full_disk_leaves_the_store_as_it_was(prepare: Callable[[Store], Act], store: Store) -> None:
    act = prepare(store)
    before = dump(store)
    pages = store.value("PRAGMA page_count")
    raw(store).execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StoreFull) as refusal:
        act()
    assert refusal.value.exit_status == 5
    assert dump(store) == before
    raw(store).execute("PRAGMA max_page_count = 1000000")
    assert act()


@pytest.mark.parametrize(("lock", "held"), [("BEGIN IMMEDIATE", "to write"), ("BEGIN EXCLUSIVE", "to commit")])
def test_a_store_that_another_holds_is_busy_and_stays_as_it_was(lock: str, held: str, store: Store) -> None:
    act = activating(store)
    before = dump(store)
    engine(store).timeout = 0
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute(lock)
        with pytest.raises(StoreBusy):
            act()
    assert dump(store) == before
    assert act()


def test_a_reader_who_does_not_end_makes_a_commit_fail_whole(store: Store) -> None:
    act = activating(store)
    before = dump(store)
    engine(store).timeout = 0
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM tasks").fetchall()
        with pytest.raises(StoreBusy):
            act()
        assert dump(store) == before
    assert act()


def test_a_store_that_another_holds_cannot_be_frozen_and_can_be_later(store: Store) -> None:
    a_space(store)
    engine(store).timeout = 0
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreBusy):
            store.engine.freeze()
    a_space(store, "later")
    store.engine.freeze()
    assert [space.name for space in store.spaces()] == ["acme", "later"]


# --- what the schema itself refuses, whoever writes


@pytest.fixture
def connection(store: Store) -> sqlite3.Connection:
    """The store with ES-1 closed and ES-2 open on T-1; L-1 used for C-3; C-4 unused; L-2 not used; a comment."""
    first = a_request(store)
    requests.comment(store, first.id, "It burns.", by=ANN, at=AT)
    requests.close(store, first.id, None, by=ANN, at=AT)
    a_request(store, task=first.task)
    made = [links.create_link(store, first.task, lifetime=60, by=ANN, at=AT)[0] for _ in range(2)]
    links.redeem_link(store, made[0], lambda _: None, by=OLGA, at=AT)
    a_certificate(store)
    return raw(store)


ANOTHER_REQUEST = (
    "INSERT INTO requests (token, task, task_key, task_name_key, space, space_key, certificate, status, initiator,"
    " initiator_key, created_at, updated_at, closed_at, turn_since, last_by, last_side, last_at)"
    " SELECT 'x' || token, task, task_key, task_name_key,"
    " space, space_key, {certificate}, '{status}', initiator, initiator_key, created_at, updated_at, {closed_at},"
    " turn_since, last_by, last_side, last_at FROM requests WHERE number = 2"
)
NEVER = {
    "a second open request on a task": ANOTHER_REQUEST.format(certificate=4, status="Waiting", closed_at="NULL"),
    "a closed request opened beside another": "UPDATE requests SET status = 'New', closed_at = NULL WHERE number = 1",
    "a second request on a certificate": ANOTHER_REQUEST.format(certificate=1, status="Closed", closed_at="created_at"),
    "a request without its certificate": ANOTHER_REQUEST.format(
        certificate=99, status="Closed", closed_at="created_at"
    ),
    "a request in the space of another task": "UPDATE requests SET space = 2",
    "a request that is closed without a time": "UPDATE requests SET status = 'Closed' WHERE number = 2",
    "an unknown status": "UPDATE requests SET status = 'Open' WHERE number = 2",
    "two links for one certificate": f"UPDATE links SET used_at = '{AT}', certificate = 3 WHERE number = 2",
    "a used link without its certificate": f"UPDATE links SET used_at = '{AT}' WHERE number = 2",
    "a link both revoked and used": f"UPDATE links SET revoked_at = '{AT}' WHERE number = 1",
    "a certificate both revoked and used": f"UPDATE certificates SET revoked_at = '{AT}' WHERE number = 1",
    "a certificate twice": "INSERT INTO certificates (digest, last_group, origin, note, created_at)"
    " SELECT digest, last_group, origin, note, created_at FROM certificates WHERE number = 4",
    "a changed comment": "UPDATE comments SET body = 'It does not burn.'",
    "a deleted comment": "DELETE FROM comments",
    "a changed event": "UPDATE events SET actor = 'nobody' WHERE number = 1",
    "a deleted event": "DELETE FROM events WHERE number = 1",
    "a customer's note": "INSERT INTO comments (request, author, side, kind, body, created_at)"
    " SELECT request, author, side, 'note', body, created_at FROM comments",
    "a time of another form": "UPDATE tasks SET expires_at = '2026-01-31 09:30'",
    "a deleted task with a history": "DELETE FROM tasks",
    "an id twice": "INSERT INTO tasks (id, id_key, space, name, description, creator, created_at)"
    " SELECT lower(id), id_key, space, name, description, creator, created_at FROM tasks",
    "an email without its key": "UPDATE requests SET initiator_email = NULL WHERE number = 2",
    "an event that came no known way": "INSERT INTO events (at, actor, side, via, kind)"
    " SELECT at, actor, side, 'fax', kind FROM events",
    "an event that came nobody knows how": "INSERT INTO events (at, actor, side, kind)"
    " SELECT at, actor, side, kind FROM events",
    "a number that is text": "UPDATE spaces SET task_limit = 'many'",
}


@pytest.mark.parametrize("what", NEVER)
def test_the_schema_itself_refuses(what: str, connection: sqlite3.Connection, store: Store) -> None:
    before = dump(store)
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute(NEVER[what])
    assert dump(store) == before


def test_a_used_link_cannot_be_used_again_through_the_store(connection: sqlite3.Connection, store: Store) -> None:
    with store.transaction():
        assert not store.use_link(1, 4, AT)
        assert store.use_link(2, 4, AT)
