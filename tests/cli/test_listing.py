"""The list of requests and the desk's queue: filters, search, order; and notes, which customers never meet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from builders import ANN, BOB, a_certificate, a_request, a_space, a_task, later
from conftest import Es
from sessions import as_json, filled

from expertsupport_cli.actions import requests
from expertsupport_cli.model.people import Actor, Side


@pytest.fixture
def es(inside: Es) -> Es:
    return inside


EVE = Actor(name="Eve", side=Side.CUSTOMER, email="eve@example.org")


@pytest.fixture
def listed(es: Es) -> Es:
    """Five requests: New, Acknowledged, Waiting, Closed in acme, and New in zoo; a day lies between each two."""
    with filled(es) as store:
        a_space(store, lifetime=None)
        a_space(store, "zoo", lifetime=None)
        names = ("Printer jam", "Café wifi", "Password reset", "Broken mouse", "A lion is loose")
        for day, name in enumerate(names):
            task = a_task(store, name, space="zoo" if day == 4 else "acme").id
            a_request(store, task=task, by=EVE if day % 2 else ANN, at=later(day))
        requests.acknowledge(store, "ES-2", by=BOB, at=later(10))
        requests.reply(store, "ES-3", "Which password is it?", asks=True, by=BOB, at=later(9))
        requests.close(store, "ES-4", "Bought a keyboard instead", by=EVE, at=later(8))
        requests.comment(store, "ES-5", "Printer ate the keyboard", by=ANN, at=later(7))
    return es


def ids(es: Es, *arguments: str, **env: str) -> str:
    """The numbers of the requests that are listed, in order."""
    result = es("list", "--fields", "id", *arguments, env=env)
    assert (result.status, result.stderr) == (0, ""), result
    return result.stdout.replace("ES-", "").replace("\n", " ").strip()


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ("", "5 4 3 2 1"),
        ("--status new", "5 1"),
        ("--status New --status closed", "5 4 1"),
        ("--open", "5 3 2 1"),
        ("--open --status closed", ""),
        ("--open --status closed --status waiting", "3"),
        ("--turn desk", "5 2 1"),
        ("--turn customer", "3"),
        ("--turn customer --status new", ""),
        ("--task t-2", "2"),
        ("--initiator EVE", "4 2"),
        ("--initiator ann@example.org", "5 3 1"),
        ("--search t-1", "1"),
        ("--search T-", "5 4 3 2 1"),
        ("--since 2026-02-02", "5 4 3"),
        ("--since 2026-02-02T09:30:00Z", "5 4 3"),
        ("--since 2026-02-02T10:30:01+01:00", "5 4"),
        ("--until 2026-02-02T09:30:00Z", "2 1"),
        ("--since 2026-02-01 --until 2026-02-03", "3 2"),
        ("--since 1s", ""),
        ("--space zoo", "5"),
        ("--space ACME --limit 2", "4 3"),
        ("--reverse", "1 2 3 4 5"),
        ("--sort id", "5 4 3 2 1"),
        ("--sort updated_at", "2 3 4 5 1"),
        ("--sort updated_at --reverse --limit 2", "1 5"),
        ("--sort task_name", "5 4 2 3 1"),
        ("--sort task_name --reverse", "1 3 2 4 5"),
        ("--sort status --limit 2", "2 4"),
        ("--sort initiator", "1 3 5 2 4"),
        ("--sort space --limit 1", "1"),
        ("--sort task_id", "1 2 3 4 5"),
    ],
)
def test_filters_and_order(listed: Es, arguments: str, found: str) -> None:
    assert ids(listed, *arguments.split()) == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("printer", "5 1"),
        ("PRINT", "5 1"),
        ("keyboard", "5 4"),
        ("printer keyboard", "5"),
        ("lion ate", "5"),
        ("cafe", "2"),
        ("wi-fi", ""),
        ('"printer" OR mouse*', ""),
        ("which", "3"),
        ("printer' --", "5 1"),
        ("nothing", ""),
    ],
)
def test_search_finds_all_words_or_their_beginnings_in_task_names_and_comments(
    listed: Es, words: str, found: str
) -> None:
    assert ids(listed, "--search", words) == found


def test_a_comment_made_through_the_program_is_found(listed: Es) -> None:
    listed("comment", "ES-1", "-m", "Zirconium")
    assert ids(listed, "--search", "zirconium") == "1"
    assert ids(listed, "--search", "zirconium", "--space", "zoo") == ""


def test_a_recent_request_is_found_by_its_age(es: Es) -> None:
    with filled(es) as store:
        a_space(store, lifetime=None)
        a_request(store, at=(datetime.now(UTC) - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert ids(es, "--since", "4d") == "1"
    assert ids(es, "--since", "2d") == ""
    assert ids(es, "--until", "2D") == "1"


def test_the_space_may_be_a_setting_and_the_option_goes_before_it(listed: Es) -> None:
    assert ids(listed, ES_SPACE="zoo") == "5"
    assert ids(listed, "--space", "acme", "--limit", "1", ES_SPACE="zoo") == "4"
    listed("config", "set", "space", "zoo")
    assert ids(listed) == "5"
    assert listed("list", env={"ES_SPACE": "gone"}).status == 3


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        ("--status done", 2, "Choose one of: New, Acknowledged, Waiting, Closed."),
        ("--turn mine", 2, "desk, customer"),
        ("--sort url", 2, "Choose one of: created_at"),
        ("--since yesterday", 2, "Examples: 7d, 2026-01-31, 2026-01-31T09:30:00Z"),
        ("--since 5", 2, "Invalid time"),
        ("--until 2026-02-30", 2, "Invalid time"),
        ("--since 2026-01-31T09:30:00", 2, "with a time zone"),
        ("--search ---", 2, "contains no word"),
        ("--limit 0", 2, "--limit"),
        ("--space nowhere", 3, "Choose one of: acme, zoo."),
        ("--task T-9", 3, "not found"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_what_can(listed: Es, arguments: str, status: int, told: str) -> None:
    option, _, value = arguments.partition(" ")
    result = listed("list", f"{option}={value}")
    assert (result.status, result.stdout) == (status, "")
    assert told in result.stderr


def test_the_queue_has_what_waits_for_the_desk_the_longest_first(listed: Es) -> None:
    def queue(*arguments: str) -> list[str]:
        return listed("desk", "queue", "--fields", "id", *arguments).stdout.split()

    assert queue() == ["ES-1", "ES-2", "ES-5"]
    assert queue("--space", "zoo") == ["ES-5"]
    assert queue("--limit", "2") == ["ES-1", "ES-2"]
    # what nobody has answered comes first; an acknowledgement is no answer
    listed("desk", "reply", "ES-1", "--waiting", "-m", "?")
    assert queue() == ["ES-2", "ES-5"]
    listed("comment", "ES-1", "-m", "!")
    listed("comment", "ES-2", "-m", "Hello?")
    listed("desk", "reply", "ES-2", "-m", "Soon.")
    listed("desk", "acknowledge", "ES-5")
    assert queue() == ["ES-5", "ES-1", "ES-2"]
    assert queue("--unanswered") == ["ES-5", "ES-1"]
    listed("close", "ES-2")
    listed("reopen", "ES-4")
    assert queue() == ["ES-5", "ES-1", "ES-4"]
    assert listed("desk", "queue", "--fields", "id", env={"ES_SPACE": "zoo"}).stdout.split() == ["ES-5"]


def test_a_note_is_never_met_on_the_customers_side(listed: Es) -> None:
    before = listed("show", "ES-1", "--json"), listed("show", "ES-1"), listed("list", "--json"), listed("log", "T-1")
    noted = listed.as_("bob")("desk", "note", "ES-1", "-m", "Quagmire")
    assert noted.id == "ES-1"
    after = listed("show", "ES-1", "--json"), listed("show", "ES-1"), listed("list", "--json"), listed("log", "T-1")
    assert after == before
    assert "Quagmire" not in listed("log", "T-1", "--expand").stdout + listed("log", "T-1", "--json").stdout
    assert ids(listed, "--search", "quagmire") == ""
    page = as_json(listed("desk", "show", "ES-1", "--json"))
    assert [(said["kind"], said["author"], said["side"], said["body"]) for said in page["comments"]] == [
        ("note", "bob", "desk", "Quagmire")
    ]
    assert "bob (desk) added a note (desk only)\n    Quagmire\n" in listed("desk", "show", "ES-1").stdout


def test_a_request_is_known_by_id_number_and_task_the_open_one_else_the_newest(es: Es) -> None:
    with filled(es) as store:
        a_space(store, lifetime=None)
        task = a_task(store, id="INC-4711").id
        for day in range(3):
            serial, _ = a_certificate(store)
            requests.activate(store, task, serial, by=ANN, at=later(day))
            requests.close(store, f"ES-{day + 1}", None, by=ANN, at=later(day))

    def shown(reference: str) -> object:
        return as_json(es("show", reference, "--json"))["id"]

    assert [shown(reference) for reference in ("ES-2", "es-2", "2")] == ["ES-2"] * 3
    assert shown("inc-4711") == "ES-3"
    es("reopen", "2")
    assert shown("INC-4711") == "ES-2"
    assert es("comment", "inc-4711", "-m", "x").id == "ES-2"


def test_the_address_of_a_request_is_printed_alone(listed: Es) -> None:
    url = as_json(listed("show", "ES-1", "--json"))["url"]
    assert listed("open", "T-1").id == url
    assert url.startswith("http://127.0.0.1:8765/requests/")
    assert len(url.rpartition("/")[2]) >= 32
    moved = listed("open", "ES-1", env={"ES_PAGE_URL": "https://desk.example/"}).id
    assert moved == "https://desk.example/requests/" + url.rpartition("/")[2]


def test_off_a_terminal_nothing_is_left_out_of_a_table_either(es: Es) -> None:
    with filled(es) as store:
        for number in range(60):
            a_task(store, f"Task {number}")
    assert es("task", "list", "--format", "table").stdout.count("\n") == 61
    assert es("task", "list", "--format", "table", "--limit", "5").stdout.count("\n") == 6


def test_a_search_with_too_many_words_is_refused(listed: Es) -> None:
    result = listed("list", "--search", " ".join(f"w{number}" for number in range(1_000)))
    assert (result.status, result.stdout) == (2, "")
    assert "Too many search words: 1,000" in result.stderr


def test_a_name_is_found_in_every_case_of_every_alphabet(es: Es) -> None:
    with filled(es) as store:
        task = a_task(store, id="INC-4711")
        a_request(store, task=task.id, by=EVE.replace(name="zoë"))
    assert ids(es, "--initiator", "ZOË") == ids(es, "--initiator", "ｚoe\u0308") == "1"
    assert as_json(es("task", "show", "inc-4711", "--json"))["id"] == "INC-4711"
