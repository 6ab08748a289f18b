"""Backups: each is a whole store, or not there."""

from __future__ import annotations

import resource
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from store.copies import a_used_store, back_up, held, interrupt, names, rows

from expertsupport_cli.errors import AlreadyExists, StoreBusy, StoreMissing, StoreUnusable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return a_used_store(tmp_path / "folder")


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """As on a disk that is full: no file can grow beyond this size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_backup_is_a_whole_store_for_its_owner_alone_and_tells_how_far_it_is(path: Path) -> None:
    target, told = path.with_name("b.db"), list[tuple[int, int]]()
    back_up(path, target, lambda *far: told.append(far))
    assert rows(target) == rows(path)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert names(path) == ["b.db", "store.db"]
    pages = {total for _, total in told}
    assert [told[-1][0]] == list(pages)
    assert len(told) > 2


def test_a_backup_overwrites_nothing_not_even_what_appears_meanwhile(path: Path) -> None:
    target = path.with_name("b.db")
    target.write_text("theirs")
    with pytest.raises(AlreadyExists):
        back_up(path, target)
    target.unlink()

    def appears(done: int, total: int) -> None:
        target.write_text("theirs")

    with pytest.raises(AlreadyExists):
        back_up(path, target, appears)
    assert target.read_text() == "theirs"
    assert names(path) == ["b.db", "store.db"]


def test_a_backup_that_cannot_be_written_leaves_nothing(path: Path) -> None:
    with pytest.raises(StoreMissing, match="The file cannot be created") as missing:
        back_up(path, path.parent / "nowhere" / "b.db")
    assert missing.value.why == f"{path.parent}/nowhere/b.db: No such file or directory."
    with files_of_at_most(path.stat().st_size // 2), pytest.raises(StoreUnusable, match="could not be read or written"):
        back_up(path, path.with_name("b.db"))
    with pytest.raises(KeyboardInterrupt):
        back_up(path, path.with_name("b.db"), interrupt)
    assert names(path) == ["store.db"]


def test_a_store_that_is_not_there_or_that_another_holds_is_not_backed_up(path: Path) -> None:
    target = path.with_name("b.db")
    with pytest.raises(StoreMissing, match="no store to copy"):
        back_up(path.with_name("none.db"), target)
    with held(path, "BEGIN EXCLUSIVE"), pytest.raises(StoreBusy):
        back_up(path, target)
    assert names(path) == ["store.db"]


def test_the_copy_of_a_store_that_another_tool_has_turned_to_wal_is_one_file(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
    back_up(path, path.with_name("b.db"))
    with closing(sqlite3.connect(path.with_name("b.db"))) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
