"""Pages for people: a request with its conversation, a task's log. The same text on and off a terminal."""

from __future__ import annotations

from expertsupport_cli.model.history import Kind, Value
from expertsupport_cli.model.mail import MailState
from expertsupport_cli.record import Record
from expertsupport_cli.render.fields import COMMENT, EVENT, LOG, REQUEST
from expertsupport_cli.render.shapes import Field
from expertsupport_cli.render.terminal.table import STATUS_STYLES
from expertsupport_cli.text import lines, one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from expertsupport_cli.model.history import LogEntry, News
    from expertsupport_cli.model.mail import Mail
    from expertsupport_cli.model.requests import Comment, Request
    from expertsupport_cli.model.tasks import Space, Task
    from expertsupport_cli.render.shapes import View

Part = tuple[str, str]  # text, and the style that it gets where there is colour
Line = list[Part]

EVENT_NAMES = {
    Kind.TASK_ADDED: "Task added",
    Kind.TASK_IMPORTED: "Task imported",
    Kind.TASK_CLOSED: "Task closed",
    Kind.TASK_REOPENED: "Task reopened",
    Kind.LINK_CREATED: "Purchase link made",
    Kind.LINK_REDEEMED: "Purchase link redeemed",
    Kind.LINK_REVOKED: "Purchase link revoked",
    Kind.CERTIFICATE_BOUGHT: "Certificate bought",
    Kind.ACTIVATED: "Expert support activated",
    Kind.COMMENTED: "Customer commented",
    Kind.ACKNOWLEDGED: "Request acknowledged",
    Kind.REPLIED: "Expert replied",
    Kind.ASKED: "Expert replied, and waits for the customer",
    Kind.CLOSED: "Request closed",
    Kind.REOPENED: "Request reopened",
    Kind.FOLLOWED: "Followed",
    Kind.UNFOLLOWED: "Not followed any more",
}
_SAID = {
    Kind.ACTIVATED: "activated expert support",
    Kind.COMMENTED: "commented",
    Kind.ACKNOWLEDGED: "acknowledged",
    Kind.REPLIED: "replied",
    Kind.ASKED: "replied, and asks",
    Kind.NOTED: "noted, for the desk only",
    Kind.CLOSED: "closed",
    Kind.REOPENED: "reopened",
    Kind.FOLLOWED: "follows by mail",
    Kind.UNFOLLOWED: "does not follow by mail any more",
}


class RequestPage(Record):
    """A request with all that was said and done."""

    request: Request
    comments: Sequence[Comment]
    events: Sequence[LogEntry]


def _of_request(field: Field) -> Field:
    return field.but(get=lambda page, view: field.get(page.request, view))


SHOW = REQUEST.but(
    name="show",
    link=None,
    fields=(
        *map(_of_request, REQUEST.fields),
        Field(
            name="comments",
            type="array of comment",
            meaning="The conversation, oldest first",
            get=lambda page, view: [COMMENT.as_json(comment, view) for comment in page.comments],
        ),
        Field(
            name="events",
            type="array of event",
            meaning="What happened, oldest first",
            get=lambda page, view: [EVENT.as_json(event, view) for event in page.events],
        ),
    ),
)


def request_page(page: RequestPage, view: View) -> Iterator[Line]:
    """The header with ID and status, then the conversation: who said what and when."""
    request = page.request
    status = str(request.status)
    yield [(request.id, "bold"), ("  ", ""), (status, STATUS_STYLES.get(status, ""))]
    yield [(one_line(request.task_name), "bold")]
    yield []
    who = f"{request.initiator} <{request.initiator_email}>" if request.initiator_email else request.initiator
    yield from _table(
        ("Task", request.task),
        ("Space", request.space),
        ("Initiator", who),
        ("Turn", request.status.turn or "nobody"),
        ("Created", _when(request.created_at)),
        ("Updated", _when(request.updated_at)),
        ("Closed", _when(request.closed_at)),
        ("Certificate", request.certificate),
        ("URL", request.url(view.page_url)),
    )
    said = {comment.number: comment for comment in page.comments}
    for event in page.events:
        comment = said.get(event.comment or 0)
        yield []
        yield from _utterance(event, comment)


def log_page(entries: Sequence[LogEntry], view: View) -> Iterator[Line]:
    """A task's log, each row with its fields."""
    for entry in entries:
        yield [
            (_when(entry.at), "dim"),
            ("  ", ""),
            (event_name(entry.kind), "bold"),
            ("  ", ""),
            (one_line(entry.actor), ""),
        ]
        url = LOG.field("support_ticket_url").get(entry, view)
        fields = _table(
            ("Request", entry.request),
            ("Certificate", entry.certificate),
            ("Purchase link", entry.link),
            _change(entry),
            ("Support ticket URL", None if url is None else str(url)),
        )
        yield from ([("    ", ""), *line] for line in fields)


def task_page(task: Task, requests: Sequence[Request], view: View) -> Iterator[Line]:
    """A task, and the requests that were opened on it."""
    yield [(task.id, "bold"), ("  ", ""), (task.state(view.now), "")]
    yield [(one_line(task.name), "bold")]
    yield []
    yield from _table(
        ("Space", task.space),
        ("Creator", task.creator),
        ("Created", _when(task.created_at)),
        ("Closed", _when(task.closed_at)),
        ("Expires", _when(task.expires_at) or "never"),
        ("Requests", ", ".join(f"{request.id} ({request.status})" for request in requests) or None),
    )
    if task.description:
        yield []
        yield from ([(line, "")] for line in lines(task.description))


def space_page(space: Space, task_expiry: str) -> Iterator[Line]:
    yield [(space.name, "bold"), *([("  blocked", "bold red")] if space.blocked else [])]
    yield from ([[(one_line(space.title), "bold")]] if space.title else [])
    yield []
    limit = "" if space.task_limit is None else f" of {space.task_limit}"
    yield from _table(
        ("Tasks", f"{space.tasks}{limit}"), ("Task expiry", task_expiry), ("Created", _when(space.created_at))
    )


def mail_page(mail: Mail, headers: Sequence[tuple[str, str]], body: str) -> Iterator[Line]:
    """What became of a mail, and the message as it is sent."""
    yield [(mail.id, "bold"), ("  ", ""), (mail.state, "")]
    yield from _table(
        ("Tries", str(mail.attempts)),
        ("Queued", _when(mail.created_at)),
        ("Due", _when(mail.due_at) if mail.state in (MailState.QUEUED, MailState.FAILED) else None),
        ("Sent", _when(mail.sent_at)),
        ("Error", mail.error),
    )
    yield []
    yield from ([(f"{name}: ", "dim"), (value, "")] for name, value in headers)
    yield []
    yield from ([(line, "")] for line in (["(purged)"] if mail.body is None else body.split("\n")[:-1]))


def news_line(item: News) -> str:
    """An event in one line: when, which request, who did what, and how what they said begins."""
    moved = f", {item.old} → {item.new}" if item.old else ""
    said = f": {one_line(item.text)}" if item.text else ""
    return one_line(f"{_when(item.at)}  {item.request}  {item.actor} {_SAID.get(item.kind, item.kind)}{moved}{said}")


def event_name(kind: Kind) -> str:
    return EVENT_NAMES.get(kind, str(kind))


def to_text(page: Iterator[Line], paint: Callable[[Line], str] | None = None) -> str:
    """The page as text; `paint` puts colour into a line."""
    plain: Callable[[Line], str] = lambda line: "".join(text for text, _ in line)  # noqa: E731
    return "".join((paint or plain)(line).rstrip(" ") + "\n" for line in page)


def _change(entry: LogEntry) -> tuple[str, str | None]:
    """What the old and the new value are called, and how they are told."""
    if entry.kind is Kind.ACTIVATED:
        return "Task expiry", "never"
    if entry.kind.value_kind is Value.EXPIRY:
        return "Task expiry", entry.new or "never"
    if entry.old is None and entry.new is None:
        return "", None
    if entry.kind.value_kind is Value.ADDRESS:
        return "Address", entry.new or entry.old
    return "Status", f"{entry.old} → {entry.new}"


def _utterance(event: LogEntry, comment: Comment | None) -> Iterator[Line]:
    who = f"{one_line(event.actor)} ({event.side})"
    moved = f", {event.old} → {event.new}" if event.old and event.new else ""
    style = "dim" if event.kind is Kind.NOTED else "bold"
    yield [(_when(event.at), "dim"), ("  ", ""), (who, style), (f" {_SAID.get(event.kind, event.kind)}{moved}", "")]
    if comment is not None:
        yield from ([("    ", ""), (line, "dim" if event.kind is Kind.NOTED else "")] for line in lines(comment.body))


def _when(at: str | None) -> str:
    return "" if at is None else f"{at[:10]} {at[11:19]} UTC"


def _table(*rows: tuple[str, str | None]) -> Iterator[Line]:
    """Names and values in two columns; rows without a value are left out."""
    kept = [(name, value) for name, value in rows if value]
    size = max((len(name) for name, _ in kept), default=0)
    for name, value in kept:
        yield [(f"{name:<{size}}  ", "dim"), (one_line(value), "")]
