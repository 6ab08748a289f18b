"""The store itself: where it is, and whether it is whole."""

from __future__ import annotations

import os

import typer

from expertsupport_cli.cli.env import Env
from expertsupport_cli.cli.options import Reads, group, prints
from expertsupport_cli.errors import StoreDamaged
from expertsupport_cli.render.fields import FINDING, PATH
from expertsupport_cli.render.shapes import Named

db = group("The store: the file in which everything is kept.")


@db.command("path", cls=Reads)
@prints(PATH)
def path(ctx: typer.Context) -> None:
    """Print where the store is, whether or not it exists."""
    env = Env.of(ctx)
    where = os.path.expanduser(env.settings["store"])
    env.printer.thing(PATH, Named(values={"path": where, "exists": os.path.exists(where)}), where)


@db.command("check", cls=Reads)
@prints(FINDING)
def check(ctx: typer.Context) -> None:
    """Check the file, the schema, and that every rule holds.

    The exit status is 5 if something is amiss.
    """
    from expertsupport_cli.store.check import findings

    env = Env.of(ctx)
    found = [{"rule": rule, "ok": not amiss, "found": amiss} for rule, amiss in findings(env.store)]
    env.printer.list(FINDING, [Named(values=values) for values in found])
    bad = [values for values in found if not values["ok"]]
    if bad:
        raise StoreDamaged(
            f"{len(bad)} of {len(found)} checks failed.",
            f"{env.store.path} is not whole.",
            "Keep a copy of the file before you do anything else.",
        )
    env.printer.hint("All is well.")
