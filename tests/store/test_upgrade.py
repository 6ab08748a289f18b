"""A store of an older version is upgraded when it is opened, whole or not at all, and copied before."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from builders import a_request, a_store, a_task
from conftest import ES, Es
from released import execute, first_version, released_store, third_version

from expertsupport_cli.errors import StoreDamaged, StoreTooOld, StoreUnusable
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.store import open_store
from expertsupport_cli.store.check import findings
from expertsupport_cli.store.sqlite import opening
from expertsupport_cli.store.sqlite.opening import VERSION
from expertsupport_cli.store.sqlite.upgrade import upgrade

CROWD = Path(__file__).with_name("crowd.py")
OLD: dict[int, Callable[[Path], Path]] = {1: first_version, 2: released_store, 3: third_version}
RENAMED = {("certificates", "valid_until"): "expires_at", ("links", "lapses_at"): "expires_at"}


@pytest.fixture(params=OLD)
def number(request: pytest.FixtureRequest) -> int:
    """Each version that there was."""
    return int(request.param)


@pytest.fixture
def old(number: int, tmp_path: Path) -> Path:
    """A store of that version, with everything in it that there was."""
    return OLD[number](tmp_path / "store.db")


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def told(path: Path) -> list[str]:
    """What opening it to write says."""
    said: list[str] = []
    open_store(str(path), timeout=10, writes=True, notify=said.append).close()
    return said


def columns(path: Path) -> dict[str, list[str]]:
    """The tables that hold what people put in, with their columns."""
    with closing(sqlite3.connect(path)) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        ours = [
            name
            for name in names
            if not name.startswith(("_", "sqlite_")) and "_fts" not in name and "_words" not in name
        ]
        return {name: [row[1] for row in db.execute(f"PRAGMA table_info({name})")] for name in ours}


def rows(path: Path, wanted: dict[str, list[str]]) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(path)) as db:
        return {
            table: db.execute(f"SELECT {', '.join(names)} FROM {table} ORDER BY 1, 2").fetchall()
            for table, names in wanted.items()
        }


def state(path: Path) -> list[str]:
    """All that is in a store, as SQL, but for when it was upgraded."""
    with closing(sqlite3.connect(path)) as db:
        return [line for line in db.iterdump() if not line.startswith('INSERT INTO "_sqlite_migrations"')]


def test_an_old_store_is_upgraded_and_keeps_what_is_in_it(number: int, old: Path) -> None:
    before = columns(old)
    kept = rows(old, before)
    assert all(kept.values())
    assert told(old) == [f"Upgrading the store. The old one was copied to {old}.v{number}.bak"]
    assert version(old) == VERSION
    now = {table: [RENAMED.get((table, name), name) for name in names] for table, names in before.items()}
    assert rows(old, now) == kept
    assert told(old) == []
    with closing(a_store(old)) as store:
        assert {rule: found for rule, found in findings(store) if found} == {}
        assert store.request("ES-1").task == "T-1"
        a_request(store)
        assert {rule: found for rule, found in findings(store) if found} == {}


@pytest.mark.parametrize("dry_run", [False, True])
def test_who_changes_nothing_reads_an_old_store_as_it_will_be(dry_run: bool, old: Path) -> None:
    before = old.read_bytes()
    opened = open_store(str(old), timeout=0, writes=dry_run, dry_run=dry_run, notify=pytest.fail)
    with closing(opened) as store:
        assert store.request("ES-1").task == "T-1"
        assert {rule: found for rule, found in findings(store) if found} == {}
        if dry_run:
            a_task(store)
        else:
            with pytest.raises(StoreTooOld, match="before it can be changed"), store.transaction():
                pass
            with pytest.raises(StoreTooOld, match="before it can be watched"):
                store.data_version()
    assert old.read_bytes() == before
    assert [path.name for path in old.parent.iterdir()] == ["store.db"]


def test_an_upgraded_store_has_the_schema_of_a_new_one(old: Path, tmp_path: Path) -> None:
    def schema(path: Path) -> set[tuple[str, str]]:
        with closing(sqlite3.connect(path)) as db:
            return set(db.execute("SELECT name, sql FROM sqlite_schema"))

    told(old)
    a_store(tmp_path / "new.db").close()
    assert schema(old) - {("sqlite_stat1", "")} == schema(tmp_path / "new.db")


def test_the_copy_is_the_store_as_it_was_for_the_same_eyes_only(number: int, old: Path) -> None:
    before = state(old)
    told(old)
    copy = old.with_name(f"store.db.v{number}.bak")
    assert (version(copy), state(copy)) == (number, before)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_a_store_that_cannot_be_copied_is_left_as_it_is(number: int, old: Path) -> None:
    old.with_name(f"store.db.v{number}.bak").mkdir()
    before = old.read_bytes()
    with pytest.raises(StoreUnusable, match="could not be copied"):
        told(old)
    assert old.read_bytes() == before
    assert sorted(path.name for path in old.parent.iterdir()) == ["store.db", f"store.db.v{number}.bak"]


def test_an_upgrade_that_fails_leaves_the_old_version(number: int, old: Path) -> None:
    execute(old, f"CREATE TABLE {'new_readings' if number < 3 else 'counters'} (x)")  # in the way of the migration
    before = state(old)
    with pytest.raises(StoreDamaged) as refusal:
        told(old)
    assert "already exists" in refusal.value.why
    assert (version(old), state(old)) == (number, before)


def test_a_store_whose_references_lead_nowhere_is_not_upgraded(number: int, old: Path) -> None:
    execute(old, "UPDATE links SET task = 99 WHERE number = 2")
    before = state(old)
    with pytest.raises(StoreDamaged, match="was not upgraded") as refusal:
        told(old)
    assert "table links" in refusal.value.why
    assert (version(old), state(old)) == (number, before)


def test_an_old_store_that_cannot_be_upgraded_cannot_be_read_and_stays_as_it_is(number: int, old: Path) -> None:
    execute(old, f"CREATE TABLE {'new_readings' if number < 3 else 'counters'} (x)")  # in the way of the migration
    before = old.read_bytes()
    with pytest.raises(StoreDamaged, match="The store is damaged"):
        open_store(str(old), timeout=0, writes=False, notify=pytest.fail)
    assert old.read_bytes() == before


def test_a_store_that_another_upgrades_first_is_not_upgraded_again(old: Path) -> None:
    with closing(opening.connect(str(old), str(old), 0)[0]) as late:
        told(old)
        now = state(old)
        upgrade(late, str(old), pytest.fail, copy_of=str(old))
    assert state(old) == now


def test_the_copy_of_a_store_that_a_group_shares_is_for_the_group_too(number: int, old: Path) -> None:
    old.chmod(0o660)
    old.parent.chmod(0o2770)
    os.chown(old, -1, old.parent.stat().st_gid)
    told(old)
    copy = old.with_name(f"store.db.v{number}.bak")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o660


@pytest.mark.parametrize("number", [1, 2])
def test_partners_whose_names_have_become_the_same_are_told_apart(old: Path) -> None:
    for name in ("ZOË & SÖHNE", "zoË & söhne", "ZOË & SÖHNE (2)", "ﷺ" * 200, "ﷺ" * 199):
        execute(old, f"INSERT INTO partners (name, url, created_at) VALUES ('{name}', 'u', '2026-01-31T09:30:00Z')")
    with closing(a_store(old)) as store:
        names = [partner.name for partner in store.partners()]
        assert len(names) == len(set(names)) == 7
        assert names[:2] == ["Abc", "Zoë & Söhne"]
        assert {"ZOË & SÖHNE (2)", "ZOË & SÖHNE (3)", "zoË & söhne (4)", "ﷺ" * 200, "ﷺ" * 10 + " (2)"} < set(names)
        assert {rule: found for rule, found in findings(store) if found} == {}


def test_what_was_kept_in_two_cases_becomes_one(tmp_path: Path) -> None:
    old = released_store(
        tmp_path / "store.db",
        "INSERT INTO readings VALUES ('Zoë', 4, 39), ('ZOË', 4, 50)",
        "INSERT INTO followers VALUES (4, 'É@x', '2026-01-31T09:30:00Z'), (4, 'é@x', '2026-01-31T09:30:00Z')",
    )
    with closing(a_store(old)) as store:
        assert store.last_read(Actor(name="zoë", side=Side.CUSTOMER), 4) == 50
        assert store.followers(store.request("ES-4")) == ["É@x"]


def test_of_many_that_open_an_old_store_at_once_one_upgrades_it(number: int, old: Path, es: Es) -> None:
    assert es.store == old
    crowd = [
        subprocess.Popen([ES, "db", "upgrade"], env=es.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    ended = [(process.communicate(timeout=60), process.returncode) for process in crowd]
    assert [status for _, status in ended] == [0] * 8, ended
    assert sum("Upgrading the store" in stderr for (_, stderr), _ in ended) == 1
    assert version(old.with_name(f"store.db.v{number}.bak")) == number


@pytest.mark.program
def test_whoever_is_killed_at_any_statement_of_an_upgrade_leaves_the_old_store_or_the_new_one(
    number: int, old: Path, tmp_path: Path
) -> None:
    before = state(old)
    new = tmp_path / "new.db"
    shutil.copy(old, new)
    moments = statements_of_an_upgrade(new)
    after = state(new)
    folder = tmp_path / "killed"
    folder.mkdir()
    for moment in range(moments + 1):
        shutil.copy(old, folder / f"{moment}.db")
    done = subprocess.run(
        [sys.executable, str(CROWD), "upgrade", str(moments + 1), str(folder / "{}.db")],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert (done.stdout, done.stderr) == ("survived\n", "")
    left = []
    for moment in range(moments + 1):
        path = folder / f"{moment}.db"
        left.append(version(path))
        assert state(path) == (after if left[-1] == VERSION else before), moment
    assert left == sorted(left)
    assert set(left) == {number, VERSION}


def statements_of_an_upgrade(path: Path) -> int:
    """How many there are, those that SQLite runs for itself among them."""
    done = subprocess.run(
        [sys.executable, str(CROWD), "count_upgrade", "1", str(path)], capture_output=True, text=True, check=True
    )
    return int(done.stdout)
