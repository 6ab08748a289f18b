"""What the table of statuses in tests/model/test_moves.py is to those who type: each act, its message, its refusal."""

from __future__ import annotations

import pytest
from builders import BOB, a_request
from conftest import Es
from sessions import as_json, dump, filled

from expertsupport_cli.actions import requests
from expertsupport_cli.store import Store


@pytest.fixture
def es(inside: Es) -> Es:
    return inside


def a_request_that_is(store: Store, status: str) -> str:
    request = a_request(store)
    if status == "Acknowledged":
        requests.acknowledge(store, request.id, by=BOB, at=request.created_at)
    elif status == "Waiting":
        requests.reply(store, request.id, "Is it?", asks=True, by=BOB, at=request.created_at)
    elif status == "Closed":
        requests.close(store, request.id, None, by=BOB, at=request.created_at)
    return request.id


# on the same request, one after the other: what is typed, and the status after it
WALK = (
    (("desk", "note", "-m", "x"), "New"),
    (("desk", "acknowledge"), "Acknowledged"),
    (("comment", "-m", "x"), "Acknowledged"),
    (("desk", "reply", "--waiting", "-m", "x"), "Waiting"),
    (("comment", "-m", "x"), "Acknowledged"),
    (("desk", "reply", "-m", "x"), "Acknowledged"),
    (("close",), "Closed"),
    (("desk", "reopen"), "Acknowledged"),
    (("desk", "close"), "Closed"),
    (("reopen",), "Acknowledged"),
)
TURNS = {"New": "desk", "Acknowledged": "desk", "Waiting": "customer", "Closed": None}


@pytest.mark.program
def test_each_act_moves_a_request_to_the_status_that_is_shown(es: Es) -> None:
    program = Es(es.home)
    with filled(es) as store:
        id = a_request(store).id
    for act, status in WALK:
        assert program(*act, id) == (f"{id}\n", "", 0)
        page = as_json(es("desk", "show", id, "--json"))
        assert (page["status"], page["turn"]) == (status, TURNS[status]), act
        assert (page["closed_at"] is None) == (status != "Closed")


def test_what_a_request_is_already_is_a_note(es: Es) -> None:
    with filled(es) as store:
        acknowledged, closed = (a_request_that_is(store, status) for status in ("Acknowledged", "Closed"))
    before = dump(es)
    for act, id, status in (
        (("desk", "acknowledge"), acknowledged, "Acknowledged"),
        (("reopen",), acknowledged, "Acknowledged"),
        (("desk", "reopen"), acknowledged, "Acknowledged"),
        (("close",), closed, "Closed"),
        (("desk", "close"), closed, "Closed"),
    ):
        assert es(*act, id) == (f"{id}\n", f"{id} is already {status}; nothing was changed.\n", 0)
    assert dump(es) == before


def test_on_a_closed_request_nothing_is_said_and_the_way_to_reopen_it_is_told(es: Es) -> None:
    with filled(es) as store:
        id = a_request_that_is(store, "Closed")
    before = dump(es)
    for act in ("comment -m x", "desk acknowledge", "desk reply -m x", "desk reply --waiting -m x"):
        result = es(*act.split(), id)
        assert (result.status, result.stdout) == (4, "")
        assert result.stderr.startswith(f"es: {id} is closed.\n")
        side = "desk " if act.startswith("desk") else ""
        assert f"Try: es {side}reopen {id}\n" in result.stderr
    assert dump(es) == before
    assert es("desk", "note", id, "-m", "x").id == id


def test_a_message_that_was_not_added_is_said_to_be_lost(es: Es) -> None:
    with filled(es) as store:
        id = a_request_that_is(store, "Closed")
    result = es("close", id, "-m", "And thank you!")
    assert result.id == id
    assert "Your message was not saved." in result.stderr
    assert as_json(es("show", id, "--json"))["comments"] == []


def test_closing_and_reopening_take_a_message_of_their_own_side(es: Es) -> None:
    with filled(es) as store:
        id = a_request(store).id
    es("close", id, "-m", "Solved.")
    es.as_("bob")("desk", "reopen", id, "-m", "Not quite.")
    es.as_("bob")("desk", "close", id, "-F", "-", stdin="Now it is.\n")
    es("reopen", id, "-m", "No!")
    page = as_json(es("show", id, "--json"))
    assert [(said["author"], said["side"], said["body"]) for said in page["comments"]] == [
        ("ann", "customer", "Solved."),
        ("bob", "desk", "Not quite."),
        ("bob", "desk", "Now it is."),
        ("ann", "customer", "No!"),
    ]
    moves = [(event["event"], event["from"], event["to"]) for event in page["events"][1:]]
    assert moves == [
        ("closed", "New", "Closed"),
        ("reopened", "Closed", "Acknowledged"),
        ("closed", "Acknowledged", "Closed"),
        ("reopened", "Closed", "Acknowledged"),
    ]


def test_reopening_keeps_the_certificate(es: Es) -> None:
    with filled(es) as store:
        request = a_request(store)
    es("close", request.id)
    es("reopen", request.id)
    assert as_json(es("show", request.id, "--json"))["certificate"] == request.certificate


def test_reopening_is_refused_where_the_task_has_got_another_open_request(es: Es) -> None:
    with filled(es) as store:
        first = a_request(store)
        requests.close(store, first.id, None, by=BOB, at=first.created_at)
        second = a_request(store, task=first.task)
    result = es("reopen", first.id)
    assert result.status == 4
    assert f"{second.id} (New)" in result.stderr
    es("close", second.id)
    assert es("reopen", first.id).id == first.id
