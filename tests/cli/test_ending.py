"""How a command ends: its exit status, at most three lines, and never a traceback that nobody asked for."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from builders import a_certificate, a_request, a_space, a_task
from conftest import ES, Es, Result
from sessions import Terminal, as_json, dump, filled, many_requests, refusal, wait_until_asleep


@pytest.fixture
def told(es: Es) -> Es:
    """A task T-1 with a request, and a task T-2 that waits for one."""
    with filled(es) as store:
        a_space(store, lifetime=None)
        a_request(store)
        a_task(store)
    return es


def in_shell(es: Es, ending: str, *arguments: str) -> Result:
    """Run with a redirection, such as `>&-`."""
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" "$@" {ending}', ES, *arguments],
        env=es.env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Result(done.stdout, done.stderr, done.returncode)


STATUSES = [
    ("list", 0),
    ("list --status closed", 0),
    ("comment ES-1 -m x", 0),
    ("desk queue", 0),
    ("", 2),
    ("desk", 2),
    ("nope", 2),
    ("desk nope", 2),
    ("list --nope", 2),
    ("list --limit many", 2),
    ("show", 2),
    ("show ES-1 ES-2", 2),
    ("comment ES-1", 2),
    ("comment ES-1 -m", 2),
    ("comment ES-1 -m x -F y", 2),
    ("comment - -F -", 2),
    ("comment ES-1 -F /nowhere/at/all", 3),
    ("comment ES-1 -F /", 2),
    ("show ES-9", 3),
    ("show 99999999999999999999", 3),
    ("show T-2", 3),
    ("log T-9", 3),
    ("cert revoke C-9", 3),
    ("schema nope", 3),
    ("activate T-1 AAAA-AAAA-AAAA-AAAA", 4),
    ("cert check AAAA-AAAA-AAAA-AAAA", 4),
    ("space add acme", 4),
    ("task add x --space acme --id T-1", 4),
]


def test_the_exit_status_says_what_kind_of_end_it_was_in_three_lines_at_most(told: Es) -> None:
    for words, status in STATUSES:
        result = told(*words.split())
        assert result.status == status, words
        assert "Traceback" not in result.stderr
        if status == 0:
            assert result.stderr == "", words
        elif words not in ("", "desk"):  # these show their help
            assert result.stdout == "", words
            assert 1 <= result.stderr.count("\n") <= 3
            assert result.stderr.startswith("es: ")


def test_help_and_version_are_data(es: Es) -> None:
    assert es("--version").stdout.startswith("es 0.") or es("--version").stdout.startswith("es 1.")
    for words in (("--help",), ("list", "--help"), ("desk", "reply", "--help")):
        result = es(*words)
        assert (result.status, result.stderr) == (0, "")
        assert result.stdout.startswith("Usage: es ")
        assert all(len(line) <= 100 for line in result.stdout.splitlines())


def test_debug_shows_where_an_error_comes_from(told: Es) -> None:
    quiet, loud = told("show", "ES-9"), told("--debug", "show", "ES-9")
    assert quiet.stderr.count("\n") == 2
    assert loud.stderr.startswith("Traceback (most recent call last):\n")
    assert loud.stderr.endswith(quiet.stderr)
    assert (loud.status, loud.stdout) == (quiet.status, quiet.stdout)


def test_a_fault_of_ours_is_told_as_such_and_nothing_is_half_done(told: Es) -> None:
    with closing(sqlite3.connect(told.store)) as db:
        db.execute("CREATE TRIGGER broken BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'broken'); END")
    before = dump(told)
    result = told("comment", "ES-1", "-m", "x")
    assert (result.status, result.stdout) == (1, "")
    assert result.stderr.startswith("es: Internal error")
    assert "--debug" in result.stderr
    assert "Traceback" not in result.stderr
    assert dump(told) == before


@pytest.mark.parametrize("count", [1, 500])
def test_serials_that_cannot_be_printed_are_revoked_and_the_link_works_again(told: Es, count: int) -> None:
    link = told.inside("purchase-link", "T-2").id
    result = in_shell(told, ">/dev/full", "cert", "issue", "-n", str(count))
    assert result.status == 1
    assert "could not be written" in result.stderr
    assert f"0 of {count} certificates issued" in result.stderr
    result = in_shell(told, ">/dev/full", "link", "redeem", link)
    assert (result.status, result.stderr.count("\n")) == (1, 2)
    assert [row["state"] for row in as_json(told.inside("link", "list", "--json"))] == ["unused"]
    states = {row["state"] for row in as_json(told.inside("cert", "list", "--json")) if not row["request"]}
    assert states == {"revoked"}
    assert told.inside("link", "redeem", link).status == 0


def test_what_an_online_store_cannot_read_is_taken_back_with_its_event_but_not_a_request(told: Es) -> None:
    link, other = told.inside("purchase-link", "T-2").id, told.inside("purchase-link", "T-2").id
    for options in (("--event-id", "evt_1"), ("--event-id", "evt_1", "--json")):
        result = in_shell(told, ">/dev/full", "link", "redeem", link, *options)
        assert result.status == 1
        assert "saved" not in result.stderr
    assert told.inside("link", "redeem", other, "--event-id", "evt_1").status == 0  # it is free again
    result = in_shell(told, ">/dev/full", "link", "redeem", link, "--event-id", "evt_2", "--activate")
    assert result.status == 1
    request = as_json(told.inside("show", "T-2", "--json"))["id"]
    assert f"The change was saved: {request}" in result.stderr
    again = as_json(told.inside("link", "redeem", link, "--event-id", "evt_2", "--activate", "--json"))
    assert (again["request"], again["serial"]) == (request, None)
    assert told.inside("db", "check").status == 0


def test_with_stdout_closed_nothing_is_issued(told: Es) -> None:
    link = told("purchase-link", "T-2").id
    before = dump(told)
    for words in (("cert", "issue", "-n", "500"), ("link", "redeem", link), ("cert", "replace", "C-1", "--yes")):
        assert in_shell(told, ">&-", *words).status == 1
        assert dump(told) == before


def test_output_that_cannot_be_written_is_status_1(told: Es) -> None:
    for words in ("list", "show ES-1", "list --json", "list --format table", "config list"):
        for ending in (">&-", ">/dev/full"):
            result = in_shell(told, ending, *words.split())
            assert result.status == 1, (words, ending)
            assert "could not be written" in result.stderr
            assert "Traceback" not in result.stderr


def test_help_that_cannot_be_written_is_status_1_too(es: Es) -> None:
    for words in ("--help", "--version", "list --help"):
        for ending in (">&-", ">/dev/full"):
            result = in_shell(es, ending, *words.split())
            assert result.status == 1, (words, ending)
            assert 1 <= result.stderr.count("\n") <= 3
            assert "Traceback" not in result.stderr


def test_with_stdout_closed_nothing_is_changed(told: Es) -> None:
    before = dump(told)
    assert in_shell(told, ">&-", "close", "ES-1").status == 1
    assert dump(told) == before


def test_with_stderr_closed_it_works_all_the_same(told: Es) -> None:
    assert in_shell(told, "2>&-", "close", "ES-1") == ("ES-1\n", "", 0)
    assert in_shell(told, "2>&-", "close", "ES-9") == ("", "", 3)
    assert in_shell(told, "2>/dev/full", "close", "ES-9") == ("", "", 3)
    assert in_shell(told, "<&-", "comment", "ES-1").status == 2
    assert in_shell(told, "<&-", "comment", "-", "-m", "x") == ("", "", 0)
    assert told("db", "check").status == 0


@contextmanager
def held(es: Es) -> Iterator[None]:
    """The store, while another program writes to it."""
    with closing(sqlite3.connect(es.store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def test_a_busy_store_is_status_5_for_who_writes_and_none_of_the_readers_business(told: Es) -> None:
    before = dump(told)
    told.env["ES_STORE_TIMEOUT"] = "1s"
    with held(told):
        assert refusal(told("close", "ES-1", "--json")) == (5, "store_busy")
        assert "es config set store.timeout 60s" in told("close", "ES-1").stderr
        assert told("list").stdout.count("\n") == 1
        assert told("db", "check").status == 0
    assert dump(told) == before


def test_a_store_that_is_busy_for_less_than_the_timeout_is_waited_for(told: Es) -> None:
    with closing(sqlite3.connect(told.store, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        process = subprocess.Popen([ES, "close", "ES-1"], env=told.env, stdout=subprocess.PIPE, text=True)
        wait_until_asleep(process.pid)
        other.execute("COMMIT")
    stdout, _ = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (0, "ES-1\n")


def a_bulk_job(es: Es, *how: str) -> subprocess.Popen[str]:
    """`es close -`, which has just closed ES-1 and waits for the next ID."""
    process = subprocess.Popen(
        [ES, "close", "-", *how],
        env={**es.env, "ES_STORE_TIMEOUT": "60s"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("ES-1\n")
    process.stdin.flush()
    assert process.stdout.readline() == "ES-1\n"
    return process


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("busy", [False, True])
def test_interrupted_or_terminated_it_ends_at_once_and_quietly(
    told: Es, number: signal.Signals, status: int, busy: bool
) -> None:
    with filled(told) as store:
        a_request(store, task="T-2")
    process = a_bulk_job(told)
    assert process.stdin is not None
    if busy:
        with held(told):
            process.stdin.write("ES-2\n")
            process.stdin.flush()
            wait_until_asleep(process.pid)
            process.send_signal(number)
            stdout, stderr = process.communicate(timeout=60)
    else:
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=60)
    assert (stdout, stderr, process.returncode) == ("", "", status)
    assert [row["status"] for row in as_json(told("list", "--json"))] == ["New", "Closed"]
    assert told("db", "check").status == 0


def test_ctrl_c_at_a_prompt_ends_quietly_with_nothing_changed(told: Es) -> None:
    with filled(told) as store:
        a_certificate(store)
    before = dump(told)
    for words, prompt in ((("activate", "T-2"), "Serial number"), (("cert", "revoke", "C-2"), "[y/N]")):
        terminal = Terminal(told, *words).sees(prompt).presses_ctrl_c()
        assert terminal.ends() == 130
        assert "Traceback" not in terminal.raw
    assert dump(told) == before


def first_line(es: Es, *arguments: str) -> tuple[str, str, int]:
    """What is read by who then reads no more, as `| head -1` does; stderr and exit status."""
    process = subprocess.Popen([ES, *arguments], env=es.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    with process:
        line = process.stdout.readline()
        process.stdout.close()
        return line, process.stderr.read(), process.wait(timeout=60)


def test_a_pipe_that_nobody_reads_any_more_ends_it_quietly(es: Es) -> None:
    many_requests(es, 5_000)
    for format in ("tsv", "json", "jsonl", "csv"):
        line, stderr, status = first_line(es, "list", "--format", format)
        assert (bool(line), stderr, status) == (True, "", 141)


def test_certificates_that_nobody_reads_are_not_valid(es: Es) -> None:
    with filled(es):
        pass
    line, stderr, status = first_line(es, "cert", "issue", "-n", "20000")
    assert (stderr, status) == ("", 141)
    assert len(line) == 20
    states = [row["state"] for row in as_json(es("cert", "list", "--json"))]
    assert states[:200] == ["revoked"] * 200  # the newest block, which could not be written
    assert set(states[200:]) == {"unused"}
    assert len(states) < 20_000
