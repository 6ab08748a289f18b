"""Rows for programs: TSV, CSV, JSON and JSON lines, with the fields that are asked for; and errors as JSON."""

from __future__ import annotations

import csv
import io
import json

import pytest
from builders import a_task
from cli.test_formats import LISTS, REQUEST, SERIAL
from conftest import Es
from sessions import a_whole_store, as_json, filled


@pytest.fixture
def es(inside: Es) -> Es:
    return inside


COLUMNS = ["id", "task_name", "task_id", "initiator", "created_at", "status", "turn", "updated_at", "space"]


def test_off_a_terminal_a_list_is_tsv_without_header_in_the_promised_columns(es: Es) -> None:
    a_whole_store(es)
    row = as_json(es("list", "--json"))[0]
    plain = es("list")
    assert plain.stdout == "\t".join(row[name] for name in COLUMNS) + "\n"
    assert plain.stderr == ""
    assert es("list", "--format", "tsv") == plain


def test_csv_has_a_header_and_json_lines_are_the_elements_of_the_json(es: Es) -> None:
    a_whole_store(es)
    rows = as_json(es("list", "--json"))
    assert as_json(es("list", "--format", "json")) == rows
    assert [json.loads(line) for line in es("list", "--format", "jsonl").stdout.splitlines()] == rows
    table = list(csv.DictReader(io.StringIO(es("list", "--format", "csv").stdout)))
    assert table == [{name: row[name] or "" for name in COLUMNS} for row in rows]


def test_a_table_can_be_asked_for_off_a_terminal(es: Es) -> None:
    a_whole_store(es)
    head, *rows = es("list", "--format", "table").stdout.splitlines()
    assert head.split()[:2] == ["ID", "TASK"]
    assert rows[0].startswith("ES-1  ")
    assert "d ago" in rows[0] or "y ago" in rows[0]


def test_fields_are_those_named_in_that_order_in_every_format(es: Es) -> None:
    a_whole_store(es)
    asked = ("list", "--fields", "status, id,closed_at")
    assert es(*asked).stdout == "Acknowledged\tES-1\t\n"
    assert list(as_json(es(*asked, "--json"))[0].items()) == [
        ("status", "Acknowledged"),
        ("id", "ES-1"),
        ("closed_at", None),
    ]
    assert es(*asked, "--format", "csv").stdout == "status,id,closed_at\nAcknowledged,ES-1,\n"
    assert es("comment", "ES-1", "-m", "x", "--fields", "turn,id").stdout == "desk\tES-1\n"
    assert es("show", "ES-1", "--fields", "status").stdout == "Acknowledged\n"


def test_unknown_fields_and_formats_name_the_known_ones(es: Es) -> None:
    wrong = es("list", "--fields", "id,colour")
    assert wrong.status == 2
    assert "'colour'" in wrong.stderr
    assert ", ".join(REQUEST) in wrong.stderr
    wrong = es("list", "--format", "xml")
    assert wrong.status == 2
    assert "table, tsv, csv, json, jsonl" in wrong.stderr
    assert es("list", "--json", "--format", "csv").status == 2
    assert es("list", "--json", "--format", "json").status == 0
    assert es("list", "--fields", ",").status == 2


@pytest.mark.parametrize(
    "command", sorted(LISTS - {"task import", "cert import", "db check", "schema", "config list", "log"})
)
def test_an_empty_list_is_an_empty_array_and_no_lines(es: Es, command: str) -> None:
    with filled(es):
        pass
    assert json.loads(es(*command.split(), "--json").stdout) == []
    for format in ("tsv", "jsonl"):
        assert es(*command.split(), "--format", format) == ("", "", 0)
    assert es(*command.split(), "--format", "csv").stdout.count("\n") == 1


def test_tsv_has_one_line_a_row_whatever_is_in_it(es: Es) -> None:
    name = "a\tb\\c\nd\re\x1b[31mf\x85g\u202eh\x7f"
    with filled(es) as store:
        a_task(store, name)
    line = es("task", "list", "--fields", "name").stdout
    assert line == "a\\tb\\\\c\\nd\\re\\x1b[31mf\\x85g\\u202eh\\x7f\n"
    (row,) = csv.reader(
        io.StringIO(es("task", "list", "--fields", "name", "--format", "csv").stdout.partition("\n")[2])
    )
    assert row == [name]


def test_errors_are_json_where_json_is_asked_for(es: Es) -> None:
    a_whole_store(es)
    result = es("comment", "ES-9", "-m", "x", "--format", "json")
    assert (result.status, result.stdout) == (3, "")
    assert json.loads(result.stderr) == {
        "error": {
            "code": "not_found",
            "message": "Request ES-9 not found.",
            "hint": "Try: es list",
        }
    }
    for words in (("list", "--nope", "--json"), ("list", "--format=jsonl", "--limit", "0"), ("nope", "--json")):
        told = json.loads(es(*words).stderr)["error"]
        assert list(told) == ["code", "message", "hint"]
        assert told["code"] == "usage"


def test_ids_alone_are_printed_by_what_makes_or_changes_things(es: Es) -> None:
    a_whole_store(es)
    assert es("task", "add", "A").stdout == "T-2\n"
    assert es("task", "import", "-", stdin="name\nB\nC\n").stdout == "T-3\nT-4\n"
    assert es("task", "close", "T-2", "T-3").stdout == "T-2\nT-3\n"
    assert es("cert", "issue", "-n", "3").stdout.count("\n") == 3
    assert es("partner", "remove", "Zed", "--yes").stdout == "Zed\n"
    assert es("space", "edit", "acme", "--blocked").stdout == "acme\n"


def test_several_things_are_one_list_in_json(es: Es) -> None:
    a_whole_store(es)
    issued = as_json(es("cert", "issue", "-n", "2", "--json"))
    assert [list(one) for one in issued] == [SERIAL] * 2
    assert [one["id"] for one in as_json(es("cert", "revoke", "C-3", "C-4", "--json", "--yes"))] == ["C-3", "C-4"]
