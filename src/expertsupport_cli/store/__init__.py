"""Where everything is kept: one SQLite file. Nobody else knows SQL.

`Store` is the connection with the queries of each noun; open one with `open_store`.
"""

from __future__ import annotations

import os

from expertsupport_cli.store.certificates import Certificates
from expertsupport_cli.store.listing import Listing, Wanted
from expertsupport_cli.store.opening import open_empty, open_existing, open_or_make
from expertsupport_cli.store.outbox import Outbox
from expertsupport_cli.store.readers import Readers
from expertsupport_cli.store.requests import Requests
from expertsupport_cli.store.spaces import Spaces
from expertsupport_cli.store.tasks import Tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Store", "Wanted", "open_store"]


class Store(Spaces, Tasks, Certificates, Requests, Listing, Outbox, Readers):
    """The store, with all that can be asked of it and written to it."""


def open_store(path: str, *, timeout: float, writes: bool, tell: Callable[[str], None], dry_run: bool = False) -> Store:
    """Open the store at a path. One that does not exist is made if the command writes, else seen as empty.

    `timeout` is in seconds; `tell` says to the user what was made. Raises StoreUnusable.
    """
    if writes and not dry_run:
        return Store(open_or_make(path, timeout, tell), path, timeout=timeout)
    if os.path.exists(path):
        return Store(open_existing(path, timeout, tell), path, timeout=timeout, dry_run=dry_run)
    tell(f"There is no store yet at {path}; the first command that writes makes it.")
    return Store(open_empty(), path, dry_run=dry_run)
