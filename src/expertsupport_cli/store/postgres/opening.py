"""Opens a connection to the server, and checks that the store in the database has this version."""

from __future__ import annotations

import time

import psycopg2
from psycopg2 import errors, extensions

from expertsupport_cli.databases import without_password
from expertsupport_cli.errors import StoreDamaged, StoreForeign, StoreMissing, StoreTooNew, StoreTooOld, StoreUnusable
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store.postgres import migrations
from expertsupport_cli.store.postgres.faults import is_passing, no_answer, not_connected, unusable
from expertsupport_cli.store.postgres.schema import TABLES, VERSION
from expertsupport_cli.store.postgres.waiting import NoAnswer, at_most

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from expertsupport_cli.store.engine import Preparation

PAUSE = 0.1  # seconds between two attempts to connect
SMALLEST_TIMEOUT = 1  # seconds, for a server to answer
_DEFAULTS = {
    "application_name": "es",
    "client_encoding": "UTF8",
    # a server that is gone without a word is noticed within half a minute
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "25000",
}


def connect(place: str, timeout: float) -> Any:
    """Connect to the server, in autocommit mode. Tries again while it starts, or has no connection left.

    Raises StoreUnusable; never with what libpq says, which may hold the password.
    """
    shown, deadline = without_password(place), time.monotonic() + timeout
    while True:
        try:
            with at_most(max(deadline - time.monotonic(), SMALLEST_TIMEOUT)):
                connection = psycopg2.connect(_with_defaults(place))
        except NoAnswer:
            raise no_answer(shown, max(timeout, SMALLEST_TIMEOUT)) from None
        except (psycopg2.Error, UnicodeError, ValueError) as error:
            if not is_passing(error) or time.monotonic() >= deadline:
                raise not_connected(error, shown) from None
            time.sleep(PAUSE)
        else:
            connection.autocommit = True
            return connection


def _with_defaults(place: str) -> str:
    """The URL as a connection string, with our defaults for what it does not say."""
    given = extensions.parse_dsn(place)
    return str(extensions.make_dsn(**{**_DEFAULTS, **given}))


def find_version(connection: Any, place: str) -> int | None:
    """The version of the store, None if there is none. Raises StoreUnusable."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT version FROM expertsupport")
            found = cursor.fetchall()
    except errors.UndefinedTable:
        # it may have been created between the two queries
        return find_version(connection, place) if _refuse_other_tables(connection, place) else None
    except psycopg2.Error as error:
        raise unusable(error, place) from error
    if len(found) != 1 or found[0][0] < 1:
        raise StoreDamaged("The store is damaged.", f"{place} has no version. It was not changed.")
    return int(found[0][0])


def _refuse_other_tables(connection: Any, place: str) -> bool:
    """Whether there is a store by now. Raises StoreForeign if another program has a table of a name that it needs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = ANY (current_schemas(FALSE)) AND table_name = ANY (%s) ORDER BY table_name",
            (list(TABLES),),
        )
        names = [row[0] for row in cursor.fetchall()]
    if "expertsupport" in names:
        return True
    if names:
        raise StoreForeign(
            "This database has tables of another program.",
            f"{place} has a table '{names[0]}', but no store. Nothing was changed.",
            "Use a database of its own for the store.",
        )
    return False


def preparation(version: int | None, prepare: Preparation | None) -> str:
    """The statements that create or upgrade a store of a version, each followed by a semicolon; empty if none apply."""
    if prepare == "create" and version is None:
        return f"{migrations.creation()};"
    if prepare == "upgrade" and version is not None and version < VERSION and migrations.can_upgrade(version):
        return f"{migrations.upgrade(version)};"
    return ""


def check_version(version: int | None, place: str) -> None:
    """Raises StoreMissing, StoreTooOld or StoreTooNew unless it is this version."""
    if version is None:
        raise StoreMissing("There is no store in this database yet.", f"{place}.", Step(verb=Verb.CREATE_TABLES))
    if version > VERSION:
        raise StoreTooNew(
            "A newer version of es created this store.",
            f"{place} has version {version}; this es knows versions up to {VERSION}. It was not changed.",
            "Upgrade the program: pip install --upgrade expertsupport-cli",
        )
    if version < VERSION:
        raise StoreTooOld(
            "The store must be upgraded before it can be used.",
            f"{place} has version {version}, and this es uses {VERSION}.",
            Step(verb=Verb.UPGRADE_STORE),
        )


def refuse_other_encodings(connection: Any, place: str) -> None:
    """Raises StoreUnusable if the database cannot hold every text."""
    encoding = connection.get_parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StoreUnusable(
            "The database has the wrong encoding.",
            f"{place} has {encoding}, and the store needs UTF8.",
            "Create it with: createdb --encoding=UTF8 --template=template0",
        )
