"""Translates errors of the server and of libpq for people.

libpq's own texts are left out, because they may hold a password.
"""

from __future__ import annotations

import re

import psycopg2

from expertsupport_cli.errors import (
    StoreBusy,
    StoreDamaged,
    StoreFull,
    StoreMissing,
    StoreReadOnly,
    StoreUnreachable,
    StoreUnusable,
)
from expertsupport_cli.steps import Step, Verb

CONFLICTS = {"40001", "40P01"}  # of serialization; a deadlock
_LOCKED = {"55P03", "57014"}  # no lock in time; canceled
_LOST = ("08", "57P0", "25P03", "25P04", "57P05")  # the connection, or the server; idle for too long
_NO_ROOM = {"53100", "53200", "54000"}  # on the disk, in memory, in a row
_DAMAGED = ("XX", "42")  # data or catalogue; a table or column that is not there
_OURS = ("23", "22", "25", "0A", "21", "26", "2D", "34")  # rules of the schema, and misuse

_REFUSALS = (
    (
        r"too many clients|remaining connection slots|too many connections|no more connections",
        StoreBusy,
        "The database server has no connection left.",
        Step(verb=Verb.WAIT_LONGER),
    ),
    (
        r"starting up|shutting down|recovery|not yet accepting|server_login_retry|login has been failing",
        StoreUnreachable,
        "The database server is starting or shutting down.",
        "Try again in a moment.",
    ),
    (
        r"connection refused|no such file or directory|unreachable|no route to host|timed out|timeout expired",
        StoreUnreachable,
        "The database server cannot be reached.",
        "Check that it runs, and the address in ES_STORE.",
    ),
    (
        r"could not translate host name|name or service not known|nodename nor servname",
        StoreUnreachable,
        "The host of the database server is unknown.",
        "Check the address in ES_STORE.",
    ),
    (
        r'database "[^"]*" does not exist',
        StoreMissing,
        "There is no such database on the server.",
        "Ask for it, or create it with createdb.",
    ),
    (
        r"password|authentication|pg_hba|role .* does not exist|no such user|not permitted to log in",
        StoreUnreachable,
        "The database server does not let you in.",
        "Check the user in ES_STORE. Passwords come from PGPASSWORD, ~/.pgpass, a service file, or ES_STORE.",
    ),
    (r"permission denied for database", StoreReadOnly, "The role may not connect to the database.", "Ask its owner."),
    (r"\bssl\b|certificate", StoreUnreachable, "The encrypted connection failed.", "Check sslmode in ES_STORE."),
    (r"service", StoreMissing, "The service file does not name this service.", "Check PGSERVICEFILE and ES_STORE."),
)
_PASSING = re.compile(_REFUSALS[0][0] + "|" + _REFUSALS[1][0], re.IGNORECASE)


def not_connected(error: Exception, place: str) -> StoreUnusable:
    """The error for a connection that was not opened. Raise it `from None`: the original may hold a password."""
    text = str(error)
    if isinstance(error, psycopg2.ProgrammingError):
        return StoreMissing(
            "The URL of the store is invalid.", f"{place}.", "It has the form postgresql://USER@HOST/DATABASE."
        )
    for pattern, kind, what, hint in _REFUSALS:
        if re.search(pattern, text, re.IGNORECASE):
            return kind(what, f"{place}.", hint)
    return StoreUnreachable("The database server refused the connection.", f"{place}.")


def is_passing(error: Exception) -> bool:
    """Whether a connection that was not opened may be a moment later."""
    return _PASSING.search(str(error)) is not None


def no_answer(place: str, seconds: float) -> StoreUnreachable:
    """The error for a server that did not answer in time."""
    why = f"{place} did not answer within {seconds:g}s."
    return StoreUnreachable("The database server cannot be reached.", why, Step(verb=Verb.WAIT_LONGER))


def lost(place: str) -> StoreUnreachable:
    """The error for a connection that broke."""
    return StoreUnreachable("The connection to the database server was lost.", f"{place}.", "Try again in a moment.")


def unknown_outcome(place: str) -> StoreUnreachable:
    """The error for a connection that broke while the server was asked to commit."""
    return StoreUnreachable(
        "The connection to the database server was lost while the change was saved.",
        f"{place} has saved it completely, or not at all.",
        "Look at the result before you repeat the command.",
    )


def unusable(error: Exception, place: str) -> Exception:
    """The StoreUnusable for what a statement raised; the same error if it is a bug: a broken rule, or misuse."""
    code = getattr(error, "pgcode", None) or ""
    if not code or code.startswith(_LOST):
        return lost(place)
    if code in CONFLICTS:
        busy = StoreBusy("The store is busy.", "Others changed the same data at the same moment.", "Try again.")
        busy.repeatable = True
        return busy
    if code in _LOCKED:
        return StoreBusy(
            "The store is busy.", "Someone else held it for longer than store.timeout.", Step(verb=Verb.WAIT_LONGER)
        )
    if code == "25006":
        return StoreReadOnly("The store cannot be written.", f"{place} is read-only.", "Use the primary server.")
    if code == "42501":
        return StoreReadOnly(
            "The store cannot be used.", f"Your role has no permission in {place}.", "Ask the owner of the database."
        )
    if code in _NO_ROOM:
        return StoreFull("The database server has no room left.", f"Nothing was changed in {place}.")
    if code == "53300":
        return StoreBusy("The database server has no connection left.", f"{place}.", Step(verb=Verb.WAIT_LONGER))
    if code.startswith(_DAMAGED):
        return StoreDamaged("The store is damaged.", f"{place}: error {code}.", Step(verb=Verb.CHECK_STORE))
    if code.startswith(_OURS):
        return error
    return StoreUnusable("The store could not be read or written.", f"{place}: error {code}.")
