"""Requests, their comments, and the history of everything."""

from __future__ import annotations

from expertsupport_cli.errors import InternalError, NotFound
from expertsupport_cli.ids import LINK, REQUEST, parse_id, parse_number, write_id
from expertsupport_cli.model.history import Event, Kind, LogEntry
from expertsupport_cli.model.people import Side
from expertsupport_cli.model.requests import OPEN, Comment, Request, Status
from expertsupport_cli.serial import mask
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store.connection import Connection, literals

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3

SELECT_REQUEST = """SELECT r.number, r.token, t.id AS task, t.name AS task_name, s.name AS space,
    c.last_group AS certificate, r.status, r.initiator, r.initiator_email, r.created_at,
    r.updated_at, r.closed_at, r.turn_since
    FROM requests r JOIN tasks t ON t.number = r.task JOIN spaces s ON s.number = r.space
    JOIN certificates c ON c.number = r.certificate"""


_OPEN = f"r.status IN ({literals(OPEN)})"
_COMMENTS = "'comment'"
_ALL = "'comment', 'note'"
_FOR_CUSTOMERS = f"e.kind IN ({literals(kind for kind in Kind if kind.for_customers)})"


def to_request(row: sqlite3.Row) -> Request:
    values = {name: row[name] for name in Request.__annotations__}
    return Request(**{**values, "status": Status(values["status"]), "certificate": mask(values["certificate"])})


class Requests(Connection):
    def request(self, reference: str) -> Request:
        """By its ID, its bare number, or its task's ID (the open one, else the newest). Raises NotFound."""
        number = parse_number(reference)
        if number is None:
            number = parse_id(reference, REQUEST)
        if number is not None:
            row = self.row(f"{SELECT_REQUEST} WHERE r.number = ?", number)
        else:
            row = self.row(f"{SELECT_REQUEST} WHERE t.id = ? ORDER BY {_OPEN} DESC, r.number DESC LIMIT 1", reference)
        if row is None:
            raise self._no_request(reference, number)
        return to_request(row)

    def open_request(self, task: str) -> Request | None:
        """The request of a task that is not closed."""
        row = self.row(f"{SELECT_REQUEST} WHERE t.id = ? AND {_OPEN}", task)
        return to_request(row) if row else None

    def add_request(self, request: Request, certificate: int) -> Request:
        """The request with the number that it got."""
        number = self.insert(
            "INSERT INTO requests (token, task, space, certificate, status, initiator, initiator_email, created_at,"
            " updated_at, turn_since) SELECT ?, t.number, t.space, ?, ?, ?, ?, ?, ?, ? FROM tasks t WHERE t.id = ?",
            request.token,
            certificate,
            request.status,
            request.initiator,
            request.initiator_email,
            request.created_at,
            request.updated_at,
            request.turn_since,
            request.task,
        )
        return request.replace(number=number)

    def save_request(self, after: Request, expected: Status) -> None:
        """Save what moves: the status and its times, if the status is still the expected one."""
        changed = self.change(
            "UPDATE requests SET status = ?, updated_at = ?, closed_at = ?, turn_since = ?"
            " WHERE number = ? AND status = ?",
            after.status,
            after.updated_at,
            after.closed_at,
            after.turn_since,
            after.number,
            expected,
        )
        if not changed:
            raise InternalError(
                f"{after.id} was changed by somebody else in between.", "Nothing was saved.", "Try again."
            )

    def comments(self, request: Request, *, notes: bool) -> list[Comment]:
        """The conversation, oldest first; with the desk's notes only where they may be seen."""
        rows = self.rows(
            "SELECT number, author, side, kind, body, created_at FROM comments"
            f" WHERE request = ? AND kind IN ({_ALL if notes else _COMMENTS}) ORDER BY number",
            request.number,
        )
        return [Comment(**{**row, "side": Side(row["side"]), "request": request.id}) for row in rows]

    def add_comment(self, comment: Comment) -> int:
        """The number that it got."""
        number = self.insert(
            "INSERT INTO comments (request, author, side, kind, body, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            parse_id(comment.request, REQUEST),
            comment.author,
            comment.side,
            comment.kind,
            comment.body,
            comment.created_at,
        )
        self.insert("INSERT INTO comments_fts (rowid, body) VALUES (?, ?)", number, comment.body)
        return number

    def record(self, event: Event) -> int:
        """Add to the history; the number that the event got."""
        return self.insert(
            "INSERT INTO events (at, actor, side, kind, old, new, space, task, request, certificate, link, comment)"
            " VALUES (?, ?, ?, ?, ?, ?, (SELECT number FROM spaces WHERE name = ?),"
            " (SELECT number FROM tasks WHERE id = ?), ?, ?, ?, ?)",
            event.at,
            event.actor,
            event.side,
            event.kind,
            event.old,
            event.new,
            event.space,
            event.task,
            event.request,
            event.certificate,
            event.link,
            event.comment,
        )

    def events_of_task(self, task: str) -> list[LogEntry]:
        """What happened on a task, oldest first, as the customer's side may see it."""
        return self._events(f"t.id = ? AND {_FOR_CUSTOMERS}", task)

    def events_of_request(self, request: Request, *, notes: bool) -> list[LogEntry]:
        """What happened to a request, oldest first."""
        return self._events("e.request = ?" if notes else f"e.request = ? AND {_FOR_CUSTOMERS}", request.number)

    def _events(self, where: str, value: object) -> list[LogEntry]:
        rows = self.rows(
            "SELECT e.number, e.at, e.actor, e.side, e.kind, e.old, e.new, e.request, r.token,"
            " c.last_group AS certificate, e.link, e.comment FROM events e"
            " LEFT JOIN tasks t ON t.number = e.task LEFT JOIN requests r ON r.number = e.request"
            f" LEFT JOIN certificates c ON c.number = e.certificate WHERE {where} ORDER BY e.number",
            value,
        )
        return [_log_entry(row) for row in rows]

    def _no_request(self, reference: str, number: int | None) -> NotFound:
        hint = Step(verb=Verb.LIST_REQUESTS)
        if number is not None:
            return NotFound(f"There is no request {write_id(REQUEST, number)}.", hint=hint)
        if self.row("SELECT 1 FROM tasks WHERE id = ?", reference):
            return NotFound(
                f"Task {reference} has no request.",
                "None was opened on it.",
                Step(verb=Verb.ACTIVATE, reference=reference),
            )
        return NotFound(f"There is no request “{reference[:80]}”.", "It is neither a request's ID nor a task's.", hint)


def _log_entry(row: sqlite3.Row) -> LogEntry:
    values = {**row, "kind": Kind(row["kind"])}
    for name, shown in (("request", _request_id), ("link", _link_id), ("certificate", mask)):
        if values[name] is not None:
            values[name] = shown(values[name])
    return LogEntry(**values)


def _request_id(number: int) -> str:
    return write_id(REQUEST, number)


def _link_id(number: int) -> str:
    return write_id(LINK, number)
