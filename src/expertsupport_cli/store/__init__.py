"""The store, where everything is kept. Only this package knows SQL.

`Store` is an open store with the statements of each noun; open one with `open_store`. What differs from one kind of
database to another is behind the seam in `engine`.
"""

from __future__ import annotations

from expertsupport_cli.store.certificates import Certificates
from expertsupport_cli.store.followers import Followers
from expertsupport_cli.store.history import History
from expertsupport_cli.store.listing import Listing, Wanted
from expertsupport_cli.store.outbox import Outbox
from expertsupport_cli.store.requests import Requests
from expertsupport_cli.store.spaces import Spaces
from expertsupport_cli.store.tasks import Tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Store", "Wanted", "open_store"]


class Store(Spaces, Tasks, Certificates, Requests, History, Listing, Outbox, Followers):
    """The store, with all that can be asked of it and written to it."""


def open_store(
    path: str, *, timeout: float, writes: bool, notify: Callable[[str], None], dry_run: bool = False
) -> Store:
    """Open the store at a path. Where there is none, an empty one is shown; if `writes`, the first commit creates it.

    An old store is upgraded if `writes`; else it is read through an upgraded copy. `timeout` is in seconds; `notify` is
    called with messages for the user. Raises StoreUnusable.
    """
    from expertsupport_cli.store.sqlite.connection import SqliteEngine

    engine = SqliteEngine(path, timeout=timeout, writes=writes, dry_run=dry_run, notify=notify)
    return Store(engine, dry_run=dry_run)
