"""Export and import of all that a store holds, and copies from one store to another."""

from __future__ import annotations

import os
from contextlib import closing

from expertsupport_cli import wiring
from expertsupport_cli.actions import transfer as actions
from expertsupport_cli.cli.db import print_path
from expertsupport_cli.cli.perform import changes, reads
from expertsupport_cli.databases import is_url
from expertsupport_cli.errors import AlreadyExists, BadUsage, NotFound, OutputLost
from expertsupport_cli.files import access_denied, new_file
from expertsupport_cli.reading import STDIN, open_twice
from expertsupport_cli.render.fields import PATH
from expertsupport_cli.render.terminal.progress import track
from expertsupport_cli.settings.account import expand_home
from expertsupport_cli.settings.known import refuse_password

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Annotated, BinaryIO, TypeVar

    from expertsupport_cli.cli.env import Env
    from expertsupport_cli.cli.options import Argument
    from expertsupport_cli.store import Store

    _Item = TypeVar("_Item")

MAX_LINE = 100_000_000  # bytes
SECRET = "Keep it private: it has the addresses of all request pages, which open them."  # noqa: S105 -- says so


@reads()
def export(
    env: Env,
    file: Annotated[str | None, Argument(metavar="[FILE]", help="A new file; stdout without it, or with -.")] = None,
) -> None:
    """Write everything in the store as JSON lines, for es db import.

    Serials and purchase links are in it as digests, as in the store.
    """
    _require_there(wiring.store_path(env.settings), "export")
    lines = _shown(env, actions.export_lines(env.store), "Exporting", of=env.store)
    if file in (None, STDIN):
        for line in lines:
            env.printer.write(line.decode("ascii"))
        env.printer.note(SECRET)
        return
    path = expand_home(file)
    try:
        with new_file(path) as target:
            target.writelines(lines)
    except FileExistsError as error:
        raise AlreadyExists(f"{path} already exists.", "Nothing is overwritten.") from error
    except OSError as error:
        raise OutputLost("The file cannot be written.", access_denied(path) or f"{path}: {error.strerror}.") from error
    env.printer.write(f"{path}\n")
    env.printer.note(SECRET)


@changes(PATH)
def import_(env: Env, file: Annotated[str, Argument(metavar="FILE", help="An export; - reads stdin.")]) -> None:
    """Fill an empty store from an export, all or nothing.

    The export is checked first. The store is created if there is none.
    """
    with open_twice(expand_home(file), "The export") as spool:
        for _ in _shown(env, actions.checked_rows(_lines(spool)), "Checking"):
            pass
        if env.shows_progress:
            env.printer.note("Importing.")
        env.open_store("create", env.printer.note)
        added = actions.import_rows(env.store, lambda: actions.checked_rows(_lines(spool)))
    print_path(env, env.store.path, f"{added:,} rows")


@changes(PATH)
def copy(
    env: Env,
    source: Annotated[str, Argument(metavar="FROM", help="A store.")],
    target: Annotated[str, Argument(metavar="TO", help="An empty store, or a place for a new one.")],
) -> None:
    """Copy everything from one store to another, all or nothing.

    Each is a path, or the URL of a PostgreSQL database without a password.
    """
    start, end = (expand_home(refuse_password(place)) for place in (source, target))
    _require_there(start, "copy")
    notify = env.printer.note
    with closing(wiring.open_store(env.settings, writes=False, notify=notify, place=start)) as old:
        rows = actions.all_rows(old)
        with closing(
            wiring.open_store(
                env.settings, writes=True, dry_run=env.dry_run, notify=notify, place=end, prepare="create"
            )
        ) as new:
            added = actions.import_rows(new, lambda: _shown(env, rows(), "Copying", of=old))
    print_path(env, end, f"{added:,} rows")


def _require_there(place: str, what: str) -> None:
    """Raises NotFound if there is no file at a path: to open it would show an empty store."""
    if not is_url(place) and not os.path.lexists(place):
        raise NotFound(f"There is no store to {what}.", f"{place} does not exist.")


def _shown(env: Env, items: Iterable[_Item], title: str, *, of: Store | None = None) -> Iterator[_Item]:
    """The items, with a bar; if they are the rows `of` a store, it knows how many there are."""
    total = actions.count_rows(of) if of and env.shows_progress else None
    return track(items, title, show=env.shows_progress, colour=env.colour_on_stderr, total=total)


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines of a file from its beginning, with their numbers. Raises BadUsage if one is too long."""
    file.seek(0)
    number = 0
    while data := file.readline(MAX_LINE + 1):
        number += 1
        if len(data) > MAX_LINE:
            raise BadUsage(f"Line {number} is too long.", f"At most {MAX_LINE:,} bytes are read.")
        yield number, data
