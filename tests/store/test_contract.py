"""What every store must do, whatever it is kept in: with test_listing, a suite that takes the store as a parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from builders import ANN, AT, a_new_certificate, a_request, a_space, a_task, later

from expertsupport_cli.actions import requests, spaces, tasks
from expertsupport_cli.actions.tasks import TaskLine
from expertsupport_cli.errors import Fault, NotFound
from expertsupport_cli.model.certificates import Partner
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.model.requests import Status
from expertsupport_cli.model.tasks import Space, Task, TaskState
from expertsupport_cli.store import Store, Wanted

Opener = Callable[[], Store]


@pytest.fixture
def store(opener: Opener) -> Iterator[Store]:
    with closing(opener()) as opened:
        yield opened


# --- transactions


def test_a_transaction_is_kept_whole(store: Store, opener: Opener) -> None:
    with store.transaction():
        number = store.add_certificate(a_new_certificate()).number
    with closing(opener()) as other:
        assert other.certificate(f"C-{number}") == a_new_certificate().replace(number=number)


@pytest.mark.parametrize("error", [Fault("x"), ValueError(), KeyboardInterrupt(), SystemExit()])
def test_a_transaction_in_which_anything_is_raised_leaves_nothing(error: BaseException, store: Store) -> None:
    def use() -> None:
        with store.transaction():
            store.add_certificate(a_new_certificate())
            raise error

    with pytest.raises(type(error)):
        use()
    assert store.count_certificates(AT) == 0
    with store.transaction():
        store.add_certificate(a_new_certificate())
    assert store.count_certificates(AT) == 1


def test_a_dry_run_sees_what_it_would_do_and_leaves_nothing(store: Store) -> None:
    request = a_request(store)
    store.dry_run = True
    assert requests.close(store, request.id, "Bye.", by=ANN, at=AT).request.status is Status.CLOSED
    assert a_task(store).id == "T-2"
    store.dry_run = False
    assert store.request(request.id) == request
    assert store.count_tasks(AT) == 1


def test_nothing_is_written_outside_of_a_transaction(store: Store) -> None:
    with pytest.raises(AssertionError, match="outside of a transaction"):
        store.add_certificate(a_new_certificate())


# --- spaces and partners


def test_spaces_are_kept_by_name_in_any_case(store: Store) -> None:
    beta = Space(name="beta", title="B", task_lifetime=None, task_limit=0, blocked=True, created_at=AT)
    with store.transaction():
        store.add_space(beta)
    a_space(store, "Acme")
    assert store.space("BETA") == beta
    assert store.has_space("acme")
    assert not store.has_space("gamma")
    assert [space.name for space in store.spaces()] == ["Acme", "beta"]
    changed = beta.replace(title="C", task_lifetime=60, task_limit=None, blocked=False)
    with store.transaction():
        store.save_space(changed)
    assert store.space("beta") == changed


def test_partners_are_kept_by_name_in_any_case(store: Store) -> None:
    partner = Partner(name="Abc", url="https://abc.example", created_at=AT)
    with store.transaction():
        store.add_partner(partner)
    assert store.partner("ABC") == partner
    assert store.partner("abd") is None
    assert store.partners() == [partner]
    with store.transaction():
        assert store.remove_partner("abc") == 1
        assert store.remove_partner("abc") == 0
    assert store.partners() == []


# --- tasks


def test_tasks_are_listed_by_space_and_state_newest_first_in_pages(store: Store, small_pages: int) -> None:
    made = [a_task(store, id=f"A-{n}", space=("acme", "beta")[n % 2]) for n in range(10)]
    for task in made[:4]:
        tasks.close_task(store, task.id, by=ANN, at=AT)
    a_space(store, "endless", lifetime=None)
    endless = a_task(store, space="endless")

    def ids(at: str, space: str | None = None, state: TaskState | None = None) -> list[str]:
        found = [task.id for task in store.tasks(at, space, state)]
        assert store.count_tasks(at, space, state) == len(found)
        assert [task.id for task in store.tasks(at, space, state, limit=4)] == found[:4]
        assert list(store.tasks(at, space, state, limit=0)) == []
        return found

    assert ids(AT) == [endless.id, *(f"A-{n}" for n in range(9, -1, -1))]
    assert ids(AT, space="ACME") == ["A-8", "A-6", "A-4", "A-2", "A-0"]
    assert ids(AT, state=TaskState.CLOSED) == ["A-3", "A-2", "A-1", "A-0"]
    assert ids(AT, state=TaskState.EXPIRED) == []
    assert ids(later(10), state=TaskState.EXPIRED, space="beta") == ["A-9", "A-7", "A-5"]
    assert ids(later(10), state=TaskState.OPEN) == [endless.id]
    assert ids(AT, space="gamma") == []


def test_a_task_is_kept_with_all_its_fields(store: Store) -> None:
    a_space(store)
    given = {"id": "X-1", "name": "n", "description": "d", "space": "acme", "creator": "c", "created_at": AT}
    task = Task(**given, closed_at=later(1), expires_at=later(2), number=1)
    with store.transaction():
        store.add_task(task)
    assert store.task("x-1") == task
    assert store.has_task("x-1")
    with store.transaction():
        store.save_task(task.replace(closed_at=None, expires_at=None))
    assert store.task("X-1") == task.replace(closed_at=None, expires_at=None)
    assert store.next_task_number() == 1
    assert store.taken_task_ids(["x-1", "X-2"] + [f"Y-{n}" for n in range(1200)]) == ["X-1"]


def test_a_task_that_is_not_there_suggests_its_neighbours(store: Store) -> None:
    for id in ("INC-4711", "INC-4712", "other"):
        a_task(store, id=id)
    with pytest.raises(NotFound) as refusal:
        store.task("inc-471")
    assert {"INC-4711", "INC-4712"} == set(refusal.value.why.removeprefix("Did you mean ")[:-1].split(" or "))


def test_many_tasks_are_loaded_at_once_each_with_its_event_and_found(store: Store, small_pages: int) -> None:
    home = a_space(store, "Acme")
    a_task(store)
    lines = [TaskLine(line=n, id="", name=f"Task {n}", space="ACME", description="d") for n in range(8)]
    tasks.import_tasks(store, lines, by=ANN, at=AT)
    found = store.task("t-9")
    assert (found.name, found.space, found.description, found.creator) == ("Task 7", "Acme", "d", "ann")
    assert (found.created_at, found.expires_at) == (AT, home.expiry(AT))
    assert [task.number for task in store.tasks(AT)] == list(range(9, 0, -1))
    assert store.next_task_number() == 10
    (event,) = store.events_of_task("T-9")
    assert (event.kind, event.actor, event.side, event.via, event.at) == ("task_imported", "ann", "customer", "cli", AT)
    request = a_request(store, task="T-9")
    assert [one.id for one in store.requests(Wanted(words=["task", "7"]))] == [request.id]


# --- requests and their history


def test_a_request_is_saved_only_from_the_status_that_was_read(store: Store) -> None:
    request = a_request(store)
    waiting = request.replace(status=Status.WAITING, updated_at=later(1), turn_since=later(1))
    with store.transaction():
        store.save_request(waiting, expected=Status.NEW)
    assert store.request("es-1") == waiting
    with pytest.raises(Fault, match="Someone else changed ES-1 in the meantime"), store.transaction():
        store.save_request(request, expected=Status.NEW)
    assert store.request("1") == waiting


def test_the_open_request_of_a_task_is_the_one_that_is_not_closed(store: Store) -> None:
    request = a_request(store)
    assert store.open_request("t-1") == request
    requests.close(store, request.id, None, by=ANN, at=AT)
    assert store.open_request("T-1") is None


# --- several at once


def test_a_listing_that_is_open_blocks_no_writer(store: Store, opener: Opener, small_pages: int) -> None:
    for _ in range(5):
        a_request(store)
    listing, queue, open_tasks = store.requests(Wanted()), store.queue(), store.tasks(AT)
    begun = [next(listing).id, next(queue).id, next(open_tasks).id]
    with closing(opener()) as other:
        a_request(other)
        requests.close(other, "ES-3", "Bye.", by=ANN, at=AT)
    assert begun == ["ES-5", "ES-1", "T-5"]
    assert [request.id for request in listing] == ["ES-4", "ES-3", "ES-2", "ES-1"]
    assert [request.id for request in queue] == ["ES-2", "ES-3", "ES-4", "ES-5", "ES-6"]
    assert [task.id for task in open_tasks] == ["T-4", "T-3", "T-2", "T-1"]


def test_what_one_has_written_the_other_sees(store: Store, opener: Opener) -> None:
    with closing(opener()) as other:
        for writer, reader in ((store, other), (other, store)):
            request = a_request(writer)
            assert reader.request(request.id) == request


def test_whoever_acts_is_kept_as_they_are_called(store: Store) -> None:
    someone = Actor(name="Zoë 'Z' O'Neil\u202e\x1b[0m", side=Side.CUSTOMER, email=None)
    request = a_request(store, by=someone)
    assert (store.request(request.id).initiator, store.request(request.id).initiator_email) == (someone.name, None)
    spaces.add_partner(store, "Zoë", "https://zoe.example", by=someone, at=AT)
    assert store.events_of_task(request.task)[-1].actor == someone.name


def test_a_request_that_is_not_there_is_named_but_no_address_is_as_it_may_hold_a_token(store: Store) -> None:
    task = a_task(store).id
    for reference, what in {
        "ES-9": "Request ES-9 not found.",
        task.lower(): f"Task {task.lower()} has no request.",
        "INC-9": "Request 'INC-9' not found.",
        f"https://x.example/{'0a' * 16}": "No request has this address.",
        f"https://x.example/{'0a' * 15}": "No request has this address.",  # it was cut off
    }.items():
        with pytest.raises(NotFound) as refusal:
            store.request(reference)
        assert refusal.value.what == what
