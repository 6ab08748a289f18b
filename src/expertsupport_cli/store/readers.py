"""Who follows a request, up to where somebody has read, and what has happened since."""

from __future__ import annotations

from expertsupport_cli.ids import REQUEST, write_id
from expertsupport_cli.model.history import Kind, News
from expertsupport_cli.model.requests import Request
from expertsupport_cli.store.connection import Connection, literals

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

_NEWS = """SELECT e.number, e.at, e.kind, e.actor, e.side, e.old, e.new, e.request,
    t.id AS task, t.name AS task_name, s.name AS space, k.body AS text FROM events e
    JOIN requests r ON r.number = e.request JOIN tasks t ON t.number = r.task
    JOIN spaces s ON s.number = r.space LEFT JOIN comments k ON k.number = e.comment"""
_IS_NEWS = f"e.kind IN ({literals(kind for kind in Kind if kind.is_news)})"


class Readers(Connection):
    def followers(self, request: Request) -> list[str]:
        """The addresses that follow a request."""
        rows = self.rows("SELECT address FROM followers WHERE request = ? ORDER BY address", request.number)
        return [row[0] for row in rows]

    def add_follower(self, request: Request, address: str, at: str) -> bool:
        """Whether it did not follow until now."""
        return bool(
            self.change(
                "INSERT INTO followers (request, address, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                request.number,
                address,
                at,
            )
        )

    def remove_follower(self, request: Request, address: str) -> bool:
        """Whether it followed until now."""
        return bool(self.change("DELETE FROM followers WHERE request = ? AND address = ?", request.number, address))

    def unread(self, reader: str, address: str | None) -> list[News]:
        """What others did to the requests that are the reader's, or that the address follows, and was not read yet."""
        rows = self.rows(
            f"{_NEWS} LEFT JOIN readings d ON d.reader = :reader AND d.request = e.request WHERE {_IS_NEWS}"
            " AND e.number > coalesce(d.event, 0) AND e.actor <> :reader COLLATE NOCASE AND e.request IN ("
            " SELECT number FROM requests WHERE initiator = :reader"
            " UNION SELECT number FROM requests WHERE initiator_email = :address"
            " UNION SELECT request FROM followers WHERE address = :address) ORDER BY e.number",
            reader=reader,
            address=address,
        )
        return [_news(row) for row in rows]

    def last_read(self, reader: str, request: int) -> int:
        """The last event of a request that the reader has seen, 0 if none."""
        row = self.row("SELECT event FROM readings WHERE reader = ? AND request = ?", reader, request)
        return int(row[0]) if row else 0

    def mark_read(self, reader: str, request: int, event: int) -> None:
        """The reader has seen what happened to a request up to this event."""
        self.change(
            "INSERT INTO readings (reader, request, event) VALUES (?, ?, ?)"
            " ON CONFLICT (reader, request) DO UPDATE SET event = max(event, excluded.event)",
            reader,
            request,
            event,
        )

    def news(self, after: int, requests: Sequence[int] = (), space: str | None = None) -> Iterator[News]:
        """What happened after an event, oldest first, to these requests, or in this space, or anywhere."""
        where = [_IS_NEWS]
        if requests:
            where.append(f"e.request IN ({', '.join(str(int(number)) for number in requests)})")
        if space:
            where.append("s.name = :space")
        rows = self.paged(
            f"{_NEWS} WHERE {' AND '.join(where)} AND e.number > :after",
            "e.number > :after",
            "e.number",
            {"after": after, "space": space},
            None,
            lambda last: {"after": last["number"]},
        )
        return (_news(row) for row in rows)

    def last_event(self) -> int:
        """The number of the newest event, 0 if there is none."""
        return int(self.value("SELECT coalesce(max(number), 0) FROM events"))

    def data_version(self) -> int:
        """A number that changes whenever somebody else has changed the store: cheap to ask, again and again."""
        return int(self.value("PRAGMA data_version"))


def _news(row: sqlite3.Row) -> News:
    return News(**{**row, "request": write_id(REQUEST, row["request"]), "kind": Kind(row["kind"])})
