"""Pages as data: what is shown of a request, a log, a task, a space, a mail, and in which order.

A page says nothing about its looks: values keep their type, and text is unescaped. A terminal paints it
(`terminal/paint`), a template of the browser takes the same data.
"""

from __future__ import annotations

from expertsupport_cli.model.history import Kind, Value
from expertsupport_cli.model.mail import MailState
from expertsupport_cli.record import Record
from expertsupport_cli.render.words import IN_PLACE_OF, NEVER, VALUE_NAMES, WORDS, certificate_name, moved, turn_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from expertsupport_cli.model.history import LogEntry, News
    from expertsupport_cli.model.mail import Mail
    from expertsupport_cli.model.requests import Request, Status
    from expertsupport_cli.model.tasks import Space, Task
    from expertsupport_cli.render.conversation import CertificatePage, LinkPage, RequestPage
    from expertsupport_cli.render.shapes import View
    from expertsupport_cli.render.words import Moved

BLOCKED = "blocked"


class Instant(Record):
    """A point in time, as `times` writes it."""

    at: str


class Duration(Record):
    """A length of time in seconds; None for one that never ends."""

    seconds: int | None


class Url(Record):
    """An address that can be opened in a browser."""

    address: str


class Person(Record):
    """Somebody, and the mail address, if one is known."""

    name: str
    email: str | None


class Count(Record):
    """How many there are, and how many there may be, if there is a limit."""

    number: int
    limit: int | None


class Reference(Record):
    """A request on the page of something else, with its status."""

    id: str
    status: Status


if TYPE_CHECKING:
    FactValue = str | Instant | Duration | Url | Person | Count | Moved | Sequence[Reference]


class Fact(Record):
    """A name and a value. Text is a plain string; every other value has a type that says what it is."""

    name: str
    value: FactValue


class Entry(Record):
    """One event on a page: in a conversation, a log, the news.

    `title` and `said` are two wordings of what happened, without and with the person who did it. A `note` is for the
    desk only. `text` is the message that came with the event.
    """

    at: str
    who: str
    side: str
    title: str
    said: str
    moved: Moved | None
    note: bool
    request: str | None
    text: str | None = None
    facts: Sequence[Fact] = ()


class Message(Record):
    """A letter as it is sent; the body is None once it was purged."""

    headers: Sequence[tuple[str, str]]
    body: str | None


class Page(Record):
    """Everything that is shown of one thing. `badge` is its state in one word; `text` is a description."""

    id: str
    title: str
    badge: str | None
    facts: Sequence[Fact] = ()
    text: str = ""
    entries: Sequence[Entry] = ()
    message: Message | None = None


def request_page(page: RequestPage, view: View) -> Page:
    """A request with its conversation."""
    request = page.request
    bodies = {comment.number: comment.body for comment in page.comments}
    return Page(
        id=request.id,
        title=request.task_name,
        badge=request.status,
        facts=_facts(
            ("Task", request.task),
            ("Space", request.space),
            ("Initiator", Person(name=request.initiator, email=request.initiator_email)),
            ("Turn", turn_name(request.status.turn)),
            ("Created", Instant(at=request.created_at)),
            ("Updated", Instant(at=request.updated_at)),
            ("Closed", _instant(request.closed_at)),
            ("Certificate", certificate_name(request.certificate, request.certificate_origin)),
            ("URL", Url(address=page.url(view.page_url))),
        ),
        text=page.description,
        entries=[_entry(event, bodies.get(event.comment or 0)) for event in page.events],
    )


def log_page(task: Task, entries: Sequence[LogEntry], view: View) -> Page:
    """A task's log, each event with what it concerns."""
    return Page(
        id=task.id,
        title=task.name,
        badge=task.state(view.now),
        entries=[_entry(entry).replace(facts=_log_facts(entry, view)) for entry in entries],
    )


def task_page(task: Task, requests: Sequence[Request], view: View) -> Page:
    """A task, and the requests that were opened on it."""
    return Page(
        id=task.id,
        title=task.name,
        badge=task.state(view.now),
        facts=_facts(
            ("Space", task.space),
            ("Creator", task.creator),
            ("Created", Instant(at=task.created_at)),
            ("Closed", _instant(task.closed_at)),
            ("Expires", _expiry(task.expires_at)),
            ("Requests", [Reference(id=request.id, status=request.status) for request in requests]),
        ),
        text=task.description,
    )


def space_page(space: Space) -> Page:
    """A space, and its rules for tasks."""
    return Page(
        id=space.name,
        title=space.title,
        badge=BLOCKED if space.blocked else None,
        facts=_facts(
            ("Tasks", None if space.tasks is None else Count(number=space.tasks, limit=space.task_limit)),
            (VALUE_NAMES[Value.EXPIRY], Duration(seconds=space.task_lifetime)),
            ("Created", Instant(at=space.created_at)),
        ),
    )


def certificate_page(page: CertificatePage, view: View) -> Page:
    """A certificate, and what happened to it."""
    certificate = page.certificate
    return Page(
        id=certificate.id,
        title=certificate.masked,
        badge=certificate.state(view.now),
        facts=_facts(
            ("Origin", certificate.origin),
            ("Note", certificate.note),
            ("Created", Instant(at=certificate.created_at)),
            ("Expires", _expiry(certificate.expires_at)),
            ("Revoked", _instant(certificate.revoked_at)),
            ("Used", _instant(certificate.used_at)),
            ("Request", certificate.request),
            ("Task", certificate.task),
        ),
        entries=[_history_entry(event) for event in page.events],
    )


def link_page(page: LinkPage, view: View) -> Page:
    """A purchase link, and what happened to it."""
    link = page.link
    return Page(
        id=link.id,
        title="",
        badge=link.state(view.now),
        facts=_facts(
            ("Task", link.task),
            ("Creator", link.creator),
            ("Created", Instant(at=link.created_at)),
            ("Expires", Instant(at=link.expires_at)),
            ("Used", _instant(link.used_at)),
            ("Revoked", _instant(link.revoked_at)),
            ("Certificate", link.certificate and certificate_name(link.certificate, link.certificate_origin)),
        ),
        entries=[_history_entry(event) for event in page.events],
    )


def mail_page(mail: Mail, headers: Sequence[tuple[str, str]], body: str) -> Page:
    """What became of a mail, and the message as it is sent."""
    waits = mail.state in (MailState.QUEUED, MailState.FAILED)
    return Page(
        id=mail.id,
        title="",
        badge=mail.state,
        facts=_facts(
            ("Tries", str(mail.attempts)),
            ("Queued", Instant(at=mail.created_at)),
            ("Due", Instant(at=mail.due_at) if waits else None),
            ("Sent", _instant(mail.sent_at)),
            ("Error", mail.error),
        ),
        message=Message(headers=headers, body=None if mail.body is None else body),
    )


def news_entry(item: News) -> Entry:
    """One event of a request, for somebody who follows it."""
    return _entry(item, item.text)


def _entry(event: LogEntry | News, text: str | None = None) -> Entry:
    words = WORDS[event.kind]
    return Entry(
        at=event.at,
        who=event.actor,
        side=event.side,
        title=words.title,
        said=words.said,
        moved=moved(event),
        note=event.kind is Kind.NOTED,
        request=event.request,
        text=text,
    )


def _history_entry(event: LogEntry) -> Entry:
    """An event with what it changed."""
    return _entry(event).replace(facts=_facts(_change(event)))


def _log_facts(entry: LogEntry, view: View) -> list[Fact]:
    url = entry.url(view.page_url)
    return _facts(
        ("Request", entry.request),
        ("Certificate", entry.certificate),
        ("Purchase link", entry.link),
        _change(entry),
        ("Support ticket URL", Url(address=url) if url else None),
    )


def _change(entry: LogEntry) -> tuple[str, FactValue | None]:
    """The fact that says what an event changed. An activation removes the task's expiry."""
    kind = Value.EXPIRY if entry.kind is Kind.ACTIVATED else entry.kind.value_kind
    if kind is Value.STATUS:
        return VALUE_NAMES[kind], moved(entry)
    if kind is Value.EXPIRY:
        return VALUE_NAMES[kind], NEVER if entry.kind is Kind.ACTIVATED else _expiry(entry.new)
    name = IN_PLACE_OF if kind is Value.REPLACEMENT and entry.old else VALUE_NAMES[kind] if kind else ""
    return name, entry.new or entry.old


def _expiry(at: str | None) -> Instant | str:
    return _instant(at) or NEVER


def _instant(at: str | None) -> Instant | None:
    return Instant(at=at) if at else None


def _facts(*pairs: tuple[str, FactValue | None]) -> list[Fact]:
    """The facts that have a value."""
    return [Fact(name=name, value=value) for name, value in pairs if value]
