"""Serials are printed after the commit: whatever is printed is in the store, and nobody is kept waiting meanwhile."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
from builders import a_certificate, a_request, a_space, a_task
from conftest import ES, Es, needs
from sessions import Terminal, an_editor, as_json, filled

WITH_EVENT = "link redeem {link} --event-id {link}"  # an ID like any other
SERIAL = re.compile(r"^[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}$", re.MULTILINE)


def started(es: Es, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([ES, *arguments], env=es.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)


def exactly(process: subprocess.Popen[bytes], count: int) -> bytes:
    """The next bytes that a process prints, so many and no more; the pipe is not read ahead."""
    assert process.stdout is not None
    found = b""
    while len(found) < count:
        found += process.stdout.read(count - len(found))
    return found


def test_a_held_lock_prints_no_serial(es: Es) -> None:
    es.inside("space", "add", "acme")
    link = es.inside("purchase-link", es.inside("task", "add", "One", "--space", "acme").id).id
    with closing(sqlite3.connect(es.store, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM tasks").fetchall()  # the writer may begin, but not commit
        for words in (("cert", "issue"), ("cert", "issue", "-n", "300"), ("link", "redeem", link)):
            result = es(*words, env={"ES_STORE_TIMEOUT": "1s"})
            assert (result.stdout, result.status) == ("", 5)
    assert as_json(es.inside("cert", "list", "--json")) == []
    assert es("link", "redeem", link).status == 0


def test_a_reader_that_is_slow_keeps_nobody_from_writing(es: Es) -> None:
    es.inside("space", "add", "acme")
    process = started(es, "cert", "issue", "-n", "20000")
    first = exactly(process, 20)  # and no more: the pipe is full soon, and the command waits
    for name in ("one", "two"):
        assert es("space", "add", name, env={"ES_STORE_TIMEOUT": "5s"}).status == 0
    process.kill()
    rest, _ = process.communicate()
    assert all(
        es.inside("cert", "check", serial).status == 0 for serial in SERIAL.findall((first + rest).decode())[-5:]
    )


@pytest.mark.parametrize("after", [1, 199, 200, 201, 450, 1000])
def test_every_serial_that_was_printed_before_a_kill_is_in_the_store(es: Es, after: int) -> None:
    es.inside("space", "add", "acme")
    process = started(es, "cert", "issue", "-n", "100000")
    printed = exactly(process, 20 * after)
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate()
    assert process.returncode == -signal.SIGKILL
    serials = SERIAL.findall((printed + rest).decode())
    assert len(serials) >= after
    states = [row["state"] for row in as_json(es.inside("cert", "list", "--json"))]
    assert states.count("unused") == len(states)
    assert 0 <= len(states) - len(serials) <= 200  # of what was committed, a block at most was not printed
    for serial in (serials[0], serials[after - 1], serials[-1]):
        assert es.inside("cert", "check", serial).status == 0


def test_a_serial_that_was_lost_is_replaced(es: Es) -> None:
    es("space", "add", "acme")
    task = es("task", "add", "One", "--space", "acme").id
    es("link", "redeem", es("purchase-link", task).id)  # nobody has read what it printed
    refused = es("cert", "replace", "C-1")
    assert (refused.stdout, refused.status) == ("", 2)
    assert "--yes" in refused.stderr
    serial = es("cert", "replace", "C-1", "--yes").id
    assert SERIAL.match(serial)
    assert [(row["id"], row["state"], row["origin"]) for row in as_json(es.inside("cert", "list", "--json"))] == [
        ("C-2", "unused", "bought"),
        ("C-1", "revoked", "bought"),
    ]
    assert as_json(es.inside("link", "list", "--json"))[0]["certificate"] == f"****-****-****-{serial[-4:]}"
    assert es("activate", task, serial).status == 0
    assert es("cert", "replace", "C-2", "--yes").status == 4
    assert es.inside("db", "check").status == 0


@pytest.mark.parametrize(
    "words", ["cert issue", "cert issue -n 3", "link redeem {link}", WITH_EVENT, "cert replace C-1 --yes"]
)
def test_the_store_is_synced_before_the_first_byte_is_printed(es: Es, words: str, tmp_path: Path) -> None:
    needs("strace")
    with filled(es) as store:
        a_space(store, lifetime=None)
        a_task(store)
    es.inside("cert", "issue")
    link = es.inside("purchase-link", "T-1").id
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-y", "-o", str(trace), "-e", "trace=write,fsync,fdatasync,unlink,unlinkat", ES]
    done = subprocess.run(
        [*command, *words.format(link=link).split()], env=es.env, stdout=subprocess.PIPE, check=True, timeout=60
    )
    assert SERIAL.search(done.stdout.decode())
    calls = [line.split(None, 1)[1] for line in trace.read_text().splitlines()]
    printed = [n for n, call in enumerate(calls) if call.startswith("write(1<")]
    gone = [n for n, call in enumerate(calls) if call.startswith("unlink") and "-journal" in call]
    synced = [n for n, call in enumerate(calls) if "sync(" in call and os.path.basename(es.store) in call]
    assert len(printed) == 1
    assert gone
    assert max(gone) < printed[0]
    assert any(n < printed[0] for n in synced)
    assert all(n < printed[0] for n in synced)


def test_blocks_of_json_are_written_whole(es: Es) -> None:
    rows = as_json(es("cert", "issue", "-n", "205", "--json", "--valid-for", "9d"))
    assert len({row["serial"] for row in rows}) == 205
    table = es("cert", "issue", "-n", "205", "--format", "csv", "--fields", "serial,id").stdout.splitlines()
    assert len(table) == 206


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("words", ["cert issue", "link redeem {link}", WITH_EVENT, "cert replace C-1 --yes"])
def test_a_signal_at_the_commit_leaves_a_serial_printed_or_taken_back(es: Es, words: str, number: int) -> None:
    with filled(es) as store:
        a_space(store, lifetime=None)
        a_task(store)
    es.inside("cert", "issue")
    for round_ in range(12):
        link = es.inside("purchase-link", "T-1").id
        [newest] = as_json(es.inside("cert", "list", "--json", "--limit", "1"))
        old = next(row["id"] for row in as_json(es.inside("cert", "list", "--json")) if row["state"] == "unused")
        process = started(es, *words.replace("C-1", old).format(link=link).split())
        journal = es.store.with_name("store.db-journal")
        while process.poll() is None and not journal.exists():
            pass
        for _ in range(round_ * 300):
            pass
        process.send_signal(number)
        printed, _ = process.communicate()
        valid = {row["certificate"] for row in as_json(es.inside("cert", "list", "--json")) if row["state"] == "unused"}
        new = [
            row for row in as_json(es.inside("cert", "list", "--json")) if int(row["id"][2:]) > int(newest["id"][2:])
        ]
        for serial in SERIAL.findall(printed.decode()):
            assert es.inside("cert", "check", serial).status == 0
        if not printed:
            assert all(row["state"] == "revoked" for row in new), (round_, process.returncode)
            if "redeem" in words:
                assert as_json(es.inside("link", "list", "--json", "--limit", "1"))[0]["state"] == "unused"
            if "replace" in words:
                assert es.inside("cert", "show", old, "--json", "--fields", "state").stdout.count("unused") == 1
        assert valid or not new
    assert es.inside("db", "check").status == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_of_many_a_signal_revokes_what_was_not_printed_and_nothing_else(es: Es, number: int) -> None:
    es.inside("space", "add", "acme")
    for after in (1, 250, 700):
        [newest] = as_json(es.inside("cert", "list", "--json", "--limit", "1")) or [{"id": "C-0"}]
        process = started(es, "cert", "issue", "-n", "20000")
        printed = exactly(process, 20 * after)
        process.send_signal(number)
        rest, _ = process.communicate()
        serials = SERIAL.findall((printed + rest).decode())
        rows = [
            row for row in as_json(es.inside("cert", "list", "--json")) if int(row["id"][2:]) > int(newest["id"][2:])
        ]
        states = [row["state"] for row in rows]
        assert states.count("unused") == len(serials)
        assert states.count("revoked") in (0, 200)
        assert es.inside("cert", "check", serials[-1]).status == es.inside("cert", "check", serials[0]).status == 0


def test_the_password_for_mail_is_handed_to_no_editor_and_a_file_that_others_can_read_draws_a_warning(
    es: Es, tmp_path: Path
) -> None:
    with filled(es) as store:
        a_request(store)
    seen, password = tmp_path / "seen", tmp_path / "password"
    editor = an_editor(
        tmp_path, f"import os\npathlib.Path({str(seen)!r}).write_text(repr(os.environ))\npath.write_text('x')"
    )
    assert Terminal(es, "comment", "ES-1", ES_EDITOR=editor, ES_SMTP_PASSWORD="canary-bird").ends() == 0  # noqa: S106
    assert "ES_USER" in seen.read_text()
    assert "canary-bird" not in seen.read_text()
    password.write_text("canary-bird\n")
    smtp = {"ES_MAIL_TRANSPORT": "smtp", "ES_MAIL_FROM": "a@example.org", "ES_MAIL_SMTP_USER": "ann"}
    smtp |= {"ES_MAIL_SMTP_HOST": "127.0.0.1", "ES_MAIL_SMTP_PORT": "1", "ES_MAIL_SMTP_PASSWORD_FILE": str(password)}
    for mode, warnings in ((0o644, 1), (0o640, 1), (0o600, 0)):
        password.chmod(mode)
        result = es("mail", "test", "x@example.org", env=smtp)
        assert result.status == 6
        assert result.stderr.count(f"chmod 600 {password}") == warnings
        assert "canary-bird" not in result.stderr


def test_after_ten_wrong_serials_in_a_row_each_further_answer_takes_a_second(inside: Es) -> None:
    es = inside
    with filled(es) as store:
        a_space(store, lifetime=None)
        a_task(store)
        a_task(store)
        serials = [a_certificate(store)[0] for _ in range(2)]
    wrong = [
        ("activate", "T-1", "AAAA-BBBB-CCCC-DDDD"),
        ("cert", "check", "AAAA-BBBB-CCCC-DDDD"),
        ("cert", "revoke", "AAAA-BBBB-CCCC-DDDD", "AAAA-BBBB-CCCC-DDDE", "--yes"),
    ]
    for command in (*wrong, *wrong, wrong[0], wrong[0]):
        assert es(*command).status == 4
    assert seconds(es, *wrong[0]) >= 1
    assert seconds(es, *wrong[1]) >= 1
    assert es("activate", "T-1", serials[0]).stdout == "ES-1\n"
    with closing(sqlite3.connect(es.store)) as db:
        assert db.execute("SELECT value FROM counters").fetchall() == [(0,)]
    assert es("activate", "T-2", "AAAA-BBBB-CCCC-DDDD", "--dry-run").status == 4
    with closing(sqlite3.connect(es.store)) as db:
        assert db.execute("SELECT value FROM counters").fetchall() == [(0,)]


def seconds(es: Es, *command: str) -> float:
    started = time.monotonic()
    assert es(*command).status == 4
    return time.monotonic() - started
