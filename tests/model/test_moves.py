"""The table of statuses, written again from the design, cell by cell."""

from __future__ import annotations

import pytest
from builders import AT, later

from expertsupport_cli.errors import RequestClosed
from expertsupport_cli.model.certificates import Origin
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.model.requests import Act, Request, Status
from expertsupport_cli.steps import Step, Verb

# `-` stays, `already` is a note and no change, `refused` says how to reopen
TABLE = """
               New           Acknowledged  Waiting       Closed
commented      -             -             Acknowledged  refused
acknowledged   Acknowledged  already       Acknowledged  refused
replied        Acknowledged  -             -             refused
asked          Waiting       Waiting       -             refused
noted          -             -             -             -
closed         Closed        Closed        Closed        already
reopened       already       already       already       Acknowledged
"""
_HEADER, *_ROWS = (line.split() for line in TABLE.strip().splitlines())
CELLS = [(act, status, cell) for act, *cells in _ROWS for status, cell in zip(_HEADER, cells, strict=True)]
MOVING = [cell for cell in CELLS if cell[2] not in ("already", "refused") and cell[0] != "noted"]
TURNS = {"New": "desk", "Acknowledged": "desk", "Waiting": "customer", "Closed": None}


def a_request_that_is(status: str) -> Request:
    return Request(
        number=7,
        token="0" * 32,
        task="T-1",
        task_name="The printer is on fire",
        space="acme",
        certificate="****-****-****-7K3M",
        certificate_origin=Origin.ISSUED,
        status=Status(status),
        initiator="ann",
        initiator_email=None,
        created_at=AT,
        updated_at=later(1),
        closed_at=later(1) if status == "Closed" else None,
        turn_since=later(1),
        last_by="ann",
        last_side=Side.CUSTOMER,
        last_at=AT,
        unanswered_since=AT,
    )


def test_the_table_has_every_act_and_every_status() -> None:
    assert {(act, status) for act, status, _ in CELLS} == {(str(act), str(status)) for act in Act for status in Status}
    assert len(CELLS) == 28


@pytest.mark.parametrize(("act", "status", "cell"), CELLS)
def test_an_act_moves_a_request_as_the_table_says(act: str, status: str, cell: str) -> None:
    before = a_request_that_is(status)
    if cell == "refused":
        with pytest.raises(RequestClosed, match="ES-7 is closed") as refusal:
            before.after(Act(act), later(2))
        assert refusal.value.hint == Step(verb=Verb.REOPEN_REQUEST, reference="ES-7")
        return
    after = before.after(Act(act), later(2))
    if cell == "already":
        assert after is None
    else:
        assert after is not None
        assert after.status == (status if cell == "-" else cell)


@pytest.mark.parametrize("status", TURNS)
def test_a_status_says_whose_turn_it_is(status: str) -> None:
    assert Status(status).turn == TURNS[status]


@pytest.mark.parametrize("status", TURNS)
def test_a_note_changes_nothing_at_all(status: str) -> None:
    before = a_request_that_is(status)
    assert before.after(Act.NOTE, later(2)) == before


@pytest.mark.parametrize(("act", "status", "cell"), MOVING)
def test_every_other_act_is_the_last_change(act: str, status: str, cell: str) -> None:
    after = a_request_that_is(status).after(Act(act), later(2))
    assert after is not None
    assert after.updated_at == later(2)


@pytest.mark.parametrize(("act", "status", "cell"), MOVING)
def test_the_turn_is_counted_from_when_it_changed_sides(act: str, status: str, cell: str) -> None:
    after = a_request_that_is(status).after(Act(act), later(2))
    assert after is not None
    same_side = TURNS[after.status] == TURNS[status]
    assert after.turn_since == (later(1) if same_side else later(2))


@pytest.mark.parametrize(("act", "status", "cell"), MOVING)
def test_only_a_closed_request_has_a_time_of_closing(act: str, status: str, cell: str) -> None:
    after = a_request_that_is(status).after(Act(act), later(2))
    assert after is not None
    assert after.closed_at == (later(2) if cell == "Closed" else None)


@pytest.mark.parametrize(("act", "status", "cell"), MOVING)
def test_nothing_else_of_a_request_ever_moves(act: str, status: str, cell: str) -> None:
    before = a_request_that_is(status)
    after = before.after(Act(act), later(2))
    assert after is not None
    assert after == before.replace(
        status=after.status, updated_at=after.updated_at, closed_at=after.closed_at, turn_since=after.turn_since
    )


def test_a_request_is_unanswered_from_when_the_customer_first_spoke_after_the_desk() -> None:
    ann, bob = (Actor(name=name, side=side) for name, side in (("ann", Side.CUSTOMER), ("bob", Side.DESK)))
    request = a_request_that_is("New")
    for by, at, since in (
        (ann, later(2), AT),
        (bob, later(3), None),
        (bob, later(4), None),
        (ann, later(5), later(5)),
        (ann, later(6), later(5)),
        (ann.replace(side=Side.OWNER), later(7), later(5)),
    ):
        request = request.spoken(by, at)
        assert (request.last_by, request.last_at, request.unanswered_since) == (by.name, at, since)
        assert request.last_side is (Side.DESK if by is bob else Side.CUSTOMER)
