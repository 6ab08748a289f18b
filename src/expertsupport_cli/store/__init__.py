"""The store, where everything is kept. Only this package knows SQL.

`Store` is an open store with the statements of each noun; open one with `open_store`. What differs from one kind of
database to another is behind the seam in `engine`.
"""

from __future__ import annotations

from expertsupport_cli.databases import is_url
from expertsupport_cli.errors import StoreUnusable
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

    from expertsupport_cli.store.engine import Preparation
    from expertsupport_cli.store.postgres.connection import PostgresEngine

    Progress = Callable[[int, int], None]

__all__ = ["Store", "Wanted", "back_up", "check_backup", "count_requests", "open_store", "restore"]


class Store(Spaces, Tasks, Certificates, Redemptions, Requests, History, Listing, Outbox, Followers, Sessions):
    """The store, with all that can be asked of it and written to it."""


def open_store(
    place: str,
    *,
    timeout: float,
    writes: bool,
    notify: Callable[[str], None],
    dry_run: bool = False,
    prepare: Preparation | None = None,
) -> Store:
    """Open the store at a path, or in the database of a URL.

    Where there is no file, an empty store is shown; if `writes`, the first commit creates it. An old store in a file is
    upgraded if `writes`; else it is read through an upgraded copy. A store in a database must be there and have this
    version, unless `prepare` says that the first commit creates or upgrades it.

    `timeout` is in seconds; `notify` is called with messages for the user. Raises StoreUnusable.
    """
    if is_url(place):
        return Store(_in_database(place, timeout, notify, prepare), dry_run=dry_run)
    from expertsupport_cli.store.sqlite.connection import SqliteEngine

    engine = SqliteEngine(place, timeout=timeout, writes=writes, dry_run=dry_run, notify=notify)
    return Store(engine, dry_run=dry_run)


def _in_database(
    url: str, timeout: float, notify: Callable[[str], None], prepare: Preparation | None
) -> PostgresEngine:
    try:
        from expertsupport_cli.store.postgres.connection import PostgresEngine
    except ImportError as error:
        raise StoreUnusable(
            "The driver for PostgreSQL is not installed.",
            f"Python cannot import {error.name}.",
            "Try: pip install 'expertsupport-cli[postgres]'",
        ) from error
    return PostgresEngine(url, timeout=timeout, notify=notify, prepare=prepare)


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
