"""A store with any number of requests, filled quickly: each with a task, a certificate, a comment and four events."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Mapping
from contextlib import closing

AT = "2026-01-31T09:30:00Z"
_STATEMENTS = (
    "INSERT INTO tasks (number, id, id_key, counted, space, name, description, creator, created_at)"
    " SELECT i, 'T-' || i, 't-' || i, i, 1, 'The printer is on fire, again: ' || i, '', 'ann', :at FROM n",
    "INSERT INTO certificates (number, digest, last_group, origin, note, created_at, used_at)"
    " SELECT i, printf('%064d', i), printf('%04d', i % 10000), 'issued', '', :at, :at FROM n",
    "INSERT INTO requests (number, token, task, task_key, task_name_key, space, space_key, certificate, status,"
    " initiator, initiator_key, created_at, updated_at, turn_since, last_by, last_side, last_at, unanswered_since)"
    " SELECT i, printf('%032d', i), i, 't-' || i, 'the printer is on fire, again: ' || i, 1, 'acme', i, 'New',"
    " 'ann', 'ann', :at, :at, :at, 'ann', 'customer', :at, :at FROM n",
    "INSERT INTO comments (number, request, author, side, kind, body, created_at)"
    " SELECT i, i, 'ann', 'customer', 'comment', 'It started when I printed page ' || i || '.', :at FROM n",
    "INSERT INTO events (number, at, actor, side, via, kind, old, new, space, task, request, certificate, comment)"
    " SELECT 4 * i - 2, :at, 'ann', 'customer', 'cli', 'task_added', NULL, NULL, 1, i, NULL, NULL, NULL FROM n"
    " UNION ALL SELECT 4 * i - 1, :at, 'olga', 'owner', 'cli', 'certificate_issued', NULL, NULL, NULL, NULL, NULL, i,"
    " NULL FROM n"
    " UNION ALL SELECT 4 * i, :at, 'ann', 'customer', 'cli', 'activated', NULL, 'New', 1, i, i, i, NULL FROM n"
    " UNION ALL SELECT 4 * i + 1, :at, 'ann', 'customer', 'cli', 'commented', NULL, NULL, 1, i, i, i, i FROM n",
)


def fill(es: str, env: Mapping[str, str], path: str, requests: int) -> None:
    """Create a store at a path with so many requests. It passes `es db check`, but for the search index."""
    subprocess.run([es, "--store", path, "space", "add", "acme"], env=env, capture_output=True, check=True)
    with closing(sqlite3.connect(path)) as db, db:
        for statement in _STATEMENTS:
            numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
            db.execute(f"{numbers} {statement}", {"count": requests, "at": AT})
