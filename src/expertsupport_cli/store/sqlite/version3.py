"""The tables of version 3: names have folded keys beside them, and events say how they came in.

The tables are rebuilt and copied, as SQLite's documentation describes for changes that ALTER TABLE cannot make: foreign
keys are switched off before the transaction begins, and checked before it ends.
"""

from __future__ import annotations

import sqlite3
from itertools import count

from expertsupport_cli.folding import MAX_KEY, fold, fold_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

INSTANT = "LIKE '____-__-__T__:__:__Z'"

# who spoke last on a request, to open it or with a message that is not a note
_SPOKEN = "(e.kind = 'activated' OR e.comment IS NOT NULL AND e.kind <> 'noted')"
_LAST = f"(SELECT {{0}} FROM events e WHERE e.request = r.number AND {_SPOKEN} ORDER BY e.number DESC LIMIT 1)"
_UNANSWERED = f"""(SELECT e.at FROM events e WHERE e.request = r.number AND e.side <> 'desk'
    AND (e.kind = 'reopened' OR {_SPOKEN}) AND e.number > coalesce((SELECT max(d.number) FROM events d
    WHERE d.request = r.number AND d.side = 'desk' AND d.comment IS NOT NULL AND d.kind <> 'noted'), 0)
    ORDER BY e.number LIMIT 1)"""
_LAST_SIDE = "CASE e.side WHEN 'desk' THEN 'desk' ELSE 'customer' END"

# for each table: its columns, and the query that fills them
TABLES = {
    "spaces": (
        f"""
            number        INTEGER PRIMARY KEY,
            name          TEXT NOT NULL,
            name_key      TEXT NOT NULL UNIQUE,  -- the name as it is compared, and so for every key
            title         TEXT NOT NULL,
            task_lifetime INTEGER CHECK (task_lifetime > 0),
            task_limit    INTEGER CHECK (task_limit >= 0),
            blocked       INTEGER NOT NULL CHECK (blocked IN (0, 1)),
            created_at    TEXT NOT NULL CHECK (created_at {INSTANT})
        ) STRICT""",
        "SELECT number, name, fold_key(name), title, task_lifetime, task_limit, blocked, created_at FROM spaces",
    ),
    "tasks": (
        f"""
            number      INTEGER PRIMARY KEY,
            id          TEXT NOT NULL,
            id_key      TEXT NOT NULL UNIQUE,
            counted     INTEGER UNIQUE,  -- the n of an ID T-n, from which the next one is counted
            space       INTEGER NOT NULL REFERENCES spaces (number),
            name        TEXT NOT NULL CHECK (name <> ''),
            description TEXT NOT NULL,
            creator     TEXT NOT NULL,
            created_at  TEXT NOT NULL CHECK (created_at {INSTANT}),
            closed_at   TEXT CHECK (closed_at {INSTANT}),
            expires_at  TEXT CHECK (expires_at {INSTANT}),
            UNIQUE (number, space)
        ) STRICT""",
        "SELECT number, id, fold_key(id), counted, space, name, description, creator, created_at, closed_at, expires_at"
        " FROM tasks",
    ),
    "certificates": (
        f"""
            number     INTEGER PRIMARY KEY,
            digest     TEXT NOT NULL UNIQUE CHECK (length(digest) = 64),
            last_group TEXT NOT NULL CHECK (length(last_group) = 4),
            origin     TEXT NOT NULL CHECK (origin IN ('issued', 'imported', 'bought')),
            note       TEXT NOT NULL,
            created_at TEXT NOT NULL CHECK (created_at {INSTANT}),
            expires_at TEXT CHECK (expires_at {INSTANT}),
            revoked_at TEXT CHECK (revoked_at {INSTANT}),
            used_at    TEXT CHECK (used_at {INSTANT}),
            CHECK (revoked_at IS NULL OR used_at IS NULL)
        ) STRICT""",
        "SELECT number, digest, last_group, origin, note, created_at, valid_until, revoked_at, used_at"
        " FROM certificates",
    ),
    "links": (
        f"""
            number      INTEGER PRIMARY KEY,
            digest      TEXT NOT NULL UNIQUE CHECK (length(digest) = 64),
            task        INTEGER NOT NULL REFERENCES tasks (number),
            creator     TEXT NOT NULL,
            created_at  TEXT NOT NULL CHECK (created_at {INSTANT}),
            expires_at  TEXT NOT NULL CHECK (expires_at {INSTANT}),
            used_at     TEXT CHECK (used_at {INSTANT}),
            revoked_at  TEXT CHECK (revoked_at {INSTANT}),
            certificate INTEGER UNIQUE REFERENCES certificates (number),
            CHECK (revoked_at IS NULL OR used_at IS NULL),
            CHECK ((used_at IS NULL) = (certificate IS NULL))
        ) STRICT""",
        "SELECT number, digest, task, creator, created_at, lapses_at, used_at, revoked_at, certificate FROM links",
    ),
    "partners": (
        f"""
            number     INTEGER PRIMARY KEY,
            name       TEXT NOT NULL,
            name_key   TEXT NOT NULL UNIQUE,
            url        TEXT NOT NULL,
            created_at TEXT NOT NULL CHECK (created_at {INSTANT})
        ) STRICT""",
        "SELECT number, name, fold_key(name), url, created_at FROM partners",
    ),
    "requests": (
        f"""
            number          INTEGER PRIMARY KEY,
            token           TEXT NOT NULL UNIQUE CHECK (length(token) >= 22),
            task            INTEGER NOT NULL,
            task_key        TEXT NOT NULL,  -- of the task's ID
            task_name_key   TEXT NOT NULL,
            space           INTEGER NOT NULL,
            space_key       TEXT NOT NULL,
            certificate     INTEGER NOT NULL UNIQUE REFERENCES certificates (number),
            status          TEXT NOT NULL CHECK (status IN ('New', 'Acknowledged', 'Waiting', 'Closed')),
            initiator       TEXT NOT NULL,
            initiator_key   TEXT NOT NULL,
            initiator_email TEXT,
            email_key       TEXT,
            created_at      TEXT NOT NULL CHECK (created_at {INSTANT}),
            updated_at      TEXT NOT NULL CHECK (updated_at {INSTANT}),
            closed_at       TEXT CHECK (closed_at {INSTANT}),
            turn_since      TEXT NOT NULL CHECK (turn_since {INSTANT}),
            last_by         TEXT NOT NULL,  -- who spoke last
            last_side       TEXT NOT NULL CHECK (last_side IN ('customer', 'desk')),
            last_at         TEXT NOT NULL CHECK (last_at {INSTANT}),
            unanswered_since TEXT CHECK (unanswered_since {INSTANT}),  -- NULL after the desk has spoken
            FOREIGN KEY (task, space) REFERENCES tasks (number, space),
            CHECK ((initiator_email IS NULL) = (email_key IS NULL)),
            CHECK ((status = 'Closed') = (closed_at IS NOT NULL))
        ) STRICT""",
        "SELECT r.number, token, task, fold_key(t.id), fold_key(t.name), r.space, fold_key(s.name), certificate,"
        " status, initiator, fold_key(initiator), initiator_email, fold_key(initiator_email), r.created_at, updated_at,"
        f" r.closed_at, turn_since, {_LAST.format('e.actor')}, {_LAST.format(_LAST_SIDE)}, {_LAST.format('e.at')},"
        f" {_UNANSWERED}"
        " FROM requests r LEFT JOIN tasks t ON t.number = r.task LEFT JOIN spaces s ON s.number = r.space",
    ),
    "events": (
        f"""
            number      INTEGER PRIMARY KEY,
            at          TEXT NOT NULL CHECK (at {INSTANT}),
            actor       TEXT NOT NULL,
            actor_email TEXT,
            side        TEXT NOT NULL CHECK (side IN ('customer', 'desk', 'owner')),
            via         TEXT NOT NULL CHECK (via IN ('cli', 'web', 'mail')),
            kind        TEXT NOT NULL,
            old         TEXT,
            new         TEXT,
            space       INTEGER REFERENCES spaces (number),
            task        INTEGER REFERENCES tasks (number),
            request     INTEGER REFERENCES requests (number),
            certificate INTEGER REFERENCES certificates (number),
            link        INTEGER REFERENCES links (number),
            comment     INTEGER UNIQUE REFERENCES comments (number)
        ) STRICT""",
        "SELECT number, at, actor, NULL, side, 'cli', kind, old, new, space, task, request, certificate, link, comment"
        " FROM events",
    ),
    "outbox": (
        f"""
            number        INTEGER PRIMARY KEY,
            event         INTEGER NOT NULL REFERENCES events (number),
            request       INTEGER NOT NULL REFERENCES requests (number),
            recipient     TEXT NOT NULL,
            recipient_key TEXT NOT NULL,
            message_id    TEXT NOT NULL UNIQUE,
            subject       TEXT NOT NULL,
            body          TEXT,  -- NULL once it was purged
            state         TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'failed', 'dead')),
            attempts      INTEGER NOT NULL CHECK (attempts >= 0),
            error         TEXT,
            created_at    TEXT NOT NULL CHECK (created_at {INSTANT}),
            due_at        TEXT NOT NULL CHECK (due_at {INSTANT}),
            sent_at       TEXT CHECK (sent_at {INSTANT}),
            lease         TEXT,
            leased_until  TEXT CHECK (leased_until {INSTANT}),
            UNIQUE (event, recipient_key),
            CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
            CHECK ((lease IS NULL) = (leased_until IS NULL)),
            CHECK (body IS NOT NULL OR state = 'sent')
        ) STRICT""",
        "SELECT number, event, request, recipient, fold_key(recipient), message_id, subject, body, state, attempts,"
        " error, created_at, due_at, sent_at, lease, leased_until FROM outbox",
    ),
    "followers": (
        f"""
            request     INTEGER NOT NULL REFERENCES requests (number),
            address     TEXT NOT NULL,
            address_key TEXT NOT NULL,
            created_at  TEXT NOT NULL CHECK (created_at {INSTANT}),
            PRIMARY KEY (request, address_key)
        ) STRICT, WITHOUT ROWID""",
        "SELECT request, address, fold_key(address), created_at FROM followers",
    ),
    "readings": (
        """
            reader  TEXT NOT NULL,  -- the key of a name
            request INTEGER NOT NULL REFERENCES requests (number),
            event   INTEGER NOT NULL,  -- the last one that the reader has seen
            PRIMARY KEY (reader, request)
        ) STRICT, WITHOUT ROWID""",
        "SELECT fold_key(reader), request, max(event) FROM readings GROUP BY fold_key(reader), request",
    ),
}
INDEXES = """
    CREATE INDEX tasks_of_space ON tasks (space, number);
    CREATE INDEX links_of_task ON links (task);
    CREATE UNIQUE INDEX one_open_request_a_task ON requests (task) WHERE status <> 'Closed';
    CREATE INDEX requests_of_task ON requests (task, number);
    CREATE INDEX requests_by_task ON requests (task_key, number);
    CREATE INDEX requests_by_task_name ON requests (task_name_key, number);
    CREATE INDEX requests_of_space ON requests (space_key, number);
    CREATE INDEX requests_of_space_by_task_name ON requests (space_key, task_name_key, number);
    CREATE INDEX requests_of_initiator ON requests (initiator_key, number);
    CREATE INDEX requests_of_email ON requests (email_key, number);
    CREATE INDEX requests_by_change ON requests (updated_at, number);
    CREATE INDEX requests_unanswered ON requests (unanswered_since, number)
        WHERE status IN ('New', 'Acknowledged') AND unanswered_since IS NOT NULL;
    CREATE INDEX requests_at_the_desk ON requests (turn_since, number) WHERE status IN ('New', 'Acknowledged');
    CREATE INDEX events_of_task ON events (task, number);
    CREATE INDEX events_of_request ON events (request, number);
    CREATE INDEX events_of_certificate ON events (certificate, number) WHERE certificate IS NOT NULL;
    CREATE INDEX events_of_link ON events (link, number) WHERE link IS NOT NULL;
    CREATE INDEX outbox_due ON outbox (due_at, number) WHERE state IN ('queued', 'failed');
    CREATE INDEX outbox_leased ON outbox (lease, number) WHERE lease IS NOT NULL;
    CREATE INDEX outbox_of_request ON outbox (request, number);
    CREATE INDEX outbox_to_purge ON outbox (sent_at) WHERE state = 'sent' AND body IS NOT NULL;
    CREATE INDEX followed_by ON followers (address_key, request)
"""


def rebuild(db: sqlite3.Connection) -> None:
    """Rebuild the tables and copy their rows, inside the caller's transaction, with foreign keys off."""
    db.create_function("fold_key", 1, lambda name: None if name is None else fold_key(name), deterministic=True)
    _rename_duplicate_partners(db)
    for table, (columns, _) in TABLES.items():
        db.execute(f"CREATE TABLE new_{table} ({columns}")
    for table, (_, rows) in TABLES.items():
        # two addresses with the same key count as one follower or recipient
        db.execute(f"INSERT {'OR IGNORE ' if table in ('outbox', 'followers') else ''}INTO new_{table} {rows}")
    for table in TABLES:
        db.execute(f"DROP TABLE {table}")
        db.execute(f"ALTER TABLE new_{table} RENAME TO {table}")
    for index in INDEXES.split(";"):
        db.execute(index)
    for verb in ("UPDATE", "DELETE"):
        db.execute(
            f"CREATE TRIGGER events_no_{verb.lower()} BEFORE {verb} ON events"
            " BEGIN SELECT RAISE(ABORT, 'history is append-only'); END"
        )


def _rename_duplicate_partners(db: sqlite3.Connection) -> None:
    """Append a number to partners' names that have the same key as an earlier partner's."""
    partners = db.execute("SELECT number, name FROM partners ORDER BY number").fetchall()
    taken = {fold_key(name) for _, name in partners}
    seen: set[str] = set()
    for number, name in partners:
        if fold_key(name) in seen:
            renamed = next(renamed for renamed in _numbered_names(name) if fold_key(renamed) not in taken)
            taken.add(fold_key(renamed))
            db.execute("UPDATE partners SET name = ? WHERE number = ?", (renamed, number))
        seen.add(fold_key(name))


def _numbered_names(name: str) -> Iterator[str]:
    """Yield the name followed by (2), (3) and so on, shortened so that its key is not cut."""
    while len(fold(name)) > MAX_KEY - 10:
        name = name[:-1]
    return (f"{name} ({number})" for number in count(2))
