"""The certificates of version 5, which may be from the demo shop. The table is rebuilt as in `version3`."""

from __future__ import annotations

import sqlite3

from expertsupport_cli.store.sqlite.version3 import INSTANT


def allow_demo(db: sqlite3.Connection) -> None:
    """Let certificates have the origin `demo`, inside the caller's transaction, with foreign keys off."""
    db.execute(f"""
        CREATE TABLE new_certificates (
            number     INTEGER PRIMARY KEY,
            digest     TEXT NOT NULL UNIQUE CHECK (length(digest) = 64),
            last_group TEXT NOT NULL CHECK (length(last_group) = 4),
            origin     TEXT NOT NULL CHECK (origin IN ('issued', 'imported', 'bought', 'demo')),
            note       TEXT NOT NULL,
            created_at TEXT NOT NULL CHECK (created_at {INSTANT}),
            expires_at TEXT CHECK (expires_at {INSTANT}),
            revoked_at TEXT CHECK (revoked_at {INSTANT}),
            used_at    TEXT CHECK (used_at {INSTANT}),
            CHECK (revoked_at IS NULL OR used_at IS NULL)
        ) STRICT""")
    db.execute(
        "INSERT INTO new_certificates SELECT number, digest, last_group, origin, note, created_at, expires_at,"
        " revoked_at, used_at FROM certificates"
    )
    db.execute("DROP TABLE certificates")
    db.execute("ALTER TABLE new_certificates RENAME TO certificates")
