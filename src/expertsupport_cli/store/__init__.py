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
from expertsupport_cli.store.redemptions import Redemptions
from expertsupport_cli.store.requests import Requests
from expertsupport_cli.store.sessions import Sessions
from expertsupport_cli.store.spaces import Spaces
from expertsupport_cli.store.tasks import Tasks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Progress = Callable[[int, int], None]

__all__ = ["Store", "Wanted", "back_up", "check_backup", "count_requests", "open_store", "restore"]


class Store(Spaces, Tasks, Certificates, Redemptions, Requests, History, Listing, Outbox, Followers, Sessions):
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


def back_up(place: str, target: str, *, timeout: float, progress: Progress) -> None:
    """Copy a store to a new file, consistent and checked. `progress` is called with the parts done, and all.

    Raises StoreUnusable, or AlreadyExists.
    """
    from expertsupport_cli.store.sqlite import copying

    copying.back_up(place, target, timeout=timeout, progress=progress)


def restore(backup: str, place: str, kept: str, *, timeout: float, progress: Progress) -> bool:
    """Put the content of a backup in place of a store. Returns whether there was one, now a copy at `kept`.

    Raises StoreUnusable; the store is as it was then.
    """
    from expertsupport_cli.store.sqlite import copying

    return copying.restore(backup, place, kept, timeout=timeout, progress=progress)


def check_backup(place: str, timeout: float) -> None:
    """Check that there is an intact store at a path, of this version or an older one. Raises StoreUnusable."""
    from expertsupport_cli.store.sqlite import copying

    copying.check(place, timeout)


def count_requests(place: str, timeout: float) -> int | None:
    """How many requests the store at a path has; None if there is none, or one that cannot be read."""
    from expertsupport_cli.store.sqlite import copying

    return copying.count_requests(place, timeout)
