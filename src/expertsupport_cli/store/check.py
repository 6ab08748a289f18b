"""Is the store whole? The file, the schema, and every rule of the model, asked of the data."""

from __future__ import annotations

import sqlite3

from expertsupport_cli.errors import StoreBusy, StoreReadOnly, StoreUnusable
from expertsupport_cli.model.history import Kind
from expertsupport_cli.store.connection import Connection, literals
from expertsupport_cli.store.opening import open_empty

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_MOVED = f"e.new IS NOT NULL AND e.kind IN ({literals(kind for kind in Kind if kind.moves_status)})"
MAX_EXAMPLES = 20  # examples of one finding

# each query finds what breaks the rule
RULES = {
    "a certificate is used exactly if it opened a request": """
        SELECT 'C-' || c.number FROM certificates c LEFT JOIN requests r ON r.certificate = c.number
        WHERE (c.used_at IS NULL) <> (r.number IS NULL)""",
    "a used certificate was used when its request was opened": """
        SELECT 'C-' || c.number FROM certificates c JOIN requests r ON r.certificate = c.number
        WHERE c.used_at <> r.created_at""",
    "a task with a request never expires": """
        SELECT DISTINCT t.id FROM tasks t JOIN requests r ON r.task = t.number WHERE t.expires_at IS NOT NULL""",
    "a task has one request that is not closed, at most": """
        SELECT t.id FROM requests r JOIN tasks t ON t.number = r.task WHERE r.status <> 'Closed'
        GROUP BY r.task HAVING count(*) > 1""",
    "every request was activated, once": """
        SELECT 'ES-' || r.number FROM requests r WHERE 1 <> (SELECT count(*) FROM events e
        WHERE e.request = r.number AND e.kind = 'activated' AND e.certificate = r.certificate AND e.task = r.task)""",
    "a request has the status that its history gives it": f"""
        SELECT 'ES-' || r.number FROM requests r WHERE r.status <> (SELECT e.new FROM events e
        WHERE e.request = r.number AND {_MOVED} ORDER BY e.number DESC LIMIT 1)""",
    "each change of status starts from the one before": f"""
        SELECT 'event ' || number FROM (SELECT e.number, e.kind, e.old, lag(e.new) OVER
        (PARTITION BY e.request ORDER BY e.number) AS was FROM events e
        WHERE e.request IS NOT NULL AND {_MOVED}) WHERE kind <> 'activated' AND old IS NOT was""",
    "every comment has its event": """
        SELECT 'comment ' || k.number FROM comments k LEFT JOIN events e ON e.comment = k.number
        WHERE e.number IS NULL OR e.request <> k.request""",
    "notes are the desk's": """
        SELECT 'comment ' || k.number FROM comments k JOIN events e ON e.comment = k.number
        WHERE (k.kind = 'note') <> (e.kind = 'noted') OR (k.kind = 'note' AND k.side <> 'desk')""",
    "a purchase link was redeemed for a bought certificate": """
        SELECT 'L-' || l.number FROM links l JOIN certificates c ON c.number = l.certificate
        WHERE c.origin <> 'bought'""",
    "a link was used before it lapsed": """
        SELECT 'L-' || number FROM links WHERE used_at >= lapses_at""",
    "every task was added": """
        SELECT t.id FROM tasks t WHERE NOT EXISTS (SELECT 1 FROM events e
        WHERE e.task = t.number AND e.kind IN ('task_added', 'task_imported'))""",
    "the history has no gap": """
        SELECT 'event ' || (number + 1) FROM events e WHERE number < (SELECT max(number) FROM events)
        AND NOT EXISTS (SELECT 1 FROM events n WHERE n.number = e.number + 1)
        UNION ALL SELECT 'event 1' WHERE (SELECT min(number) FROM events) > 1""",
    "a notice is about its own request": """
        SELECT 'M-' || m.number FROM outbox m JOIN events e ON e.number = m.event WHERE e.request <> m.request""",
    "IDs T-n are counted": """
        SELECT id FROM tasks WHERE id <> 'T-' || counted
        OR counted IS NULL AND length(id) < 18 AND id = 'T-' || CAST(substr(id, 3) AS INTEGER)""",
}


def findings(store: Connection) -> Iterator[tuple[str, list[str]]]:
    """Each rule, and what breaks it: nothing, in a store that is whole."""
    yield "the file is whole", _file(store)
    yield "all references lead somewhere", _references(store)
    yield "the schema is as it should be", _schema(store)
    yield "the search index fits the text", _index(store)
    for rule, query in RULES.items():
        yield rule, _asked(store, f"{query} LIMIT {MAX_EXAMPLES}")


def _asked(store: Connection, query: str) -> list[str]:
    """The first column of a query; what the query itself fails with, if it does."""
    try:
        return [str(row[0]) for row in store.rows(query)]
    except (StoreUnusable, sqlite3.Error) as error:
        return [f"cannot be checked: {error}"]


def _file(store: Connection) -> list[str]:
    found = _asked(store, f"PRAGMA integrity_check({MAX_EXAMPLES})")
    return [] if found == ["ok"] else found


def _references(store: Connection) -> list[str]:
    return [f"{name}" for name in _asked(store, "PRAGMA foreign_key_check")][:MAX_EXAMPLES]


def _schema(store: Connection) -> list[str]:
    """Tables, indexes and triggers that are missing, changed or too many."""
    query = "SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'"
    fresh = open_empty()
    try:
        wanted = {row[0]: row[1] for row in fresh.execute(query)}
    finally:
        fresh.close()
    try:
        there = {row[0]: row[1] for row in store.rows(query)}
    except StoreUnusable as error:
        return [f"cannot be checked: {error}"]
    missing = [f"{name} is missing" for name in wanted if name not in there]
    changed = [f"{name} is changed" for name in wanted if name in there and there[name] != wanted[name]]
    return [*missing, *changed, *(f"{name} is not ours" for name in there if name not in wanted)][:MAX_EXAMPLES]


def _index(store: Connection) -> list[str]:
    """What the full-text index says when it compares itself with the text, for which it needs to be able to write."""
    broken = []
    for table in ("tasks", "comments"):
        try:
            with store.rehearsal():
                store.change(f"INSERT INTO {table}_fts ({table}_fts, rank) VALUES ('integrity-check', 1)")
        except (StoreReadOnly, StoreBusy):
            found = _asked(store, f"SELECT (SELECT count(*) FROM {table}) - (SELECT count(*) FROM {table}_fts_docsize)")
            broken += [] if found == ["0"] else [f"{table}_fts: {found[0]} rows are not indexed"]
        except (StoreUnusable, sqlite3.Error):
            broken.append(f"{table}_fts does not fit the text")
    return broken
