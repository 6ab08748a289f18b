"""Many at once: several requests in a command, a hundred thousand in a list; and dry runs, which change nothing."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from builders import ANN, AT, BOB, OLGA, a_certificate, a_request, a_space, a_task
from conftest import ES, Es
from sessions import as_json, dump, filled, many_requests

from expertsupport_cli.actions import following, links, requests, spaces
from expertsupport_cli.actions.notices import Post
from expertsupport_cli.cli.commands import COMMANDS, find
from expertsupport_cli.render.notice import notice_text


@pytest.fixture
def es(inside: Es) -> Es:
    return inside


@pytest.fixture
def three(es: Es) -> Es:
    """Requests ES-1 to ES-3, of which the second is closed."""
    with filled(es) as store:
        for _ in range(3):
            a_request(store)
        requests.close(store, "ES-2", None, by=ANN, at=AT)
    return es


def test_several_are_done_and_printed_each(three: Es) -> None:
    assert three("comment", "ES-1", "3", "-m", "x") == ("ES-1\nES-3\n", "", 0)
    assert three("desk", "acknowledge", "T-1", "es-3").stdout == "ES-1\nES-3\n"
    assert [row["status"] for row in as_json(three("list", "--json"))] == ["Acknowledged", "Closed", "Acknowledged"]


@pytest.mark.parametrize(
    ("ids", "status"), [("1 2 9 3", 4), ("1 9 2 3", 3), ("9 nonsense 1 3", 3), ("1 3", 0), ("1 3 2", 4)]
)
def test_the_exit_status_is_that_of_the_first_that_failed_and_the_others_are_done(
    three: Es, ids: str, status: int
) -> None:
    result = three("comment", "-", "-m", "x", stdin=ids.replace(" ", "\n"))
    assert (result.stdout, result.status) == ("ES-1\nES-3\n", status)
    failed = len(ids.split()) - 2
    assert result.stderr.count("es: ") == failed
    assert [len(as_json(three("show", id, "--json"))["comments"]) for id in ("1", "2", "3")] == [1, 0, 1]


@pytest.mark.parametrize(
    ("words", "status", "failed"),
    [
        ("close 1 9 3", 3, 1),
        ("close 1 nonsense 9 3", 3, 2),
        ("desk acknowledge 1 T-9", 3, 1),
        ("task close T-1 T-9", 3, 1),
        ("follow 1 9 --email a@example.org", 3, 1),
    ],
)
def test_what_is_named_is_looked_up_before_anything_is_done(three: Es, words: str, status: int, failed: int) -> None:
    before = dump(three)
    result = three(*words.split())
    assert (result.stdout, result.status) == ("", status)
    assert result.stderr.count("es: ") == failed
    assert dump(three) == before


@pytest.mark.parametrize("command", ["close", "reopen", "desk acknowledge", "desk close", "follow"])
def test_a_message_without_m_is_not_taken_for_a_request(three: Es, command: str) -> None:
    before = dump(three)
    for first in ("ES-1", "ES-9"):
        result = three(*command.split(), first, "Thanks a lot")
        assert (result.stdout, result.status) == ("", 2)
        assert "A message goes after -m." in result.stderr
    assert dump(three) == before


def test_an_internal_error_in_one_stops_no_other(three: Es) -> None:
    with closing(sqlite3.connect(three.store)) as db:
        db.execute(
            "CREATE TRIGGER broken BEFORE INSERT ON events WHEN NEW.request = 1"
            " BEGIN SELECT RAISE(ABORT, 'broken'); END"
        )
    result = three("comment", "ES-1", "ES-3", "-m", "x")
    assert (result.stdout, result.status) == ("ES-3\n", 1)
    assert result.stderr.count("es: ") == 1


def test_ids_come_from_stdin_too_alone_or_among_others(three: Es) -> None:
    assert three("close", "-", stdin="ES-1\n\n  es-3 \n") == ("ES-1\nES-3\n", "", 0)
    assert three("reopen", "2", "-", stdin="3\n").stdout == "ES-2\nES-3\n"
    assert three("comment", "-", "-m", "x", stdin="") == ("", "", 0)
    assert three("task", "close", "-", stdin="T-1\nT-2\n").stdout == "T-1\nT-2\n"


@pytest.mark.parametrize("strictness", ["strict", "surrogateescape"])
def test_an_id_on_stdin_that_is_not_utf_8_is_refused_and_the_others_are_done(three: Es, strictness: str) -> None:
    result = three("close", "-", stdin=b"1\n\xff\n2\0\n3\n", env={"PYTHONIOENCODING": f"utf-8:{strictness}"})
    assert (result.stdout, result.status) == ("ES-1\nES-3\n", 2)
    assert "The ID is not valid UTF-8." in result.stderr
    assert "NUL" in result.stderr


def test_the_output_of_a_list_is_the_input_of_the_next_command(three: Es) -> None:
    waiting = three("desk", "queue", "--fields", "id").stdout
    assert three("desk", "reply", "-", "--waiting", "-m", "Which printer?", stdin=waiting).stdout == waiting
    assert three("desk", "queue").stdout == ""


def test_in_json_several_are_a_list_and_errors_are_objects_on_stderr(three: Es) -> None:
    result = three("comment", "-", "-m", "x", "--json", stdin="1\n9\n3\n")
    assert [row["id"] for row in json.loads(result.stdout)] == ["ES-1", "ES-3"]
    assert json.loads(result.stderr)["error"]["code"] == "not_found"
    assert result.status == 3
    lines = three("comment", "1", "2", "-m", "x", "--format", "jsonl")
    assert json.loads(lines.stdout)["id"] == "ES-1"
    assert json.loads(lines.stderr)["error"]["code"] == "request_closed"


MEASURED = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)
lines = sum(1 for _ in child.stdout)
_, status, usage = os.wait4(child.pid, 0)
child.returncode = os.waitstatus_to_exitcode(status)
print(lines, usage.ru_maxrss, child.returncode)
"""


def measured(es: Es, *arguments: str) -> tuple[int, int]:
    """How many lines a command writes to a pipe, and the most memory that it had.

    A process starts with the peak of the one that started it, so a small one stands in between.
    """
    done = subprocess.run(
        [sys.executable, "-S", "-c", MEASURED, ES, *arguments], env=es.env, capture_output=True, text=True, check=True
    )
    lines, memory, status = map(int, done.stdout.split())
    assert status == 0, done.stderr
    return lines, memory


@pytest.mark.program
def test_a_hundred_thousand_requests_are_listed_to_a_pipe_in_bounded_memory(es: Es, tmp_path: Path) -> None:
    many_requests(es, 100_000)
    small = Es(tmp_path / "small")
    small.home.mkdir()
    many_requests(small, 10_000)
    for how in (("list",), ("list", "--sort", "updated_at", "--format", "jsonl")):
        few, little = measured(small, *how)
        many, much = measured(es, *how)
        assert (few, many) == (10_000, 100_000)
        assert much < 1.2 * little


def changing() -> list[str]:
    """The commands that change something."""
    return [name for name in COMMANDS if find(name).writes]


DRY = {
    "activate": ("T-2 -", "{serial}"),
    "purchase-link": ("T-2", ""),
    "comment": ("ES-1 -m x", ""),
    "close": ("ES-1 -m x", ""),
    "reopen": ("ES-2 -m x", ""),
    "desk acknowledge": ("ES-1", ""),
    "desk reply": ("ES-1 --waiting -m x", ""),
    "desk note": ("ES-1 -m x", ""),
    "desk close": ("ES-1", ""),
    "desk reopen": ("ES-2", ""),
    "space add": ("zoo", ""),
    "space edit": ("acme --blocked --title T", ""),
    "task add": ("A --space acme", ""),
    "task close": ("T-1 T-2", ""),
    "task reopen": ("T-4", ""),
    "task import": ("- --space acme", "name\nA\nB\n"),
    "cert issue": ("-n 300", ""),
    "cert import": ("-", "AAAABBBBCCCCDDDD\n"),
    "cert revoke": ("C-3 --yes", ""),
    "cert replace": ("C-3 --yes", ""),
    "partner add": ("P https://p.example", ""),
    "partner remove": ("Zed --yes", ""),
    "link redeem": ("-", "{link}"),
    "link revoke": ("L-1 --yes", ""),
    "follow": ("ES-1 --email carl@example.org", ""),
    "unfollow": ("ES-1 --email dora@example.org", ""),
    "mail send": ("", ""),
    "mail retry": ("M-1", ""),
    "config set": ("space acme", ""),
    "config unset": ("user.name", ""),
    "db forget": ("ES-2 --yes", ""),
}


def test_every_command_that_changes_something_can_be_run_dry() -> None:
    assert sorted(changing()) == sorted([*DRY, "db upgrade", "db vacuum"])  # which change no row of this store


def for_each_command(es: Es) -> tuple[Path, dict[str, str]]:
    """A store in which each of these commands changes something; the settings file, and what can still be used once."""
    with filled(es) as store:
        a_request(store)
        a_space(store, "forever", lifetime=None)
        a_task(store, space="forever")
        a_request(store)
        requests.close(store, "ES-2", None, by=BOB, at=AT, post=Post(compose=notice_text))
        a_task(store)
        serial, _ = a_certificate(store)
        link, _ = links.create_link(store, "T-2", lifetime=1000 * 86400, by=ANN, at=AT)
        spaces.add_partner(store, "Zed", "https://zed.example", by=OLGA, at=AT)
        following.follow(store, "ES-1", "dora@example.org", by=ANN, at=AT)
        with store.transaction():
            store.change("UPDATE outbox SET state = 'failed', attempts = 1, error = 'The server was away'")
    file = es.home / "config" / "expertsupport" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('[user]\nname = "bob"\n', encoding="utf-8")
    return file, {"serial": serial, "link": link}


@pytest.mark.parametrize("command", DRY)
def test_a_dry_run_ends_as_the_command_would_and_changes_nothing(es: Es, command: str) -> None:
    file, secrets = for_each_command(es)
    before = dump(es), file.read_bytes()
    arguments, stdin = DRY[command]
    words, given = [*command.split(), *arguments.split()], stdin.format(**secrets)
    dry = es(*words, "--dry-run", stdin=given)
    assert dry.status == 0, dry
    assert dry.stderr.endswith("Dry run: nothing was changed.\n")
    assert (dump(es), file.read_bytes()) == before
    real = es(*words, stdin=given)
    assert real.status == 0
    assert (dump(es), file.read_bytes()) != before
    if "dry run" in dry.stdout:  # a serial or a link that would have been of no use
        assert dry.stdout == real.stdout.count("\n") * "(none: dry run)\n"
    else:
        assert dry.stdout == real.stdout


@pytest.mark.parametrize("command", [command for command in DRY if not command.startswith("config")])
def test_a_field_that_is_not_there_is_told_before_anything_is_changed(es: Es, command: str) -> None:
    _, secrets = for_each_command(es)
    before = dump(es)
    arguments, stdin = DRY[command]
    told = es(*command.split(), *arguments.split(), "--fields", "nope", stdin=stdin.format(**secrets))
    assert (told.status, told.stdout) == (2, "")
    assert told.stderr.startswith("es: Unknown field 'nope'.\n")
    assert dump(es) == before


def test_a_link_is_not_made_where_the_fields_or_the_shop_will_not_do(es: Es) -> None:
    for_each_command(es)
    before = dump(es)
    assert es("purchase-link", "T-2", "--fields", "name").status == 2  # which a partner has, and an address has not
    assert es("purchase-link", "T-2", env={"ES_SHOP_URL": "nowhere"}).status == 2
    assert dump(es) == before
    assert es("purchase-link", "T-2", "--partner", "--fields", "name").stdout == "Zed\n"


def test_a_dry_run_is_refused_as_the_command_would_be(three: Es) -> None:
    assert three("comment", "ES-2", "-m", "x", "--dry-run").status == 4
    assert three("close", "ES-9", "--dry-run").status == 3


def test_a_dry_run_makes_no_store(es: Es) -> None:
    result = es("space", "add", "acme", "--dry-run")
    assert (result.stdout, result.status) == ("acme\n", 0)
    assert not es.store.exists()
