"""Requests, their comments, and the history of everything."""

from __future__ import annotations

from expertsupport_cli.errors import Fault, NotFound
from expertsupport_cli.history import Event, LogEntry
from expertsupport_cli.model import Comment, Request, Side, Status, numbered
from expertsupport_cli.store.connection import Connection

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3

REQUEST = """SELECT r.number, r.token, t.id AS task, t.name AS task_name, s.name AS space,
    '****-****-****-' || c.last_group AS certificate, r.status, r.initiator, r.initiator_email, r.created_at,
    r.updated_at, r.closed_at, r.turn_since
    FROM requests r JOIN tasks t ON t.number = r.task JOIN spaces s ON s.number = r.space
    JOIN certificates c ON c.number = r.certificate"""


_COMMENTS = "'comment'"
_ALL = "'comment', 'note'"
_NO_NOTES = "e.kind <> 'noted'"


def to_request(row: sqlite3.Row) -> Request:
    return Request(**{**{name: row[name] for name in Request.__annotations__}, "status": Status(row["status"])})


class Requests(Connection):
    def request(self, reference: str) -> Request:
        """By its ID, its bare number, or its task's ID (the open one, else the newest). Raises NotFound."""
        number = (
            int(reference)
            if reference.isascii() and reference.isdigit() and len(reference) < 16
            else numbered(reference, "ES")
        )
        if number is not None:
            row = self.row(f"{REQUEST} WHERE r.number = ?", number)
        else:
            row = self.row(f"{REQUEST} WHERE t.id = ? ORDER BY r.status = 'Closed', r.number DESC LIMIT 1", reference)
        if row is None:
            raise self._no_request(reference, number)
        return to_request(row)

    def open_request(self, task: str) -> Request | None:
        """The request of a task that is not closed."""
        row = self.row(f"{REQUEST} WHERE t.id = ? AND r.status <> 'Closed'", task)
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
        return request.but(number=number)

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
            raise Fault(f"{after.id} was changed by somebody else in between.", "Nothing was saved.", "Try again.")

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
            numbered(comment.request, "ES"),
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
        return self._events(f"t.id = ? AND {_NO_NOTES}", task)

    def events_of_request(self, request: Request, *, notes: bool) -> list[LogEntry]:
        """What happened to a request, oldest first."""
        return self._events("e.request = ?" if notes else f"e.request = ? AND {_NO_NOTES}", request.number)

    def _events(self, where: str, value: object) -> list[LogEntry]:
        rows = self.rows(
            "SELECT e.number, e.at, e.actor, e.side, e.kind, e.old, e.new, 'ES-' || e.request AS request, r.token,"
            " '****-****-****-' || c.last_group AS certificate, 'L-' || e.link AS link, e.comment FROM events e"
            " LEFT JOIN tasks t ON t.number = e.task LEFT JOIN requests r ON r.number = e.request"
            f" LEFT JOIN certificates c ON c.number = e.certificate WHERE {where} ORDER BY e.number",
            value,
        )
        return [LogEntry(**row) for row in rows]

    def _no_request(self, reference: str, number: int | None) -> NotFound:
        hint = "To see the requests there are: es list"
        if number is not None:
            return NotFound(f"There is no request ES-{number}.", hint=hint)
        if self.row("SELECT 1 FROM tasks WHERE id = ?", reference):
            return NotFound(
                f"Task {reference} has no request.",
                "None was opened on it.",
                f"To open one: es activate {reference}",
            )
        return NotFound(f"There is no request “{reference[:80]}”.", "It is neither a request's ID nor a task's.", hint)
