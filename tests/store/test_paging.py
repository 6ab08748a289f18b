"""Lists that go on after the place where a page ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from builders import AT, BOB, a_space, later
from store.test_listing import add

from expertsupport_cli.actions import requests
from expertsupport_cli.store import Store, Wanted, engine
from expertsupport_cli.store.listing import SORTS, Place


@pytest.fixture(scope="module")
def store(
    kind_of_store: Callable[[Path], Callable[[], Store]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """Twelve requests of all kinds."""
    with closing(kind_of_store(tmp_path_factory.mktemp("paging"))()) as filled:
        a_space(filled, "beta")
        for number in range(12):
            add(filled, number)
        for waiting in list(filled.queue(limit=3)):  # answered, and still the desk's turn
            requests.reply(filled, waiting.id, "We look into it.", asks=False, by=BOB, at=later(20))
        yield filled


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read at once is less than what is asked for."""
    monkeypatch.setattr(engine, "PAGE", 4)


def test_a_list_goes_on_after_any_place_in_any_order(store: Store) -> None:
    for sort in SORTS:
        for ascending in (True, False):
            found = list(store.requests(Wanted(), sort, ascending=ascending))
            for at, request in enumerate(found):
                place = Place.of(request, sort)
                rest = list(store.requests(Wanted(), sort, ascending=ascending, after=place, limit=5))
                assert rest == found[at + 1 : at + 6], (sort, ascending, at)


def test_the_queue_goes_on_after_any_place(store: Store) -> None:
    for unanswered in (True, False):
        found = list(store.queue(unanswered=unanswered))
        for at, request in enumerate(found):
            rest = list(store.queue(limit=3, unanswered=unanswered, after=Place.in_queue(request)))
            assert rest == found[at + 1 : at + 4], (unanswered, at)


def test_tasks_and_certificates_go_on_before_a_number(store: Store) -> None:
    tasks, certificates = list(store.tasks(AT)), list(store.certificates(AT))
    assert list(store.tasks(AT, before=tasks[4].number)) == tasks[5:]
    assert list(store.certificates(AT, before=certificates[4].number, limit=3)) == certificates[5:8]
