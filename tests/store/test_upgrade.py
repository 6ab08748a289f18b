"""A store of an older version is upgraded when it is opened, whole or not at all, and copied before."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from builders import ANN, AT, a_certificate, a_store, a_task
from conftest import ES, Es
from sqlite_utils import Database

from expertsupport_cli.actions import requests
from expertsupport_cli.errors import StoreUnusable
from expertsupport_cli.store import Store, open_store
from expertsupport_cli.store.check import findings
from expertsupport_cli.store.sqlite.connection import SqliteEngine
from expertsupport_cli.store.sqlite.migrations import migrations
from expertsupport_cli.store.sqlite.opening import APPLICATION_ID, VERSION


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store as the first version left it, before there was mail, with a request and a comment in it."""
    path = tmp_path / "store.db"
    db = sqlite3.connect(path, isolation_level=None)
    migrations.apply(Database(db, execute_plugins=False), stop_before="mail")
    db.execute(f"PRAGMA application_id={APPLICATION_ID}")
    db.execute("PRAGMA user_version=1")
    store = Store(SqliteEngine(db, str(path)))
    task = a_task(store)
    request = requests.activate(store, task.id, a_certificate(store)[0], by=ANN, at=AT).request
    requests.comment(store, request.id, "It started on page 404.", by=ANN, at=AT)
    store.close()
    path.chmod(0o600)
    return path


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def told(path: Path) -> list[str]:
    """What opening it says."""
    said: list[str] = []
    open_store(str(path), timeout=10, writes=False, notify=said.append).close()
    return said


def rows(path: Path) -> list[str]:
    """What is in the tables of the first version, as SQL."""
    with closing(sqlite3.connect(path)) as db:
        return [
            line
            for line in db.iterdump()
            if line.startswith("INSERT INTO")
            and not line.startswith(('INSERT INTO "_sqlite_migrations', "INSERT INTO sqlite_"))
        ]


def test_an_old_store_is_upgraded_and_keeps_what_is_in_it(old: Path) -> None:
    before = rows(old)
    assert any("page 404" in row for row in before)
    assert told(old) == [f"Upgrading the store; a copy of it as it was is in {old}.v1.bak"]
    assert version(old) == VERSION
    assert rows(old) == before
    assert told(old) == []
    with closing(a_store(old)) as store:
        assert [rule for rule, amiss in findings(store) if amiss] == []
        assert store.request("ES-1").task == "T-1"


def test_the_copy_is_the_store_as_it_was_for_the_same_eyes_only(old: Path) -> None:
    before = rows(old)
    told(old)
    copy = old.with_name("store.db.v1.bak")
    assert (version(copy), rows(copy)) == (1, before)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_a_store_that_cannot_be_copied_is_left_as_it_is(old: Path) -> None:
    old.with_name("store.db.v1.bak").mkdir()
    before = old.read_bytes()
    with pytest.raises(StoreUnusable, match="could not be copied"):
        told(old)
    assert old.read_bytes() == before
    assert sorted(path.name for path in old.parent.iterdir()) == ["store.db", "store.db.v1.bak"]


def test_an_upgrade_that_fails_leaves_the_old_version(old: Path) -> None:
    with closing(sqlite3.connect(old)) as db:
        db.execute("CREATE TABLE followers (x)")  # in the way of the migration
        db.commit()
    before = rows(old)
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        told(old)
    assert (version(old), rows(old)) == (1, before)


def test_of_many_that_open_an_old_store_at_once_one_upgrades_it(old: Path, es: Es) -> None:
    assert es.store == old
    crowd = [
        subprocess.Popen([ES, "show", "ES-1"], env=es.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    ended = [(process.communicate(timeout=60), process.returncode) for process in crowd]
    assert [status for _, status in ended] == [0] * 8, ended
    assert sum("Upgrading the store" in stderr for (_, stderr), _ in ended) == 1
    assert version(old.with_name("store.db.v1.bak")) == 1
