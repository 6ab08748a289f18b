"""Forgetting requests and people, as privacy laws demand. Nothing else erases anything that was recorded."""

from __future__ import annotations

import os

from expertsupport_cli.actions.repeating import repeatable
from expertsupport_cli.errors import NotFound, Refused
from expertsupport_cli.ids import TOKEN_LENGTH
from expertsupport_cli.model.forgetting import NAME, Person
from expertsupport_cli.model.history import Event, Kind
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.model.requests import Request
from expertsupport_cli.record import Record
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store import Store, Wanted
from expertsupport_cli.store.forgetting import Forgetting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Found(Record):
    """What is to be forgotten: requests, and a person wherever else the name and address stand.

    `forgotten` are requests that were forgotten before. `others` may be the person's too, but were not asked for.
    """

    requests: Sequence[Request]
    forgotten: Sequence[Request] = ()
    person: Person | None = None
    others: Sequence[Request] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing left to forget."""
        return not self.requests and self.person is None


def find_requests(store: Store, references: Iterable[str]) -> Found:
    """Find the requests to be forgotten. Raises NotFound, or Refused if one of them is open."""
    return _found(store, map(store.request, references))


def find_person(store: Store, given: str) -> Found:
    """Find somebody by name or address, with the requests that they have opened. Raises NotFound, Refused."""
    requests = list(store.requests(Wanted(initiator=given), ascending=True))
    erasing = Forgetting(store.engine)
    actors = [*erasing.actors(), *erasing.signed_in()]
    person = Person.of(given, requests).seen_as(actors)
    known = any(person.is_called(*actor) for actor in actors) or any(map(person.has_address, erasing.addresses()))
    if not requests and not known:
        raise NotFound(f"Initiator '{given[:80]}' not found.", hint=Step(verb=Verb.LIST_REQUESTS))
    others = _others(store, person, {request.number for request in requests})
    return _found(store, requests).replace(person=person if known else None, others=others)


def _others(store: Store, person: Person, numbers: set[int]) -> list[Request]:
    """Requests that the person may have opened as well, other than those with these numbers."""
    found = {
        request.number: request
        for key in person.names | person.addresses
        for request in store.requests(Wanted(initiator=key))
        if person.is_called(request.initiator, request.initiator_email, Side.CUSTOMER)
    }
    return [found[number] for number in sorted(found.keys() - numbers)]


def _found(store: Store, requests: Iterable[Request]) -> Found:
    erasing = Forgetting(store.engine)
    left, forgotten = list[Request](), list[Request]()
    for request in {request.number: request for request in requests}.values():
        (forgotten if erasing.is_forgotten(request) else left).append(request)
    _refuse_open(store, left)
    return Found(requests=left, forgotten=forgotten)


def _refuse_open(store: Store, requests: Iterable[Request]) -> None:
    """Raises Refused if a request is open, or another one on the same task, whose texts they share."""
    open_ones: dict[int, Request] = {}
    shared = False
    for request in requests:
        current = store.open_request(request.task)
        if current is not None:
            open_ones[current.number] = current
            shared = shared or current.number != request.number
    if open_ones:
        ids = [request.id for request in open_ones.values()]
        raise Refused(
            f"{ids[0]} is not closed." if len(ids) == 1 else f"{', '.join(ids)} are not closed.",
            f"Only closed requests can be forgotten{', and all requests on a task share its texts' * shared}.",
            Step(verb=Verb.CLOSE_REQUEST, reference=" ".join(ids)),
        )


@repeatable
def forget(store: Store, found: Found, *, by: Actor, at: str) -> list[Request]:
    """Erase texts, names and addresses, and record it with each request. Returns the requests as they are now.

    They are looked up again. What was erased may stay in unused parts of the database until `store.vacuum()`. Raises
    NotFound, Refused.
    """
    erasing = Forgetting(store.engine)
    with store.transaction():
        requests = _found(store, [store.request(request.id) for request in found.requests]).requests
        with store.engine.erasing():
            for request in requests:
                erasing.forget_request(request, os.urandom(TOKEN_LENGTH // 2).hex())
            if found.person:
                _forget_person(erasing, found.person)
        for request in requests:
            itself = by.is_person(request.initiator, request.initiator_email)
            who = by.replace(name=NAME, email=None) if itself or _is(found.person, by) else by
            store.record(Event.on(request, who, at, Kind.FORGOTTEN))
        return [store.request(request.id) for request in found.requests]


def _is(person: Person | None, by: Actor) -> bool:
    return person is not None and person.is_called(by.name, by.email, by.side)


def _forget_person(erasing: Forgetting, person: Person) -> None:
    for actor in erasing.actors():
        if person.is_called(*actor):
            erasing.forget_actor(*actor)
        elif actor[1] is not None and person.has_address(actor[1]):
            erasing.forget_email(*actor)
    for who in erasing.signed_in():
        if person.is_called(*who) or (who[1] is not None and person.has_address(who[1])):
            erasing.forget_sessions_of(*who)
    for address in filter(person.has_address, erasing.addresses()):
        erasing.forget_address(address)
    for key in person.names | person.addresses:
        erasing.forget_reader(key)
