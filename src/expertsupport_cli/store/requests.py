"""Requests and their comments."""

from __future__ import annotations

from expertsupport_cli.checks import refuse_blanks
from expertsupport_cli.errors import InternalError, NotFound
from expertsupport_cli.folding import fold_key
from expertsupport_cli.ids import REQUEST, parse_id, parse_request, write_id
from expertsupport_cli.model.certificates import Origin
from expertsupport_cli.model.people import Side
from expertsupport_cli.model.requests import OPEN, Comment, Request, Status
from expertsupport_cli.serial import mask
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store.engine import Statements, literals, member

TYPE_CHECKING = False
if TYPE_CHECKING:
    from expertsupport_cli.store.engine import Row

SELECT_REQUEST = """SELECT r.number, r.token, t.id AS task, t.name AS task_name, s.name AS space,
    c.last_group AS certificate, c.origin AS certificate_origin, r.status, r.initiator, r.initiator_email, r.created_at,
    r.updated_at, r.closed_at, r.turn_since, r.last_by, r.last_side, r.last_at, r.unanswered_since
    FROM requests r JOIN tasks t ON t.number = r.task JOIN spaces s ON s.number = r.space
    JOIN certificates c ON c.number = r.certificate"""


_OPEN = f"r.status IN ({literals(OPEN)})"
_COMMENTS = "'comment'"
_ALL = "'comment', 'note'"


def to_request(row: Row) -> Request:
    values = {name: row[name] for name in Request.__annotations__}
    enums = {
        "status": member(Status, values["status"]),
        "last_side": member(Side, values["last_side"]),
        "certificate_origin": member(Origin, values["certificate_origin"]),
    }
    return Request(**{**values, **enums, "certificate": mask(values["certificate"])})


class Requests(Statements):
    def request(self, reference: str) -> Request:
        """By its ID, its number, its task's ID (the open one, else the newest), or its URL. Raises NotFound."""
        refuse_blanks(reference, "a request")
        number, token = parse_request(reference)
        if number is not None:
            row = self.row(f"{SELECT_REQUEST} WHERE r.number = ?", number)
        elif token is not None:
            row = self.row(f"{SELECT_REQUEST} WHERE r.token = ?", token)
        else:
            newest_open_first = f"ORDER BY {_OPEN} DESC, r.number DESC LIMIT 1"
            row = self.row(f"{SELECT_REQUEST} WHERE r.task_key = ? {newest_open_first}", fold_key(reference))
        if row is None:
            raise NotFound("No request has this address.") if token else self._no_request(reference, number)
        return to_request(row)

    def open_request(self, task: str) -> Request | None:
        """The open request of a task, or None."""
        row = self.row(f"{SELECT_REQUEST} WHERE r.task_key = ? AND {_OPEN}", fold_key(task))
        return to_request(row) if row else None

    def add_request(self, request: Request, certificate: int) -> Request:
        """Add a request. Returns it with its number."""
        number = self.insert(
            "INSERT INTO requests (token, task, task_key, task_name_key, space, space_key, certificate, status,"
            " initiator, initiator_key, initiator_email, email_key, created_at, updated_at, turn_since, last_by,"
            " last_side, last_at, unanswered_since)"
            " SELECT ?, t.number, t.id_key, ?, t.space, s.name_key, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"
            " FROM tasks t JOIN spaces s ON s.number = t.space WHERE t.id_key = ? RETURNING number",
            request.token,
            fold_key(request.task_name),
            certificate,
            request.status,
            request.initiator,
            fold_key(request.initiator),
            request.initiator_email,
            None if request.initiator_email is None else fold_key(request.initiator_email),
            request.created_at,
            request.updated_at,
            request.turn_since,
            request.last_by,
            request.last_side,
            request.last_at,
            request.unanswered_since,
            fold_key(request.task),
        )
        return request.replace(number=number)

    def save_request(self, after: Request, expected: Status) -> None:
        """Save what an act changes. Raises InternalError if the status is no longer the expected one."""
        changed = self.change(
            "UPDATE requests SET status = ?, updated_at = ?, closed_at = ?, turn_since = ?, last_by = ?, last_side = ?,"
            " last_at = ?, unanswered_since = ? WHERE number = ? AND status = ?",
            after.status,
            after.updated_at,
            after.closed_at,
            after.turn_since,
            after.last_by,
            after.last_side,
            after.last_at,
            after.unanswered_since,
            after.number,
            expected,
        )
        if not changed:
            raise InternalError(f"Someone else changed {after.id} in the meantime.", "Nothing was saved.", "Try again.")

    def comments(self, request: Request, *, notes: bool) -> list[Comment]:
        """The conversation, oldest first, with the desk's notes if `notes`."""
        rows = self.rows(
            "SELECT number, author, side, kind, body, created_at FROM comments"
            f" WHERE request = ? AND kind IN ({_ALL if notes else _COMMENTS}) ORDER BY number",
            request.number,
        )
        return [Comment(**{**row, "side": member(Side, row["side"]), "request": request.id}) for row in rows]

    def add_comment(self, comment: Comment) -> int:
        """Add a comment. Returns its number."""
        number = self.insert(
            "INSERT INTO comments (request, author, side, kind, body, created_at) VALUES (?, ?, ?, ?, ?, ?)"
            " RETURNING number",
            parse_id(comment.request, REQUEST),
            comment.author,
            comment.side,
            comment.kind,
            comment.body,
            comment.created_at,
        )
        if comment.kind != "note":  # notes cannot be searched, because only the desk may see them
            from expertsupport_cli.search import lexemes

            self.engine.index("comments", number, lexemes(comment.body))
        return number

    def _no_request(self, reference: str, number: int | None) -> NotFound:
        hint = Step(verb=Verb.LIST_REQUESTS)
        if number is not None:
            return NotFound(f"Request {write_id(REQUEST, number)} not found.", hint=hint)
        if self.row("SELECT 1 FROM tasks WHERE id_key = ?", fold_key(reference)):
            return NotFound(
                f"Task {reference} has no request.",
                "No certificate was activated on it.",
                Step(verb=Verb.ACTIVATE, reference=reference),
            )
        if "://" in reference:  # which may have a token in it
            return NotFound("No request has this address.", hint=hint)
        return NotFound(f"Request '{reference[:80]}' not found.", "It is neither a request ID nor a task ID.", hint)
