"""The store itself: where it is, and whether it is intact; creating and upgrading it."""

from __future__ import annotations

import os

from expertsupport_cli import wiring
from expertsupport_cli.cli.perform import changes, reads
from expertsupport_cli.databases import is_url, without_password
from expertsupport_cli.errors import Refused, StoreDamaged
from expertsupport_cli.render.fields import FINDING, PATH
from expertsupport_cli.render.shapes import Named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from expertsupport_cli.cli.env import Env
    from expertsupport_cli.store.engine import Preparation


@reads(PATH)
def path(env: Env) -> None:
    """Print the path of the store, or the URL of its database.

    A password in it is left out.
    """
    print_path(env, wiring.store_path(env.settings))


@reads(FINDING)
def check(env: Env) -> None:
    """Check the store: file, schema and every rule.

    The exit status is 5 if a check fails.
    """
    from expertsupport_cli.store.check import findings

    found = [{"rule": rule, "ok": not broken_by, "found": broken_by} for rule, broken_by in findings(env.store)]
    env.printer.list(FINDING, [Named(values=values) for values in found])
    bad = [values for values in found if not values["ok"]]
    if bad:
        copy = "Save a copy with pg_dump" if wiring.is_in_database(env.settings) else "Copy the file"
        raise StoreDamaged(
            f"{len(bad)} of {len(found)} checks failed.",
            f"{env.store.path} is damaged.",
            f"{copy} before you do anything else.",
        )
    env.printer.hint("All checks passed.")


@changes(PATH)
def init(env: Env) -> None:
    """Create a store.

    In a PostgreSQL database, this creates the tables, which no other command does. A file is also created by the first
    command that changes something. If there is a store, nothing is changed.
    """
    _prepare(env, "create", "There is a store already")


@changes(PATH)
def upgrade(env: Env) -> None:
    """Upgrade a store of an older version.

    If the store is a file, every command that changes something does this too, and keeps a copy of the old store beside
    it; if there is none, it is created. Commands that only read leave an old store as it is. A store in a PostgreSQL
    database is upgraded by this command alone: save a copy with pg_dump first.
    """
    _prepare(env, "upgrade", "The store has the current version")


def _prepare(env: Env, prepare: Preparation, done: str) -> None:
    """Create or upgrade the store with an empty transaction; a note says if there was nothing to do."""
    notes: list[str] = []

    def notify(text: str) -> None:
        notes.append(text)
        env.printer.note(text)

    env.open_store(prepare, notify)
    with env.store.transaction():
        pass
    if not notes and not env.dry_run:
        env.printer.note(f"{done}; nothing was changed.")
    print_path(env, wiring.store_path(env.settings))


def require_file(env: Env, what: str, instead: str) -> None:
    """Raises Refused for what can only be done to a store in a file."""
    if wiring.is_in_database(env.settings):
        raise Refused(what, f"{without_password(wiring.store_path(env.settings))} is not a file.", instead)


def print_path(env: Env, path: str, summary: str = "") -> None:
    """Print where a store is, or is to be; on a terminal with what became of it."""
    exists = None if is_url(path) else os.path.exists(path)
    shown = without_password(path)
    env.printer.thing(PATH, Named(values={"path": shown, "exists": exists}), f"{shown}  {summary}".rstrip())
