"""Who follows a request, up to where somebody has read, and what is new to them."""

from __future__ import annotations

from expertsupport_cli.folding import fold_key
from expertsupport_cli.model.history import News
from expertsupport_cli.model.requests import Request
from expertsupport_cli.store.engine import Statements
from expertsupport_cli.store.history import IS_NEWS, SELECT_NEWS, to_news


class Followers(Statements):
    def followers(self, request: Request) -> list[str]:
        """The addresses that follow a request."""
        rows = self.rows("SELECT address FROM followers WHERE request = ? ORDER BY address_key", request.number)
        return [row[0] for row in rows]

    def add_follower(self, request: Request, address: str, at: str) -> bool:
        """Whether it did not follow until now."""
        return bool(
            self.change(
                "INSERT INTO followers (request, address, address_key, created_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (request, address_key) DO NOTHING",
                request.number,
                address,
                fold_key(address),
                at,
            )
        )

    def remove_follower(self, request: Request, address: str) -> bool:
        """Whether it followed until now."""
        sql = "DELETE FROM followers WHERE request = ? AND address_key = ?"
        return bool(self.change(sql, request.number, fold_key(address)))

    def unread(self, reader: str, address: str | None) -> list[News]:
        """What others did to the requests that are the reader's, or that the address follows, and was not read yet."""
        me = fold_key(reader)
        rows = self.rows(
            f"{SELECT_NEWS} LEFT JOIN readings d ON d.reader = :reader AND d.request = e.request WHERE {IS_NEWS}"
            " AND e.number > coalesce(d.event, 0) AND e.request IN ("
            " SELECT number FROM requests WHERE initiator_key = :reader"
            " UNION SELECT number FROM requests WHERE email_key = :address"
            " UNION SELECT request FROM followers WHERE address_key = :address) ORDER BY e.number",
            reader=me,
            address=fold_key(address or ""),
        )
        return [to_news(row) for row in rows if fold_key(row["actor"]) != me]

    def last_read(self, reader: str, request: int) -> int:
        """The last event of a request that the reader has seen, 0 if none."""
        row = self.row("SELECT event FROM readings WHERE reader = ? AND request = ?", fold_key(reader), request)
        return int(row[0]) if row else 0

    def mark_read(self, reader: str, request: int, event: int) -> None:
        """The reader has seen what happened to a request up to this event."""
        self.change(
            "INSERT INTO readings (reader, request, event) VALUES (?, ?, ?) ON CONFLICT (reader, request) DO UPDATE"
            " SET event = CASE WHEN excluded.event > readings.event THEN excluded.event ELSE readings.event END",
            fold_key(reader),
            request,
            event,
        )
