"""The store itself: where it is, and whether it is intact."""

from __future__ import annotations

import os

from expertsupport_cli import wiring
from expertsupport_cli.cli.perform import changes, reads
from expertsupport_cli.errors import StoreDamaged
from expertsupport_cli.render.fields import FINDING, PATH
from expertsupport_cli.render.shapes import Named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from expertsupport_cli.cli.env import Env


@reads(PATH)
def path(env: Env) -> None:
    """Print the path of the store."""
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
        raise StoreDamaged(
            f"{len(bad)} of {len(found)} checks failed.",
            f"{env.store.path} is damaged.",
            "Copy the file before you do anything else.",
        )
    env.printer.hint("All checks passed.")


@changes(PATH)
def upgrade(env: Env) -> None:
    """Upgrade a store of an older version, or create one.

    Every command that changes something does this too. Commands that only read leave an old store as it is. A copy of
    the old store is kept beside it.
    """
    with env.store.transaction():
        pass
    print_path(env, wiring.store_path(env.settings))


def print_path(env: Env, path: str, summary: str = "") -> None:
    """Print where a store is, or is to be; on a terminal with what became of it."""
    env.printer.thing(PATH, Named(values={"path": path, "exists": os.path.exists(path)}), f"{path}  {summary}".rstrip())
