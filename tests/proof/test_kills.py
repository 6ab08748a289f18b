"""Killed at any moment, a command has done all of its work or nothing, and the store is intact.

Short here; `pytest --long tests/proof` kills each command 500 times.
"""

from __future__ import annotations

import random
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from builders import a_request
from conftest import ES, Es
from released import released_store
from sessions import filled
from writing import DRY, for_each_command

pytestmark = pytest.mark.program

Counts = dict[str, int]
DONE = tuple(
    f"{what} IS NOT NULL"
    for what in (
        "certificates WHERE used_at",
        "certificates WHERE revoked_at",
        "links WHERE used_at",
        "links WHERE revoked_at",
        "requests WHERE closed_at",
        "tasks WHERE closed_at",
    )
)
SEVERAL = {"cert issue", "task close", "mail send"}  # these commit more than once
IN_THE_STORE = [name for name in DRY if not name.startswith("config")]


def rows(path: Path) -> Counts:
    """How many rows each table has, and what has been used, closed or revoked."""
    if not path.exists():
        return {}
    with closing(sqlite3.connect(path)) as db:
        names = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        counted = [*(name for name in names if "_words" not in name), *DONE]
        return {what: db.execute(f"SELECT count(*) FROM {what}").fetchone()[0] for what in counted}


def killed_after(seconds: float, es: Es, words: Sequence[str], stdin: str) -> None:
    process = subprocess.Popen(
        [ES, *words], env=es.env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    assert process.stdin is not None
    process.stdin.write(stdin.encode())
    process.stdin.close()
    time.sleep(seconds)
    process.kill()
    process.wait()


def moments(count: int, lasts: float) -> list[float]:
    """When to kill, in the second half of what a command lasts: before, Python starts."""
    chance = random.Random(7)  # noqa: S311 -- to be much the same every time
    return [lasts * chance.uniform(0.4, 1.0) for _ in range(count)]


def is_intact(es: Es) -> bool:
    return es.inside("db", "check").status == 0


@pytest.mark.parametrize("command", IN_THE_STORE)
def test_a_kill_leaves_all_of_a_command_or_nothing(es: Es, command: str, long: bool) -> None:
    _, secrets = for_each_command(es)
    kept, before = es.store.read_bytes(), rows(es.store)
    arguments, stdin = DRY[command]
    words, given = [*command.split(), *arguments.split()], stdin.format(**secrets)
    started = time.monotonic()
    assert es(*words, stdin=given).status == 0
    lasts, after = time.monotonic() - started, rows(es.store)
    for seconds in moments(500 if long else 2, lasts):
        for path in es.home.glob("store.db*"):
            path.unlink()
        es.store.write_bytes(kept)
        killed_after(seconds, es, words, given)
        assert is_intact(es)
        found = rows(es.store)
        if command in SEVERAL:
            assert all(
                min(before[name], after[name]) <= found[name] <= max(before[name], after[name]) for name in before
            )
        else:
            assert found in (before, after)


@pytest.mark.parametrize("command", ["db backup {new}", "db copy {store} {new}", "--store {new} db import {export}"])
def test_a_kill_leaves_all_of_a_new_store_or_none(es: Es, command: str, long: bool) -> None:
    with filled(es) as store:
        for _ in range(20):
            a_request(store)
    new, export = es.home / "new.db", es.home / "export.jsonl"
    assert es("db", "export", str(export)).status == 0
    words = command.format(new=new, export=export, store=es.store).split()
    started = time.monotonic()
    assert es(*words).status == 0
    lasts, expected = time.monotonic() - started, rows(new)
    for seconds in moments(500 if long else 4, lasts):
        new.unlink(missing_ok=True)
        killed_after(seconds, es, words, "")
        assert rows(new) in ({}, expected)
        assert not Path(f"{new}-journal").exists()
    new.unlink(missing_ok=True)
    assert es(*words).status == 0, "what a kill leaves is in nobody's way"
    assert rows(new) == expected


def test_a_kill_leaves_the_old_store_or_the_restored_one(es: Es, long: bool) -> None:
    with filled(es) as store:
        a_request(store)
    backup = es.home / "backup.db"
    assert es("db", "backup", str(backup)).status == 0
    then = rows(es.store)
    with filled(es) as store:
        a_request(store)
    kept, now = es.store.read_bytes(), rows(es.store)
    started = time.monotonic()
    assert es("db", "restore", str(backup), "--yes").status == 0
    lasts = time.monotonic() - started
    for seconds in moments(500 if long else 6, lasts):
        es.store.write_bytes(kept)
        killed_after(seconds, es, ["db", "restore", str(backup), "--yes"], "")
        assert rows(es.store) in (then, now)
        assert is_intact(es)


def test_a_kill_leaves_the_old_version_or_the_new_one(es: Es, long: bool) -> None:
    kept = released_store(es.store).read_bytes()
    started = time.monotonic()
    assert es("db", "upgrade").status == 0
    lasts = time.monotonic() - started
    for seconds in moments(500 if long else 4, lasts):
        for path in es.home.glob("store.db*"):
            path.unlink()
        es.store.write_bytes(kept)
        killed_after(seconds, es, ["db", "upgrade"], "")
        assert es.inside("show", "ES-1").status == 0
        assert es.inside("db", "upgrade").status == 0
        assert is_intact(es)
