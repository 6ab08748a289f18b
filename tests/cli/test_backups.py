"""Backups: consistent, checked, kept, and put back in one step."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
from builders import a_request
from conftest import ES, Es
from released import released_store
from sessions import Terminal, as_json, dump, filled

from expertsupport_cli.store.sqlite.opening import VERSION


@pytest.fixture
def used(es: Es) -> Es:
    """A store with a request."""
    with filled(es) as store:
        a_request(store)
    return es


def rows(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if ".new" in path.name or "journal" in path.name]


def test_a_backup_is_a_store_of_ones_own_and_is_never_overwritten(used: Es) -> None:
    path = used.home / "backup.db"
    assert used("db", "backup", str(path)).stdout == f"{path}\n"
    assert rows(path) == dump(used)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert used("--store", str(path), "show", "ES-1").status == 0
    before = path.read_bytes()
    again = used("db", "backup", str(path))
    assert (again.status, again.stdout) == (4, "")
    assert again.stderr == f"es: {path} already exists.\n  Nothing is overwritten.\n"
    assert path.read_bytes() == before
    assert left_over(used.home) == []


def test_in_a_folder_backups_have_dated_names_and_the_oldest_of_this_store_are_removed(used: Es) -> None:
    folder = used.home / "backups"
    folder.mkdir()
    old = [folder / f"store-2025{month:02}01T000000Z.db" for month in range(1, 4)]
    others = [folder / name for name in ("other-20250101T000000Z.db", "store-latest.db", "store-2025.db", "store.db")]
    for path in (*old, *others):
        path.write_text("x")
    first = used("db", "backup", str(folder))
    assert re.fullmatch(rf"{folder}/store-\d{{8}}T\d{{6}}Z\.db\n", first.stdout)
    second = used("db", "backup", str(folder), "--keep", "3")
    assert second.stderr == f"Removed {old[0]}\nRemoved {old[1]}\n"
    expected = {*others, old[2], Path(first.stdout.strip()), Path(second.stdout.strip())}
    assert set(folder.iterdir()) == expected
    assert used("db", "backup", str(used.home / "x.db"), "--keep", "3").status == 2
    assert used("db", "backup", str(folder), "--keep", "0").status == 2


def test_several_backups_in_one_second_are_ordered_by_their_number(inside: Es) -> None:
    with filled(inside) as store:
        a_request(store)
    names = [inside("db", "backup", str(inside.home)).stdout.strip() for _ in range(12)]
    assert len(set(names)) == 12
    inside("db", "backup", str(inside.home), "--keep", "2")
    kept = sorted(inside.home.glob("store-*.db"), key=os.path.getmtime)
    assert kept[0] == Path(names[-1])
    assert len(kept) == 2


def test_a_backup_needs_a_store_and_a_place(used: Es) -> None:
    none = used("--store", str(used.home / "none.db"), "db", "backup", str(used.home / "b.db"))
    assert (none.status, none.stdout) == (3, "")
    assert not (used.home / "none.db").exists()
    assert used("db", "backup", "/nowhere/b.db").status == 5
    assert used("db", "backup", "/dev/full").status == 4
    assert left_over(used.home) == []


def test_an_old_store_is_backed_up_as_it_is(es: Es) -> None:
    released_store(es.store)
    path = es.home / "backup.db"
    assert es("db", "backup", str(path)).status == 0
    assert rows(path) == dump(es)
    restored = es.home / "new.db"
    assert es("--store", str(restored), "db", "restore", str(path)).status == 0
    with closing(sqlite3.connect(restored)) as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] < VERSION
    assert es("--store", str(restored), "list").status == 0


def test_a_backup_under_eight_writers_is_consistent(used: Es) -> None:
    loop = f"for n in 1 2 3 4 5 6; do {ES} comment ES-1 -m hello >/dev/null || exit 1; done"
    writers = [subprocess.Popen(["/bin/sh", "-c", loop], env=used.env) for _ in range(8)]
    made: list[Path] = []
    while any(writer.poll() is None for writer in writers):
        path = used.home / f"backup-{len(made)}.db"
        assert used("db", "backup", str(path)).status == 0
        made.append(path)
    assert [writer.wait() for writer in writers] == [0] * 8
    assert len(made) > 1
    for path in made:
        assert used.inside("--store", str(path), "db", "check").status == 0
    assert len(as_json(used("show", "ES-1", "--json"))["comments"]) == 48


def test_a_restore_brings_back_what_was_and_keeps_what_is(used: Es) -> None:
    backup = used.home / "backup.db"
    used("db", "backup", str(backup))
    then = dump(used)
    used("comment", "ES-1", "-m", "Later")
    now = dump(used)
    result = used("db", "restore", str(backup), "--yes")
    assert (result.status, result.stdout) == (0, f"{used.store}\n")
    assert dump(used) == then
    [kept] = used.home.glob("store.db.*.bak")
    assert result.stderr == f"The old store was kept as {kept}\n"
    assert rows(kept) == now
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert used("--store", str(kept), "db", "check").status == 0
    assert left_over(used.home) == []


def test_without_a_terminal_or_yes_nothing_is_restored_and_on_one_the_question_names_both(used: Es) -> None:
    backup = used.home / "b.db"
    used("db", "backup", str(backup))
    used("task", "add", "More", "--space", "acme")
    before = dump(used)
    for options in ((), ("--dry-run",)):
        assert used("db", "restore", str(backup), *options).status == (0 if options else 2)
        assert dump(used) == before
    terminal = Terminal(used, "db", "restore", str(backup))
    terminal.sees("[y/N]").types("n")
    assert terminal.ends() == 1
    question = re.sub(r"\s+", "", terminal.text)
    assert f"Replacethestore{used.store}(1request)with{backup}(1request)?" in question
    assert dump(used) == before
    assert not list(used.home.glob("*.bak"))
    # where there is no store, nothing is lost
    assert used("--store", str(used.home / "new.db"), "db", "restore", str(backup)).status == 0


JUNK = {
    "missing": None,
    "empty": b"",
    "short": b"x",
    "text": b"This is a text and no database. " * 100,
    "cut": "cut",
    "foreign": "foreign",
    "later": "later",
    "damaged": "damaged",
}


@pytest.mark.parametrize("how", JUNK)
def test_junk_is_refused_before_anything_is_changed(used: Es, how: str) -> None:
    backup = used.home / "backup.db"
    used.inside("db", "backup", str(backup))
    content = JUNK[how]
    if content is None:
        backup.unlink()
    elif isinstance(content, bytes):
        backup.write_bytes(content)
    elif how == "cut":
        backup.write_bytes(backup.read_bytes()[:100_000])
    elif how == "damaged":
        data = bytearray(backup.read_bytes())
        data[8192:12288] = b"\xff" * 4096
        backup.write_bytes(data)
    else:
        with closing(sqlite3.connect(backup)) as db:
            db.execute("PRAGMA application_id=1" if how == "foreign" else "PRAGMA user_version=99")
    before = used.store.read_bytes()
    result = used("db", "restore", str(backup), "--yes")
    assert (result.status, result.stdout) == (3 if how == "missing" else 5, ""), result
    assert used.store.read_bytes() == before
    assert {path.name for path in used.home.iterdir()} <= {"store.db", "backup.db", "config"}


def test_a_damaged_store_is_moved_aside_and_one_of_another_program_is_not(used: Es) -> None:
    backup = used.home / "backup.db"
    used("db", "backup", str(backup))
    good = dump(used)
    used.store.write_bytes(b"\xff" * 10_000)
    assert used("db", "restore", str(backup), "--yes").status == 0
    assert dump(used) == good
    assert [path.read_bytes() for path in used.home.glob("store.db.*.bak")] == [b"\xff" * 10_000]
    with closing(sqlite3.connect(used.store)) as db:
        db.execute("PRAGMA application_id=1")
    before = used.store.read_bytes()
    assert used("db", "restore", str(backup), "--yes").status == 5
    assert used.store.read_bytes() == before


def test_a_store_that_is_in_use_is_restored_in_place_and_busy_ones_are_waited_for(used: Es) -> None:
    backup = used.home / "backup.db"
    used("db", "backup", str(backup))
    used("comment", "ES-1", "-m", "Later")
    inode = used.store.stat().st_ino
    with closing(sqlite3.connect(used.store, isolation_level=None)) as db:
        db.execute("BEGIN")
        db.execute("SELECT * FROM tasks").fetchone()
        before = dump(used)
        busy = used("db", "restore", str(backup), "--yes", env={"ES_STORE_TIMEOUT": "1s"})
        assert (busy.status, busy.stdout) == (5, "")
        assert dump(used) == before
        db.execute("COMMIT")
        assert used("db", "restore", str(backup), "--yes").status == 0
        assert db.execute("SELECT count(*) FROM comments").fetchone() == (0,)
    assert used.store.stat().st_ino == inode
    assert len(list(used.home.glob("*.bak"))) == 1


def test_killed_while_it_restores_the_store_is_the_old_or_the_new_one(used: Es) -> None:
    backup = used.home / "backup.db"
    used("db", "backup", str(backup))
    then = dump(used)
    used("comment", "ES-1", "-m", "Later")
    now = dump(used)
    seen = set()
    for number in range(14):
        process = subprocess.Popen([ES, "db", "restore", str(backup), "--yes"], env=used.env, stdout=-3, stderr=-3)
        time.sleep(0.06 + number * 0.012)
        process.kill()
        process.wait()
        found = dump(used)
        assert found in (then, now)
        seen.add(found == then)
        assert used.inside("db", "check").status == 0
        if found == then:
            used.inside("comment", "ES-1", "-m", "Later")
            now = dump(used)
    assert seen


def test_an_export_is_imported_from_a_file_from_stdin_and_from_a_pipe_with_a_name(used: Es) -> None:
    text, file, pipe = used("db", "export").stdout, used.home / "export.jsonl", used.home / "pipe"
    file.write_text(text)
    os.mkfifo(pipe)

    def exported_again(source: Path | str, stdin: str = "") -> str:
        new = used.home / f"{os.path.basename(source)}.db"
        assert used("--store", str(new), "db", "import", str(source), stdin=stdin).status == 0
        return used("--store", str(new), "db", "export").stdout

    assert exported_again(file) == text
    assert exported_again("-", text) == text
    with subprocess.Popen(["sh", "-c", f"cat '{file}' > '{pipe}'"]):
        assert exported_again(pipe) == text
    for path, why in (("nowhere", "File not found: nowhere."), (str(used.home), f"{used.home}: Is a directory.")):
        refused = used("--store", str(used.home / "none.db"), "db", "import", path)
        assert refused.stderr == f"es: The export cannot be read.\n  {why}\n"
