"""Who follows a request, how far each person has read it, and what is new to them."""

from __future__ import annotations

from expertsupport_cli.folding import fold_key
from expertsupport_cli.model.history import News
from expertsupport_cli.model.people import Actor
from expertsupport_cli.model.requests import Request
from expertsupport_cli.store.engine import Statements
from expertsupport_cli.store.history import IS_NEWS, SELECT_NEWS, to_news

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from expertsupport_cli.store.engine import Row


# whose request it is, and whether the reader follows it
_READER = """r.initiator, r.initiator_email, EXISTS (SELECT 1 FROM followers f
    WHERE f.request = e.request AND f.address_key = :address) AS followed,"""


class Followers(Statements):
    def followers(self, request: Request) -> list[str]:
        """The addresses that follow a request."""
        rows = self.rows("SELECT address FROM followers WHERE request = ? ORDER BY address_key", request.number)
        return [row[0] for row in rows]

    def add_follower(self, request: Request, address: str, at: str) -> bool:
        """Add a follower. Returns whether the address is new."""
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
        """Remove a follower. Returns whether there was one."""
        sql = "DELETE FROM followers WHERE request = ? AND address_key = ?"
        return bool(self.change(sql, request.number, fold_key(address)))

    def unread(self, reader: Actor) -> list[News]:
        """What others did to the reader's requests and those that they follow, and the reader has not read yet."""
        news, name, address = SELECT_NEWS.replace("SELECT", f"SELECT {_READER}", 1), *_keys(reader)
        rows = self.rows(
            f"{news} WHERE {IS_NEWS} AND e.number > coalesce((SELECT max(d.event) FROM readings d"
            " WHERE d.request = e.request AND d.reader IN (:name, :address)), 0) AND e.request IN ("
            " SELECT number FROM requests WHERE initiator_key = :name"
            " UNION SELECT number FROM requests WHERE email_key = :address"
            " UNION SELECT request FROM followers WHERE address_key = :address) ORDER BY e.number",
            name=name,
            address=address,
        )
        items = map(to_news, filter(_of(reader), rows))
        return [item for item in items if not item.by.is_person(reader.name, reader.email)]

    def last_read(self, reader: Actor, request: int) -> int:
        """The last event of a request that the reader has seen, 0 if none."""
        sql = "SELECT coalesce(max(event), 0) FROM readings WHERE request = ? AND reader IN (?, ?)"
        return int(self.value(sql, request, *_keys(reader)))

    def mark_read(self, reader: Actor, request: int, event: int) -> None:
        """Record that the reader has read a request up to this event."""
        self.change(
            "INSERT INTO readings (reader, request, event) VALUES (?, ?, ?) ON CONFLICT (reader, request) DO UPDATE"
            " SET event = CASE WHEN excluded.event > readings.event THEN excluded.event ELSE readings.event END",
            fold_key(reader.email or reader.name),
            request,
            event,
        )


def _keys(reader: Actor) -> tuple[str, str]:
    """The keys of a reader's marks: the name, and the address if it is known. Marks may be older than the address."""
    return fold_key(reader.name), fold_key(reader.email or reader.name)


def _of(reader: Actor) -> Callable[[Row], bool]:
    """A filter for rows about requests that are the reader's or that they follow."""
    return lambda row: bool(row["followed"]) or reader.is_person(row["initiator"], row["initiator_email"])
