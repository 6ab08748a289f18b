"""`findings` reports each rule that is broken, and no other."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from builders import ANN, AT, BOB, OLGA, a_request, a_store, a_task, engine, later, raw

from expertsupport_cli.actions import following, links, requests, spaces
from expertsupport_cli.actions.notices import Post
from expertsupport_cli.render.notice import notice_text
from expertsupport_cli.store import Store, check


class Break(NamedTuple):
    """A rule, the SQL that breaks it behind the store's back, and what is then found."""

    rule: str
    sql: str
    found: list[str]
    also: frozenset[str] = frozenset()


FILE = "the file is intact"
INDEX = "the search index matches the text"
EVENT = "an event of the online store has redeemed its link"
FOLDED = "comparison keys match their names"
_UNGUARDED = """
    PRAGMA writable_schema = ON;
    UPDATE sqlite_schema SET sql = replace(sql, 'UNIQUE INDEX', 'INDEX') WHERE name = 'one_open_request_a_task';
    PRAGMA writable_schema = RESET;"""
_GUARDED = """
    PRAGMA writable_schema = ON;
    UPDATE sqlite_schema SET sql = replace(sql, 'INDEX', 'UNIQUE INDEX') WHERE name = 'one_open_request_a_task';
    PRAGMA writable_schema = RESET;"""

BREAKS = [
    Break(FILE, "UPDATE spaces SET blocked = 2", ["CHECK constraint failed in spaces"]),
    Break("all references are valid", "UPDATE links SET task = 99 WHERE number = 2", ["links"]),
    Break(
        "the schema is correct",
        "DROP INDEX one_open_request_a_task; DROP TRIGGER events_no_delete",
        ["index one_open_request_a_task is missing", "trigger events_no_delete is missing"],
    ),
    Break(
        "the schema is correct",
        "DROP INDEX links_of_task; CREATE INDEX links_of_task ON links (creator)",
        ["index links_of_task is changed"],
    ),
    Break(
        "all times are valid",
        "UPDATE spaces SET created_at = '2026-02-30T09:30:00Z' WHERE number = 1;"
        " UPDATE outbox SET created_at = '9999-99-99T99:99:99Z' WHERE number = 1",
        ["spaces.created_at: 2026-02-30T09:30:00Z", "outbox.created_at: 9999-99-99T99:99:99Z"],
    ),
    Break(
        INDEX,
        "INSERT INTO comments (request, author, side, kind, body, created_at)"
        " SELECT request, author, side, kind, body, created_at FROM comments WHERE number = 1;"
        " INSERT INTO events (at, actor, side, via, kind, task, request, comment)"
        " SELECT at, actor, side, via, kind, task, request, 4 FROM events WHERE comment = 1",
        ["comments_words does not match the text"],
    ),
    Break(INDEX, "UPDATE tasks SET name = 'Another' WHERE number = 3", ["tasks_words does not match the text"]),
    Break(
        INDEX,
        "UPDATE tasks SET name = 'On fire is the printer' WHERE number = 3",
        ["tasks_words does not match the text"],
    ),
    Break(
        INDEX,
        "INSERT INTO tasks_words (rowid, words) VALUES (409600, 'of no task')",
        ["tasks_words does not match the text"],
    ),
    Break(
        INDEX,
        "INSERT INTO comments_words (rowid, words) VALUES (8192, 'a hoax')",
        ["comments_words does not match the text"],
    ),
    Break(
        "a notice is about the request of its event",
        "INSERT INTO outbox (event, request, recipient, recipient_key, message_id, subject, body, state, attempts,"
        " created_at, due_at) SELECT number, 2, 'a@b', 'a@b', '<x@y>', 's', 'b', 'queued', 0, at, at FROM events"
        " WHERE request = 1 AND kind = 'activated'",
        ["M-2"],
    ),
    Break(
        "a certificate is used if and only if it opened a request",
        f"UPDATE certificates SET used_at = '{AT}' WHERE number = 3",
        ["C-3"],
    ),
    Break(
        "a certificate is used if and only if it opened a request",
        "UPDATE certificates SET used_at = NULL WHERE number = 1",
        ["C-1"],
    ),
    Break(
        "a used certificate was used when its request was opened",
        f"UPDATE certificates SET used_at = '{later(9)}' WHERE number = 1",
        ["C-1"],
    ),
    Break(
        "a task with a request never expires", f"UPDATE tasks SET expires_at = '{later(9)}' WHERE id = 'T-1'", ["T-1"]
    ),
    Break(
        "a task has at most one open request",
        f"{_UNGUARDED} UPDATE requests SET status = 'Acknowledged', closed_at = NULL WHERE number = 1;"
        " INSERT INTO events (at, actor, side, via, kind, old, new, task, request)"
        f" VALUES ('{AT}', 'ann', 'customer', 'cli', 'reopened', 'Closed', 'Acknowledged', 1, 1); {_GUARDED}",
        ["T-1"],
        also=frozenset({FILE}),
    ),
    Break(
        "every request was activated exactly once",
        "INSERT INTO events (at, actor, side, via, kind, new, task, request, certificate)"
        " SELECT at, actor, side, via, kind, new, task, request, certificate FROM events"
        " WHERE kind = 'activated' AND request = 2",
        ["ES-2"],
    ),
    Break(
        "every request was activated exactly once",
        "UPDATE events SET certificate = 3 WHERE kind = 'activated' AND request = 2",
        ["ES-2"],
    ),
    Break(
        "the status of a request matches its history",
        "UPDATE requests SET status = 'Waiting' WHERE number = 2",
        ["ES-2"],
    ),
    Break(
        "each status change starts from the previous status",
        "UPDATE events SET old = 'Waiting' WHERE kind = 'closed' AND request = 1",
        ["event {closed}"],
    ),
    Break("every comment has its event", "UPDATE events SET comment = NULL WHERE comment = 1", ["comment 1"]),
    Break("every comment has its event", "UPDATE comments SET request = 2 WHERE number = 1", ["comment 1"]),
    Break("only the desk writes notes", "UPDATE events SET kind = 'replied' WHERE kind = 'noted'", ["comment 2"]),
    Break(
        "only the desk writes notes",
        "UPDATE comments SET kind = 'note', side = 'desk' WHERE number = 1",
        ["comment 1"],
        also=frozenset({INDEX}),
    ),
    Break(
        "only the desk writes notes",
        "UPDATE comments SET side = 'customer' WHERE kind = 'note'",
        ["comment 2"],
        also=frozenset({FILE}),
    ),
    Break(
        "a purchase link was redeemed for a bought certificate",
        "UPDATE certificates SET origin = 'issued' WHERE number = 3",
        ["L-2"],
    ),
    *(
        Break(
            "an event of the online store has redeemed its link", f"INSERT INTO redemptions VALUES ({values})", [link]
        )
        for values, link in (("1, 'evt_1', NULL, NULL", "L-1"), ("2, 'evt_1', 1, NULL", "L-2"))
    ),
    Break("a link was used before it expired", "UPDATE links SET expires_at = used_at WHERE number = 2", ["L-2"]),
    Break("every task was added", "UPDATE events SET task = NULL WHERE kind = 'task_added' AND task = 3", ["INC-4711"]),
    Break("the history has no gap", "DELETE FROM events WHERE kind = 'link_made' AND link = 1", ["event {link_made}"]),
    Break("the history has no gap", "DELETE FROM events WHERE number = 1", ["event 1"]),
    Break("IDs of the form T-N are counted", "UPDATE tasks SET counted = 99 WHERE id = 'T-2'", ["T-2"]),
    Break("IDs of the form T-N are counted", "UPDATE tasks SET counted = NULL WHERE id = 'T-2'", ["T-2"]),
    Break("IDs of the form T-N are counted", "UPDATE tasks SET counted = 4711 WHERE id = 'INC-4711'", ["INC-4711"]),
    Break(FOLDED, "UPDATE spaces SET name_key = 'acm'", ["name_key in spaces 1"]),
    Break(FOLDED, "UPDATE tasks SET id_key = 'INC-4711' WHERE number = 3", ["id_key in tasks 3"]),
    Break(FOLDED, "UPDATE partners SET name_key = 'ABC'", ["name_key in partners 1"]),
    Break(FOLDED, "UPDATE outbox SET recipient_key = 'x'", ["recipient_key in outbox 1"]),
    *(
        Break(FOLDED, f"UPDATE requests SET {key} = 'x' WHERE number = 2", [f"{key} in requests 2"])
        for key in ("task_key", "task_name_key", "space_key", "initiator_key", "email_key")
    ),
    Break("comparison keys match their addresses", "UPDATE followers SET address_key = 'x'", ["ES-1"]),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which everything has happened once."""
    path = tmp_path_factory.mktemp("whole") / "store.db"
    with closing(a_store(path)) as store:
        first = a_request(store)
        requests.comment(store, first.id, "It burns.", by=ANN, at=AT)
        requests.note(store, first.id, "A hoax?", by=BOB, at=AT)
        requests.close(store, first.id, "Bye.", by=BOB, at=AT)
        a_request(store, task=first.task)
        a_task(store)
        a_task(store, id="INC-4711")
        a_task(store, id="T-007")
        for _ in range(2):
            token, _ = links.create_link(store, "INC-4711", lifetime=60, by=ANN, at=AT)
        links.redeem_link(store, token, lambda _: None, by=OLGA, at=AT)
        a_request(store, task="T-2")
        spaces.add_partner(store, "Abc", "https://abc.example", by=OLGA, at=AT)
        following.follow(store, "ES-1", "Fan@example.org", by=ANN, at=AT)
        requests.close(store, "ES-3", None, by=BOB, at=AT, post=Post(compose=notice_text))
    return path


@pytest.fixture
def store(whole: Path, tmp_path: Path) -> Iterator[Store]:
    shutil.copy(whole, tmp_path / "store.db")
    with closing(a_store(tmp_path / "store.db")) as opened:
        yield opened


def behind_its_back(path: str, sql: str) -> None:
    """Run SQL with nothing of the schema in its way, which is afterwards as it was."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
        triggers = dict(db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall())
        for name in triggers:
            db.execute(f"DROP TRIGGER {name}")
        for name, made in triggers.items():
            if f"DROP TRIGGER {name}" in sql:
                sql = sql.replace(f"DROP TRIGGER {name}", "")
            else:
                sql += f"; {made};"
        db.executescript(sql)


def events_by_kind(store: Store) -> dict[str, str]:
    """The number of the first event of each kind."""
    rows = store.rows("SELECT kind, min(number) AS number FROM events GROUP BY kind")
    return {row["kind"]: str(row["number"]) for row in rows}


def broken(store: Store) -> dict[str, list[str]]:
    return {rule: found for rule, found in check.findings(store) if found}


RULES = {*check.RULES, *check.RULES_IN_PYTHON}


def test_every_rule_is_broken_here() -> None:
    structural = {rule for rule in {case.rule for case in BREAKS} if rule not in RULES}
    assert {case.rule for case in BREAKS} == {*RULES, *structural}
    assert len(structural) == 5


def test_in_a_store_that_is_whole_nothing_is_found(store: Store) -> None:
    assert broken(store) == {}


def test_going_round_the_schema_alone_breaks_nothing(store: Store) -> None:
    behind_its_back(store.path, f"{_UNGUARDED} SELECT 1; {_GUARDED}")
    assert broken(store) == {}


@pytest.mark.parametrize("case", BREAKS, ids=[f"{case.rule}: {case.found[0]}" for case in BREAKS])
def test_a_broken_rule_is_found_and_no_other(case: Break, store: Store) -> None:
    numbers = events_by_kind(store)
    behind_its_back(store.path, case.sql)
    found = broken(store)
    assert set(found) == {case.rule, *case.also}
    assert found[case.rule] == [example.format(**numbers) for example in case.found]


def test_of_many_examples_some_are_told(store: Store) -> None:
    with closing(sqlite3.connect(store.path)) as db:
        indexes = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql <> ''")]
    assert len(indexes) > check.MAX_EXAMPLES
    behind_its_back(store.path, "; ".join(f"DROP INDEX {name}" for name in indexes))
    assert len(broken(store)["the schema is correct"]) == check.MAX_EXAMPLES


def test_what_another_tool_has_added_breaks_nothing(store: Store) -> None:
    with closing(sqlite3.connect(store.path, isolation_level=None)) as db:
        db.executescript(
            "CREATE TABLE replicated (x); CREATE INDEX replicated_x ON replicated (x); CREATE VIEW seen AS SELECT 1;"
            " CREATE TRIGGER copied AFTER INSERT ON tasks BEGIN INSERT INTO replicated VALUES (NEW.number); END"
        )
    assert broken(store) == {}


def test_checking_writes_nothing(store: Store) -> None:
    before = Path(store.path).read_bytes()
    list(check.findings(store))
    assert Path(store.path).read_bytes() == before


def test_what_cannot_be_read_cannot_be_checked(store: Store) -> None:
    raw(store).execute("PRAGMA busy_timeout = 0")
    engine(store).timeout = 0
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        found = dict(check.findings(store))
    assert len(found) > len(RULES)
    for rule, examples in found.items():
        assert "cannot be checked: " in examples[0], rule
