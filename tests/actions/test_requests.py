"""What either side does to a request, on a real store."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from builders import ANN, AT, BOB, a_request, a_task, dump, later

from expertsupport_cli.actions import requests, tasks
from expertsupport_cli.actions.requests import Outcome
from expertsupport_cli.errors import BadUsage, NotFound, RequestClosed, RequestOpen
from expertsupport_cli.model import requests as model
from expertsupport_cli.model.people import Side
from expertsupport_cli.model.requests import Request, Status
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store import Store

Act = Callable[[Store, str], Outcome]
AFTER = later(1)

ACTS: dict[str, Act] = {
    "commented": lambda store, id: requests.comment(store, id, "said", by=ANN, at=AFTER),
    "acknowledged": lambda store, id: requests.acknowledge(store, id, by=BOB, at=AFTER),
    "replied": lambda store, id: requests.reply(store, id, "said", asks=False, by=BOB, at=AFTER),
    "asked": lambda store, id: requests.reply(store, id, "said", asks=True, by=BOB, at=AFTER),
    "noted": lambda store, id: requests.note(store, id, "said", by=BOB, at=AFTER),
    "closed": lambda store, id: requests.close(store, id, "said", by=ANN, at=AFTER),
    "reopened": lambda store, id: requests.reopen(store, id, "said", by=BOB, at=AFTER),
}


def a_request_that_is(store: Store, status: str) -> Request:
    request = a_request(store)
    for wanted, act in (("Acknowledged", "acknowledged"), ("Waiting", "asked"), ("Closed", "closed")):
        if status == wanted:
            return ACTS[act](store, request.id).request
    return request


def kinds(store: Store, request: Request) -> list[str]:
    return [entry.kind for entry in store.events_of_request(request, notes=True)]


def test_every_act_does_to_the_store_what_the_model_does_to_the_request(store: Store) -> None:
    # which act moves which status where is told by the table in tests/model/test_moves.py
    assert [str(act) for act in model.Act] == list(ACTS)
    for act in ACTS:
        for status in Status:
            moved_as_the_model_says(store, a_request_that_is(store, status), act)


def moved_as_the_model_says(store: Store, before: Request, act: str) -> None:
    told, rows = store.events_of_request(before, notes=True), dump(store)
    try:
        after = before.after(model.Act(act), AFTER)
    except RequestClosed:
        with pytest.raises(RequestClosed):
            ACTS[act](store, before.id)
        assert dump(store) == rows
        return
    outcome = ACTS[act](store, before.id)
    assert outcome.request == store.request(before.id)
    if after is None:
        assert (outcome.request, outcome.changed) == (before, False)
        assert dump(store) == rows
        return
    assert (outcome.request.status, outcome.changed) == (after.status, True)
    (entry,) = store.events_of_request(before, notes=True)[len(told) :]
    assert (entry.old, entry.new) == ((None, None) if after.status == before.status else (before.status, after.status))
    assert (entry.comment is None) == (act == "acknowledged")


def test_a_conversation_keeps_who_said_what_and_when(store: Store) -> None:
    request = a_request(store)
    requests.comment(store, request.id, "It burns.", by=ANN, at=later(1))
    requests.note(store, request.id, "A hoax?", by=BOB, at=later(2))
    requests.reply(store, "1", "Unplug it.", asks=True, by=BOB, at=later(3))
    requests.close(store, request.task.lower(), "Done.", by=ANN, at=later(4))
    said = [(c.author, c.side, c.kind, c.body, c.created_at) for c in store.comments(request, notes=True)]
    assert said == [
        ("ann", Side.CUSTOMER, "comment", "It burns.", later(1)),
        ("bob", Side.DESK, "note", "A hoax?", later(2)),
        ("bob", Side.DESK, "comment", "Unplug it.", later(3)),
        ("ann", Side.CUSTOMER, "comment", "Done.", later(4)),
    ]
    assert kinds(store, request) == ["activated", "commented", "noted", "asked", "closed"]


def test_notes_are_not_seen_on_the_customers_side(store: Store) -> None:
    request = a_request(store)
    requests.note(store, request.id, "A hoax?", by=BOB, at=later(2))
    assert store.comments(request, notes=False) == []
    assert [entry.kind for entry in store.events_of_request(request, notes=False)] == ["activated"]
    assert "noted" not in [entry.kind for entry in store.events_of_task(request.task)]
    assert store.request(request.id) == request


def test_a_request_can_be_closed_and_reopened_without_a_word(store: Store) -> None:
    request = a_request(store)
    closed = requests.close(store, request.id, None, by=BOB, at=later(1)).request
    assert (closed.status, closed.closed_at) == (Status.CLOSED, later(1))
    open_again = requests.reopen(store, request.id, None, by=ANN, at=later(2)).request
    assert (open_again.status, open_again.closed_at) == (Status.ACKNOWLEDGED, None)
    assert open_again.certificate == request.certificate
    assert store.comments(request, notes=True) == []


def test_reopening_is_refused_when_the_task_has_another_open_request(store: Store) -> None:
    first = a_request(store)
    requests.close(store, first.id, None, by=ANN, at=AT)
    second = a_request(store, task=first.task)
    before = dump(store)
    with pytest.raises(RequestOpen) as refusal:
        requests.reopen(store, first.id, "Again!", by=ANN, at=AT)
    assert second.id in refusal.value.what
    assert dump(store) == before
    requests.close(store, second.id, None, by=ANN, at=AT)
    assert requests.reopen(store, first.id, None, by=ANN, at=AT).changed


def test_a_request_goes_on_when_its_task_is_closed(store: Store) -> None:
    request = a_request(store)
    tasks.close_task(store, request.task, by=ANN, at=AT)
    assert requests.comment(store, request.id, "Still there?", by=ANN, at=AT).changed


@pytest.mark.parametrize("body", ["", " \n\t", "with \0 in it", "\ud800", "x" * 1_000_001])
def test_a_message_that_says_nothing_or_cannot_be_kept_is_refused(body: str, store: Store) -> None:
    request = a_request(store)
    before = dump(store)
    with pytest.raises(BadUsage):
        requests.comment(store, request.id, body, by=ANN, at=AT)
    with pytest.raises(BadUsage):
        requests.close(store, request.id, body, by=ANN, at=AT)
    assert dump(store) == before


def test_a_message_is_kept_as_it_was_typed(store: Store) -> None:
    request = a_request(store)
    bodies = [" two\r\nlines \t", "x" * 1_000_000, "'; DROP TABLE comments; --", "\x1b[31m \u202e [/b] 👩‍👩‍👧"]
    for body in bodies:
        requests.comment(store, request.id, body, by=ANN, at=AT)
    assert [comment.body for comment in store.comments(request, notes=False)] == bodies


@pytest.mark.parametrize("reference", ["ES-9", "9", "nothing", "", "ES-", "٣", "9" * 30])
def test_a_request_that_is_not_there_is_not_found(reference: str, store: Store) -> None:
    a_request(store)
    with pytest.raises(NotFound):
        requests.comment(store, reference, "said", by=ANN, at=AT)


def test_a_task_without_a_request_says_how_to_open_one(store: Store) -> None:
    task = a_task(store)
    with pytest.raises(NotFound, match=f"Task {task.id} has no request") as refusal:
        requests.comment(store, task.id, "said", by=ANN, at=AT)
    assert refusal.value.hint == Step(verb=Verb.ACTIVATE, reference=task.id)


def test_a_task_stands_for_its_open_request_else_for_its_newest(store: Store) -> None:
    first = a_request(store)
    requests.close(store, first.id, None, by=ANN, at=AT)
    second = a_request(store, task=first.task)
    requests.close(store, second.id, None, by=ANN, at=AT)
    assert store.request(first.task).id == second.id
    requests.reopen(store, first.id, None, by=ANN, at=AT)
    assert store.request(first.task.lower()).id == first.id
