"""What is done to requests: opened with a certificate, moved by either side as the table in `model` says."""

from __future__ import annotations

import os

from expertsupport_cli import serial
from expertsupport_cli.actions.certificates import by_serial
from expertsupport_cli.actions.notices import Post, queue_notices
from expertsupport_cli.checks import prose
from expertsupport_cli.errors import CertificateUsed, RequestOpen
from expertsupport_cli.ids import TOKEN_LENGTH
from expertsupport_cli.model.certificates import Certificate
from expertsupport_cli.model.history import Event, Kind
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.model.requests import Act, Comment, Request, Status
from expertsupport_cli.model.tasks import Task
from expertsupport_cli.record import Record
from expertsupport_cli.store import Store

MAX_MESSAGE = 1_000_000


class Outcome(Record):
    """A request, and whether anything was changed: doing a thing again is no error."""

    request: Request
    changed: bool


def ready_to_activate(store: Store, task_id: str, *, at: str) -> Request | None:
    """The request of a task that is open already, or None where one can be opened; before a serial is asked for.

    An open request is shown even if its task is closed or its space blocked. Raises NotFound, TaskClosed, TaskExpired,
    SpaceBlocked.
    """
    task = store.task(task_id)
    current = store.open_request(task.id)
    if current is None:
        _refuse_if_not_workable(store, task, at)
    return current


def activate(
    store: Store,
    task_id: str,
    serial_number: str,
    *,
    message: str | None = None,
    by: Actor,
    at: str,
    post: Post | None = None,
) -> Outcome:
    """Open a request on a task with a certificate; the task then never expires. All of it or none of it.

    Refused, with nothing spent, in this order: MalformedSerial; NotFound (the task); CertificateUnknown,
    SerialMistyped, CertificateUsed, CertificateRevoked, CertificateExpired; TaskClosed, TaskExpired, SpaceBlocked;
    RequestOpen. The serial that opened a request of this task gives that request again, unchanged: the `message`, the
    first of the conversation, is then not added.
    """
    normal = serial.read(serial_number)
    if message is not None:
        prose(message, "The message", max_length=MAX_MESSAGE)
    with store.transaction():
        task = store.task(task_id)
        certificate = by_serial(store, normal)
        if certificate.request and certificate.task == task.id:
            return Outcome(request=store.request(certificate.request), changed=False)
        certificate.refuse_if_invalid(at)
        _refuse_if_not_workable(store, task, at)
        _refuse_if_open(store, task.id)
        return Outcome(request=_open(store, task, certificate, message, by, at, post), changed=True)


def comment(store: Store, reference: str, body: str, *, by: Actor, at: str, post: Post | None = None) -> Outcome:
    """The customer's side says something; a request that waits for it goes back to the desk."""
    return act(store, reference, Act.COMMENT, body, by=by, at=at, post=post)


def acknowledge(store: Store, reference: str, *, by: Actor, at: str, post: Post | None = None) -> Outcome:
    """The desk has seen it."""
    return act(store, reference, Act.ACKNOWLEDGE, by=by, at=at, post=post)


def reply(
    store: Store, reference: str, body: str, *, asks: bool, by: Actor, at: str, post: Post | None = None
) -> Outcome:
    """The desk answers; if it `asks`, the request then waits for the customer."""
    return act(store, reference, Act.ASK if asks else Act.REPLY, body, by=by, at=at, post=post)


def note(store: Store, reference: str, body: str, *, by: Actor, at: str, post: Post | None = None) -> Outcome:
    """The desk notes something that the customer's side never sees; nothing moves."""
    return act(store, reference, Act.NOTE, body, by=by, at=at, post=post)


def close(store: Store, reference: str, body: str | None, *, by: Actor, at: str, post: Post | None = None) -> Outcome:
    """Close a request, with a last message if there is one. Closing it again changes nothing."""
    return act(store, reference, Act.CLOSE, body, by=by, at=at, post=post)


def reopen(store: Store, reference: str, body: str | None, *, by: Actor, at: str, post: Post | None = None) -> Outcome:
    """Reopen a closed request on the same certificate. Raises RequestOpen where its task has got another since."""
    return act(store, reference, Act.REOPEN, body, by=by, at=at, post=post)


def act(
    store: Store,
    reference: str,
    act: Act,
    body: str | None = None,
    *,
    by: Actor,
    at: str,
    post: Post | None = None,
) -> Outcome:
    """Do to a request what the functions above do, each by its `Act`. Raises BadUsage, NotFound, RequestClosed."""
    if body is not None or act.needs_message:
        prose(body or "", "The message", max_length=MAX_MESSAGE)
    with store.transaction():
        before = store.request(reference)
        after = before.after(act, at)
        if after is None:
            return Outcome(request=before, changed=False)
        if act is Act.REOPEN:
            _refuse_if_open(store, before.task)
        if body is not None and act is not Act.NOTE:
            after = after.spoken(by, at)
        if act is Act.REOPEN and by.side is not Side.DESK:  # the time that it was closed for is not waited
            after = after.replace(unanswered_since=at)
        store.save_request(after, expected=before.status)
        said = None if body is None else store.add_comment(_comment(before, body, by, at, note=act is Act.NOTE))
        moved = before.status is not after.status
        event = Event.on(before, by, at, Kind(act)).replace(
            old=str(before.status) if moved else None,
            new=str(after.status) if moved else None,
            comment=said,
        )
        queue_notices(store, post, event, store.record(event), after, body, by)
    return Outcome(request=after, changed=True)


def _refuse_if_not_workable(store: Store, task: Task, at: str) -> None:
    """Raises TaskClosed, TaskExpired or SpaceBlocked."""
    task.refuse_if_not_workable(at)
    store.space(task.space).refuse_if_blocked()


def _open(
    store: Store, task: Task, certificate: Certificate, message: str | None, by: Actor, at: str, post: Post | None
) -> Request:
    if not store.use_certificate(certificate.number, at):
        raise CertificateUsed(certificate.masked, "another request", task.id)
    new = Request(
        number=0,
        token=os.urandom(TOKEN_LENGTH // 2).hex(),
        task=task.id,
        task_name=task.name,
        space=task.space,
        certificate=certificate.masked,
        status=Status.NEW,
        initiator=by.name,
        initiator_email=by.email,
        created_at=at,
        updated_at=at,
        closed_at=None,
        turn_since=at,
        last_by=by.name,
        last_side=Side.CUSTOMER,
        last_at=at,
        unanswered_since=at,
    )
    request = store.add_request(new, certificate.number)
    store.save_task(task.replace(expires_at=None))
    said = None if message is None else store.add_comment(_comment(request, message, by, at))
    event = Event.on(request, by, at, Kind.ACTIVATED)
    event = event.replace(new=str(request.status), certificate=certificate.number, comment=said)
    queue_notices(store, post, event, store.record(event), request, message, by)
    return request


def _comment(request: Request, body: str, by: Actor, at: str, *, note: bool = False) -> Comment:
    return Comment(
        number=0,
        request=request.id,
        author=by.name,
        side=Side.DESK if by.side is Side.DESK else Side.CUSTOMER,
        kind="note" if note else "comment",
        body=body,
        created_at=at,
    )


def _refuse_if_open(store: Store, task: str) -> None:
    current = store.open_request(task)
    if current:
        raise RequestOpen(task, current.id, current.status)
