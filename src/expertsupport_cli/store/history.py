"""The history: recording events, and reading them for logs and watchers."""

from __future__ import annotations

from expertsupport_cli.folding import fold_key
from expertsupport_cli.ids import LINK, REQUEST, write_id
from expertsupport_cli.model.certificates import Certificate, PurchaseLink
from expertsupport_cli.model.history import Event, Kind, LogEntry, News
from expertsupport_cli.model.people import Side
from expertsupport_cli.model.requests import Request
from expertsupport_cli.serial import mask
from expertsupport_cli.store.engine import Statements, literals, member

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from expertsupport_cli.store.engine import Row

SELECT_NEWS = """SELECT e.number, e.at, e.kind, e.actor, e.actor_email, e.side, e.old, e.new, e.request,
    t.id AS task, t.name AS task_name, s.name AS space, k.body AS text FROM events e
    JOIN requests r ON r.number = e.request JOIN tasks t ON t.number = r.task
    JOIN spaces s ON s.number = r.space LEFT JOIN comments k ON k.number = e.comment"""
IS_NEWS = f"e.kind IN ({literals(kind for kind in Kind if kind.is_news)})"
_FOR_CUSTOMERS = f"e.kind IN ({literals(kind for kind in Kind if kind.for_customers)})"


class History(Statements):
    def record(self, event: Event) -> int:
        """Add an event to the history. Returns its number."""
        return self.insert(
            "INSERT INTO events (at, actor, actor_email, side, via, kind, old, new, space, task, request, certificate,"
            " link, comment) VALUES (?, ?, ?, ?, ?, ?, ?, ?, (SELECT number FROM spaces WHERE name_key = ?),"
            " (SELECT number FROM tasks WHERE id_key = ?), ?, ?, ?, ?) RETURNING number",
            event.at,
            event.actor,
            event.actor_email,
            event.side,
            event.via,
            event.kind,
            event.old,
            event.new,
            fold_key(event.space or ""),
            fold_key(event.task or ""),
            event.request,
            event.certificate,
            event.link,
            event.comment,
        )

    def events_of_task(self, task: str) -> list[LogEntry]:
        """What happened on a task, oldest first, as the customer's side may see it."""
        return self._events(f"t.id_key = ? AND {_FOR_CUSTOMERS}", fold_key(task))

    def events_of_request(self, request: Request, *, notes: bool) -> list[LogEntry]:
        """What happened to a request, oldest first."""
        return self._events("e.request = ?" if notes else f"e.request = ? AND {_FOR_CUSTOMERS}", request.number)

    def events_of_certificate(self, certificate: Certificate) -> list[LogEntry]:
        """What happened to a certificate, oldest first."""
        return self._events("e.certificate = ?", certificate.number)

    def events_of_link(self, link: PurchaseLink) -> list[LogEntry]:
        """What happened to a purchase link, oldest first."""
        return self._events("e.link = ?", link.number)

    def _events(self, where: str, value: object) -> list[LogEntry]:
        rows = self.rows(
            "SELECT e.number, e.at, e.actor, e.side, e.via, e.kind, e.old, e.new, e.request, r.token,"
            " c.last_group AS certificate, e.link, e.comment FROM events e"
            " LEFT JOIN tasks t ON t.number = e.task LEFT JOIN requests r ON r.number = e.request"
            f" LEFT JOIN certificates c ON c.number = e.certificate WHERE {where} ORDER BY e.number",
            value,
        )
        return [_log_entry(row) for row in rows]

    def news(self, after: int, requests: Sequence[int] = (), space: str | None = None) -> Iterator[News]:
        """The news after an event, oldest first; only of these requests or this space, if given."""
        where = [IS_NEWS]
        if requests:
            where.append(f"e.request IN ({', '.join(str(int(number)) for number in requests)})")
        if space:
            where.append("r.space_key = :space")
        rows = self.paged(
            f"{SELECT_NEWS} WHERE {' AND '.join(where)} AND e.number > :after",
            "e.number > :after",
            "e.number",
            {"after": after, "space": fold_key(space or "")},
            None,
            lambda last: {"after": last["number"]},
        )
        return map(to_news, rows)

    def last_event(self) -> int:
        """The number of the newest event, 0 if there is none."""
        return int(self.value("SELECT coalesce(max(number), 0) FROM events"))

    def data_version(self) -> int:
        """A number that changes whenever another process has changed the store. Cheap enough to poll."""
        return self.engine.data_version()


def to_news(row: Row) -> News:
    values = {name: row[name] for name in News.__annotations__}
    enums = {"kind": member(Kind, values["kind"]), "side": member(Side, values["side"])}
    return News(**{**values, **enums, "request": write_id(REQUEST, values["request"])})


def _log_entry(row: Row) -> LogEntry:
    values = {**row, "kind": member(Kind, row["kind"])}
    for name, shown in (("request", _request_id), ("link", _link_id), ("certificate", mask)):
        if values[name] is not None:
            values[name] = shown(values[name])
    return LogEntry(**values)


def _request_id(number: int) -> str:
    return write_id(REQUEST, number)


def _link_id(number: int) -> str:
    return write_id(LINK, number)
