"""Rebuilding the file of the store: `es db vacuum`."""

from __future__ import annotations

import os

from expertsupport_cli import wiring
from expertsupport_cli.cli.db import print_path
from expertsupport_cli.cli.perform import changes
from expertsupport_cli.render.fields import PATH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from expertsupport_cli.cli.env import Env


@changes(PATH)
def vacuum(env: Env) -> None:
    """Rebuild the file of the store.

    It becomes as small as it can be, and nothing that was ever deleted is left in it. Others wait meanwhile. It needs
    free space: as much as the store takes, once beside it and once in the folder for temporary files. In a PostgreSQL
    database the tables are rebuilt, which needs as much space on the server, whose logs and backups stay as they are.
    """
    where = wiring.store_path(env.settings)
    store = env.store
    before = _size(where)
    store.vacuum()
    after = _size(where)
    print_path(env, where, "" if after is None else f"{before or 0:,} -> {after:,} bytes")


def _size(path: str) -> int | None:
    """The size of a file, None if there is none, as for a store in a database."""
    try:
        return os.path.getsize(path)
    except OSError:
        return None
