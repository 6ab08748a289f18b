"""Backups of the store: make one, keep the last few, and restore one."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from shlex import quote

from expertsupport_cli import store, wiring
from expertsupport_cli.cli.db import print_path, require_file
from expertsupport_cli.cli.perform import changes, reads
from expertsupport_cli.databases import without_password
from expertsupport_cli.errors import BadUsage, NotFound
from expertsupport_cli.render.fields import PATH
from expertsupport_cli.render.terminal.progress import bar
from expertsupport_cli.settings.account import expand_home

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from expertsupport_cli.cli.env import Env
    from expertsupport_cli.cli.options import Argument, Option

STAMP = r"(\d{8}T\d{6}Z)(?:-(\d+))?"  # of a dated name; the number is for more than one a second


@reads(PATH)
def backup(
    env: Env,
    target: Annotated[str, Argument(metavar="FILE|DIR", help="A new file, or a folder for a file with a dated name.")],
    keep: Annotated[
        int | None, Option("--keep", metavar="N", min=1, help="In a folder: remove all but the newest N backups.")
    ] = None,
) -> None:
    """Copy the store to a new file, and check the copy.

    Prints the path. The copy is consistent, whoever writes meanwhile; nothing is overwritten. --keep removes only
    backups of this store, by their names. A store in a PostgreSQL database is backed up with pg_dump.
    """
    require_file(
        env,
        "A database is backed up with its own tools.",
        f"Try: pg_dump --format=custom --file=FILE {_quoted_url(env)}",
    )
    source, target = wiring.store_path(env.settings), expand_home(target)
    if not os.path.lexists(source):
        raise NotFound("There is no store to back up.", f"{source} does not exist.", "Try: es --store PATH db path")
    folder = target if os.path.isdir(target) else None
    if folder is None and keep is not None:
        raise BadUsage("--keep needs a folder.", f"{target} is not a folder.")
    path = _dated_name(folder, source, env.at) if folder else target
    with bar("Copying", show=env.shows_progress, colour=env.colour_on_stderr) as progress:
        store.back_up(source, path, timeout=env.settings.seconds("store.timeout"), progress=progress)
    if folder and keep is not None:
        _remove_old(env, folder, source, keep)
    print_path(env, path)


@changes(PATH, asks=True)
def restore(env: Env, file: Annotated[str, Argument(metavar="FILE", help="A backup of a store.")]) -> None:
    """Put a backup in place of the store.

    The backup is checked first. The old store is kept beside the new one. Programs that have the store open go on with
    what was restored. A store in a PostgreSQL database is restored with pg_restore.
    """
    require_file(
        env, "A database is restored with its own tools.", f"Try: pg_restore --clean --dbname={_quoted_url(env)} FILE"
    )
    backup, place = expand_home(file), wiring.store_path(env.settings)
    timeout = env.settings.seconds("store.timeout")
    if not os.path.lexists(backup):
        raise NotFound("The backup cannot be read.", f"File not found: {backup}.")
    if os.path.realpath(backup) == os.path.realpath(place):
        raise BadUsage("The backup is the store itself.", f"Both are {place}.")
    kept = _free_name(f"{place}.{_stamp(env.at)}", ".bak")
    store.check_backup(backup, timeout)
    if _holds_something(place):
        env.confirm(f"Replace the store {place}{_size(place, timeout)} with {backup}{_size(backup, timeout)}?")
    if not env.dry_run:
        with bar("Restoring", show=env.shows_progress, colour=env.colour_on_stderr) as progress:
            was_there = store.restore(backup, place, kept, timeout=timeout, progress=progress)
        if was_there:
            env.printer.note(f"The old store was kept as {kept}")
    print_path(env, place)


def _quoted_url(env: Env) -> str:
    """The URL of the store, without its password, for a shell."""
    return quote(without_password(wiring.store_path(env.settings)))


def _dated_name(folder: str, source: str, at: str) -> str:
    """The name of a new backup: that of the store, and the time."""
    stem, extension = os.path.splitext(os.path.basename(source))
    return _free_name(os.path.join(folder, f"{stem}-{_stamp(at)}"), extension)


def _free_name(start: str, extension: str) -> str:
    """The first of `start`, `start-2`, `start-3` and so on for which there is no file."""
    path, number = start + extension, 2
    while os.path.lexists(path):
        path, number = f"{start}-{number}{extension}", number + 1
    return path


def _stamp(at: str) -> str:
    """An instant as a part of a name: `20260131T093000Z`."""
    return at.replace("-", "").replace(":", "")


def _remove_old(env: Env, folder: str, source: str, keep: int) -> None:
    """Remove the oldest backups of the store in a folder, all but `keep`."""
    stem, extension = os.path.splitext(os.path.basename(source))
    own = re.compile(rf"{re.escape(stem)}-{STAMP}{re.escape(extension)}")
    found = [name for name in map(own.fullmatch, os.listdir(folder)) if name]
    for name in sorted(found, key=lambda name: (name[1], int(name[2] or 1)))[:-keep]:
        path = os.path.join(folder, name[0])
        with suppress(FileNotFoundError):  # another backup has just removed it
            os.unlink(path)
            env.printer.note(f"Removed {path}")


def _holds_something(path: str) -> bool:
    return os.path.exists(path) and os.path.getsize(path) > 0


def _size(path: str, timeout: float) -> str:
    """How many requests a store has, for a question."""
    count = store.count_requests(path, timeout)
    return "" if count is None else f" ({count:,} request{'' if count == 1 else 's'})"
