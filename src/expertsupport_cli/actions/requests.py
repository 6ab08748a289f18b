"""Actions on requests: a certificate opens one, and either side moves it as the table in `model.requests` says."""

from __future__ import annotations

import os

from expertsupport_cli import serial
from expertsupport_cli.actions.certificates import by_serial
from expertsupport_cli.actions.notices import Post, queue_notices
from expertsupport_cli.actions.repeating import repeatable
from expertsupport_cli.checks import prose
from expertsupport_cli.errors import RequestOpen
from expertsupport_cli.ids import TOKEN_LENGTH
from expertsupport_cli.model.certificates import Certificate
from expertsupport_cli.model.history import Event, Kind
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.model.requests import Act, Comment, Request, Status
from expertsupport_cli.model.tasks import Task
from expertsupport_cli.record import Record
from expertsupport_cli.store import Store

MAX_MESSAGE_LENGTH = 1_000_000  # characters


class Outcome(Record):
    """A request, and whether the action changed it: repeating an action is not an error."""

    request: Request
    changed: bool


def ready_to_activate(store: Store, task_id: str, *, at: str) -> Request | None:
    """The open request of a task, or None if one can be opened. Lets a front check before it asks for a serial.

    An open request is returned even if its task is closed or its space blocked. Raises NotFound, TaskClosed,
    TaskExpired, SpaceBlocked.
    """
    task = store.task(task_id)
    current = store.open_request(task.id)
    if current is None:
        _refuse_if_not_workable(store, task, at)
    return current


@repeatable
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
    """Open a request on a task with a certificate. From then on the task never expires.

    `message` is the first of the conversation. Raises, without using the certificate, the first of these that applies:
    MalformedSerial; NotFound (the task); CertificateUnknown, SerialMistyped, CertificateUsed, CertificateRevoked,
    CertificateExpired; TaskClosed, TaskExpired, SpaceBlocked; RequestOpen. A serial that has already opened a request
    of this task returns that request unchanged, and the message is not added.
    """
    normal = serial.read(serial_number)
    if message is not None:
        prose(message, "The message", max_length=MAX_MESSAGE_LENGTH)
    with store.transaction():
        task = store.task(task_id)
        certificate = by_serial(store, normal)
        if certificate.request and certificate.task == task.id:
            return Outcome(request=store.request(certificate.request), changed=False)
        certificate.refuse_if_invalid(at)
        return Outcome(request=open_request(store, task, certificate, message, by=by, at=at, post=post), changed=True)


def open_request(
    store: Store,
    task: Task,
    certificate: Certificate,
    message: str | None = None,
    *,
    by: Actor,
    at: str,
    post: Post | None = None,
) -> Request:
    """Open a request on a task with a valid certificate, inside the caller's transaction.

    Raises TaskClosed, TaskExpired, SpaceBlocked or RequestOpen before anything is changed.
    """
    _refuse_if_not_workable(store, task, at)
    _refuse_if_open(store, task.id)
    return _open(store, task, certificate, message, by, at, post)


def comment(store: Store, reference: str, body: str, *, by: Actor, at: str, post: Post | None = None) -> Outcome:
    """Add a comment of the customer's side. A request that waits for the customer goes back to the desk."""
    return act(store, reference, Act.COMMENT, body, by=by, at=at, post=post)


def acknowledge(store: Store, reference: str, *, by: Actor, at: str, post: Post | None = None) -> Outcome:
    """Record that the desk has seen a request."""
    return act(store, reference, Act.ACKNOWLEDGE, by=by, at=at, post=post)


def reply(
    store: Store, reference: str, body: str, *, asks: bool, by: Actor, at: str, post: Post | None = None
) -> Outcome:
    """Add a reply of the desk. If it `asks` something, the request then waits for the customer."""
    return act(store, reference, Act.ASK if asks else Act.REPLY, body, by=by, at=at, post=post)


def note(store: Store, reference: str, body: str, *, by: Actor, at: str, post: Post | None = None) -> Outcome:
    """Add a note of the desk, which the customer's side never sees. The status does not change."""
    return act(store, reference, Act.NOTE, body, by=by, at=at, post=post)


def close(store: Store, reference: str, body: str | None, *, by: Actor, at: str, post: Post | None = None) -> Outcome:
    """Close a request, with an optional last message. Closing it again changes nothing."""
    return act(store, reference, Act.CLOSE, body, by=by, at=at, post=post)


def reopen(store: Store, reference: str, body: str | None, *, by: Actor, at: str, post: Post | None = None) -> Outcome:
    """Reopen a closed request on the same certificate. Raises RequestOpen if its task has another open request."""
    return act(store, reference, Act.REOPEN, body, by=by, at=at, post=post)


@repeatable
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
    """Do to a request what the functions above do, by `Act`. Raises BadUsage, NotFound, RequestClosed, RequestOpen."""
    if body is not None or act.needs_message:
        prose(body or "", "The message", max_length=MAX_MESSAGE_LENGTH)
    with store.transaction():
        before = store.request(reference)
        after = before.after(act, at)
        if after is None:
            return Outcome(request=before, changed=False)
        if act is Act.REOPEN:
            _refuse_if_open(store, before.task)
        if body is not None and act is not Act.NOTE:
            after = after.spoken(by, at)
        if act is Act.REOPEN and by.side is not Side.DESK:  # the time while it was closed does not count as waiting
            after = after.replace(unanswered_since=at)
        store.save_request(after, expected=before.status)
        comment_number = (
            None if body is None else store.add_comment(_comment(before, body, by, at, note=act is Act.NOTE))
        )
        moved = before.status is not after.status
        event = Event.on(before, by, at, Kind(act)).replace(
            old=str(before.status) if moved else None,
            new=str(after.status) if moved else None,
            comment=comment_number,
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
    store.use_certificate(certificate.number, at)
    new = Request(
        number=0,
        token=os.urandom(TOKEN_LENGTH // 2).hex(),
        task=task.id,
        task_name=task.name,
        space=task.space,
        certificate=certificate.masked,
        certificate_origin=certificate.origin,
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
    store.forget_wrong_serials()
    store.save_task(task.replace(expires_at=None))
    comment_number = None if message is None else store.add_comment(_comment(request, message, by, at))
    event = Event.on(request, by, at, Kind.ACTIVATED)
    event = event.replace(new=str(request.status), certificate=certificate.number, comment=comment_number)
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
