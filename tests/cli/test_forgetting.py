"""`es db forget`: what it asks, says, refuses and prints."""

from __future__ import annotations

import re

import pytest
from builders import ANN, AT, BOB, OLGA, a_request
from conftest import Es
from sessions import Terminal, as_json, dump, filled, refusal

from expertsupport_cli.actions import following, requests
from expertsupport_cli.actions.notices import Post
from expertsupport_cli.render.notice import notice_text

LEFT = "Backups, exports and delivered mail keep the data.\n"
CARL = ANN.replace(name="carl", email="carl@example.org")


@pytest.fixture
def three(inside: Es) -> Es:
    """ES-1 and ES-2 are ann's and closed, ES-3 is carl's and open; olga acts."""
    with filled(inside) as store:
        for by in (ANN, ANN, CARL):
            a_request(store, by=by)
        post = Post(compose=notice_text)
        requests.reply(store, "ES-1", "Is it plugged in?", asks=False, by=BOB, at=AT, post=post)
        following.follow(store, "ES-2", "fran@example.org", by=ANN, at=AT)
        for id in ("ES-1", "ES-2"):
            requests.close(store, id, "Thank you.", by=ANN, at=AT)
    inside.env["ES_USER"] = OLGA.name
    return inside


def forgotten(es: Es) -> list[str]:
    """The requests that show that they are forgotten."""
    return [row["id"] for row in as_json(es("list", "--reverse", "--json")) if row["initiator"] == "forgotten"]


def test_requests_are_forgotten_and_their_ids_printed(three: Es) -> None:
    assert three("db", "forget", "ES-2", "T-1", "--yes") == ("ES-1\nES-2\n", LEFT, 0)
    assert forgotten(three) == ["ES-1", "ES-2"]
    assert three("db", "check").status == 0


def test_one_request_is_one_object_and_several_are_an_array(three: Es) -> None:
    assert as_json(three("db", "forget", "ES-1", "--yes", "--json"))["task_name"] == "[forgotten]"
    assert [each["id"] for each in as_json(three("db", "forget", "-", "--yes", "--json", stdin="ES-2\n"))] == ["ES-2"]


def test_all_requests_of_a_person_are_forgotten(three: Es) -> None:
    assert three("db", "forget", "--initiator", "ANN", "--yes") == ("ES-1\nES-2\n", LEFT, 0)
    assert refusal(three("db", "forget", "--initiator", "ann", "--yes", "--json")) == (3, "not_found")
    assert forgotten(three) == ["ES-1", "ES-2"]


def test_you_can_forget_yourself(three: Es) -> None:
    me = three.as_("ann").inside
    assert me("db", "forget", "--initiator", "@me", "--yes").stdout == "ES-1\nES-2\n"
    assert "ann" not in me("log", "T-1", "--json").stdout


def test_the_history_says_so_on_every_page_and_to_programs(three: Es) -> None:
    three("db", "forget", "ES-1", "--yes")
    for command in ("show ES-1", "desk show ES-1"):
        page = three(*command.split()).stdout
        assert "olga (owner) erased the request's personal data" in page
        assert page.count("[forgotten]") > 2
        assert as_json(three(*command.split(), "--json"))["events"][-1]["event"] == "forgotten"
    assert "Request forgotten" in three("log", "T-1", "--format", "table").stdout
    last = as_json(three("log", "T-1", "--json"))[-1]
    assert (last["event"], last["actor"], last["side"], last["request"]) == ("forgotten", "olga", "owner", "ES-1")


def test_what_was_forgotten_can_be_shown_listed_and_searched_as_before(three: Es) -> None:
    three("db", "forget", "ES-1", "ES-2", "--yes")
    for command in ("list", "show ES-1", "task show T-1", "log T-1", "mail list", "mail show M-1", "cert show C-1"):
        assert three(*command.split()).status == 0, command
    assert three("list", "--search", "plugged").stdout == ""
    assert three("mail", "retry", "--all").status == 0
    sent = three("mail", "send")
    assert (sent.status, "M-1 to forgotten-1 was not delivered" in sent.stderr) == (6, True)


def test_forgetting_again_is_a_note(three: Es) -> None:
    three("db", "forget", "ES-1", "--yes")
    before = dump(three)
    again = three("db", "forget", "ES-1")
    assert again == ("ES-1\n", "ES-1 is already forgotten; nothing was changed.\n", 0)
    assert dump(three) == before
    assert three("db", "forget", "ES-1", "ES-2", "--yes").stdout == "ES-1\nES-2\n"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        ("", 2, "Use either requests or --initiator."),
        ("ES-1 --initiator ann", 2, "Use either requests or --initiator."),
        ("ES-1", 2, "This cannot be undone"),
        ("--initiator ann", 2, "This cannot be undone"),
        ("ES-1 ES-3 --yes", 4, "ES-3 is not closed."),
        ("--initiator carl --yes", 4, "ES-3 is not closed."),
        ("ES-1 ES-99 --yes", 3, "Request ES-99 not found."),
        ("--initiator nobody --yes", 3, "Initiator 'nobody' not found."),
    ],
)
def test_what_cannot_be_forgotten_is_refused_and_nothing_is(
    arguments: str, status: int, message: str, three: Es
) -> None:
    before = dump(three)
    result = three("db", "forget", *arguments.split())
    assert (result.stdout, result.status) == ("", status)
    assert result.stderr.startswith(f"es: {message}")
    assert dump(three) == before
    hint = re.search("Try: es (.+)", result.stderr)
    assert (hint is not None) == (status != 2 or "either" in message)
    assert hint is None or three(*hint[1].split()).status == 0


def test_a_dry_run_says_what_would_be_forgotten_and_never_asks(three: Es) -> None:
    before = three.store.read_bytes()
    result = three("db", "forget", "ES-1", "--dry-run")
    assert result.stdout == "ES-1\n"
    assert result.stderr == (
        "This would forget ES-1 (The printer is on fire, of ann).\nDry run: nothing was changed.\n"
    )
    assert three.store.read_bytes() == before


def test_the_note_names_the_copies_that_there_are(three: Es) -> None:
    three.store.with_name("store.db.v2.bak").touch()
    (three.home / "mail").mkdir()
    assert three("db", "forget", "ES-1", "--yes").stderr == (
        f"{LEFT}Copies beside the store: {three.store}.v2.bak\nDelivered mail: {three.home / 'mail'}\n"
    )


def test_requests_that_may_be_of_the_same_person_are_named(three: Es) -> None:
    with filled(three) as store:
        requests.close(store, a_request(store, by=ANN.replace(name="Ann B")).id, None, by=ANN, at=AT)
    result = three("db", "forget", "--initiator", "ann", "--yes")
    assert result.stderr == f"{LEFT}The same person may have opened ES-4.\n  Try: es show ES-4\n"
    assert three("db", "forget", "--initiator", "ann@example.org", "--yes").stdout == "ES-4\n"


def test_on_a_terminal_it_asks_and_forgets_only_after_a_yes(three: Es, es: Es) -> None:
    es.env["ES_USER"] = "olga"
    before = dump(three)
    terminal = Terminal(es, "db", "forget", "--initiator", "ann")
    terminal.sees("Forget 2 requests of ann, and this person everywhere else? This cannot be undone.")
    assert terminal.sees("Backups and exports keep the data. [y/N] ").types("n").ends() == 1
    assert dump(three) == before
    terminal = Terminal(es, "db", "forget", "ES-1").sees("Forget ES-1 (The printer is on fire, of ann)?")
    assert terminal.sees("[y/N] ").types("y").ends() == 0
    assert "ES-1  forgotten" in terminal.text
    assert es("db", "forget", "ES-2", "--no-input").status == 2
    assert forgotten(three) == ["ES-1"]
