"""Export, import and copies: complete, checked, the same bytes, and all or nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from builders import (
    ANN,
    AT,
    BOB,
    OLGA,
    a_certificate,
    a_new_link,
    a_request,
    a_space,
    a_store,
    a_task,
    dump,
    later,
    raw,
)
from released import released_store

from expertsupport_cli.actions import following, links, requests, spaces, transfer
from expertsupport_cli.actions.notices import Post
from expertsupport_cli.errors import BadUsage, Fault, Refused
from expertsupport_cli.model.mail import Pages
from expertsupport_cli.store import Store, open_store
from expertsupport_cli.store.check import findings
from expertsupport_cli.store.transfer import TABLES

POST = Post(pages=Pages(), desk=["desk@example.org"], domain="example.org", compose=lambda _: "Text\n")
LEFT_OUT = {
    "tasks_words",
    "comments_words",
    "counters",
    "sessions",
    "sign_ins",
    "keys",
}  # what follows from the rest, or says nothing later
SQL_TYPES = {int: "INTEGER", bool: "INTEGER", str: "TEXT"}


def numbered(data: bytes) -> Iterator[tuple[int, bytes]]:
    return iter(enumerate(data.splitlines(keepends=True), start=1))


def exported(store: Store) -> bytes:
    return b"".join(transfer.export_lines(store))


def imported(path: Path, data: bytes) -> Store:
    """The store that an export is imported into, after it was checked as the command does."""
    for _ in transfer.checked_rows(numbered(data)):
        pass
    store = open_store(str(path), timeout=10, writes=True, notify=lambda _: None)
    try:
        transfer.import_rows(store, lambda: transfer.checked_rows(numbered(data)))
    except BaseException:
        store.close()
        raise
    return store


def sealed(lines: list[bytes]) -> bytes:
    """An export with these lines, with the last line that belongs to them."""
    body, counts = b"".join(lines), dict.fromkeys(TABLES, 0)
    for line in lines[1:]:
        table = json.loads(line).get("table")
        if table in counts:
            counts[table] += 1
    return body + json.dumps({"rows": counts, "sha256": hashlib.sha256(body).hexdigest()}).encode() + b"\n"


@pytest.fixture
def full(store: Store) -> Store:
    """A store with a row in each table, and text of all kinds."""
    a_space(store, lifetime=None)
    a_task(store, "Größe 印刷機\u2028 \x7f \x1b[31m", description="a\nb\tc")
    for _ in range(3):
        a_request(store)
    following.follow(store, "ES-1", "zoe@example.org", by=ANN, at=AT)
    requests.reply(store, "ES-1", "Is it plugged in?\n" * 50, asks=True, by=BOB, at=later(1), post=POST)
    requests.note(store, "ES-1", "Hm", by=BOB, at=later(1))
    requests.close(store, "ES-2", None, by=ANN, at=later(2), post=POST)
    following.mark_shown(store, store.request("ES-1"), 99, by=ANN)
    spaces.add_partner(store, "Partner", "https://partner.example", by=OLGA, at=AT)
    with store.transaction():
        store.add_link(a_new_link("T-1"))
    a_certificate(store, valid_for=60)
    token, _ = links.create_link(store, "T-1", lifetime=60, by=ANN, at=AT)
    links.redeem_link(store, token, lambda _: None, event_id="evt_1", by=OLGA, at=AT)
    return store


def test_every_column_of_every_table_is_named_with_its_type(store: Store) -> None:
    db = raw(store)
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    ours = {name for name in tables if not name.startswith("_") and not any(name.startswith(each) for each in LEFT_OUT)}
    assert ours == set(TABLES)
    for table, columns in TABLES.items():
        real = [(row["name"], row["type"], bool(row["notnull"])) for row in db.execute(f"PRAGMA table_info({table})")]
        named = [(each.name, SQL_TYPES[each.type], not each.nullable) for each in columns]
        # SQLite says of a primary key that it may be null, which it never is
        assert [(name, type, needed or name == "number") for name, type, needed in real] == named


def test_a_table_comes_after_those_that_it_refers_to(store: Store) -> None:
    seen: set[str] = set()
    for table in TABLES:
        assert {row["table"] for row in raw(store).execute(f"PRAGMA foreign_key_list({table})")} <= seen
        seen.add(table)


def test_the_export_of_an_import_is_the_same_bytes_and_the_store_is_the_same(full: Store, tmp_path: Path) -> None:
    rows = dump(full)
    data = exported(full)
    assert all(rows[table] for table in TABLES)
    copy = imported(tmp_path / "copy.db", data)
    assert {table: dump(copy)[table] for table in TABLES} == {table: rows[table] for table in TABLES}
    assert not [found for found in findings(copy) if found[1]]
    assert exported(copy) == data
    copy.close()


def test_an_export_is_plain_ascii_and_ends_with_the_count_and_the_digest(full: Store) -> None:
    *lines, last = exported(full).splitlines(keepends=True)
    assert all(line.isascii() and b"\x1b" not in line for line in lines)
    assert json.loads(lines[0]) == {"format": "expertsupport-export", "version": 1}
    end = json.loads(last)
    assert end["sha256"] == hashlib.sha256(b"".join(lines)).hexdigest()
    assert sum(end["rows"].values()) == len(lines) - 1


def test_a_store_of_a_released_version_is_exported_as_it_will_be(tmp_path: Path) -> None:
    old = released_store(tmp_path / "old.db")
    before = old.read_bytes()
    store = open_store(str(old), timeout=10, writes=False, notify=lambda _: None)
    data = exported(store)
    store.close()
    assert old.read_bytes() == before
    copy = imported(tmp_path / "new.db", data)
    assert exported(copy) == data
    copy.close()


def test_others_write_while_a_store_is_exported_and_the_export_does_not_see_it(full: Store, tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(a_store(path)) as store:
        expected = exported(store)
    with closing(open_store(str(path), timeout=0.2, writes=False, notify=lambda _: None)) as reader:
        lines = transfer.export_lines(reader)
        first = next(lines)
        with closing(a_store(path)) as other:
            requests.comment(other, "ES-1", "Written meanwhile", by=ANN, at=later(3))
        assert first + b"".join(lines) == expected


Change = Callable[[list[bytes]], bytes]


def first_row_with(old: bytes, new: bytes) -> Change:
    """An export that ends after its first row, in which something was replaced."""
    return lambda lines: lines[0] + lines[1].replace(old, new)


BROKEN: dict[str, tuple[Change, str]] = {
    "cut in a line": (lambda lines: b"".join(lines)[:-100], "is not valid JSON"),
    "without its last line": (lambda lines: b"".join(lines[:-1]), "the last line is missing"),
    "empty": (lambda lines: b"", "Line 1: The export is incomplete"),
    "of something else": (lambda lines: b'{"format": "other"}\n', "Line 1: This is not an export of a store."),
    "of a later version": (
        lambda lines: b'{"format": "expertsupport-export", "version": 2}\n',
        "reads exports of version 1 only",
    ),
    "a line left out": (lambda lines: b"".join(lines[:3] + lines[4:]), "were changed, or some are missing"),
    "a letter changed": (lambda lines: b"".join(lines).replace(b"plugged", b"blugged", 1), "were changed"),
    "a line after the end": (lambda lines: b"".join([*lines, lines[1]]), "follows the last line"),
    "no object": (lambda lines: lines[0] + b"[1]\n", "Line 2: The line is not a JSON object."),
    "binary": (lambda lines: bytes(range(256)), "Line 1: The line is not valid JSON."),
    "nested": (lambda lines: b"[" * 100_000, "Line 1: The line is not valid JSON."),
    "an unknown table": (lambda lines: lines[0] + b'{"table": "x"}\n', "Line 2: The row has no known table."),
    "a table that is a list": (lambda lines: lines[0] + b'{"table": []}\n', "Line 2: The row has no known table."),
    "a column less": (
        first_row_with(b',"title":""', b""),
        "Line 2: The columns of the table 'spaces' are different.",
    ),
    "text for a number": (
        first_row_with(b'"number":1', b'"number":"1"'),
        "Line 2: The value of 'number' has the wrong type.",
    ),
    "a number for a boolean": (
        first_row_with(b":false", b":0"),
        "Line 2: The value of 'blocked' has the wrong type.",
    ),
    "a huge number": (
        first_row_with(b'"number":1', b'"number":' + b"9" * 30),
        "Line 2: The value of 'number' has the wrong type.",
    ),
    "a NUL": (
        first_row_with(b'"title":""', b'"title":"a\\u0000"'),
        "Line 2: The value of 'title' contains a NUL character",
    ),
    "half a character": (
        first_row_with(b'"title":""', b'"title":"\\ud800"'),
        "Line 2: The value of 'title' is not valid UTF-8.",
    ),
    "out of order": (lambda lines: sealed([lines[0], lines[2], lines[1]]), "out of order"),
    "a row twice": (lambda lines: sealed([*lines[:2], lines[1]]), "Line 3: The row contradicts others: UNIQUE"),
    "a reference to nothing": (
        lambda lines: sealed([lines[0], *(line for line in lines[1:-1] if b'"table":"tasks"' in line)]),
        "Line 2: The row contradicts others: FOREIGN KEY",
    ),
    "history left out": (
        lambda lines: sealed(
            [line for line in lines[:-1] if not line.startswith((b'{"table":"events"', b'{"table":"o'))]
        ),
        "The rows contradict each other. This rule is broken:",
    ),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_bad_export_is_named_by_its_line_and_nothing_is_kept(full: Store, tmp_path: Path, how: str) -> None:
    change, told = BROKEN[how]
    data = change(exported(full).splitlines(keepends=True))
    with pytest.raises(BadUsage) as refusal:
        imported(tmp_path / "new.db", data)
    assert told in refusal.value.message
    assert "Nothing was imported." in refusal.value.message
    assert not (tmp_path / "new.db").exists()


def test_a_store_that_is_not_empty_is_refused_and_one_without_data_is_filled(full: Store, tmp_path: Path) -> None:
    data = exported(full)
    path = tmp_path / "other.db"
    a_store(path).close()
    filled = imported(path, data)
    before = dump(filled)
    filled.close()
    with pytest.raises(Refused, match="The store is not empty"):
        imported(path, data)
    again = a_store(path)
    assert dump(again) == before
    again.close()


def test_whatever_line_is_changed_it_is_noticed(full: Store) -> None:
    lines = exported(full).splitlines(keepends=True)
    for number, line in enumerate(lines):
        for position in range(0, len(line) - 1, 7):
            other = line[:position] + (b"x" if line[position : position + 1] != b"x" else b"y") + line[position + 1 :]
            with pytest.raises(Fault):
                list(transfer.checked_rows(numbered(b"".join([*lines[:number], other, *lines[number + 1 :]]))))


def test_all_rows_are_counted(tmp_path: Path) -> None:
    with closing(a_store(tmp_path / "store.db")) as store:
        assert transfer.count_rows(store) == 0
        a_request(store)
        assert transfer.count_rows(store) == len(list(transfer.checked_rows(numbered(exported(store)))))
