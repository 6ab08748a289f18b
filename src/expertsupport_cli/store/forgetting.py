"""Erasing: texts, names and addresses are overwritten, and everything else of the history stays.

All of it runs inside `Engine.erasing()`. Each event records who caused it. Names elsewhere (authors, creators, last
speakers) are found by the event that they come from.
"""

from __future__ import annotations

from expertsupport_cli.folding import fold_key
from expertsupport_cli.ids import CERTIFICATE, parse_id
from expertsupport_cli.model.forgetting import NAME, TEXT
from expertsupport_cli.model.history import Kind, Value
from expertsupport_cli.model.people import Side
from expertsupport_cli.model.requests import Request
from expertsupport_cli.store.engine import Statements, literals, member


def _erased(*columns: str) -> str:
    """SQL that puts TEXT into columns that hold something."""
    return ", ".join(f"{column} = CASE WHEN {column} IS NULL THEN NULL ELSE '{TEXT}' END" for column in columns)


_ABOUT_ADDRESSES = f"kind IN ({literals(kind for kind in Kind if kind.value_kind is Value.ADDRESS)})"
# names that stand beside the event they come from: table, column, the number in the event, and which events
_NAMES = (
    ("comments", "author", "comment", "comment IS NOT NULL"),
    ("tasks", "creator", "task", f"kind IN ({literals((Kind.TASK_ADDED, Kind.TASK_IMPORTED))})"),
    ("links", "creator", "link", f"kind = '{Kind.LINK_CREATED}'"),
)
_ACTOR = "actor = ? AND actor_email IS NOT DISTINCT FROM ? AND side = ?"
# the number keeps apart the recipients of one event; mail that was not sent yet never will be
_RECIPIENT = f"recipient = '{NAME}-' || number, recipient_key = '{NAME}-' || number"
_LETTER = f"""{_erased("body", "error")},
    state = CASE WHEN state = 'sent' THEN state ELSE 'dead' END, lease = NULL, leased_until = NULL"""


class Forgetting(Statements):
    def is_forgotten(self, request: Request) -> bool:
        """Whether nothing has happened to a request since it was forgotten."""
        sql = "SELECT kind FROM events WHERE request = ? ORDER BY number DESC LIMIT 1"
        return bool(self.value(sql, request.number) == Kind.FORGOTTEN)

    def forget_request(self, request: Request, token: str) -> None:
        """Erase what people wrote on a request and its task, and who they were, except for the names of experts.

        Its page gets another address.
        """
        number = request.number
        row = self.rows("SELECT task, certificate FROM requests WHERE number = ?", number)[0]
        task, certificate = row["task"], row["certificate"]
        self._forget_messages(number)
        self._forget_task(task)
        self._forget_notes(certificate)
        self.change(
            f"UPDATE requests SET token = ?, initiator = '{NAME}', initiator_key = '{NAME}', initiator_email = NULL,"
            f" email_key = NULL, last_by = CASE WHEN last_side = 'customer' THEN '{NAME}' ELSE last_by END"
            " WHERE number = ?",
            token,
            number,
        )
        self.change(
            f"UPDATE events SET actor = CASE WHEN side = 'customer' THEN '{NAME}' ELSE actor END, actor_email = NULL"
            " WHERE request = ? OR (request IS NULL AND (task = ? OR certificate = ?))",
            number,
            task,
            certificate,
        )
        self.change(
            f"UPDATE events SET {_erased('old', 'new')} WHERE request = ? AND {_ABOUT_ADDRESSES}",
            number,
        )
        self.change("DELETE FROM followers WHERE request = ?", number)
        self.change("DELETE FROM readings WHERE request = ?", number)

    def _forget_messages(self, request: int) -> None:
        """The comments and the mail of a request."""
        self.change(
            f"UPDATE comments SET body = '{TEXT}', author = CASE WHEN side = 'customer' THEN '{NAME}' ELSE author END"
            " WHERE request = ?",
            request,
        )
        self.change(f"UPDATE outbox SET {_RECIPIENT} WHERE request = ?", request)

    def _forget_task(self, task: int) -> None:
        """The texts of a task, also where its requests have copies of them; and who created it and its links."""
        self.change(
            f"UPDATE tasks SET name = '{TEXT}', creator = '{NAME}',"
            f" description = CASE WHEN description = '' THEN '' ELSE '{TEXT}' END WHERE number = ?",
            task,
        )
        self.change(f"UPDATE links SET creator = '{NAME}' WHERE task = ?", task)
        self.change("UPDATE requests SET task_name_key = ? WHERE task = ?", fold_key(TEXT), task)
        self.change(
            f"UPDATE outbox SET subject = '{TEXT}', {_LETTER}"
            " WHERE request IN (SELECT number FROM requests WHERE task = ?)",
            task,
        )

    def _forget_notes(self, certificate: int | None) -> None:
        """The note of a certificate, and of those that it replaced, which have the same."""
        while certificate is not None:
            self.change(f"UPDATE certificates SET note = '{TEXT}' WHERE number = ? AND note <> ''", certificate)
            replaced = self.row(
                f"SELECT old FROM events WHERE certificate = ? AND kind = '{Kind.CERTIFICATE_REPLACED}'"
                " AND old IS NOT NULL",
                certificate,
            )
            certificate = parse_id(replaced["old"], CERTIFICATE) if replaced else None

    def actors(self) -> list[tuple[str, str | None, Side]]:
        """Everybody who has ever done something, as name, address and side."""
        rows = self.rows("SELECT DISTINCT actor, actor_email, side FROM events")
        return [(row["actor"], row["actor_email"], member(Side, row["side"])) for row in rows]

    def forget_actor(self, name: str, email: str | None, side: Side) -> None:
        """Erase one of the `actors` wherever the name comes from what they did, and mail that names them."""
        who = (name, email, side)
        for table, column, number, which in _NAMES:
            where = f"number IN (SELECT {number} FROM events WHERE {which} AND {_ACTOR})"
            self.change(f"UPDATE {table} SET {column} = '{NAME}' WHERE {where}", *who)
        self.change(f"UPDATE outbox SET {_LETTER} WHERE event IN (SELECT number FROM events WHERE {_ACTOR})", *who)
        self.change(
            f"UPDATE requests SET last_by = '{NAME}' WHERE last_by = ? AND number IN"
            f" (SELECT request FROM events WHERE request IS NOT NULL AND {_ACTOR})",
            name,
            *who,
        )
        self.change(f"UPDATE events SET actor = '{NAME}', actor_email = NULL WHERE {_ACTOR}", *who)

    def forget_email(self, name: str, email: str | None, side: Side) -> None:
        """Erase the address of one of the `actors`, who keeps the name."""
        self.change(f"UPDATE events SET actor_email = NULL WHERE {_ACTOR}", name, email, side)

    def addresses(self) -> list[str]:
        """All addresses that mail was sent to, or that follow or followed a request, as they were written."""
        rows = self.rows(
            "SELECT address FROM followers UNION SELECT recipient FROM outbox"
            f" UNION SELECT coalesce(new, old) FROM events WHERE {_ABOUT_ADDRESSES}"
        )
        return [row[0] for row in rows]

    def forget_address(self, address: str) -> None:
        """Erase one of the `addresses`: it follows nothing any more, and mail to it is not sent."""
        self.change("DELETE FROM followers WHERE address = ?", address)
        self.change(f"UPDATE outbox SET {_LETTER}, {_RECIPIENT} WHERE recipient = ?", address)
        self.change(
            f"UPDATE events SET {_erased('old', 'new')} WHERE coalesce(new, old) = ? AND {_ABOUT_ADDRESSES}",
            address,
        )

    def forget_reader(self, key: str) -> None:
        """Erase what somebody has read, by the key of a name or an address."""
        self.change("DELETE FROM readings WHERE reader = ?", key)

    def signed_in(self) -> list[tuple[str, str | None, Side]]:
        """Everybody who has a session or a link that opens one, as name, address and side."""
        rows = self.rows("SELECT name, email, side FROM sessions UNION SELECT name, email, side FROM sign_ins")
        return [(row["name"], row["email"], member(Side, row["side"])) for row in rows]

    def forget_sessions_of(self, name: str, email: str | None, side: Side) -> None:
        """Delete the sessions of one of those who are `signed_in`, and the links that open one."""
        for table in ("sessions", "sign_ins"):
            self.change(
                f"DELETE FROM {table} WHERE name = ? AND email IS NOT DISTINCT FROM ? AND side = ?", name, email, side
            )
