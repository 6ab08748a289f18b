"""What people type by mistake or by habit works, or they are told what to type; secrets are not repeated."""

from __future__ import annotations

import json
import shlex

import pytest
from builders import ANN, AT, a_certificate, a_request, a_space, a_task
from conftest import Es
from sessions import as_json, dump, filled

from expertsupport_cli.actions import tasks
from expertsupport_cli.model.people import Actor, Side


def test_a_serial_may_be_pasted_with_what_stands_around_it_and_before_the_task(es: Es) -> None:
    with filled(es) as store:
        a_space(store, lifetime=None)
        serials = [a_certificate(store)[0] for _ in range(4)]
        for _ in serials:
            a_task(store)
    quoted, stopped, wide, first = serials
    assert es("activate", "T-1", f"“{quoted}”").stdout == "ES-1\n"
    assert es("activate", "T-2", "-", stdin=f"\ufeff{stopped}.\r\n").stdout == "ES-2\n"
    assert es("activate", "T-3", wide.translate({c: c + 0xFEE0 for c in range(0x21, 0x7F)})).stdout == "ES-3\n"
    assert es("activate", first, "t-4").stdout == "ES-4\n"
    assert es("activate", first, "t-4").status == 0


def test_a_serial_without_a_task_asks_for_the_task_and_is_not_repeated(es: Es) -> None:
    with filled(es) as store:
        serial, _ = a_certificate(store)
        a_space(store, lifetime=None)
        tasks.add_task(store, "Its ID looks like a serial", "acme", id="AAAABBBBCCCCDDDD", by=ANN, at=AT)
    before = dump(es)
    for arguments in ((serial,), (serial, "-"), (serial, "--serial-file", "x")):
        result = es("activate", *arguments)
        assert (result.stdout, result.status) == ("", 2), arguments
        assert "The task is missing: only a serial number was given." in result.stderr
        assert serial not in result.stderr
    assert dump(es) == before
    assert es("activate", "AAAABBBBCCCCDDDD", serial).stdout == "ES-1\n"


def test_a_log_may_be_asked_for_by_a_request_on_the_task(es: Es) -> None:
    with filled(es) as store:
        request = a_request(store)
    expected = es("log", request.task)
    assert expected.status == 0
    for reference in ("ES-1", "1", "#1", request.url("http://127.0.0.1:8765"), request.token):
        assert es("log", reference) == expected, reference
    assert es("log", "ES-9").stderr.startswith("es: Request ES-9 not found.")
    assert es("log", "T-9").stderr.startswith("es: Task 'T-9' not found")


@pytest.mark.parametrize("command", ["show", "task show", "log", "close", "list --task", "cert show", "link show"])
def test_a_token_that_leads_nowhere_is_not_repeated(es: Es, command: str) -> None:
    with filled(es) as store:
        a_request(store)
    token = "0123456789abcdef" * 2 + "01234567"
    for typed in (token, f"https://shop.example/buy/{token}"):
        for front, how in (((), ()), ((), ("--json",)), (("--debug",), ())):
            result = es(*front, *command.split(), typed, *how)
            assert result.status in (2, 3), result
            assert token[:32] not in result.stderr, result


def test_my_requests_are_those_that_i_have_opened_by_address_or_else_by_name(es: Es) -> None:
    addresses = (None, "ann@example.org", "ANN@example.org", "other@example.org")
    people = [
        Actor(name=name, side=Side.CUSTOMER, email=email) for name in ("ann", "Ann", "zoë") for email in addresses
    ]
    with filled(es) as store:
        for who in people:
            a_request(store, by=who)
    for email in (None, "ann@example.org"):
        me = Actor(name="ann", side=Side.CUSTOMER, email=email)
        mine = [who for who in people if me.is_person(who.name, who.email)]
        assert 0 < len(mine) < len(people)
        env = {"ES_EMAIL": email} if email else {}
        rows = as_json(es("list", "--initiator", "@me", "--fields", "initiator,initiator_email", "--json", env=env))
        assert [(row["initiator"], row["initiator_email"]) for row in reversed(rows)] == [
            (who.name, who.email) for who in mine
        ]


def test_cells_that_a_spreadsheet_would_run_are_marked_as_text_only_if_asked_for(es: Es) -> None:
    names = ["=1+1", "+49 30 1", "-x", "@SUM(A1)", "＝1", "plain, with a comma"]
    with filled(es) as store:
        for name in names:
            a_task(store, name)
    shown = es("task", "list", "--format", "csv", "--fields", "name").stdout.splitlines()
    assert shown[:0:-1] == [*names[:-1], '"plain, with a comma"']
    safe = es("task", "list", "--format", "csv", "--fields", "name", "--spreadsheet").stdout.splitlines()
    assert safe[:0:-1] == [*(f"'{name}" for name in names[:-1]), '"plain, with a comma"']
    for how in ((), ("--json",), ("--format", "tsv")):
        assert es("task", "list", *how, "--spreadsheet").status == 2, how


WRONG_SIDE = [
    ("list --store x", "Try: es --store x list\n"),
    ("list --store", "Try: es --store VALUE list\n"),
    ("desk queue --as 'Bob Ross'", "Try: es --as 'Bob Ross' desk queue\n"),
    ("show ES-1 --color=never", "Try: es --color=never show ES-1\n"),
    ("comment ES-1 --no-input -m 'a b'", "Try: es --no-input comment ES-1 -m 'a b'\n"),
    ("--json list", "Try: es list --json"),
    ("--dry-run close ES-1", "Try: es close ES-1 --dry-run\n"),
    ("--format csv list", "Try: es list --format csv\n"),
]


def test_an_option_on_the_wrong_side_of_the_command_is_told_where_it_goes(inside: Es) -> None:
    for words, where in WRONG_SIDE:
        result = inside(*shlex.split(words))
        assert result.status == 2
        told = json.loads(result.stderr)["error"]["hint"] if "--json" in words else result.stderr
        assert where in told, words
