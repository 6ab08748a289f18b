"""Every cell of the table of statuses, through the program."""

from __future__ import annotations

import pytest
from builders import BOB, a_request
from conftest import Es
from sessions import as_json, dump, filled

from expertsupport_cli.actions import requests
from expertsupport_cli.store import Store

STATUSES = ("New", "Acknowledged", "Waiting", "Closed")
STAYS, ALREADY, REFUSED = "stays", "already", "refused"
TABLE = {
    # act                                        New             Acknowledged    Waiting         Closed
    ("comment", "-m", "x"):                     (STAYS,          STAYS,          "Acknowledged", REFUSED),
    ("desk", "acknowledge"):                    ("Acknowledged", ALREADY,        "Acknowledged", REFUSED),
    ("desk", "reply", "-m", "x"):               ("Acknowledged", STAYS,          STAYS,          REFUSED),
    ("desk", "reply", "--waiting", "-m", "x"):  ("Waiting",      "Waiting",      STAYS,          REFUSED),
    ("desk", "note", "-m", "x"):                (STAYS,          STAYS,          STAYS,          STAYS),
    ("close",):                                 ("Closed",       "Closed",       "Closed",       ALREADY),
    ("reopen",):                                (ALREADY,        ALREADY,        ALREADY,        "Acknowledged"),
    ("desk", "close"):                          ("Closed",       "Closed",       "Closed",       ALREADY),
    ("desk", "reopen"):                         (ALREADY,        ALREADY,        ALREADY,        "Acknowledged"),
}  # fmt: skip
CELLS = [(act, before, after) for act, row in TABLE.items() for before, after in zip(STATUSES, row, strict=True)]


def a_request_that_is(store: Store, status: str) -> str:
    request = a_request(store)
    if status == "Acknowledged":
        requests.acknowledge(store, request.id, by=BOB, at=request.created_at)
    elif status == "Waiting":
        requests.reply(store, request.id, "Is it?", asks=True, by=BOB, at=request.created_at)
    elif status == "Closed":
        requests.close(store, request.id, None, by=BOB, at=request.created_at)
    return request.id


@pytest.mark.parametrize(("act", "before", "after"), CELLS)
def test_each_act_moves_each_status_as_the_table_says(es: Es, act: tuple[str, ...], before: str, after: str) -> None:
    with filled(es) as store:
        id = a_request_that_is(store, before)
    kept = dump(es)
    result = es(*act, id)
    if after == REFUSED:
        assert (result.status, result.stdout) == (4, "")
        assert result.stderr.startswith(f"es: {id} is closed.\n")
        assert f"es reopen {id}" in result.stderr
    else:
        assert result.id == id
        told = f"{id} is {before} already; nothing was changed.\n" if after == ALREADY else ""
        assert result.stderr == told
    if after in (REFUSED, ALREADY):
        assert dump(es) == kept
        after = before
    page = as_json(es("desk", "show", id, "--json"))
    assert page["status"] == (before if after == STAYS else after)
    assert (page["closed_at"] is None) == (page["status"] != "Closed")
    turn = {"New": "desk", "Acknowledged": "desk", "Waiting": "customer", "Closed": None}
    assert page["turn"] == turn[page["status"]]


def test_a_message_that_was_not_added_is_said_to_be_lost(es: Es) -> None:
    with filled(es) as store:
        id = a_request_that_is(store, "Closed")
    result = es("close", id, "-m", "And thank you!")
    assert result.id == id
    assert "The message was not added." in result.stderr
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
