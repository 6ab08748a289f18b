"""How SQLite finds what everyday commands ask for: by an index, in the order that is wanted, without sorting."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from builders import ANN, AT, BOB, a_request, a_task, dump, raw

from expertsupport_cli.actions import requests
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.model.requests import OPEN, Turn
from expertsupport_cli.store import Store, Wanted, engine, listing
from expertsupport_cli.store.listing import SORTS, Place

SORTED_ANEW = {"status"}  # for each page, as there is no index for it
SORTED_IN_SPACES = {"id", "created_at", "task_name"}  # the fields by which there is an index within a space


@contextmanager
def plans(store: Store) -> Iterator[list[str]]:
    """How SQLite goes about each query of a block, a line a step."""
    asked: list[str] = []
    steps: list[str] = []
    raw(store).set_trace_callback(asked.append)
    try:
        yield steps
    finally:
        raw(store).set_trace_callback(None)
    for statement in asked:
        if statement.lstrip().startswith("SELECT"):
            steps += [row[3] for row in raw(store).execute(f"EXPLAIN QUERY PLAN {statement}")]
    assert steps


def sorts(steps: list[str]) -> bool:
    return any("TEMP B-TREE" in step for step in steps)


def scans(steps: list[str]) -> list[str]:
    """The tables that are read from one end to the other, and not in the order of an index."""
    return [step for step in steps if step.startswith("SCAN") and "USING" not in step and "TABLE INDEX 0:M" not in step]


@pytest.fixture
def several(store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with some requests, read in pages of two."""
    monkeypatch.setattr(engine, "PAGE", 2)
    for number in range(5):
        a_request(store, task=a_task(store, f"Task {number}", space=("acme", "beta")[number % 2]).id)
    requests.reply(store, "ES-1", "Hello.", asks=False, by=BOB, at=AT)
    return store


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("sort", sorted({*SORTS} - SORTED_ANEW))
def test_no_page_of_a_listing_is_sorted(sort: str, ascending: bool, several: Store) -> None:
    with plans(several) as steps:
        assert len(list(several.requests(Wanted(), sort, ascending=ascending))) == 5
    assert not sorts(steps)


@pytest.mark.parametrize(
    ("wanted", "sort"),
    [
        (Wanted(space="acme"), "created_at"),
        (Wanted(space="acme"), "task_name"),
        (Wanted(space="acme", statuses=["New"]), "created_at"),  # type: ignore[list-item]
        (Wanted(space="acme"), "initiator"),
        (Wanted(space="acme"), "task_id"),
        (Wanted(space="acme"), "status"),
        (Wanted(space="acme", statuses=list(OPEN)), "created_at"),
        (Wanted(space="acme", turn=Turn.DESK), "created_at"),
        (Wanted(task="t-1"), "created_at"),
        (Wanted(since=AT), "created_at"),
    ],
)
def test_no_page_of_a_filtered_listing_is_sorted(wanted: Wanted, sort: str, several: Store) -> None:
    with plans(several) as steps:
        assert list(several.requests(wanted, sort))
    assert not sorts(steps)


EVERYDAY: dict[str, Callable[[Store], object]] = {
    "show": lambda store: (
        store.request("ES-1"),
        store.comments(store.request("1"), notes=True),
        store.events_of_request(store.request("1"), notes=True),
    ),
    "show by task": lambda store: (store.request("t-1"), store.open_request("t-1")),
    "log": lambda store: store.events_of_task("t-1"),
    "list": lambda store: list(store.requests(Wanted(space="acme"), limit=2)),
    "list of one": lambda store: list(store.requests(Wanted(initiator="ANN"), limit=2)),
    "search": lambda store: list(store.requests(Wanted(words=["hello"]), limit=2)),
    "queue": lambda store: list(store.queue(limit=2)),
    "inbox": lambda store: store.unread(Actor(name="ann", email="Ann@Example.org", side=Side.CUSTOMER)),
    "watch": lambda store: list(store.news(store.last_event() - 1)),
    "comment": lambda store: requests.comment(store, "ES-1", "More.", by=ANN, at=AT),
    "mail": lambda store: (store.has_due_mail(AT), store.leased_mails("x"), store.has_mail_to_purge(AT, AT)),
    "task": lambda store: (store.task("t-1"), store.next_task_number(), list(store.tasks(AT, "acme", limit=2))),
    "certificate": lambda store: (store.certificate_by_digest("0" * 64), store.certificate("C-1")),
    "list of certificates": lambda store: list(store.certificates(AT, limit=2)),
}


@pytest.mark.parametrize("command", EVERYDAY)
def test_an_everyday_command_reads_no_table_from_end_to_end(command: str, several: Store) -> None:
    with plans(several) as steps:
        EVERYDAY[command](several)
    walked = {
        "list of certificates": ["SCAN c"],  # backwards, for as long as it is read
        "search": ["SCAN hits"] * 2,  # which are a few
    }
    assert scans(steps) == walked.get(command, [])


def test_a_search_for_what_many_have_sorts_no_page(several: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "COMMON_PHRASE", 5)
    with plans(several) as steps:
        assert len(list(several.requests(Wanted(words=["task"]), "task_name"))) == 5
    assert not sorts(steps)


def test_listing_writes_nothing(several: Store) -> None:
    before = dump(several)
    for sort in SORTS:
        assert list(several.requests(Wanted(words=["task"]), sort))
    assert dump(several) == before


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("sort", sorted({*SORTS} - SORTED_ANEW))
def test_a_list_goes_on_after_a_place_without_reading_what_is_before_it(
    sort: str, ascending: bool, several: Store
) -> None:
    place = Place.of(several.request("ES-3"), sort)
    space = "acme" if sort in SORTED_IN_SPACES else None
    with plans(several) as steps:
        assert list(several.requests(Wanted(space=space), sort, ascending=ascending, after=place, limit=2))
    assert not sorts(steps)
    assert scans(steps) == []


def test_the_queue_tasks_and_certificates_go_on_without_reading_what_is_before(several: Store) -> None:
    with plans(several) as steps:
        assert list(several.queue(limit=2, after=Place.in_queue(several.request("ES-2"))))
        assert list(several.tasks(AT, "acme", limit=2, before=4))
        assert list(several.certificates(AT, limit=2, before=4))
    assert not sorts(steps)
    assert scans(steps) == []
