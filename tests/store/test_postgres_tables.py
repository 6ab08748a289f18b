"""The tables of a store in PostgreSQL: their version, their numbers, their search index, and what the check finds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest
from builders import ANN, AT, OLGA, a_certificate, a_new_certificate, a_request, a_space, a_task
from cluster import Cluster
from store.servers import other, to

from expertsupport_cli.actions import requests, spaces
from expertsupport_cli.errors import (
    Fault,
    StoreDamaged,
    StoreForeign,
    StoreTooNew,
    StoreTooOld,
)
from expertsupport_cli.search import Phrase
from expertsupport_cli.store import Store, Wanted, check, open_store
from expertsupport_cli.store.engine import RowRefused
from expertsupport_cli.store.postgres import migrations, schema, search
from expertsupport_cli.store.postgres.statements import numbered, numbered_table, translated
from expertsupport_cli.store.sqlite import opening as sqlite


@pytest.fixture
def url(cluster: Cluster) -> str:
    return cluster.new_database()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with closing(to(url)) as opened:
        yield opened


# --- the schema and its versions


def test_both_engines_have_the_same_version() -> None:
    assert schema.VERSION == sqlite.VERSION


def test_an_old_store_is_upgraded_by_command_alone(store: Store, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    a_request(store)
    with other(url) as execute:
        execute(
            f"UPDATE expertsupport SET version = {schema.VERSION - 1}; ALTER TABLE partners DROP COLUMN url; COMMIT"
        )
    with pytest.raises(StoreTooOld):
        a_space(store, "other")  # by who has it open
    monkeypatch.setattr(migrations, "MIGRATIONS", {schema.VERSION: "ALTER TABLE partners ADD COLUMN url TEXT NOT NULL"})
    for prepare in (None, "create"):
        with pytest.raises(StoreTooOld):
            open_store(url, timeout=1, writes=True, notify=lambda _: None, prepare=prepare)
    notes: list[str] = []
    upgrading = open_store(url, timeout=1, writes=True, notify=notes.append, prepare="upgrade")
    with closing(upgrading), upgrading.transaction():
        pass
    assert notes == [f"Upgraded the store: {url}"]
    assert spaces.add_partner(store, "Abc", "https://abc.example", by=OLGA, at=AT)
    assert [rule for rule, found in check.findings(store) if found] == []


def test_a_store_without_its_row_is_damaged(store: Store, url: str) -> None:
    with other(url) as execute:
        execute("DELETE FROM expertsupport; COMMIT")
    for use in (lambda: a_space(store), lambda: to(url)):
        with pytest.raises(StoreDamaged):
            use()
    with other(url) as execute:
        execute("DROP TABLE expertsupport; COMMIT")
    with pytest.raises(StoreDamaged):
        a_space(store)


def test_a_store_of_a_newer_version_is_refused(store: Store, url: str) -> None:
    with other(url) as execute:
        execute(f"UPDATE expertsupport SET version = {schema.VERSION + 1}; COMMIT")
    for use in (lambda: a_space(store), lambda: to(url)):
        with pytest.raises(StoreTooNew, match="newer version of es"):
            use()


def test_new_tables_do_not_meet_those_of_another_program(cluster: Cluster) -> None:
    database = cluster.new_database(template="template1")
    with other(database) as execute:
        execute("CREATE TABLE keys (id INTEGER); COMMIT")
    with pytest.raises(StoreForeign):
        to(database)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("DROP INDEX requests_by_change", "the schema is correct"),
        ("ALTER TABLE keys DROP CONSTRAINT keys_pkey", "the schema is correct"),
        ("ALTER TABLE requests DROP COLUMN turn_since CASCADE", "the schema is correct"),
        ("UPDATE tasks SET created_at = '2026-99-31T09:30:00Z'", "all times are valid"),
        ("UPDATE expertsupport SET events = 1", "numbers follow the last ones"),
        ("DELETE FROM tasks_words", "the search index matches the text"),
        ("UPDATE comments_words SET words = '''x'':1'", "the search index matches the text"),
        ("INSERT INTO tasks_words VALUES (9, 0, '''x'':1')", "the search index matches the text"),
        ("DROP TABLE tasks_words", "the search index matches the text"),
    ],
)
def test_the_check_finds_what_is_wrong(change: str, rule: str, store: Store, url: str) -> None:
    request = a_request(store)
    requests.comment(store, request.id, "It burns.", by=ANN, at=AT)
    with other(url) as execute:
        execute(f"{change}; COMMIT")
    assert rule in [broken for broken, found in check.findings(store) if found]


# --- statements and words


def test_marks_and_numbers_are_translated() -> None:
    assert translated("SELECT ':a ?' WHERE a = ? AND b = :b_1") == "SELECT ':a ?' WHERE a = %s AND b = %(b_1)s"
    insert = "INSERT INTO spaces (name) VALUES (?)"
    assert numbered_table(insert) == "spaces"
    assert numbered(insert, 6) == "INSERT INTO spaces (number, name) VALUES (7, ?)"
    selected = "INSERT INTO events (at) SELECT ? FROM tasks ORDER BY number"
    assert numbered(selected, 6) == (
        "INSERT INTO events (number, at) SELECT 6 + row_number() OVER (), q.* FROM"
        " (SELECT ? FROM tasks ORDER BY number) AS q"
    )
    assert numbered(f"{selected} RETURNING number", 6).endswith(") AS q RETURNING number")
    for statement in (
        "INSERT INTO spaces (number, name) VALUES (?, ?)",
        "INSERT INTO keys (name) VALUES (?)",
        "SELECT 1",
    ):
        assert numbered_table(statement) is None


def test_numbers_have_no_gap_after_a_transaction_that_was_undone(store: Store) -> None:
    a_task(store)

    def undone() -> None:
        with store.transaction():
            store.add_certificate(a_new_certificate())
            raise Fault("x")

    with pytest.raises(Fault, match="x"):
        undone()
    assert a_certificate(store)[1].id == "C-1"


@pytest.mark.parametrize("word", ["a", "長", "𝔘" * 200])
def test_a_text_in_which_a_word_is_very_frequent_is_found_whole(word: str, store: Store) -> None:
    words = ([word] * 300 + ["middle"]) * 3 + ["end"]
    rows = list(search.index_rows(1, words))
    assert len(rows) > 1
    request = a_request(store)
    requests.comment(store, request.id, " ".join(words), by=ANN, at=AT)
    assert store.count_requests(Wanted(words=["end"])) == 1
    assert store.count_requests(Wanted(words=["middle-end"])) == 1
    assert store.count_requests(Wanted(words=["end-middle"])) == 0
    assert [rule for rule, found in check.findings(store) if found] == []


def test_many_long_words_are_cut_to_what_a_vector_can_hold(store: Store) -> None:
    words = [chr(0x10400 + number % 40) * (199 - number % 7) + str(number) for number in range(1_200)]
    assert len(list(search.index_rows(1, words))) > 1
    requests.comment(store, a_request(store).id, " ".join(words), by=ANN, at=AT)
    assert store.count_requests(Wanted(words=["nothing"])) == 0


def test_a_phrase_is_written_as_a_query() -> None:
    assert search.expression(Phrase(lexemes=("a", "b"), prefix=True)) == "'a' <-> 'b':*"
    assert search.expression(Phrase(lexemes=("a",), prefix=False)) == "'a'"


def test_a_store_that_is_frozen_stays_as_it_was(store: Store, url: str) -> None:
    a_space(store)
    with closing(to(url)) as frozen:
        frozen.engine.freeze()
        frozen.engine.freeze()
        a_space(store, "later")
        with frozen.snapshot():
            assert [space.name for space in frozen.spaces()] == ["acme"]
        assert [space.name for space in frozen.spaces()] == ["acme"]


def test_rows_that_break_a_rule_are_refused_by_its_name(store: Store) -> None:
    row = {"request": 9, "address": "a", "address_key": "a", "created_at": AT}
    with pytest.raises(RowRefused, match="it breaks the rule followers_request_fkey"), store.transaction():
        store.engine.load("followers", [row], one_by_one=True)
    with pytest.raises(StoreDamaged), store.transaction():
        store.engine.load("missing", [row])
    with store.transaction():
        store.engine.load("followers", [])
