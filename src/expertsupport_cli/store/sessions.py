"""Sessions of browsers, the links that open one, and the key by which a server proves which store it serves."""

from __future__ import annotations

from expertsupport_cli.errors import NotFound
from expertsupport_cli.folding import fold_key
from expertsupport_cli.ids import SESSION, parse_id
from expertsupport_cli.model.people import Side
from expertsupport_cli.model.sessions import Session, SignIn
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store.engine import Statements, member

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from expertsupport_cli.store.engine import Named, Row

_SIGN_IN = """SELECT l.number, l.name, l.email, l.side, s.name AS space, l.created_at, l.expires_at, l.used_at
    FROM sign_ins l LEFT JOIN spaces s ON s.number = l.space"""
_SESSION = """SELECT b.number, b.name, b.email, b.side, s.name AS space, b.created_at, b.seen_at, b.expires_at,
    b.ended_at FROM sessions b LEFT JOIN spaces s ON s.number = b.space"""
_SPACE = "(SELECT number FROM spaces WHERE name_key = ?)"


class Sessions(Statements):
    def add_sign_in(self, link: SignIn, digest: str) -> None:
        self.change(
            f"INSERT INTO sign_ins (digest, name, email, side, space, created_at, expires_at)"
            f" VALUES (?, ?, ?, ?, {_SPACE}, ?, ?)",
            digest,
            link.name,
            link.email,
            link.side,
            fold_key(link.space or ""),
            link.created_at,
            link.expires_at,
        )

    def sign_in_by_digest(self, digest: str) -> SignIn | None:
        row = self.row(f"{_SIGN_IN} WHERE l.digest = ?", digest)
        return None if row is None else SignIn(**{**_values(row), "side": member(Side, row["side"])})

    def use_sign_in(self, number: int, at: str) -> None:
        """Mark a link as used. Only the first time counts."""
        self.change("UPDATE sign_ins SET used_at = ? WHERE number = ? AND used_at IS NULL", at, number)

    def add_session(self, session: Session, digest: str) -> Session:
        number = self.insert(
            f"INSERT INTO sessions (digest, name, email, side, space, created_at, seen_at, expires_at)"
            f" VALUES (?, ?, ?, ?, {_SPACE}, ?, ?, ?) RETURNING number",
            digest,
            session.name,
            session.email,
            session.side,
            fold_key(session.space or ""),
            session.created_at,
            session.seen_at,
            session.expires_at,
        )
        return session.replace(number=number)

    def session_by_digest(self, digest: str) -> Session | None:
        row = self.row(f"{_SESSION} WHERE b.digest = ?", digest)
        return None if row is None else _session(row)

    def session(self, id: str) -> Session:
        """By ID, in any case. Raises NotFound."""
        number = parse_id(id, SESSION)
        row = None if number is None else self.row(f"{_SESSION} WHERE b.number = ?", number)
        if row is None:
            raise NotFound(f"Session '{id[:80]}' not found.", hint=Step(verb=Verb.LIST_SESSIONS))
        return _session(row)

    def sessions(self) -> list[Session]:
        """Sessions that were not ended, newest first."""
        return [_session(row) for row in self.rows(f"{_SESSION} WHERE b.ended_at IS NULL ORDER BY b.number DESC")]

    def touch_session(self, number: int, at: str) -> None:
        """Note when a session was last used."""
        self.change("UPDATE sessions SET seen_at = ? WHERE number = ? AND seen_at < ?", at, number, at)

    def end_session(self, number: int, at: str) -> bool:
        """End a session. Returns whether it was not ended before."""
        return self.change("UPDATE sessions SET ended_at = ? WHERE number = ? AND ended_at IS NULL", at, number) == 1

    def forget_sessions(self, before: str) -> None:
        """Delete what expired before an instant: sessions, and links that open one."""
        self.change("DELETE FROM sessions WHERE expires_at < ?", before)
        self.change("DELETE FROM sign_ins WHERE expires_at < ?", before)

    def key(self, name: str) -> str | None:
        """A secret of the store, by its name."""
        row = self.row("SELECT value FROM keys WHERE name = ?", name)
        return None if row is None else str(row[0])

    def add_key(self, name: str, value: str) -> None:
        """Set a secret of the store unless it is set."""
        self.change("INSERT INTO keys (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING", name, value)


def _session(row: Row) -> Session:
    return Session(**{**_values(row), "side": member(Side, row["side"])})


def _values(row: Row) -> Named:
    names: Iterable[str] = row.keys()
    return {name: row[name] for name in names}
