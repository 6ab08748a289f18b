"""The store itself: made by the first command that writes, checked, and never mistaken for another file."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from builders import BOB, a_certificate, a_request, a_task
from conftest import Es
from sessions import as_json, filled, refusal

from expertsupport_cli.actions import requests


@pytest.fixture
def es(inside: Es) -> Es:
    return inside


def test_the_first_command_that_writes_makes_the_store_and_says_where(es: Es) -> None:
    result = es("space", "add", "acme")
    assert result == ("acme\n", f"Created a new store: {es.store}\n", 0)
    assert stat.S_IMODE(es.store.stat().st_mode) == 0o600
    assert es("space", "add", "zoo").stderr == ""


def test_it_makes_the_folder_too_for_its_owner_alone(es: Es) -> None:
    path = es.home / "data" / "expertsupport" / "store.db"
    assert es("space", "add", "acme", env={"ES_STORE": ""}).status == 0
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("command", ["list", "task list", "space list", "cert list", "link list", "desk queue"])
def test_a_command_that_reads_sees_an_empty_store_where_there_is_none_and_makes_none(es: Es, command: str) -> None:
    result = es(*command.split())
    assert (result.stdout, result.status) == ("", 0)
    assert result.stderr == f"No store yet at {es.store}. The first command that changes something creates it.\n"
    assert os.listdir(es.home) == []


def test_a_command_that_fails_in_an_empty_place_leaves_no_store(es: Es) -> None:
    env = {"ES_STORE": str(es.home / "folder" / "store.db")}
    for command in (
        "close ES-1",
        "activate T-1 2345-6789-ABCD-EFGH",
        "task add x --space acme",
        "cert revoke C-1 --yes",
    ):
        result = es(*command.split(), env=env)
        assert result.status in (3, 4), command
        assert result.stderr.startswith(f"No store yet at {env['ES_STORE']}"), command
        assert os.listdir(es.home) == [], command


def test_the_store_is_created_and_upgraded_by_command(es: Es) -> None:
    assert es("db", "upgrade") == (f"{es.store}\n", f"Created a new store: {es.store}\n", 0)
    assert es("db", "upgrade").stderr == "The store has the current version; nothing was changed.\n"
    assert es("db", "init") == (f"{es.store}\n", "There is a store already; nothing was changed.\n", 0)
    new = str(es.home / "new.db")
    assert es("--store", new, "db", "init") == (f"{new}\n", f"Created a new store: {new}\n", 0)


def test_the_path_of_the_store_is_printed_whether_or_not_it_exists(es: Es) -> None:
    assert es("db", "path") == (f"{es.store}\n", "", 0)
    assert as_json(es("db", "path", "--json")) == {"path": str(es.store), "exists": False}
    with filled(es):
        pass
    assert as_json(es("db", "path", "--json"))["exists"] is True


@pytest.mark.parametrize("name", ["mit Leer 100%?#.db", "[b]é\u202e.db", "file:x.db"])
def test_the_store_may_have_any_name(es: Es, name: str, tmp_path: Path) -> None:
    path = str(tmp_path / name)
    assert es("--store", path, "space", "add", "acme").id == "acme"
    assert es("--store", path, "space", "list", "--fields", "name").id == "acme"
    assert os.listdir(tmp_path) == [name]


def a_used_store(es: Es) -> None:
    with filled(es) as store:
        request = a_request(store)
        requests.reply(store, request.id, "Is it?", asks=True, by=BOB, at=request.created_at)
        requests.note(store, request.id, "Hm.", by=BOB, at=request.created_at)
        requests.close(store, a_request(store).id, "Bye", by=BOB, at=request.created_at)
        a_certificate(store)


def test_a_store_that_is_whole_passes_the_check(es: Es) -> None:
    a_used_store(es)
    result = es("db", "check")
    assert result.status == 0
    assert {row.split("\t")[1] for row in result.stdout.splitlines()} == {"true"}
    assert len(result.stdout.splitlines()) > 10


@pytest.mark.parametrize(
    ("harm", "rule"),
    [
        ("UPDATE tasks SET expires_at = created_at", "a task with a request never expires"),
        ("UPDATE certificates SET used_at = NULL WHERE number = 1", "a certificate is used if and only if"),
        ("UPDATE requests SET status = 'New' WHERE number = 1", "the status of a request matches its history"),
        ("DROP INDEX one_open_request_a_task", "the schema is correct"),
        ("UPDATE tasks SET created_at = '9999-99-99T99:99:99Z'", "all times are valid"),
        ("DROP TRIGGER events_no_delete; DELETE FROM events WHERE number = 3", "the history has no gap"),
        ("INSERT INTO comments_words (rowid, words) VALUES (4096, 'x')", "the search index matches the text"),
        ("DELETE FROM tasks WHERE number = 1", "all references are valid"),
    ],
)
def test_the_check_finds_what_was_broken_behind_its_back(es: Es, harm: str, rule: str) -> None:
    a_used_store(es)
    with closing(sqlite3.connect(es.store)) as db:
        db.executescript(harm)
    result = es("db", "check", "--json")
    assert result.status == 5
    bad = [finding for finding in json.loads(result.stdout) if not finding["ok"]]
    assert any(finding["rule"].startswith(rule) and finding["found"] for finding in bad), bad
    assert '"code": "store_damaged"' in result.stderr


def test_a_damaged_page_is_found(es: Es) -> None:
    a_used_store(es)
    data = bytearray(es.store.read_bytes())
    with closing(sqlite3.connect(es.store)) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'comments'").fetchone()
    data[(root - 1) * 4096 : root * 4096] = b"\xa5" * 4096
    es.store.write_bytes(data)
    for words in (("db", "check"), ("show", "ES-1")):
        result = es(*words)
        assert result.status == 5
        assert "Traceback" not in result.stderr
    assert es("show", "ES-1").stderr.startswith("es: The store is damaged")


def spoilt(es: Es, how: str) -> None:
    """Put something at the path of the store that is not a store of ours."""
    if how == "damaged":
        es.store.write_bytes(b"This is a letter to my aunt.\n" * 500)
    elif how == "foreign":
        with closing(sqlite3.connect(es.store)) as db:
            db.execute("CREATE TABLE mine (x)")
    elif how == "newer":
        with filled(es):
            pass
        with closing(sqlite3.connect(es.store)) as db:
            db.execute("PRAGMA user_version = 99")
    elif how == "cut":
        with filled(es) as store:
            a_task(store)
        es.store.write_bytes(es.store.read_bytes()[:5000])


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("damaged", "store_damaged"),
        ("cut", "store_damaged"),
        ("foreign", "store_foreign"),
        ("newer", "store_too_new"),
    ],
)
def test_what_is_not_a_store_of_ours_is_refused_and_left_as_it_is(es: Es, how: str, code: str) -> None:
    spoilt(es, how)
    before = es.store.read_bytes()
    for words in ("list", "space add acme", "cert issue", "db check", "space add a --dry-run"):
        assert refusal(es(*words.split(), "--json")) == (5, code)
        plain = es(*words.split())
        assert str(es.store) in plain.stderr
        assert plain.stderr.count("\n") <= 3
    assert es.store.read_bytes() == before
    assert os.listdir(es.home) == ["store.db"]


def test_a_path_where_no_store_can_be_is_status_5(es: Es, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for path in (tmp_path / "file" / "store.db", tmp_path):
        for words in (("space", "add", "acme"), ("cert", "issue")):
            result = es("--store", str(path), *words)
            assert (result.status, result.stdout) == (5, "")
            assert str(path) in result.stderr
            assert "es --store PATH" in result.stderr
    assert es("--store", str(tmp_path), "list").status == 5
