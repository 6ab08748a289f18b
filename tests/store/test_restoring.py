"""What is restored is checked, and then in its place at once, or not at all."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from builders import a_space, a_store
from store.copies import JUNK, Progress, a_used_store, back_up, held, interrupt, names, nothing, rows

from expertsupport_cli import store
from expertsupport_cli.errors import StoreBusy, StoreDamaged, StoreForeign, StoreUnusable
from expertsupport_cli.store.sqlite import copying


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return a_used_store(tmp_path / "folder")


@pytest.fixture
def backup(path: Path, tmp_path: Path) -> Path:
    """A backup of it, elsewhere; it has one space less by now."""
    back_up(path, tmp_path / "backup.db")
    with closing(a_store(path)) as opened:
        a_space(opened, "later")
    return tmp_path / "backup.db"


@pytest.fixture
def kept(path: Path) -> Path:
    return path.with_name("kept.db")


def restore(backup: Path, path: Path, kept: Path, progress: Progress = nothing) -> bool:
    return store.restore(str(backup), str(path), str(kept), timeout=0, progress=progress)


# --- what is to be restored is checked


def with_damaged_pages(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[8192:12288] = b"\xff" * 4096
    path.write_bytes(content)


def with_references_that_cannot_be_checked(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, 'REFERENCES tasks (number)', 'REFERENCES tasks (name)')"
        )


@pytest.mark.parametrize("damage", [with_damaged_pages, with_references_that_cannot_be_checked])
def test_a_damaged_backup_is_refused_before_anything_is_changed(
    damage: Callable[[Path], None], backup: Path, path: Path, kept: Path
) -> None:
    store.check_backup(str(backup), 0)
    damage(backup)
    before = path.read_bytes()
    with pytest.raises(StoreDamaged) as refusal:
        store.check_backup(str(backup), 0)
    assert refusal.value.hint == "Use another backup."
    with pytest.raises(StoreDamaged, match="The copy of the store is damaged"):
        restore(backup, path, kept)
    assert path.read_bytes() == before
    assert names(path) == ["store.db"]


def test_the_requests_of_a_store_are_counted_where_it_can_be_read(path: Path, tmp_path: Path) -> None:
    empty, junk = tmp_path / "empty.db", tmp_path / "junk.db"
    empty.touch()
    junk.write_bytes(JUNK)
    found = [store.count_requests(str(each), 0) for each in (path, empty, junk, tmp_path / "none.db", tmp_path)]
    assert found == [1, None, None, None, None]


# --- what is restored


def test_a_restored_store_is_as_the_backup_and_the_old_one_is_kept(backup: Path, path: Path, kept: Path) -> None:
    if os.geteuid() == 0:
        os.chown(path, 12_001, 12_000)
    path.chmod(0o640)
    old, content = path.stat(), path.read_bytes()
    assert restore(backup, path, kept)
    assert rows(path) == rows(backup)
    assert kept.read_bytes() == content
    for file in (path, kept):
        found = file.stat()
        assert (found.st_uid, found.st_gid, found.st_mode) == (old.st_uid, old.st_gid, old.st_mode)
    assert path.stat().st_ino == old.st_ino
    assert names(path) == ["kept.db", "store.db"]


@pytest.mark.parametrize("there", ["nothing", "an empty file"])
def test_where_there_is_no_store_a_backup_becomes_one_without_the_journal_of_another(
    there: str, backup: Path, path: Path, kept: Path
) -> None:
    path.write_bytes(b"")
    if there == "nothing":
        path.unlink()
    path.with_name("store.db-journal").write_bytes(JUNK)
    assert not restore(backup, path, kept)
    assert rows(path) == rows(backup)
    assert path.with_name("kept.db-journal").read_bytes() == JUNK
    assert names(path) == ["kept.db-journal", "store.db"]


def test_a_damaged_store_is_kept_and_the_new_one_is_for_the_same_accounts(backup: Path, path: Path, kept: Path) -> None:
    path.write_bytes(JUNK)
    if os.geteuid() == 0:
        os.chown(path, 12_001, 12_000)
    path.chmod(0o660)
    old = path.stat()
    assert restore(backup, path, kept)
    assert rows(path) == rows(backup)
    assert kept.read_bytes() == JUNK
    found = path.stat()
    assert (found.st_uid, found.st_gid, found.st_mode) == (old.st_uid, old.st_gid, old.st_mode)
    assert names(path) == ["kept.db", "store.db"]


def test_a_database_of_another_program_is_not_replaced(backup: Path, path: Path, kept: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(StoreForeign, match="not an Expert Support store"):
        restore(backup, path, kept)
    assert path.read_bytes() == before
    assert names(path) == ["store.db"]


# --- what cannot be restored leaves the store as it was


@pytest.mark.parametrize("lock", ["BEGIN", "BEGIN EXCLUSIVE"])
def test_a_store_that_another_uses_is_not_restored(lock: str, backup: Path, path: Path, kept: Path) -> None:
    before = rows(path)
    with held(path, lock), pytest.raises(StoreBusy):
        restore(backup, path, kept)
    assert rows(path) == before
    assert names(path) == ["store.db"]


def test_whoever_reads_a_store_that_is_to_be_restored_is_waited_for(
    backup: Path, path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        moments = iter([0.0, 9.9])  # before it begins, and when it finds the store in use

        def now() -> float:
            moment = next(moments)
            other.execute("COMMIT" if moment else "BEGIN").execute("SELECT * FROM spaces").fetchall()
            return moment

        monkeypatch.setattr(copying, "monotonic", now)
        assert store.restore(str(backup), str(path), str(kept), timeout=10, progress=nothing)
    assert list(moments) == []
    assert rows(path) == rows(backup)


def test_who_interrupts_a_restore_has_the_old_store_and_no_copy(backup: Path, path: Path, kept: Path) -> None:
    before = rows(path)
    with pytest.raises(KeyboardInterrupt):
        restore(backup, path, kept, interrupt)
    assert rows(path) == before
    assert names(path) == ["store.db"]


@pytest.mark.parametrize("content", ["whole", "damaged"])
def test_nothing_is_restored_where_the_old_store_cannot_be_kept(
    content: str, backup: Path, path: Path, kept: Path
) -> None:
    if content == "damaged":
        path.write_bytes(JUNK)
    before = path.read_bytes()
    kept.write_text("theirs")
    with pytest.raises(StoreUnusable, match="so nothing was restored"):
        restore(backup, path, kept)
    assert (path.read_bytes(), kept.read_text()) == (before, "theirs")
    assert names(path) == ["kept.db", "store.db"]


@pytest.mark.program
def test_nobody_writes_to_a_store_while_it_is_restored(backup: Path, path: Path, kept: Path) -> None:
    write = f"import sqlite3; sqlite3.connect({str(path)!r}, timeout=0).execute('BEGIN IMMEDIATE')"
    told: list[str] = []

    def another_writes(done: int, total: int) -> None:
        if done < total:
            another = subprocess.run([sys.executable, "-c", write], capture_output=True, text=True, check=False)
            told.append(another.stderr.strip().rpartition("\n")[2])

    assert restore(backup, path, kept, another_writes)
    assert len(told) > 2
    assert set(told) == {"sqlite3.OperationalError: database is locked"}
    with closing(a_store(path)) as opened:
        assert not opened.has_space("later")
