"""Acts that write, each prepared in a store that has what it needs, for faults to be put into them."""

from __future__ import annotations

from collections.abc import Callable

from builders import ANN, AT, BOB, OLGA, a_certificate, a_request, a_space, a_task, later

from expertsupport_cli.actions import certificates, forgetting, links, requests, spaces, tasks
from expertsupport_cli.actions.tasks import TaskLine
from expertsupport_cli.store import Store

Act = Callable[[], object]
LONG = "x" * 300_000


def activating(store: Store) -> Act:
    task, (serial, _) = a_task(store), a_certificate(store)
    return lambda: requests.activate(store, task.id, serial, by=ANN, at=AT)


def commenting(store: Store) -> Act:
    request = a_request(store)
    return lambda: requests.comment(store, request.id, LONG, by=ANN, at=AT)


def closing_with_a_word(store: Store) -> Act:
    request = a_request(store)
    return lambda: requests.close(store, request.id, LONG, by=ANN, at=AT)


def reopening(store: Store) -> Act:
    request = a_request(store)
    requests.close(store, request.id, None, by=ANN, at=AT)
    return lambda: requests.reopen(store, request.id, LONG, by=BOB, at=AT)


def redeeming(store: Store) -> Act:
    token, _ = links.create_link(store, a_task(store).id, lifetime=60, by=ANN, at=AT)
    return lambda: links.redeem_link(store, token, lambda _: None, by=OLGA, at=AT)


def linking(store: Store) -> Act:
    task = a_task(store)
    return lambda: links.create_link(store, task.id, lifetime=60, by=ANN, at=AT)


def issuing(store: Store) -> Act:
    return lambda: certificates.issue_certificates(store, 3, lambda batch: None, note="n", by=OLGA, at=AT)


def adding_a_task(store: Store) -> Act:
    a_space(store)
    return lambda: tasks.add_task(store, "A task", "acme", description="x" * 100_000, by=ANN, at=AT)


def importing_tasks(store: Store) -> Act:
    a_space(store)
    lines = [TaskLine(line=n, id="", name=f"Task {n}", space="acme", description=LONG[:100_000]) for n in range(5)]
    return lambda: tasks.import_tasks(store, lines, by=ANN, at=AT)


def reopening_a_task(store: Store) -> Act:
    task = a_task(store)
    return lambda: tasks.reopen_task(store, task.id, by=ANN, at=later(11))


def editing_a_space(store: Store) -> Act:
    a_space(store)
    return lambda: spaces.edit_space(store, "acme", {"title": "A", "blocked": True}, by=OLGA, at=AT)


def forgetting_a_person(store: Store) -> Act:
    request = a_request(store)
    requests.close(store, request.id, LONG, by=ANN, at=AT)
    found = forgetting.find_person(store, "ann")
    return lambda: forgetting.forget(store, found, by=OLGA, at=AT)


ACTS = [
    activating,
    commenting,
    closing_with_a_word,
    reopening,
    redeeming,
    linking,
    issuing,
    adding_a_task,
    importing_tasks,
    reopening_a_task,
    editing_a_space,
    forgetting_a_person,
]
BIG = [commenting, closing_with_a_word, reopening, adding_a_task, importing_tasks]
