"""Sharing the store: open it to a group of accounts of this machine, and close it again."""

from __future__ import annotations

from shlex import quote

from expertsupport_cli import wiring
from expertsupport_cli.accounts import find_group, group_name
from expertsupport_cli.cli.db import require_file
from expertsupport_cli.cli.perform import changes
from expertsupport_cli.interrupts import interrupts_held
from expertsupport_cli.render.fields import ACCESS
from expertsupport_cli.render.shapes import Named
from expertsupport_cli.store import sharing
from expertsupport_cli.store.folder import StoreFolder
from expertsupport_cli.text import some

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from expertsupport_cli.cli.env import Env
    from expertsupport_cli.cli.options import Option

DATABASE = "Everybody who may use its role has access. Let them in, or out, on the server."


@changes(ACCESS)
def share(
    env: Env, group: Annotated[str, Option("--group", metavar="GROUP", help="The group: its name or number.")]
) -> None:
    """Share the store with a group of accounts.

    Everybody in the group can then read and change the store, its folder, and the Maildirs beside it. Creates the store
    if there is none. Only its owner, or root, can share it.
    """
    require_file(env, "A database is not shared by files.", DATABASE)
    gid = find_group(group)
    rights = sharing.rights_of_group(gid)
    with StoreFolder(wiring.store_path(env.settings)) as folder:
        plan = sharing.plan(folder, rights)
        exists = folder.store.found is not None
    if not exists and not env.dry_run:
        with env.store.transaction():
            pass
    _change(env, plan, rights, f"The store is already shared with group {group_name(gid)}")
    if plan.changes and not env.dry_run:
        env.printer.hint(f"Others in the group can use it now. Try: es config set store {quote(folder.store_path)}")


@changes(ACCESS)
def unshare(env: Env) -> None:
    """Make the store its owner's alone again.

    Also its folder and the Maildirs beside it. Only its owner, or root, can do this.
    """
    require_file(env, "A database is not shared by files.", DATABASE)
    with StoreFolder(wiring.store_path(env.settings)) as folder:
        rights = sharing.rights_of_owner(folder)
        plan = sharing.plan(folder, rights)
    _change(env, plan, rights, "The store is not shared")
    if plan.kept:
        whose = "1 file of another account keeps its mode"
        if len(plan.kept) > 1:
            whose = f"{len(plan.kept)} files of other accounts keep their modes"
        env.printer.note(f"{whose}, but nobody else can enter the folder: {some(plan.kept, sharing.MAX_NAMES)}.")


def _change(env: Env, plan: sharing.Plan, rights: sharing.Rights, done: str) -> None:
    """Make the changes and print the store; or print all changes, if this is a dry run."""
    store = env.store  # raises StoreForeign if it is none
    if not plan.changes:
        env.printer.note(f"{done}; nothing was changed.")
    if env.dry_run:
        env.printer.list(ACCESS, map(_named, plan.changes))
        return
    if plan.changes:
        # as the only writer: there is no journal, which others might not be able to read
        with StoreFolder(plan.store.path) as folder, store.transaction(), interrupts_held():
            sharing.apply(folder, rights)
    group = group_name(plan.store.group)
    summary = f"shared with group {group}" if rights.shares else "private"
    env.printer.thing(ACCESS, _named(plan.store), f"{plan.store.path}  {summary}")


def _named(change: sharing.Change) -> Named:
    return Named(
        values={
            "path": change.path,
            "group": group_name(change.group),
            "mode": f"{change.mode:04o}",
            "old_group": None if change.old_group is None else group_name(change.old_group),
            "old_mode": None if change.old_mode is None else f"{change.old_mode:04o}",
        }
    )
