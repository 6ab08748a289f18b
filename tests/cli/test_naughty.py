"""Naughty strings: JSON gives back the same text, nothing raw reaches a terminal or a page, no crash."""

from __future__ import annotations

import json
import os
import re
import unicodedata
from pathlib import Path

import pytest
from builders import ANN, BOB, a_certificate, a_request, a_space, a_task
from conftest import Es
from sessions import OURS, RAW, Terminal, as_json, dump, filled, refusal

from expertsupport_cli.actions import requests
from expertsupport_cli.cli.commands import COMMANDS
from expertsupport_cli.text import unix_lines


@pytest.fixture
def es(inside: Es) -> Es:
    return inside


DATA = Path(__file__).parent.parent / "data" / "blns.txt"


def naughty_strings() -> list[str]:
    lines = DATA.read_bytes().decode("utf-8").split("\n")
    return [line for line in lines if line and not line.startswith("#")]


NAUGHTY = naughty_strings()
UNSEEN = [text for text in NAUGHTY if all(c.isspace() or unicodedata.category(c) == "Cf" for c in text)]
WRITTEN = [text for text in NAUGHTY if text not in UNSEEN]  # a name or a comment with nothing to see is refused
NASTY = [
    "[/b]",
    "[red]x[/red]",
    "[link=https://evil.example]x",
    ":smile: [bold",
    "\x1b[31mred\x1b[0m\x1b]0;title\x07",
    "\x9b31m\x90q\x9c",
    "a\u202egnp.exe",
    "\u2066isolated\u2069\u200f",
    "\r\x08\x7f\x0b\x0c overwritten",
    "表ポあA鷗ŒéＢ逍Üßªąñ丂㐀𠀀" * 5,
    "👩‍👩‍👧‍👦🇺🇸" * 20,
    "e\u0301" * 60,
    "a" * 1000,
]


def test_the_list_of_naughty_strings_is_read_whole() -> None:
    assert len(NAUGHTY) > 500
    assert any("\x1b" in text for text in NAUGHTY)
    assert any("\u202e" in text for text in NAUGHTY)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Es:
    """A store with every naughty string as the name of a task with a request, and as a comment on the first."""
    es = Es(tmp_path_factory.mktemp("naughty")).inside
    assert es("space", "add", "acme", "--task-expiry", "never").status == 0
    lines = "".join(json.dumps({"name": text, "space": "acme"}) + "\n" for text in [*WRITTEN, *NASTY])
    assert es("task", "import", "-", stdin=lines).status == 0
    with filled(es) as store:
        at = "2026-11-01T00:00:00Z"
        for number in range(1, len(WRITTEN) + len(NASTY) + 1):
            serial, _ = a_certificate(store)
            requests.activate(store, f"T-{number}", serial, by=ANN, at=at)
        for number, text in enumerate([*WRITTEN, *NASTY]):
            last_is_ann = len(WRITTEN) + len(NASTY) - number
            requests.comment(store, "ES-1", text, by=ANN if last_is_ann % 2 else BOB, at=at)
    return es


def test_names_come_back_from_json_as_they_were(told: Es) -> None:
    expected = [*WRITTEN, *NASTY]
    for words in (("list", "--reverse"), ("desk", "queue")):
        assert [row["task_name"] for row in as_json(told(*words, "--json"))] == expected
        lines = told(*words, "--format", "jsonl").stdout.split("\n")[:-1]
        assert [json.loads(line)["task_name"] for line in lines] == expected
    assert [row["name"] for row in as_json(told("task", "list", "--json"))][::-1] == expected


def test_comments_come_back_from_json_as_they_were(told: Es) -> None:
    for words in (("show",), ("desk", "show")):
        page = as_json(told(*words, "ES-1", "--json"))
        assert [said["body"] for said in page["comments"]] == [*WRITTEN, *NASTY]


def test_tsv_can_be_read_back_too(told: Es) -> None:
    names = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}

    def unescape(field: str) -> str:
        pattern = r"\\(?:x(..)|u(....)|U(.{8})|(.))"
        return re.sub(pattern, lambda m: names[m[4]] if m[4] else chr(int(m[1] or m[2] or m[3], 16)), field)

    lines = told("list", "--reverse", "--fields", "task_name").stdout.split("\n")[:-1]
    assert [unescape(line) for line in lines] == [*WRITTEN, *NASTY]


def test_nothing_raw_is_in_the_output_off_a_terminal(told: Es) -> None:
    for words in ("show 1", "list", "task list", "desk queue"):
        for format in ("tsv", "json", "jsonl", "table"):
            result = told(*words.split(), "--format", format)
            assert (result.status, RAW.findall(result.stdout)) == (0, []), (words, format)


ON_A_TERMINAL = [
    "show 1",
    "desk show 1",
    "list --limit 1000",
    "task list --limit 1000",
    "list --limit 1000 --format tsv",
    "list --format csv",
    "list --json",
    "show 1 --json",
    "show 1 --format csv",
]


@pytest.mark.program
def test_nothing_raw_reaches_a_terminal(told: Es) -> None:
    for words in ON_A_TERMINAL:
        terminal = Terminal(told, *words.split())
        assert (terminal.ends(), RAW.findall(OURS.sub("", terminal.raw))) == (0, []), words


@pytest.mark.program
def test_no_name_breaks_the_table_nor_is_it_taken_as_markup(told: Es) -> None:
    terminal = Terminal(told, "list", "--limit", str(len(NASTY)))
    assert terminal.ends() == 0
    head, *rows = terminal.lines[: len(NASTY) + 1]
    assert [row.split()[0] for row in rows] == [f"ES-{len(WRITTEN) + n}" for n in range(len(NASTY), 0, -1)]
    assert "TASK NAME" in head
    wide = told("list", "--limit", str(len(NASTY)), "--format", "table", "--fields", "task_name")
    shown = wide.stdout.split("\n")[1:-1]
    for text, row in list(zip(NASTY, reversed(shown), strict=True))[:4]:
        assert row.rstrip() == text


def test_errors_show_what_was_typed_without_what_a_terminal_obeys(told: Es) -> None:
    for words in (("show", NASTY[4]), ("list", f"--{NASTY[4]}"), (NASTY[4],), ("task", "show", "\u202e[/b]")):
        for json_or_not in ((), ("--json",)):
            result = told(*words, *json_or_not)
            assert result.status in (2, 3)
            assert RAW.findall(result.stderr) == []
            assert "Traceback" not in result.stderr
        debug = told("--debug", *words)
        assert RAW.findall(debug.stderr) == []


def sections_of_controls() -> list[str]:
    """Strings with characters that are not plain text, and a few of the others."""
    special = [text for text in WRITTEN if RAW.search(text) or re.search("[\u2000-\u206f\ufeff\ufffe]", text)]
    return special + [text for text in WRITTEN if text not in special][::15]


def test_a_comment_on_stdin_is_kept_to_the_letter(es: Es) -> None:
    with filled(es) as store:
        a_request(store)
    sample = sections_of_controls()
    assert len(sample) > 40
    for text in sample:
        assert es("comment", "ES-1", "-F", "-", stdin=text).status == 0
    page = as_json(es("show", "ES-1", "--json"))
    # ends of lines are line feeds, and one is the file's, not the text's
    assert [said["body"] for said in page["comments"]] == [
        text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n") for text in sample
    ]


def test_names_and_messages_as_arguments_are_kept_to_the_letter(es: Es) -> None:
    with filled(es) as store:
        a_space(store, lifetime=None)
        a_request(store)
    for text in NASTY:
        task = as_json(es("task", "add", "--space", "acme", "--json", "--", text))
        assert task["name"] == text
        assert RAW.findall(es("task", "show", task["id"]).stdout) == []


@pytest.mark.program
def test_the_program_too_keeps_all_of_them_to_the_letter(told: Es) -> None:
    program, every = Es(told.home), unix_lines("\n".join([*WRITTEN, *NASTY]))
    assert program("desk", "note", "ES-2", "-F", "-", stdin=every).status == 0
    assert program("desk", "note", "ES-2", "-m", every.replace("\0", "")).status == 0
    page = as_json(program("desk", "show", "ES-2", "--json"))
    assert [said["body"] for said in page["comments"]] == [every, every.replace("\0", "")]


NOT_UTF_8 = (b"abc\xff", b"\xc3\x28", b"\xed\xa0\x80")
BAD = [(way, bad) for way in ("message", "name", "file", "stdin") for bad in NOT_UTF_8]
NUL = [(way, b"a\0b") for way in ("file", "stdin")]  # no argument can have it


def refused_as_no_text(es: Es, way: str, bad: bytes) -> None:
    """The bytes are refused as an argument, from a file or on stdin."""
    words = {"name": ["task", "add", "--space", "acme"], "message": ["comment", "ES-1", "-m"]}
    file = es.home / "message"
    file.write_bytes(bad)
    if way in words:
        result = es(*words[way], os.fsdecode(bad))
    else:
        result = es("comment", "ES-1", "-F", "-" if way == "stdin" else str(file), stdin=bad)
    assert (result.status, result.stdout) == (2, ""), (way, bad)
    assert "NUL" in result.stderr or "not valid UTF-8" in result.stderr
    assert result.stderr.count("\n") <= 3


def test_bytes_that_are_not_utf_8_and_nul_are_refused(es: Es) -> None:
    with filled(es) as store:
        a_request(store)
    before = dump(es)
    for way, bad in BAD + NUL:
        refused_as_no_text(es, way, bad)
    assert dump(es) == before


def test_an_argument_that_is_not_utf_8_is_refused_by_every_command_before_anything_is_opened(es: Es) -> None:
    for command in COMMANDS:
        words = [*command.split(), "x\udcff"]
        assert es(*words) == ("", f"es: Argument {len(words)} is not valid UTF-8.\n", 2), command
        assert refusal(es(*words, "--json")) == (2, "usage"), command
    assert list(es.home.iterdir()) == []


@pytest.mark.program
def test_the_program_too_refuses_bytes_that_are_not_utf_8(es: Es) -> None:
    with filled(es) as store:
        a_request(store)
    for way in ("message", "stdin"):
        refused_as_no_text(Es(es.home), way, NOT_UTF_8[0])


def test_what_cannot_be_seen_is_no_name_and_no_comment(es: Es) -> None:
    with filled(es) as store:
        a_task(store)
        a_request(store)
    before = dump(es)
    for text in [" ", *UNSEEN]:
        assert es("comment", "ES-1", "-m", text).status == 2, ascii(text)
        assert es("task", "add", text, "--space", "acme").status == 2, ascii(text)
    assert dump(es) == before
