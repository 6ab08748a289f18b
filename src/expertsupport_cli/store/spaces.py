"""Spaces and partners."""

from __future__ import annotations

from expertsupport_cli.errors import NotFound
from expertsupport_cli.folding import fold_key
from expertsupport_cli.model.certificates import Partner
from expertsupport_cli.model.tasks import Space
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store.engine import Statements

TYPE_CHECKING = False
if TYPE_CHECKING:
    from expertsupport_cli.store.engine import Row

_COUNT = "(SELECT count(*) FROM tasks t WHERE t.space = s.number)"
_SPACE = """SELECT s.name, s.title, s.task_lifetime, s.task_limit, s.blocked, s.created_at, {} AS tasks FROM spaces s"""


class Spaces(Statements):
    def space(self, name: str, *, counted: bool = False) -> Space:
        """By name, in any case. Its tasks are `counted` only on request: there may be many.

        Raises NotFound, which names existing spaces.
        """
        row = self.row(f"{_SPACE.format(_COUNT if counted else 'NULL')} WHERE s.name_key = ?", fold_key(name))
        if row is None:
            names = ", ".join(space["name"] for space in self.rows("SELECT name FROM spaces ORDER BY name_key LIMIT 8"))
            raise NotFound(
                f"Space '{name[:80]}' not found.",
                f"Choose one of: {names}." if names else "There are no spaces yet. Try: es space add NAME",
                Step(verb=Verb.LIST_SPACES) if names else Step(verb=Verb.ADD_SPACE, reference=name),
            )
        return _space(row)

    def has_space(self, name: str) -> bool:
        return self.row("SELECT 1 FROM spaces WHERE name_key = ?", fold_key(name)) is not None

    def spaces(self) -> list[Space]:
        """All spaces, by name."""
        return [_space(row) for row in self.rows(f"{_SPACE.format(_COUNT)} ORDER BY s.name_key")]

    def add_space(self, space: Space) -> None:
        self.change(
            "INSERT INTO spaces (name, name_key, title, task_lifetime, task_limit, blocked, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            space.name,
            fold_key(space.name),
            space.title,
            space.task_lifetime,
            space.task_limit,
            space.blocked,
            space.created_at,
        )

    def save_space(self, space: Space) -> None:
        self.change(
            "UPDATE spaces SET title = ?, task_lifetime = ?, task_limit = ?, blocked = ? WHERE name_key = ?",
            space.title,
            space.task_lifetime,
            space.task_limit,
            space.blocked,
            fold_key(space.name),
        )

    def partner(self, name: str) -> Partner | None:
        row = self.row("SELECT name, url, created_at FROM partners WHERE name_key = ?", fold_key(name))
        return Partner(**row) if row else None

    def partners(self) -> list[Partner]:
        """All partners, by name."""
        return [Partner(**row) for row in self.rows("SELECT name, url, created_at FROM partners ORDER BY name_key")]

    def add_partner(self, partner: Partner) -> None:
        self.change(
            "INSERT INTO partners (name, name_key, url, created_at) VALUES (?, ?, ?, ?)",
            partner.name,
            fold_key(partner.name),
            partner.url,
            partner.created_at,
        )

    def remove_partner(self, name: str) -> int:
        """Remove a partner. Returns how many were removed: 1 or 0."""
        return self.change("DELETE FROM partners WHERE name_key = ?", fold_key(name))


def _space(row: Row) -> Space:
    return Space(**{**row, "blocked": bool(row["blocked"])})
