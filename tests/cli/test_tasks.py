"""Tasks: add, list, show, close, reopen, import; and the log of one."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from builders import AT, OLGA, a_request, a_space, a_task, later
from conftest import ES, Es
from sessions import Terminal, as_json, dump, filled, refusal

from expertsupport_cli.actions import tasks


@pytest.fixture
def es(inside: Es) -> Es:
    return inside


@pytest.fixture
def acme(es: Es) -> Es:
    """A store with the space acme, whose tasks never expire, which is the space that is meant."""
    with filled(es) as store:
        a_space(store, lifetime=None)
    es.env["ES_SPACE"] = "acme"
    return es


def test_tasks_get_ids_in_order_unless_they_are_given_one(acme: Es) -> None:
    assert acme("task", "add", "A").id == "T-1"
    assert acme("task", "add", "B", "--id", "INC-4711", "--description", "Long\nstory").id == "INC-4711"
    assert acme("task", "add", "C", "--id", "T-7").id == "T-7"
    assert acme("task", "add", "D").id == "T-8"
    task = as_json(acme("task", "show", "inc-4711", "--json"))
    assert (task["name"], task["description"], task["creator"], task["state"]) == ("B", "Long\nstory", "ann", "open")
    assert acme("task", "show", "INC-4711").stdout.endswith("\nExpires  never\n\nLong\nstory\n")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", "A", "--id", "t-1"), (4, "already_exists")),
        (("add", "A", "--id", "ES-1"), (2, "usage")),
        (("add", "A", "--id", "17"), (2, "usage")),
        (("add", "A", "--id", "a b"), (2, "usage")),
        (("add", "A", "--id", "x" * 65), (2, "usage")),
        (("add", " "), (2, "usage")),
        (("add", "x" * 1001), (2, "usage")),
        (("add", "A", "--space", "nowhere"), (3, "not_found")),
        (("show", "T-2"), (3, "not_found")),
        (("close", "T-2"), (3, "not_found")),
        (("list", "--state", "done"), (2, "usage")),
        (("list", "--space", "nowhere"), (3, "not_found")),
        (("import", "nowhere.csv"), (3, "not_found")),
        (("import", "/"), (2, "usage")),
    ],
)
def test_what_cannot_be_done_to_a_task_is_refused(acme: Es, words: tuple[str, ...], told: tuple[int, str]) -> None:
    acme("task", "add", "A")
    before = dump(acme)
    assert refusal(acme("task", *words, "--json")) == told
    assert dump(acme) == before


def test_a_task_needs_a_space(es: Es) -> None:
    result = es("task", "add", "A")
    assert result.status == 2
    assert "Try: es task add A --space SPACE" in result.stderr


def test_closing_and_reopening_again_are_notes(acme: Es) -> None:
    acme("task", "add", "A")
    assert acme("task", "close", "t-1") == ("T-1\n", "", 0)
    assert acme("task", "close", "T-1") == ("T-1\n", "Task T-1 is already closed; nothing was changed.\n", 0)
    assert acme("task", "reopen", "T-1") == ("T-1\n", "", 0)
    assert acme("task", "reopen", "T-1") == ("T-1\n", "Task T-1 is already open; nothing was changed.\n", 0)


def test_reopening_restarts_the_expiry(es: Es) -> None:
    with filled(es) as store:
        a_task(store)
    before = as_json(es("task", "show", "T-1", "--json"))
    assert (before["state"], before["expires_at"]) == ("expired", later(10))
    es("task", "reopen", "T-1")
    after = as_json(es("task", "show", "T-1", "--json"))
    assert after["state"] == "open"
    assert after["expires_at"] > "2026-10"


def test_tasks_are_listed_newest_first_by_space_and_state(es: Es) -> None:
    with filled(es) as store:
        a_space(store, "zoo", lifetime=None)
        a_task(store, "expired")
        a_task(store, "open", space="zoo")
        tasks.close_task(store, a_task(store, "closed").id, by=OLGA, at=AT)
        a_request(store, task=a_task(store, "kept by its request").id)

    def listed(*how: str) -> str:
        return es("task", "list", "--fields", "id,state", *how).stdout.replace("\t", " ").replace("\n", ", ")

    assert listed() == "T-4 open, T-3 closed, T-2 open, T-1 expired, "
    assert listed("--space", "ZOO") == "T-2 open, "
    assert listed("--state", "open") == "T-4 open, T-2 open, "
    assert listed("--state", "expired") == "T-1 expired, "
    assert listed("--state", "closed", "--space", "acme") == "T-3 closed, "
    assert listed("--limit", "1") == "T-4 open, "


def test_csv_is_imported_with_the_fields_that_it_has_in_any_order(acme: Es, tmp_path: Path) -> None:
    acme("space", "add", "zoo")
    file = tmp_path / "tasks.csv"
    file.write_bytes(
        b'\xef\xbb\xbfSpace,name,id,description\r\nzoo,"A, B",INC-1,"two\nlines"\r\n,C,,\r\n\r\n,"D ""E""",t-9,\r\n'
    )
    assert acme("task", "import", str(file)) == ("INC-1\nT-10\nt-9\n", "", 0)
    rows = as_json(acme("task", "list", "--json", env={"ES_SPACE": ""}))
    assert [(row["id"], row["space"], row["name"], row["description"]) for row in rows] == [
        ("t-9", "acme", 'D "E"', ""),
        ("T-10", "acme", "C", ""),
        ("INC-1", "zoo", "A, B", "two\nlines"),
    ]


def test_json_lines_are_imported_from_stdin(acme: Es) -> None:
    lines = ['{"name": "A", "id": null}', "", '{"name": "B\\u2028", "id": "B-1", "description": "x"}']
    assert acme("task", "import", "-", stdin="\n".join(lines)).stdout == "T-1\nB-1\n"
    assert [row["name"] for row in as_json(acme("task", "list", "--json"))] == ["B\u2028", "A"]
    assert acme("log", "B-1").stdout.split("\t")[1:] == ["task_imported", "ann\n"]


@pytest.mark.parametrize(
    ("file", "line", "status"),
    [
        ("name,id\nA,X-1\nB,X-1\n", 3, 2),
        ("name,id\nA,x-1\nB,X-1\n", 3, 2),
        ("name,id\nA,\nB,T-1\n", 3, 4),
        ("name\nA\n\n \n", 4, 2),
        ("name\nA\nB,C\n", 3, 2),
        ("name,colour\nA,red\n", 1, 2),
        ("id\nX-1\n", 1, 2),
        ("name,name\nA,B\n", 1, 2),
        ('name\n"A\nB"\n"C\n', 4, 2),
        ("name,space\nA,acme\nB,nowhere\n", 3, 3),
        ("name,id\nA,ES-1\n", 2, 2),
        ("name\nA\n" + "x" * 1001, 3, 2),
        ("name\nA\nB\0\n", 3, 2),
        ('{"name": "A"}\n{"name": "B"\n', 2, 2),
        ('{"name": "A"}\n["B"]\n', 2, 2),
        ('{"name": "A"}\n{"name": 7}\n', 2, 2),
        ('{"name": "A"}\n\n{"id": "X"}\n', 3, 2),
        ('{"name": "A"}\n{"name": "\\ud800"}\n', 2, 2),
        ('{"name": "A"}\n{"name": "a\\u0000"}\n', 2, 2),
        ('{"name": "A"}\n' + "{" * 100_000 + "\n", 2, 2),
        ('{"name": "A", "colour": null}\n', 1, 2),
        ('[{"name": "A"}]\n', 1, 2),
    ],
)
def test_a_bad_line_is_named_by_its_number_and_nothing_is_imported(acme: Es, file: str, line: int, status: int) -> None:
    acme("task", "add", "There already")
    before = dump(acme)
    result = acme("task", "import", "-", stdin=file)
    assert (result.status, result.stdout) == (status, "")
    assert result.stderr.startswith(f"es: Line {line}: ")
    assert result.stderr.count("\n") <= 3
    assert dump(acme) == before


def test_bytes_that_are_not_utf_8_are_named_by_line_too(acme: Es) -> None:
    result = acme("task", "import", "-", stdin=b"name\nA\nB\xff\n")
    assert result.status == 2
    assert result.stderr.startswith("es: Line 3: ")
    assert acme("task", "list").stdout == ""


@pytest.mark.parametrize("file", ["", "\n\n", "\ufeff"])
def test_an_empty_file_is_refused(acme: Es, file: str) -> None:
    assert acme("task", "import", "-", stdin=file).status == 2


@pytest.mark.program
def test_a_hundred_thousand_tasks_are_imported_in_one_go(acme: Es, tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl"
    file.write_text("".join(f'{{"name": "Task {n}", "id": "N-{n}"}}\n' for n in range(100_000)), encoding="utf-8")
    result = acme("task", "import", str(file))
    assert (result.status, result.stderr) == (0, "")
    assert result.stdout == "".join(f"N-{n}\n" for n in range(100_000))
    assert as_json(acme("space", "show", "acme", "--json"))["tasks"] == 100_000
    assert acme("task", "show", "n-99999", "--fields", "name").stdout == "Task 99999\n"
    file.write_text('{"name": "One more"}\n{"name": "Again", "id": "N-50000"}\n', encoding="utf-8")
    assert acme("task", "import", str(file)).stderr.startswith("es: Line 2: Task N-50000 already exists.")


@pytest.mark.program
def test_progress_is_shown_on_a_terminal(acme: Es, tmp_path: Path) -> None:
    file = tmp_path / "tasks.csv"
    file.write_text("name\n" + "A\n" * 2000, encoding="utf-8")
    terminal = Terminal(acme, "task", "import", str(file))
    assert terminal.ends() == 0
    assert "Reading" in terminal.raw
    assert terminal.lines == ["Adding 2,000 tasks.", "Imported 2,000 tasks."]


def test_the_log_has_what_happened_row_by_row_and_its_fields_when_expanded(es: Es) -> None:
    with filled(es) as store:
        request = a_request(store)
    es("close", request.id)
    es("task", "close", request.task)
    es("task", "reopen", request.task)
    rows = [row.split("\t") for row in es("log", "t-1").stdout.splitlines()]
    assert [row[1:] for row in rows] == [
        ["task_added", "ann"],
        ["activated", "ann"],
        ["closed", "ann"],
        ["task_closed", "ann"],
        ["task_reopened", "ann"],
    ]
    expanded = es("log", "T-1", "--expand").stdout
    assert f"Support ticket URL  {request.url('http://127.0.0.1:8765')}\n" in expanded
    assert expanded.count("Support ticket URL") == 1
    assert f"Certificate         {request.certificate}\n" in expanded
    assert "Status   New → Closed\n" in expanded
    assert [json.loads(line)["event"] for line in es("log", "T-1", "--format", "jsonl").stdout.splitlines()] == [
        row[1] for row in rows
    ]
    assert es("log", "T-9").status == 3


@pytest.mark.program
@pytest.mark.parametrize("words", ["task import - --space acme", "cert import -"])
def test_an_import_whose_input_is_slow_holds_nobody_up(acme: Es, words: str) -> None:
    process = subprocess.Popen([ES, *words.split()], env=acme.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(b"name\n" if words.startswith("task") else b"AAAABBBBCCCCDDDD\n")
    process.stdin.flush()
    assert acme("space", "add", "other", env={"ES_STORE_TIMEOUT": "1s"}).status == 0
    process.communicate()
    assert process.returncode == 0
