"""What is no store of ours, or may not be written, is refused with its own error, and left as it is."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from builders import a_certificate, a_request, a_space, a_store, a_task, raw
from powerless import without_power

from expertsupport_cli.accounts import described_user, group_name
from expertsupport_cli.errors import (
    Fault,
    StoreDamaged,
    StoreForeign,
    StoreMissing,
    StoreReadOnly,
    StoreTooNew,
    StoreUnusable,
)
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store import Store, Wanted, check, open_store
from expertsupport_cli.store.sqlite import faults, opening


def opened(path: Path, *, writes: bool) -> Store:
    return open_store(str(path), timeout=0, writes=writes, notify=lambda _: None)


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


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


def one_byte(path: Path) -> None:
    path.write_bytes(b"\0")


def of_no_version(path: Path) -> None:
    a_store(path).close()
    execute(path, "PRAGMA user_version = -1")


def without_tables(path: Path) -> None:
    execute(path, f"PRAGMA application_id = {opening.APPLICATION_ID}", f"PRAGMA user_version = {opening.VERSION}")


def of_an_unknown_format(path: Path) -> None:
    a_store(path).close()
    held = bytearray(path.read_bytes())
    held[44:48] = b"\0\0\0\x09"  # the format of the schema
    path.write_bytes(held)


def of_a_changed_schema(path: Path) -> None:
    a_store(path).close()
    path.write_bytes(path.read_bytes().replace(b"task_lifetime INTEGER", b"task_lifetima INTEGER"))


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
    (short_text, StoreForeign),
    (one_byte, StoreForeign),
    (of_no_version, StoreDamaged),
    (without_tables, StoreDamaged),
    (of_an_unknown_format, StoreDamaged),
    (of_a_changed_schema, StoreDamaged),
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
    with pytest.raises(kind) as refusal, closing(opened(path, writes=writes)) as store:
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
    with closing(opened(path, writes=False)) as store:
        with pytest.raises(StoreDamaged):
            list(store.requests(Wanted()))
        findings = dict(check.findings(store))
    assert findings["the file is intact"]
    assert "cannot be checked" in findings["every request was activated exactly once"][0]


def test_a_value_that_cannot_be_read_is_damage_and_names_what_it_should_be(store: Store) -> None:
    a_certificate(store)
    a_task(store)
    raw(store).execute("PRAGMA ignore_check_constraints = ON")
    raw(store).execute("UPDATE certificates SET origin = 'found'")
    with pytest.raises(StoreDamaged) as refusal:
        store.certificate("C-1")
    assert refusal.value.why == "'found' should be one of: issued, imported, bought, demo."
    raw(store).execute("UPDATE tasks SET name = CAST(x'ff' AS TEXT)")
    with pytest.raises(StoreDamaged, match="The store is damaged"):
        store.task("T-1")


def test_a_statement_that_is_wrong_is_a_bug_and_no_damage(store: Store) -> None:
    with pytest.raises(sqlite3.ProgrammingError):
        store.rows("SELECT ?, ?", 1)


@pytest.mark.parametrize("writes", [True, False])
def test_what_is_no_regular_file_is_no_store(writes: bool, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, why in ((tmp_path, "This is a folder."), (tmp_path / "pipe", "This is not a regular file.")):
        with pytest.raises(StoreMissing) as refusal:
            opened(path, writes=writes)
        assert refusal.value.why == f"{path}: {why}"


@pytest.mark.parametrize("below", ["store.db", "folder/store.db", "a/b/store.db"])
def test_no_store_is_made_below_a_file(below: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreMissing) as refusal, closing(opened(tmp_path / "file" / below, writes=True)) as store:
        a_space(store)
    assert refusal.value.exit_status == 5
    assert (tmp_path / "file").read_text() == "x"


def test_no_store_is_made_at_the_end_of_a_link_to_nowhere(tmp_path: Path) -> None:
    (tmp_path / "store.db").symlink_to(tmp_path / "nowhere.db")
    with closing(opened(tmp_path / "store.db", writes=True)) as store, pytest.raises(StoreMissing):
        a_space(store)
    assert not (tmp_path / "nowhere.db").exists()


def test_a_store_is_not_made_where_the_name_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(StoreMissing):
        opened(tmp_path / ("x" * 300), writes=True)


def test_a_library_that_is_too_old_is_told_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 38, 5))
    for writes in (True, False):
        with pytest.raises(StoreUnusable, match="SQLite library of this Python is too old") as refusal:
            opened(tmp_path / "store.db", writes=writes)
        assert "3.39 or newer" in refusal.value.why
    assert list(tmp_path.iterdir()) == []


# --- for those who may not write


def writing(path: Path) -> Callable[[], list[str]]:
    """Adds a space to a store, and returns the names of all."""

    def write() -> list[str]:
        with closing(opened(path, writes=True)) as store:
            a_space(store, "new")
            return [space.name for space in store.spaces()]

    return write


def reading(path: Path) -> Callable[[], list[str]]:
    def read() -> list[str]:
        with closing(opened(path, writes=False)) as store:
            return [space.name for space in store.spaces()]

    return read


def refused(use: Callable[[], object], *kinds: type[Fault]) -> Fault:
    """The refusal of an account for which file modes count."""
    with pytest.raises(kinds) as refusal:
        without_power(use)
    return refusal.value


def test_who_may_not_write_can_read_and_is_refused_to_write(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    path = folder / "store.db"
    with closing(a_store(path)) as store:
        a_space(store)
    before = path.read_bytes()
    path.chmod(0o400)
    for closed in (0o700, 0o500):
        folder.chmod(closed)
        assert without_power(reading(path)) == ["acme"]
        refusal = refused(writing(path), StoreReadOnly)
        assert f"{path} belongs to " in refusal.why
        assert refusal.hint == Step(verb=Verb.NAME_STORE)
        folder.chmod(0o700)
    assert path.read_bytes() == before


def test_a_folder_that_takes_no_journal_lets_nobody_write(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    path = folder / "store.db"
    a_store(path).close()
    before = path.read_bytes()
    folder.chmod(0o500)
    assert without_power(reading(path)) == []
    assert f"{folder} belongs to " in refused(writing(path), StoreMissing, StoreReadOnly).why
    folder.chmod(0o700)
    assert path.read_bytes() == before


def test_who_may_neither_read_nor_make_a_store_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    a_store(folder / "store.db").close()
    (folder / "store.db").chmod(0o000)
    refused(reading(folder / "store.db"), StoreMissing)
    folder.chmod(0o500)
    assert refused(writing(folder / "new.db"), StoreMissing).what == "The store cannot be created."
    folder.chmod(0o700)


def test_a_store_is_made_in_a_folder_that_can_be_written_but_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o300)
    assert without_power(writing(folder / "store.db")) == ["new"]
    folder.chmod(0o700)
    assert [child.name for child in folder.iterdir()] == ["store.db"]


def test_who_is_kept_out_by_another_account_is_told_whom_to_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    owner, group = folder.stat().st_uid, group_name(folder.stat().st_gid)
    monkeypatch.setattr(os, "geteuid", lambda: owner + 12_001)
    ways = {
        0o000: Step(verb=Verb.ASK_TO_SHARE, reference=described_user(owner)),
        0o2020: f"Ask root to run: usermod -aG {group} {owner + 12_001}",
        0o500: Step(verb=Verb.NAME_STORE),  # it can be entered, and no store is in it
        0o700: Step(verb=Verb.NAME_STORE),
    }
    for mode, way in ways.items():
        folder.chmod(mode)
        assert without_power(lambda: faults.way_in(str(folder / "store.db"))) == way
