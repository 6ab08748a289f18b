"""Opening the store: made at the first write, found, and made by several at once."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing, suppress
from pathlib import Path

import pytest
from builders import a_request, a_space, a_store

from expertsupport_cli.errors import StoreBusy
from expertsupport_cli.store import Store, Wanted, check, open_store
from expertsupport_cli.store.sqlite import opening
from expertsupport_cli.store.sqlite.migrations import migrations


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def opened(path: Path, told: list[str], *, writes: bool, dry_run: bool = False) -> Store:
    return open_store(str(path), timeout=0, writes=writes, notify=told.append, dry_run=dry_run)


# --- made at the first write


def test_the_first_write_makes_the_store_private_and_says_so(tmp_path: Path) -> None:
    path, told = tmp_path / "new" / "folder" / "store.db", list[str]()
    with closing(opened(path, told, writes=True)) as store:
        assert told == [f"Made a new store: {path}"]
        assert mode(path) == 0o600
        assert mode(path.parent) == 0o700
        a_space(store)
    told.clear()
    with closing(opened(path, told, writes=True)) as store:
        assert [space.name for space in store.spaces()] == ["acme"]
    assert told == []
    assert [child.name for child in path.parent.iterdir()] == ["store.db"]


def test_a_store_is_private_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "new" / "store.db"
    before = os.umask(0)
    try:
        a_store(path).close()
    finally:
        os.umask(before)
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


@pytest.mark.parametrize("dry_run", [False, True])
def test_who_only_reads_sees_an_empty_store_and_makes_none(dry_run: bool, tmp_path: Path) -> None:
    path, told = tmp_path / "new" / "store.db", list[str]()
    with closing(opened(path, told, writes=dry_run, dry_run=dry_run)) as store:
        assert store.spaces() == []
        assert list(store.requests(Wanted())) == []
        assert list(check.findings(store)) == [(rule, []) for rule, _ in check.findings(store)]
    (said,) = told
    assert str(path) in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["a b.db", "50%.db", "what?.db", "a#b.db", "%3f.db", "zoë.db", "file:x.db", "&mode=ro"]
)
def test_a_store_may_have_any_name(name: str, tmp_path: Path) -> None:
    with closing(a_store(tmp_path / name)) as store:
        a_space(store)
    assert [child.name for child in tmp_path.iterdir()] == [name]
    with closing(a_store(tmp_path / name)) as store:
        assert store.has_space("acme")


def test_a_store_may_have_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    a_store(Path("store.db")).close()
    assert mode(tmp_path / "store.db") == 0o600


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.touch()
    with closing(a_store(path)) as store:
        a_space(store)
        assert store.has_space("acme")


# --- as it should be


def test_the_version_is_the_number_of_migrations(store: Store) -> None:
    with closing(sqlite3.connect(store.path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (opening.VERSION,)
        assert db.execute("PRAGMA application_id").fetchone() == (0x45535550,)
        (applied,) = db.execute("SELECT count(*) FROM _sqlite_migrations").fetchone()
    assert applied == opening.VERSION == len(migrations._migrations)


def test_a_store_is_whole_when_it_is_new_and_after_the_main_job(store: Store) -> None:
    for _ in range(2):
        for rule, found in check.findings(store):
            assert found == [], rule
        a_request(store)


def test_a_connection_keeps_the_rules_of_the_store(store: Store) -> None:
    found = {
        pragma: store.value(f"PRAGMA {pragma}")
        for pragma in ("foreign_keys", "synchronous", "trusted_schema", "cell_size_check", "journal_mode")
    }
    assert found == {
        "foreign_keys": 1,
        "synchronous": 3,
        "trusted_schema": 0,
        "cell_size_check": 1,
        "journal_mode": "delete",
    }


# --- while others make it


@pytest.mark.parametrize("moment", range(5))
def test_a_store_that_another_finishes_just_now_is_not_taken_for_a_foreign_one(moment: int, tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.touch()
    asked: list[str] = []

    def another_finishes(statement: str) -> None:
        asked.append(statement)
        if len(asked) == moment + 1:
            with suppress(StoreBusy):  # it has to wait for whoever is reading
                opened(path, [], writes=True).close()

    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.set_trace_callback(another_finishes)
        assert opening._version(db, str(path)) in (0, opening.VERSION)
    assert len(asked) > moment, "there are fewer moments than this test tries"
