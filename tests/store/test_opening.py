"""Opening the store: made, found, or refused as it is."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from builders import a_request, a_space, a_store

from expertsupport_cli.errors import (
    Fault,
    StoreBusy,
    StoreDamaged,
    StoreForeign,
    StoreMissing,
    StoreTooNew,
)
from expertsupport_cli.store import Store, Wanted, check, open_store, opening
from expertsupport_cli.store.migrations import migrations

POWERLESS = Path(__file__).with_name("powerless.py")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def opened(path: Path, told: list[str], *, writes: bool, dry_run: bool = False) -> Store:
    return open_store(str(path), timeout=0, writes=writes, tell=told.append, dry_run=dry_run)


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


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


# --- refused, and left as it is


def foreign(path: Path) -> None:
    execute(path, "CREATE TABLE theirs (x)", "INSERT INTO theirs VALUES (1)")


def foreign_with_an_application_id(path: Path) -> None:
    execute(path, "PRAGMA application_id = 42", "CREATE TABLE theirs (x)")


def foreign_with_a_version_alone(path: Path) -> None:
    execute(path, "PRAGMA user_version = 1")


def newer(path: Path) -> None:
    a_store(path).close()
    execute(path, f"PRAGMA user_version = {opening.VERSION + 1}")


def text(path: Path) -> None:
    path.write_text("This is not a database.\n" * 1000)


def short_text(path: Path) -> None:
    path.write_text("x\n")


def a_damaged_store(path: Path) -> None:
    a_store(path).close()
    held = bytearray(path.read_bytes())
    held[100:200] = b"\xff" * 100  # the first page of the schema
    path.write_bytes(held)


REFUSED: list[tuple[Callable[[Path], None], type[Fault]]] = [
    (foreign, StoreForeign),
    (foreign_with_an_application_id, StoreForeign),
    (foreign_with_a_version_alone, StoreForeign),
    (newer, StoreTooNew),
    (text, StoreDamaged),
    (short_text, StoreDamaged),
    (a_damaged_store, StoreDamaged),
]


@pytest.mark.parametrize("writes", [True, False])
@pytest.mark.parametrize(("make", "kind"), REFUSED)
def test_a_file_that_is_no_store_of_ours_is_refused_and_left_as_it_is(
    make: Callable[[Path], None], kind: type[Fault], writes: bool, tmp_path: Path
) -> None:
    path = tmp_path / "store.db"
    make(path)
    before = path.read_bytes()
    with pytest.raises(kind) as refusal, closing(opened(path, [], writes=writes)) as store:
        store.spaces()
    assert type(refusal.value) is kind
    assert refusal.value.exit_status == 5
    assert str(path) in refusal.value.why
    assert path.read_bytes() == before
    assert [child.name for child in tmp_path.iterdir()] == ["store.db"]


def test_damage_further_in_is_told_when_it_is_met(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(a_store(path)) as store:
        a_request(store)
        page = store.value("SELECT rootpage FROM sqlite_schema WHERE name = 'requests'")
    held = bytearray(path.read_bytes())
    held[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    path.write_bytes(held)
    with closing(opened(path, [], writes=False)) as store:
        with pytest.raises(StoreDamaged):
            list(store.requests(Wanted()))
        findings = dict(check.findings(store))
    assert findings["the file is whole"]
    assert "cannot be checked" in findings["every request was activated, once"][0]


@pytest.mark.parametrize("writes", [True, False])
def test_a_folder_is_no_store(writes: bool, tmp_path: Path) -> None:
    with pytest.raises(StoreMissing):
        opened(tmp_path, [], writes=writes)


@pytest.mark.parametrize("below", ["store.db", "folder/store.db", "a/b/store.db"])
def test_no_store_is_made_below_a_file(below: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreMissing) as refusal:
        opened(tmp_path / "file" / below, [], writes=True)
    assert refusal.value.exit_status == 5
    assert (tmp_path / "file").read_text() == "x"


def test_no_store_is_made_at_the_end_of_a_link_to_nowhere(tmp_path: Path) -> None:
    (tmp_path / "store.db").symlink_to(tmp_path / "nowhere.db")
    with pytest.raises(StoreMissing):
        opened(tmp_path / "store.db", [], writes=True)
    assert not (tmp_path / "nowhere.db").exists()


def test_a_store_is_not_made_where_the_name_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing):
        opened(tmp_path / ("x" * 300), [], writes=True)


# --- for those who may not write


def without_power(path: Path, *, writes: bool) -> str:
    """What becomes of opening it, for a user for whom file modes count."""
    done = subprocess.run(
        [sys.executable, str(POWERLESS), str(path), "writes" if writes else "reads"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("what", ["file", "folder"])
def test_who_may_not_write_can_read_and_is_refused_to_write(what: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    path = folder / "store.db"
    with closing(a_store(path)) as store:
        a_space(store)
    before = path.read_bytes()
    path.chmod(0o400)
    if what == "folder":
        folder.chmod(0o500)
    try:
        assert without_power(path, writes=False) == "1 spaces"
        assert without_power(path, writes=True) == "StoreReadOnly"
    finally:
        folder.chmod(0o700)
    assert path.read_bytes() == before


def test_a_folder_that_takes_no_journal_lets_nobody_write(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    a_store(folder / "store.db").close()
    before = (folder / "store.db").read_bytes()
    folder.chmod(0o500)
    try:
        assert without_power(folder / "store.db", writes=False) == "0 spaces"
        assert without_power(folder / "store.db", writes=True) in ("StoreMissing", "StoreReadOnly")
    finally:
        folder.chmod(0o700)
    assert (folder / "store.db").read_bytes() == before


def test_who_may_neither_read_nor_make_a_store_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    a_store(folder / "store.db").close()
    (folder / "store.db").chmod(0o000)
    assert without_power(folder / "store.db", writes=False) == "StoreMissing"
    folder.chmod(0o500)
    try:
        assert without_power(folder / "new.db", writes=True) == "StoreMissing"
    finally:
        folder.chmod(0o700)


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
        assert opening._standing(db, str(path)) in (0, opening.VERSION)
    assert len(asked) > moment, "there are fewer moments than this test tries"
