"""Opening the store: made at the first write, found, and made by several at once."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import stat
from contextlib import closing, suppress
from pathlib import Path

import pytest
from builders import ANN, AT, a_request, a_space, made_store

from expertsupport_cli.actions import requests
from expertsupport_cli.errors import InternalError, NotFound, StoreBusy
from expertsupport_cli.store import Store, Wanted, check, open_store
from expertsupport_cli.store.sqlite import opening
from expertsupport_cli.store.sqlite.migrations import migrations


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def opened(path: Path, told: list[str], *, writes: bool, dry_run: bool = False) -> Store:
    return open_store(str(path), timeout=0, writes=writes, notify=told.append, dry_run=dry_run)


def an_empty_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("VACUUM")


# --- made at the first write


def test_the_first_write_makes_the_store_private_and_says_so(tmp_path: Path) -> None:
    path, told = tmp_path / "new" / "folder" / "store.db", list[str]()
    with closing(opened(path, told, writes=True)) as store:
        assert (told, list(tmp_path.iterdir())) == ([], [])
        a_space(store)
        assert told == [f"Created a new store: {path}"]
        assert mode(path) == 0o600
        assert mode(path.parent) == mode(path.parent.parent) == 0o700
        a_space(store, "zoo")
        assert len(store.spaces()) == 2
    told.clear()
    with closing(opened(path, told, writes=True)) as store:
        assert [space.name for space in store.spaces()] == ["acme", "zoo"]
    assert told == []
    assert [child.name for child in path.parent.iterdir()] == ["store.db"]


def test_a_store_is_private_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "new" / "store.db"
    before = os.umask(0)
    try:
        made_store(path).close()
    finally:
        os.umask(before)
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)


@pytest.mark.parametrize("there", ["nothing", "an empty file"])
def test_a_first_write_that_fails_leaves_nothing_behind(there: str, tmp_path: Path) -> None:
    path, told = tmp_path / "new" / "folder" / "store.db", list[str]()
    if there == "an empty file":
        path.parent.mkdir(parents=True)
        path.touch()
    before = sorted(tmp_path.rglob("*"))
    with closing(opened(path, told, writes=True)) as store:
        with pytest.raises(NotFound):
            requests.activate(store, "T-1", "AAAA-BBBB-CCCC-DDDD", by=ANN, at=AT)
        assert store.spaces() == []
        with pytest.raises(InternalError), store.transaction():
            raise InternalError("after the first statement")
        assert told == []
    assert told == [f"No store yet at {path}. The first command that changes something creates it."]
    assert sorted(tmp_path.rglob("*")) == before
    assert not path.exists() or path.stat().st_size == 0
    with closing(opened(path, told, writes=True)) as store:
        a_space(store)
    assert told[1:] == [f"Created a new store: {path}"]


def test_a_store_that_another_has_made_meanwhile_is_used(tmp_path: Path) -> None:
    path = tmp_path / "new" / "store.db"
    with closing(opened(path, [], writes=True)) as late, closing(opened(path, [], writes=False)) as reader:
        before = reader.engine.data_version()
        with closing(made_store(path)) as early:
            a_space(early)
        assert late.spaces() == []
        a_space(late, "zoo")
        assert [space.name for space in late.spaces()] == ["acme", "zoo"]
        assert reader.engine.data_version() != before
        assert len(reader.spaces()) == 2


def test_what_a_process_that_was_killed_has_left_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    for name in ("store.db.new", "store.db.new-journal"):
        (tmp_path / name).write_bytes(b"\x01" * 5000)
    with closing(made_store(path)) as store:
        a_space(store)
    assert [child.name for child in tmp_path.iterdir()] == ["store.db"]


def test_whoever_creates_a_store_in_a_folder_is_waited_for_as_long_as_the_timeout(tmp_path: Path) -> None:
    with (
        closing(opened(tmp_path / "a.db", [], writes=True)) as first,
        closing(opened(tmp_path / "b.db", [], writes=True)) as second,
        first.transaction(),
        pytest.raises(StoreBusy),
    ):
        a_space(second)
    assert [child.name for child in tmp_path.iterdir()] == ["a.db"]


def test_a_store_is_made_where_there_are_neither_locks_nor_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(fcntl, "flock", refuse)
    with closing(opened(tmp_path / "store.db", [], writes=True)) as store:
        a_space(store)
        with closing(opened(tmp_path / "other.db", [], writes=True)) as late:
            with (
                pytest.raises(StoreBusy, match="just created the store"),
                late.transaction(),
                closing(made_store(tmp_path / "other.db")) as early,
            ):
                a_space(early)
            a_space(late, "zoo")
            assert [space.name for space in late.spaces()] == ["acme", "zoo"]
    assert sorted(child.name for child in tmp_path.iterdir()) == ["other.db", "store.db"]


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
    "name",
    ["a b.db", "50%.db", "what?.db", "a#b.db", "%3f.db", "zoë.db", "file:x.db", "&mode=ro", ":memory:", "\udcff.db"],
)
def test_a_store_may_have_any_name(name: str, tmp_path: Path) -> None:
    with closing(made_store(tmp_path / name)) as store:
        a_space(store)
    assert [child.name for child in tmp_path.iterdir()] == [name]
    with closing(made_store(tmp_path / name)) as store:
        assert store.has_space("acme")


def test_a_store_may_have_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made_store(Path("store.db")).close()
    assert mode(tmp_path / "store.db") == 0o600


@pytest.mark.parametrize("slashes", ["//", "///", "/./"])
def test_slashes_at_the_beginning_of_a_path_are_one(slashes: str, tmp_path: Path) -> None:
    path = slashes + str(tmp_path / "store.db").lstrip("/")
    with closing(open_store(path, timeout=0, writes=True, notify=lambda _: None)) as store:
        a_space(store)
    with closing(opened(tmp_path / "store.db", [], writes=False)) as store:
        assert store.has_space("acme")


def test_a_store_is_never_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(open_store(":memory:", timeout=0, writes=True, notify=lambda _: None)) as store:
        a_space(store)
    assert [child.name for child in tmp_path.iterdir()] == [":memory:"]


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    for make in (Path.touch, an_empty_database):
        make(path)
        before, told = path.read_bytes(), list[str]()
        with closing(opened(path, told, writes=False)) as store:
            assert store.spaces() == []
        assert path.read_bytes() == before
        assert told == [f"No store yet at {path}. The first command that changes something creates it."]
        with closing(opened(path, told, writes=True)) as store:
            a_space(store)
            assert store.has_space("acme")
        path.unlink()


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


def test_who_writes_takes_back_the_write_ahead_log_that_another_tool_has_turned_on(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    made_store(path).close()
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)
        with closing(opened(path, [], writes=False)) as store:
            assert store.value("PRAGMA journal_mode") == "wal"
        other.execute("BEGIN").execute("SELECT * FROM spaces").fetchall()
        with closing(made_store(path)) as store:
            a_space(store)
            assert store.value("PRAGMA journal_mode") == "wal"  # the other is reading it
    with closing(made_store(path)) as store:
        assert store.value("PRAGMA journal_mode") == "delete"
        assert store.has_space("acme")
    assert [child.name for child in tmp_path.iterdir()] == ["store.db"]


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
                made_store(path).close()

    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.set_trace_callback(another_finishes)
        assert opening.read_version(db, str(path)) in (0, opening.VERSION)
    assert len(asked) > moment, "there are fewer moments than this test tries"
