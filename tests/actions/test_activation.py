"""Activation: its checks in their order, each with an error of its own, and nothing spent on refusal."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from builders import ANN, AT, BOB, OLGA, a_certificate, a_request, a_space, a_store, a_task, dump, later

from expertsupport_cli import serial
from expertsupport_cli.actions import certificates, requests, spaces, tasks
from expertsupport_cli.errors import (
    CertificateExpired,
    CertificateRevoked,
    CertificateUnknown,
    CertificateUsed,
    Fault,
    MalformedSerial,
    NotFound,
    RequestOpen,
    SerialMistyped,
    SpaceBlocked,
    TaskClosed,
    TaskExpired,
)
from expertsupport_cli.model.requests import Status
from expertsupport_cli.store import Store

ELSEWHERE = "ELSEWHERE"


def refused(store: Store, task: str, typed: str, kind: type[Fault], *, at: str = AT) -> Fault:
    """The refusal, after which the store is as it was."""
    before = dump(store)
    with pytest.raises(kind) as caught:
        requests.activate(store, task, typed, by=ANN, at=at)
    assert type(caught.value) is kind
    assert dump(store) == before
    return caught.value


# --- what is wrong with the serial, the task, and both, in the order in which they are checked


def malformed(store: Store) -> str:
    return "ABCD-EFGH-JKMN-PQR!"


def mistyped(store: Store) -> str:
    good = serial.issue()
    return ("1" if good[0] == "0" else "0") + good[1:]


def unknown(store: Store) -> str:
    return serial.issue()


def revoked(store: Store) -> str:
    typed, _ = a_certificate(store)
    certificates.revoke_certificate(store, typed, by=OLGA, at=AT)
    return typed


def lapsed(store: Store) -> str:
    return a_certificate(store, valid_for=3600)[0]


def used_elsewhere(store: Store) -> str:
    typed, _ = a_certificate(store)
    requests.activate(store, a_task(store, id=ELSEWHERE).id, typed, by=ANN, at=AT)
    return typed


def good(store: Store) -> str:
    return a_certificate(store)[0]


SERIALS: list[tuple[Callable[[Store], str], type[Fault] | None]] = [
    (malformed, MalformedSerial),
    (mistyped, SerialMistyped),
    (unknown, CertificateUnknown),
    (revoked, CertificateRevoked),
    (lapsed, CertificateExpired),
    (used_elsewhere, CertificateUsed),
    (good, None),
]


def no_task(store: Store) -> str:
    return "T-404"


def a_closed_task(store: Store) -> str:
    return tasks.close_task(store, a_task(store).id, by=ANN, at=AT)[0].id


def an_expired_task(store: Store) -> str:
    a_space(store, "short", lifetime=60)
    return a_task(store, space="short").id


def a_task_of_a_blocked_space(store: Store) -> str:
    task = a_task(store, space="blocked")
    spaces.edit_space(store, "blocked", {"blocked": True}, by=OLGA, at=AT)
    return task.id


def a_closed_task_with_an_open_request(store: Store) -> str:
    return tasks.close_task(store, a_request(store).task, by=ANN, at=AT)[0].id


def a_task_with_an_open_request(store: Store) -> str:
    return a_request(store).task


def a_task_of_a_blocked_space_with_an_open_request(store: Store) -> str:
    request = a_request(store, task=a_task(store, space="blocked").id)
    spaces.edit_space(store, "blocked", {"blocked": True}, by=OLGA, at=AT)
    return request.task


TASKS: list[tuple[Callable[[Store], str], type[Fault]]] = [
    (no_task, NotFound),
    (a_closed_task, TaskClosed),
    (an_expired_task, TaskExpired),
    (a_task_of_a_blocked_space, SpaceBlocked),
    (a_closed_task_with_an_open_request, TaskClosed),
    (a_task_of_a_blocked_space_with_an_open_request, SpaceBlocked),
    (a_task_with_an_open_request, RequestOpen),
]


@pytest.mark.parametrize(("typed", "of_serial"), SERIALS)
@pytest.mark.parametrize(("task", "of_task"), TASKS)
def test_of_all_that_is_wrong_the_first_in_order_is_told_and_nothing_is_spent(
    task: Callable[[Store], str],
    of_task: type[Fault],
    typed: Callable[[Store], str],
    of_serial: type[Fault] | None,
    store: Store,
) -> None:
    form_first = of_serial is MalformedSerial
    expected = of_serial if of_serial and (form_first or of_task is not NotFound) else of_task
    refused(store, task(store), typed(store), expected, at=later(1))


@pytest.mark.parametrize(("typed", "of_serial"), SERIALS[:-1])
def test_a_good_task_does_not_help_a_bad_serial(
    typed: Callable[[Store], str], of_serial: type[Fault], store: Store
) -> None:
    fault = refused(store, a_task(store).id, typed(store), of_serial, at=later(1))
    assert fault.hint


def test_a_malformed_serial_is_wrong_usage_and_all_else_is_refused(store: Store) -> None:
    assert refused(store, "T-404", "ABCD", MalformedSerial).exit_status == 2
    assert refused(store, "T-404", good(store), NotFound).exit_status == 3
    assert refused(store, a_task(store).id, unknown(store), CertificateUnknown).exit_status == 4


# --- what activation does


def test_activation_spends_the_certificate_and_opens_a_new_request(store: Store) -> None:
    task, (typed, certificate) = a_task(store), a_certificate(store)
    outcome = requests.activate(store, task.id, typed, by=ANN, at=later(1))
    assert outcome.changed
    request = outcome.request
    assert (request.id, request.status, request.task, request.space) == ("ES-1", Status.NEW, task.id, "acme")
    assert (request.initiator, request.initiator_email) == ("ann", "ann@example.org")
    assert request.created_at == request.updated_at == request.turn_since == later(1)
    assert request.certificate == certificate.masked == f"****-****-****-{typed[-4:]}"
    assert store.request("ES-1") == request
    spent = store.certificate(certificate.id)
    assert (spent.used_at, spent.request, spent.task) == (later(1), "ES-1", task.id)


def test_a_task_with_a_request_never_expires_not_even_after_it_is_closed(store: Store) -> None:
    request = a_request(store)
    assert store.task(request.task).expires_at is None
    requests.close(store, request.id, None, by=ANN, at=later(1))
    tasks.close_task(store, request.task, by=ANN, at=later(2))
    task, _ = tasks.reopen_task(store, request.task, by=ANN, at=later(3))
    assert task.expires_at is None
    assert store.task(request.task).state(later(10_000)) == "open"


def test_activation_is_in_the_log_with_the_token_of_the_page(store: Store) -> None:
    request = a_request(store)
    (entry,) = [entry for entry in store.events_of_task(request.task) if entry.kind == "activated"]
    assert (entry.request, entry.token, entry.certificate) == (request.id, request.token, request.certificate)
    assert (entry.actor, entry.side, entry.new) == ("ann", "customer", "New")
    assert len(request.token) == 32


def test_the_same_serial_again_gives_the_same_request_and_changes_nothing(store: Store) -> None:
    task, typed = a_task(store).id, good(store)
    first = requests.activate(store, task, typed, by=ANN, at=AT)
    before = dump(store)
    for again in (typed, typed.lower(), f"  {typed.replace('-', '')} "):
        outcome = requests.activate(store, task.lower(), again, by=BOB, at=later(400))
        assert (outcome.request, outcome.changed) == (first.request, False)
    assert dump(store) == before


def test_the_same_serial_gives_its_request_even_when_that_and_the_task_are_closed(store: Store) -> None:
    task, typed = a_task(store).id, good(store)
    request = requests.activate(store, task, typed, by=ANN, at=AT).request
    requests.close(store, request.id, None, by=ANN, at=AT)
    tasks.close_task(store, task, by=ANN, at=AT)
    spaces.edit_space(store, "acme", {"blocked": True}, by=OLGA, at=AT)
    outcome = requests.activate(store, task, typed, by=ANN, at=AT)
    assert (outcome.request.id, outcome.request.status, outcome.changed) == (request.id, Status.CLOSED, False)


def test_another_certificate_opens_another_request_once_the_first_is_closed(store: Store) -> None:
    first = a_request(store)
    refusal = refused(store, first.task, good(store), RequestOpen)
    assert first.id in refusal.what
    requests.close(store, first.id, None, by=ANN, at=AT)
    assert a_request(store, task=first.task).id == "ES-2"


def test_a_serial_opens_its_request_until_the_last_second_of_its_validity(store: Store) -> None:
    (typed, _), task = a_certificate(store, valid_for=60), a_task(store)
    refused(store, task.id, typed, CertificateExpired, at=later(seconds=60))
    assert requests.activate(store, task.id, typed, by=ANN, at=later(seconds=59)).changed


def test_a_task_takes_a_request_until_the_last_second_before_it_expires(store: Store) -> None:
    task, typed = a_task(store).id, good(store)
    refused(store, task, typed, TaskExpired, at=later(10))
    assert requests.activate(store, task, typed, by=ANN, at=later(10, seconds=-1)).changed


def test_letters_that_look_like_digits_are_read_as_those(store: Store) -> None:
    typed = next(text for text in (good(store) for _ in range(500)) if "0" in text and "1" in text)
    looks = typed.replace("0", "o").replace("1", "l")
    assert requests.activate(store, a_task(store).id, looks, by=ANN, at=AT).changed


def test_a_wrong_serial_is_not_counted_while_another_holds_the_store(store: Store) -> None:
    with closing(a_store(Path(store.path))) as other, other.transaction():
        certificates.slow_down(store)
    with store.transaction():
        assert store.count_wrong_serial() == 1
