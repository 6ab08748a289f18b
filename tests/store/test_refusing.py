"""What is no store of ours, or may not be written, is refused with its own error, and left as it is."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from builders import a_request, a_space, a_store

from expertsupport_cli.errors import Fault, StoreDamaged, StoreForeign, StoreMissing, StoreTooNew, StoreUnusable
from expertsupport_cli.store import Store, Wanted, check, open_store
from expertsupport_cli.store.sqlite import opening

POWERLESS = Path(__file__).with_name("powerless.py")


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


@pytest.mark.parametrize("writes", [True, False])
def test_a_folder_is_no_store(writes: bool, tmp_path: Path) -> None:
    with pytest.raises(StoreMissing):
        opened(tmp_path, writes=writes)


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


@pytest.mark.program
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


@pytest.mark.program
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


@pytest.mark.program
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
