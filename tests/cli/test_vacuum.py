"""Rebuilding the file of the store: smaller, and otherwise the same."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from builders import ANN, AT, a_request
from conftest import ES, Es, Result
from sessions import Terminal, as_json, dump, filled, refusal

from expertsupport_cli.actions import forgetting, requests

# runs the program in a folder that is a file system of its own with so many KiB, and copies the store back from it
FULL_DISK = """
set -eu
store=$1 folder=$2 size=$3; shift 3
mount -t tmpfs -o size="$size"k tmpfs "$folder"
cp "$store" "$folder/store.db"
status=0; ES_STORE=$folder/store.db "$@" || status=$?
test "$(ls "$folder")" = store.db
cp "$folder/store.db" "$store"
exit "$status"
"""


def a_store_with_room(es: Es) -> None:
    """A store in which much was erased, and nothing rebuilt since."""
    with filled(es) as store:
        id = a_request(store).id
        requests.comment(store, id, "Help! " * 50_000, by=ANN, at=AT)
        requests.close(store, id, None, by=ANN, at=AT)
        forgetting.forget(store, forgetting.find_requests(store, [id]), by=ANN, at=AT)


def test_the_file_becomes_smaller_and_is_the_same_store_with_the_same_owner_and_mode(inside: Es) -> None:
    a_store_with_room(inside)
    inside.store.chmod(0o660)
    before, rows = inside.store.stat(), sorted(dump(inside))
    result = inside("db", "vacuum")
    assert result == (f"{inside.store}\n", "", 0)
    after = inside.store.stat()
    assert after.st_size < before.st_size / 2
    for name in ("st_ino", "st_mode", "st_uid", "st_gid"):
        assert getattr(after, name) == getattr(before, name)
    assert sorted(dump(inside)) == rows
    assert inside("db", "check").status == 0
    assert as_json(inside("db", "vacuum", "--json")) == {"path": str(inside.store), "exists": True}


def test_a_terminal_is_shown_how_large_the_file_was_and_is(es: Es) -> None:
    a_store_with_room(es)
    before = es.store.stat().st_size
    terminal = Terminal(es, "db", "vacuum")
    assert terminal.ends() == 0
    shown = "".join(terminal.text.split())  # without line breaks: the path may be long
    assert shown == f"{es.store}{before:,}->{es.store.stat().st_size:,}bytes"


@pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE", "BEGIN; SELECT * FROM tasks"])
def test_while_another_reads_or_writes_the_store_is_busy_and_stays_as_it_is(lock: str, inside: Es) -> None:
    a_store_with_room(inside)
    before = inside.store.read_bytes()
    with closing(sqlite3.connect(inside.store, isolation_level=None)) as other:
        for statement in lock.split(";"):
            other.execute(statement).fetchone()
        assert refusal(inside("db", "vacuum", "--json", env={"ES_STORE_TIMEOUT": "1s"})) == (5, "store_busy")
    assert inside.store.read_bytes() == before


def test_a_dry_run_changes_nothing(inside: Es) -> None:
    a_store_with_room(inside)
    before = inside.store.read_bytes()
    assert inside("db", "vacuum", "--dry-run") == (f"{inside.store}\n", "Dry run: nothing was changed.\n", 0)
    assert inside.store.read_bytes() == before


def test_where_there_is_no_store_there_is_nothing_to_rebuild(inside: Es) -> None:
    result = inside("db", "vacuum")
    assert (result.stdout, result.status) == (f"{inside.store}\n", 0)
    assert result.stderr.startswith(f"No store yet at {inside.store}.")
    assert not inside.store.exists()


@pytest.fixture
def full(es: Es, tmp_path: Path) -> Callable[..., Result]:
    """Runs a command on a disk that has room for the store and a small journal. ES-1 is large, and ES-2 is closed."""
    if os.geteuid() != 0:
        pytest.skip("only the superuser can make a disk that is full")
    with filled(es) as store:
        requests.comment(store, a_request(store).id, os.urandom(200_000).hex(), by=ANN, at=AT)
        requests.close(store, a_request(store).id, None, by=ANN, at=AT)
    disk = tmp_path / "disk"
    disk.mkdir()
    size = str(es.store.stat().st_size // 1024 + 200)

    def run(*arguments: str) -> Result:
        command = ["unshare", "--mount", "sh", "-c", FULL_DISK, "sh", str(es.store), str(disk), size, ES, *arguments]
        done = subprocess.run(command, env=es.env, capture_output=True, text=True, timeout=60, check=False)
        return Result(done.stdout, done.stderr, done.returncode)

    return run


def test_a_full_disk_leaves_the_store_as_it_was(full: Callable[..., Result], es: Es) -> None:
    before = es.store.read_bytes()
    assert refusal(full("db", "vacuum", "--json")) == (5, "store_full")
    assert es.store.read_bytes() == before


def test_what_was_erased_on_a_full_disk_stays_erased(full: Callable[..., Result], es: Es) -> None:
    result = full("db", "forget", "ES-2", "--yes")
    assert (result.stdout, result.status) == ("ES-2\n", 5)
    what, why, hint = result.stderr.splitlines()[-3:]
    assert what == "es: The data was erased, but the store could not be rebuilt."
    assert why.startswith("  The disk is full. Traces of the data may be left in unused parts of ")
    assert hint == "  Try: es db vacuum"
    assert as_json(es("show", "ES-2", "--json"))["initiator"] == "forgotten"
    assert es("db", "vacuum").status == es("db", "check").status == 0
