"""Things to show, made without a store: with names and times that are always the same."""

from __future__ import annotations

from typing import Any

from builders import AT, later

from expertsupport_cli.model.certificates import Origin
from expertsupport_cli.model.history import Event, Kind, LogEntry, News
from expertsupport_cli.model.mail import Mail, MailState
from expertsupport_cli.model.people import Side, Via
from expertsupport_cli.model.requests import Comment, Request, Status
from expertsupport_cli.model.tasks import Space, Task
from expertsupport_cli.render.shapes import View

VIEW = View(page_url="https://es.example/", now=later(1))
TOKEN = "0123456789abcdef" * 2


def a_request(**changes: Any) -> Request:
    return Request(
        number=1,
        token=TOKEN,
        task="T-1",
        task_name="The printer is on fire",
        space="acme",
        certificate="****-****-****-7K3M",
        certificate_origin=Origin.ISSUED,
        status=Status.WAITING,
        initiator="ann",
        initiator_email="ann@example.org",
        created_at=AT,
        updated_at=later(1),
        closed_at=None,
        turn_since=AT,
        last_by="ann",
        last_side=Side.CUSTOMER,
        last_at=AT,
        unanswered_since=AT,
    ).replace(**changes)


def a_comment(number: int, body: str, **changes: Any) -> Comment:
    return Comment(
        number=number, request="ES-1", author="bob", side=Side.DESK, kind="comment", body=body, created_at=AT
    ).replace(**changes)


def an_event(kind: Kind, **changes: Any) -> Event:
    return Event(at=AT, actor="bob", side=Side.DESK, via=Via.CLI, kind=kind).replace(**changes)


def an_entry(kind: Kind, **changes: Any) -> LogEntry:
    return LogEntry(
        number=1,
        at=AT,
        actor="bob",
        side=Side.DESK,
        via=Via.CLI,
        kind=kind,
        old=None,
        new=None,
        request="ES-1",
        token=TOKEN,
        certificate=None,
        link=None,
        comment=None,
    ).replace(**changes)


def an_item(kind: Kind, **changes: Any) -> News:
    return News(
        number=1,
        at=AT,
        kind=kind,
        actor="bob",
        actor_email=None,
        side=Side.DESK,
        old=None,
        new=None,
        request="ES-1",
        task="T-1",
        task_name="The printer is on fire",
        space="acme",
        text=None,
    ).replace(**changes)


def a_task(**changes: Any) -> Task:
    return Task(
        id="T-1",
        name="The printer is on fire",
        description="",
        space="acme",
        creator="ann",
        created_at=AT,
        closed_at=None,
        expires_at=later(10),
    ).replace(**changes)


def a_space(**changes: Any) -> Space:
    return Space(
        name="acme", title="", task_lifetime=10 * 86400, task_limit=None, blocked=False, created_at=AT, tasks=3
    ).replace(**changes)


def a_mail(**changes: Any) -> Mail:
    return Mail(
        number=1,
        event=2,
        request="ES-1",
        recipient="ann@example.org",
        message_id="<x@es.example>",
        subject="s",
        body="Hello.\n",
        state=MailState.FAILED,
        attempts=2,
        error="No answer.",
        created_at=AT,
        due_at=later(1),
        sent_at=None,
    ).replace(**changes)
