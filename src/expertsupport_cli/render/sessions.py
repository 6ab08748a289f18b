"""The fields of a session of a browser."""

from __future__ import annotations

from expertsupport_cli.model.people import Side
from expertsupport_cli.render.shapes import Shape, plain
from expertsupport_cli.render.words import one_of

SESSION = Shape(
    name="session",
    key="id",
    rows=("id", "name", "side", "space", "created_at", "seen_at", "expires_at"),
    fields=(
        plain("id", "string", "The session's ID, S-1"),
        plain("name", "string", "Under whose name it acts"),
        plain("side", "string", f"For which side: {one_of(Side)}"),
        plain("space", "string or null", "The only space that it sees; null if it sees all"),
        plain("created_at", "time", "When it was opened"),
        plain("seen_at", "time", "When it was last used"),
        plain("expires_at", "time", "When it ends at the latest"),
    ),
)
