"""The schema, as migrations in order. Append only: a store may be at any of them.

Numbers are keys inside the store; people see IDs. Rules that must hold for every writer are constraints here too: one
open request per task, one request per certificate, one use per link, and an append-only history.
"""

from __future__ import annotations

import sqlite3

from sqlite_utils import Database, Migrations

from expertsupport_cli.store.engine import INDEXED
from expertsupport_cli.store.sqlite.search import create_index, index_everything
from expertsupport_cli.store.sqlite.version3 import rebuild
from expertsupport_cli.store.sqlite.version5 import allow_demo

migrations = Migrations("expertsupport")


def migrate(db: sqlite3.Connection) -> None:
    """Apply the migrations that are missing, inside the transaction that the caller has open."""
    migrations.apply(Database(db, execute_plugins=False))


_INSTANT = "LIKE '____-__-__T__:__:__Z'"


@migrations()
def main_job(db: Database) -> None:
    """Spaces, tasks, certificates, purchase links, partners, requests, comments, events."""
    db.executescript(f"""
        CREATE TABLE spaces (
            number        INTEGER PRIMARY KEY,
            name          TEXT NOT NULL UNIQUE COLLATE NOCASE,
            title         TEXT NOT NULL,
            task_lifetime INTEGER CHECK (task_lifetime > 0),
            task_limit    INTEGER CHECK (task_limit >= 0),
            blocked       INTEGER NOT NULL CHECK (blocked IN (0, 1)),
            created_at    TEXT NOT NULL CHECK (created_at {_INSTANT})
        ) STRICT;

        CREATE TABLE tasks (
            number      INTEGER PRIMARY KEY,
            id          TEXT NOT NULL UNIQUE COLLATE NOCASE,
            counted     INTEGER UNIQUE,  -- the n of an ID T-n, from which the next one is counted
            space       INTEGER NOT NULL REFERENCES spaces (number),
            name        TEXT NOT NULL CHECK (name <> ''),
            description TEXT NOT NULL,
            creator     TEXT NOT NULL,
            created_at  TEXT NOT NULL CHECK (created_at {_INSTANT}),
            closed_at   TEXT CHECK (closed_at {_INSTANT}),
            expires_at  TEXT CHECK (expires_at {_INSTANT}),
            UNIQUE (number, space)
        ) STRICT;
        CREATE INDEX tasks_of_space ON tasks (space, number);

        CREATE TABLE certificates (
            number      INTEGER PRIMARY KEY,
            digest      TEXT NOT NULL UNIQUE CHECK (length(digest) = 64),
            last_group  TEXT NOT NULL CHECK (length(last_group) = 4),
            origin      TEXT NOT NULL CHECK (origin IN ('issued', 'imported', 'bought')),
            note        TEXT NOT NULL,
            created_at  TEXT NOT NULL CHECK (created_at {_INSTANT}),
            valid_until TEXT CHECK (valid_until {_INSTANT}),
            revoked_at  TEXT CHECK (revoked_at {_INSTANT}),
            used_at     TEXT CHECK (used_at {_INSTANT}),
            CHECK (revoked_at IS NULL OR used_at IS NULL)
        ) STRICT;

        CREATE TABLE links (
            number      INTEGER PRIMARY KEY,
            digest      TEXT NOT NULL UNIQUE CHECK (length(digest) = 64),
            task        INTEGER NOT NULL REFERENCES tasks (number),
            creator     TEXT NOT NULL,
            created_at  TEXT NOT NULL CHECK (created_at {_INSTANT}),
            lapses_at   TEXT NOT NULL CHECK (lapses_at {_INSTANT}),
            used_at     TEXT CHECK (used_at {_INSTANT}),
            revoked_at  TEXT CHECK (revoked_at {_INSTANT}),
            certificate INTEGER UNIQUE REFERENCES certificates (number),
            CHECK (revoked_at IS NULL OR used_at IS NULL),
            CHECK ((used_at IS NULL) = (certificate IS NULL))
        ) STRICT;
        CREATE INDEX links_of_task ON links (task);

        CREATE TABLE partners (
            number     INTEGER PRIMARY KEY,
            name       TEXT NOT NULL UNIQUE COLLATE NOCASE,
            url        TEXT NOT NULL,
            created_at TEXT NOT NULL CHECK (created_at {_INSTANT})
        ) STRICT;

        CREATE TABLE requests (
            number          INTEGER PRIMARY KEY,
            token           TEXT NOT NULL UNIQUE CHECK (length(token) >= 22),
            task            INTEGER NOT NULL,
            space           INTEGER NOT NULL,
            certificate     INTEGER NOT NULL UNIQUE REFERENCES certificates (number),
            status          TEXT NOT NULL CHECK (status IN ('New', 'Acknowledged', 'Waiting', 'Closed')),
            initiator       TEXT NOT NULL COLLATE NOCASE,
            initiator_email TEXT COLLATE NOCASE,
            created_at      TEXT NOT NULL CHECK (created_at {_INSTANT}),
            updated_at      TEXT NOT NULL CHECK (updated_at {_INSTANT}),
            closed_at       TEXT CHECK (closed_at {_INSTANT}),
            turn_since      TEXT NOT NULL CHECK (turn_since {_INSTANT}),
            FOREIGN KEY (task, space) REFERENCES tasks (number, space),
            CHECK ((status = 'Closed') = (closed_at IS NOT NULL))
        ) STRICT;
        CREATE UNIQUE INDEX one_open_request_a_task ON requests (task) WHERE status <> 'Closed';
        CREATE INDEX requests_of_task ON requests (task, number);
        CREATE INDEX requests_of_space ON requests (space, number);
        CREATE INDEX requests_of_initiator ON requests (initiator, number);
        CREATE INDEX requests_of_email ON requests (initiator_email, number);
        CREATE INDEX requests_by_change ON requests (updated_at, number);
        CREATE INDEX requests_at_the_desk ON requests (turn_since, number)
            WHERE status IN ('New', 'Acknowledged');

        CREATE TABLE comments (
            number     INTEGER PRIMARY KEY,
            request    INTEGER NOT NULL REFERENCES requests (number),
            author     TEXT NOT NULL,
            side       TEXT NOT NULL CHECK (side IN ('customer', 'desk')),
            kind       TEXT NOT NULL CHECK (kind IN ('comment', 'note')),
            body       TEXT NOT NULL CHECK (body <> ''),
            created_at TEXT NOT NULL CHECK (created_at {_INSTANT}),
            CHECK (kind = 'comment' OR side = 'desk')
        ) STRICT;
        CREATE INDEX comments_of_request ON comments (request, number);

        CREATE TABLE events (
            number      INTEGER PRIMARY KEY,
            at          TEXT NOT NULL CHECK (at {_INSTANT}),
            actor       TEXT NOT NULL,
            side        TEXT NOT NULL CHECK (side IN ('customer', 'desk', 'owner')),
            kind        TEXT NOT NULL,
            old         TEXT,
            new         TEXT,
            space       INTEGER REFERENCES spaces (number),
            task        INTEGER REFERENCES tasks (number),
            request     INTEGER REFERENCES requests (number),
            certificate INTEGER REFERENCES certificates (number),
            link        INTEGER REFERENCES links (number),
            comment     INTEGER UNIQUE REFERENCES comments (number)
        ) STRICT;
        CREATE INDEX events_of_task ON events (task, number);
        CREATE INDEX events_of_request ON events (request, number);
    """)
    for table in ("comments", "events"):
        for verb in ("UPDATE", "DELETE"):
            db.executescript(f"""
                CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} BEGIN
                    SELECT RAISE(ABORT, 'history is append-only');
                END;
            """)
    # No triggers, because trusted_schema=OFF forbids them to write to the index. The code that adds a row indexes it,
    # and indexed text never changes.
    for table, column in (("tasks", "name"), ("comments", "body")):
        db.table(table).enable_fts([column], tokenize="unicode61 remove_diacritics 2")


@migrations()
def mail(db: Database) -> None:
    """The outbox, one row a notice and recipient; who follows a request; up to where somebody has read."""
    db.executescript(f"""
        CREATE TABLE outbox (
            number       INTEGER PRIMARY KEY,
            event        INTEGER NOT NULL REFERENCES events (number),
            request      INTEGER NOT NULL REFERENCES requests (number),
            recipient    TEXT NOT NULL COLLATE NOCASE,
            message_id   TEXT NOT NULL UNIQUE,
            subject      TEXT NOT NULL,
            body         TEXT,  -- NULL once it was purged
            state        TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'failed', 'dead')),
            attempts     INTEGER NOT NULL CHECK (attempts >= 0),
            error        TEXT,
            created_at   TEXT NOT NULL CHECK (created_at {_INSTANT}),
            due_at       TEXT NOT NULL CHECK (due_at {_INSTANT}),
            sent_at      TEXT CHECK (sent_at {_INSTANT}),
            lease        TEXT,
            leased_until TEXT CHECK (leased_until {_INSTANT}),
            UNIQUE (event, recipient),
            CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
            CHECK ((lease IS NULL) = (leased_until IS NULL)),
            CHECK (body IS NOT NULL OR state = 'sent')
        ) STRICT;
        CREATE INDEX outbox_due ON outbox (due_at, number) WHERE state IN ('queued', 'failed');
        CREATE INDEX outbox_leased ON outbox (lease, number) WHERE lease IS NOT NULL;
        CREATE INDEX outbox_of_request ON outbox (request, number);
        CREATE INDEX outbox_to_purge ON outbox (sent_at) WHERE state = 'sent' AND body IS NOT NULL;

        CREATE TABLE followers (
            request    INTEGER NOT NULL REFERENCES requests (number),
            address    TEXT NOT NULL COLLATE NOCASE,
            created_at TEXT NOT NULL CHECK (created_at {_INSTANT}),
            PRIMARY KEY (request, address)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX followed_by ON followers (address, request);

        CREATE TABLE readings (
            reader  TEXT NOT NULL COLLATE NOCASE,
            request INTEGER NOT NULL REFERENCES requests (number),
            event   INTEGER NOT NULL,  -- the last one that the reader has seen
            PRIMARY KEY (reader, request)
        ) STRICT, WITHOUT ROWID;
    """)


@migrations()
def keys_and_words(db: Database) -> None:
    """Keys of names, how each event came in, one word for everything that expires; a new search index."""
    for table in ("tasks", "comments"):
        db.conn.execute(f"DROP TABLE {table}_fts")
    rebuild(db.conn)
    for what in INDEXED:
        create_index(db.conn, what)
        index_everything(db.conn, what)


@migrations()
def counters(db: Database) -> None:
    """Counts that belong to the store, such as wrong serials in a row."""
    db.conn.execute(
        "CREATE TABLE counters (name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) STRICT, WITHOUT ROWID"
    )


@migrations()
def sessions(db: Database) -> None:
    """Sessions of browsers, secrets of the store, events of the online store, and lists of a space by each column."""
    columns = f"""
            number     INTEGER PRIMARY KEY,
            digest     TEXT NOT NULL UNIQUE CHECK (length(digest) = 64),
            name       TEXT NOT NULL,
            email      TEXT,
            side       TEXT NOT NULL CHECK (side IN ('customer', 'desk', 'owner')),
            space      INTEGER REFERENCES spaces (number),
            created_at TEXT NOT NULL CHECK (created_at {_INSTANT}),
            expires_at TEXT NOT NULL CHECK (expires_at {_INSTANT}),"""
    db.executescript(f"""
        CREATE TABLE sign_ins ({columns}
            used_at    TEXT CHECK (used_at {_INSTANT}),
            CHECK ((side = 'customer') = (space IS NOT NULL))
        ) STRICT;

        CREATE TABLE sessions ({columns}
            seen_at    TEXT NOT NULL CHECK (seen_at {_INSTANT}),
            ended_at   TEXT CHECK (ended_at {_INSTANT}),
            CHECK ((side = 'customer') = (space IS NOT NULL))
        ) STRICT;

        CREATE TABLE keys (name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

        CREATE INDEX requests_of_space_by_task ON requests (space_key, task_key, number);
        CREATE INDEX requests_of_space_by_initiator ON requests (space_key, initiator_key, number);
        CREATE INDEX requests_of_space_by_status ON requests (space_key, status, number);
        CREATE INDEX open_requests_of_space ON requests (space_key, number) WHERE status <> 'Closed';

        CREATE TABLE redemptions (  -- the events of the online store
            link     INTEGER PRIMARY KEY NOT NULL REFERENCES links (number),
            event_id TEXT NOT NULL UNIQUE CHECK (event_id <> ''),
            request  INTEGER UNIQUE REFERENCES requests (number),
            refused  TEXT,
            CHECK (request IS NULL OR refused IS NULL)
        ) STRICT;
    """)
    allow_demo(db.conn)
