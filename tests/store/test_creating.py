"""Creating a store: what is in the way, is waited for, or ends it; a store is there complete or not at all."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from builders import a_space

from expertsupport_cli.errors import StoreBusy, StoreMissing
from expertsupport_cli.store import Store, open_store


def opened(path: Path, *, timeout: float = 0) -> Store:
    return open_store(str(path), timeout=timeout, writes=True, notify=lambda _: None)


def refuse(*_: object) -> None:
    raise PermissionError(errno.EPERM, "Operation not permitted")


def test_an_empty_file_that_another_holds_does_not_become_a_store(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.touch()
    with closing(sqlite3.connect(path, isolation_level=None)) as other, closing(opened(path)) as store:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy):
            a_space(store)
        other.execute("ROLLBACK")
        assert path.stat().st_size == 0
        a_space(store)
        assert store.has_space("acme")


def test_whoever_locks_the_folder_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            os.close(lock)

    monkeypatch.setattr(time, "sleep", wait)
    with closing(opened(tmp_path / "store.db", timeout=600)) as store:
        a_space(store)
    assert len(waits) == 2
    assert (tmp_path / "store.db").exists()


def test_a_store_that_cannot_get_its_name_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new" / "store.db"
    with closing(opened(path)) as store:
        with monkeypatch.context() as system:
            system.setattr(os, "link", refuse)
            system.setattr(os, "rename", refuse)
            with pytest.raises(StoreMissing, match="The store cannot be created") as refusal:
                a_space(store)
        assert refusal.value.why == f"{path}: Operation not permitted."
        assert list(tmp_path.iterdir()) == []
        a_space(store)
        assert store.has_space("acme")
    assert [child.name for child in path.parent.iterdir()] == ["store.db"]
