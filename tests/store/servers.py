"""What the tests of a store in PostgreSQL have in common: who else is connected, and what is in the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import psycopg2

from expertsupport_cli.store import Store, open_store
from expertsupport_cli.store.postgres.connection import PostgresEngine


def to(url: str, timeout: float = 10) -> Store:
    return open_store(url, timeout=timeout, writes=True, notify=lambda _: None)


@contextmanager
def other(url: str) -> Iterator[Callable[[str], None]]:
    """Another connection to a database, in a transaction."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        yield cursor.execute


def engine(store: Store) -> PostgresEngine:
    """What a store in a database stands on."""
    assert isinstance(store.engine, PostgresEngine)
    return store.engine


def name(url: str) -> str:
    """The name of the database in a URL."""
    return url.partition("@/")[2].partition("?")[0]
