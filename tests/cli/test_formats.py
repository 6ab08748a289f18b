"""What commands print for programs: TSV, CSV, JSON, JSON lines; the names of the JSON keys are a contract."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from builders import ANN, AT, BOB, OLGA, a_certificate, a_request, a_space, a_task
from conftest import Es
from sessions import as_json, filled

from expertsupport_cli.actions import links, requests, spaces
from expertsupport_cli.actions.notices import Post
from expertsupport_cli.render.notice import notice_text

REQUEST = [
    "id",
    "status",
    "turn",
    "space",
    "task_id",
    "task_name",
    "initiator",
    "initiator_email",
    "created_at",
    "updated_at",
    "closed_at",
    "certificate",
    "url",
]
COMMENT = ["id", "author", "side", "kind", "body", "created_at"]
EVENT = ["number", "at", "event", "actor", "side", "via", "from", "to"]
LOG = [*EVENT, "request", "certificate", "link", "support_ticket_url"]
TASK = ["id", "name", "state", "space", "description", "creator", "created_at", "closed_at", "expires_at"]
SPACE = ["name", "title", "task_expiry", "task_limit", "tasks", "blocked", "created_at"]
CERTIFICATE = [
    "id",
    "certificate",
    "state",
    "origin",
    "note",
    "created_at",
    "expires_at",
    "revoked_at",
    "used_at",
    "request",
    "task_id",
]
LINK = ["id", "task_id", "state", "creator", "created_at", "expires_at", "used_at", "revoked_at", "certificate"]
PARTNER = ["name", "url", "created_at"]
MAIL = [
    "id",
    "request",
    "recipient",
    "state",
    "attempts",
    "error",
    "created_at",
    "due_at",
    "sent_at",
    "event",
    "message_id",
    "subject",
    "body",
]
NEWS = [
    "number",
    "at",
    "request",
    "event",
    "actor",
    "side",
    "from",
    "to",
    "text",
    "task_id",
    "task_name",
    "space",
]
SERIAL = ["serial", "id", "expires_at"]
ADDRESS = ["url", "id", "expires_at"]
CONTRACT = [
    # command, its arguments, what it reads on stdin, the keys of (each element of) its JSON
    ("list", "list", "", REQUEST),
    ("show", "show ES-1", "", [*REQUEST, "task_description", "comments", "events"]),
    ("desk show", "desk show ES-1", "", [*REQUEST, "task_description", "comments", "events"]),
    ("desk queue", "desk queue", "", [*REQUEST, "turn_since", "unanswered_since", "last_by", "last_side", "last_at"]),
    ("open", "open ES-1", "", ADDRESS),
    ("log", "log T-1", "", LOG),
    ("activate", "activate FREE -", "{serial}", REQUEST),
    ("comment", "comment ES-1 -m x", "", REQUEST),
    ("close", "close ES-1", "", REQUEST),
    ("reopen", "reopen ES-1", "", REQUEST),
    ("desk acknowledge", "desk acknowledge ES-1", "", REQUEST),
    ("desk reply", "desk reply ES-1 -m x", "", REQUEST),
    ("desk note", "desk note ES-1 -m x", "", REQUEST),
    ("desk close", "desk close ES-1", "", REQUEST),
    ("desk reopen", "desk reopen ES-1", "", REQUEST),
    ("purchase-link", "purchase-link FREE", "", ADDRESS),
    ("link list", "link list", "", LINK),
    ("link show", "link show L-1", "", [*LINK, "events"]),
    ("link redeem", "link redeem -", "{link}", SERIAL),
    ("link revoke", "link revoke L-1 --yes", "", LINK),
    ("space add", "space add other", "", SPACE),
    ("space list", "space list", "", SPACE),
    ("space show", "space show acme", "", SPACE),
    ("space edit", "space edit acme --title A", "", SPACE),
    ("task add", "task add A --space acme", "", TASK),
    ("task list", "task list", "", TASK),
    ("task show", "task show T-1", "", TASK),
    ("task close", "task close T-1", "", TASK),
    ("task reopen", "task reopen T-1", "", TASK),
    ("task import", "task import -", "name,space\nA,acme\n", TASK),
    ("cert issue", "cert issue", "", SERIAL),
    ("cert import", "cert import -", "AAAABBBBCCCCDDDD\n", CERTIFICATE),
    ("cert list", "cert list", "", CERTIFICATE),
    ("cert show", "cert show C-1", "", [*CERTIFICATE, "events"]),
    ("cert check", "cert check -", "{serial}", CERTIFICATE),
    ("cert revoke", "cert revoke C-2 --yes", "", CERTIFICATE),
    ("cert replace", "cert replace C-2 --yes", "", SERIAL),
    ("partner add", "partner add P https://p.example", "", PARTNER),
    ("partner list", "partner list", "", PARTNER),
    ("partner remove", "partner remove Zed --yes", "", PARTNER),
    ("follow", "follow ES-1 --email carl@example.org", "", REQUEST),
    ("unfollow", "unfollow ES-1 --email carl@example.org", "", REQUEST),
    ("inbox", "inbox", "", NEWS),
    ("wait", "wait ES-1 --for reply --after 0", "", NEWS),
    ("mail list", "mail list", "", MAIL),
    ("mail show", "mail show M-1", "", MAIL),
    ("mail send", "mail send", "", MAIL),
    ("mail retry", "mail retry M-1", "", MAIL),
    ("mail test", "mail test carl@example.org", "", ["address"]),
    ("config list", "config list", "", ["name", "value", "origin", "variable", "meaning"]),
    ("config get", "config get space", "", ["name", "value", "origin", "variable", "meaning"]),
    ("config path", "config path", "", ["path", "exists"]),
    ("db path", "db path", "", ["path", "exists"]),
    ("db upgrade", "db upgrade", "", ["path", "exists"]),
    ("db check", "db check", "", ["rule", "ok", "found"]),
    ("schema", "schema list", "", ["command", "of", "name", "type", "meaning"]),
]
LISTS = {"task import", "cert import", "db check", "schema"} | {c for c, *_ in CONTRACT if c.endswith("list")}
LISTS |= {"desk queue", "log", "inbox", "mail send"}
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "time": str,
    "null": type(None),
}


def a_whole_store(es: Es) -> dict[str, str]:
    """One of everything; the serial and the link that can still be used."""
    with filled(es) as store:
        request = a_request(store)
        requests.comment(store, request.id, "Help!", by=ANN, at=request.created_at)
        post = Post(compose=notice_text)
        requests.reply(store, request.id, "Where?", asks=False, by=BOB, at=request.created_at, post=post)
        a_space(store, "forever", lifetime=None)
        a_task(store, id="FREE", space="forever")
        serial, _ = a_certificate(store)
        link, _ = links.create_link(store, "FREE", lifetime=1000 * 86400, by=ANN, at=AT)
        spaces.add_partner(store, "Zed", "https://zed.example", by=OLGA, at=AT)
    es.env["ES_SPACE"] = "acme"
    return {"serial": serial, "link": link}


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What `es schema` tells of all commands."""
    return as_json(Es(tmp_path_factory.mktemp("schema"))("schema", "--json"))


def of_type(value: Any, types: str) -> bool:
    if types.startswith("array of"):
        return isinstance(value, list)
    return any(isinstance(value, TYPES[name]) for name in types.split(" or "))


@pytest.mark.parametrize(("name", "command", "stdin", "keys"), CONTRACT, ids=[row[0] for row in CONTRACT])
def test_the_json_of_each_command_has_these_keys_in_this_order_and_its_schema_says_so(
    es: Es, schema: list[dict[str, str]], name: str, command: str, stdin: str, keys: list[str]
) -> None:
    secrets = a_whole_store(es)
    printed = as_json(es(*command.split(), "--json", stdin=stdin.format(**secrets)))
    assert isinstance(printed, list) == (name in LISTS)
    things = printed if isinstance(printed, list) else [printed]
    assert things
    fields = [field for field in schema if field["command"] == name]
    own = {field["name"]: field["type"] for field in fields if field["of"] == fields[0]["of"]}
    assert list(own) == keys
    for thing in things:
        assert list(thing) == keys
        assert [key for key in keys if not of_type(thing[key], own[key])] == []


def test_every_command_that_prints_json_is_in_this_contract(schema: list[dict[str, str]]) -> None:
    known = {field["command"] for field in schema}
    assert known == {name for name, *_ in CONTRACT} | {"watch"}  # which never ends; it prints what `wait` does


@pytest.mark.parametrize("command", ["show", "desk show"])
def test_a_page_has_comments_and_events_in_it(es: Es, command: str) -> None:
    a_whole_store(es)
    page = as_json(es(*command.split(), "T-1", "--json"))
    assert [list(said) for said in page["comments"]] == [COMMENT] * 2
    assert [list(event) for event in page["events"]] == [EVENT] * 3
    fields = as_json(es("schema", *command.split(), "--json"))
    inside = {kind: [field["name"] for field in fields if field["of"] == kind] for kind in ("comment", "event")}
    assert inside == {"comment": COMMENT, "event": EVENT}


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
    assert "“colour”" in wrong.stderr
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
            "message": "There is no request ES-9.",
            "hint": "To see the requests there are: es list",
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
