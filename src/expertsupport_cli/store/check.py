"""Checks whether the store is intact: every rule of the model, and the checks of the engine."""

from __future__ import annotations

from functools import partial
from itertools import islice

from expertsupport_cli.errors import StoreUnusable
from expertsupport_cli.folding import fold_key
from expertsupport_cli.ids import CERTIFICATE, LINK, MAIL, REQUEST, task_count, write_id
from expertsupport_cli.model.history import Kind
from expertsupport_cli.store.engine import Statements, literals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from expertsupport_cli.store.engine import Row

MAX_EXAMPLES = 20  # examples of one finding

_MOVED = f"e.new IS NOT NULL AND e.kind IN ({literals(kind for kind in Kind if kind.moves_status)})"

_certificate = partial(write_id, CERTIFICATE)
_link = partial(write_id, LINK)
_mail = partial(write_id, MAIL)
_request = partial(write_id, REQUEST)
_comment = "comment {}".format
_event = "event {}".format
_task = str

# each rule: a query that finds what breaks it, and a function that names a finding
RULES: dict[str, tuple[str, Callable[[Any], str]]] = {
    "a certificate is used if and only if it opened a request": (
        "SELECT c.number FROM certificates c LEFT JOIN requests r ON r.certificate = c.number"
        " WHERE (c.used_at IS NULL) <> (r.number IS NULL)",
        _certificate,
    ),
    "a used certificate was used when its request was opened": (
        "SELECT c.number FROM certificates c JOIN requests r ON r.certificate = c.number"
        " WHERE c.used_at <> r.created_at",
        _certificate,
    ),
    "a task with a request never expires": (
        "SELECT DISTINCT t.id FROM tasks t JOIN requests r ON r.task = t.number WHERE t.expires_at IS NOT NULL",
        _task,
    ),
    "a task has at most one open request": (
        "SELECT t.id FROM requests r JOIN tasks t ON t.number = r.task WHERE r.closed_at IS NULL"
        " GROUP BY t.id HAVING count(*) > 1",
        _task,
    ),
    "every request was activated exactly once": (
        "SELECT r.number FROM requests r WHERE 1 <> (SELECT count(*) FROM events e WHERE e.request = r.number"
        " AND e.kind = 'activated' AND e.certificate = r.certificate AND e.task = r.task)",
        _request,
    ),
    "the status of a request matches its history": (
        "SELECT r.number FROM requests r WHERE r.status <> (SELECT e.new FROM events e"
        f" WHERE e.request = r.number AND {_MOVED} ORDER BY e.number DESC LIMIT 1)",
        _request,
    ),
    "each status change starts from the previous status": (
        "SELECT m.number FROM (SELECT e.number, e.kind, e.old, lag(e.new) OVER"
        " (PARTITION BY e.request ORDER BY e.number) AS was FROM events e"
        f" WHERE e.request IS NOT NULL AND {_MOVED}) AS m WHERE m.kind <> 'activated' AND m.old IS DISTINCT FROM m.was",
        _event,
    ),
    "every comment has its event": (
        "SELECT k.number FROM comments k LEFT JOIN events e ON e.comment = k.number"
        " WHERE e.number IS NULL OR e.request <> k.request",
        _comment,
    ),
    "only the desk writes notes": (
        "SELECT k.number FROM comments k JOIN events e ON e.comment = k.number"
        " WHERE (k.kind = 'note') <> (e.kind = 'noted') OR (k.kind = 'note' AND k.side <> 'desk')",
        _comment,
    ),
    "a purchase link was redeemed for a bought certificate": (
        "SELECT l.number FROM links l JOIN certificates c ON c.number = l.certificate"
        " WHERE c.origin NOT IN ('bought', 'demo')",
        _link,
    ),
    "an event of the online store has redeemed its link": (
        "SELECT l.number FROM redemptions d JOIN links l ON l.number = d.link LEFT JOIN requests r"
        " ON r.number = d.request WHERE l.used_at IS NULL OR r.certificate <> l.certificate",
        _link,
    ),
    "a link was used before it expired": (
        "SELECT l.number FROM links l WHERE l.used_at >= l.expires_at",
        _link,
    ),
    "every task was added": (
        "SELECT t.id FROM tasks t WHERE NOT EXISTS (SELECT 1 FROM events e"
        " WHERE e.task = t.number AND e.kind IN ('task_added', 'task_imported'))",
        _task,
    ),
    "the history has no gap": (
        "SELECT e.number + 1 FROM events e WHERE e.number < (SELECT max(number) FROM events)"
        " AND NOT EXISTS (SELECT 1 FROM events n WHERE n.number = e.number + 1)"
        " UNION ALL SELECT 1 WHERE (SELECT min(number) FROM events) > 1",
        _event,
    ),
    "a notice is about the request of its event": (
        "SELECT m.number FROM outbox m JOIN events e ON e.number = m.event WHERE e.request <> m.request",
        _mail,
    ),
}


def findings(store: Statements) -> Iterator[tuple[str, list[str]]]:
    """Yield each rule with what breaks it: an empty list in an intact store."""
    yield from store.engine.findings()
    for rule, (query, name) in RULES.items():
        yield rule, _examples(name(row[0]) for row in _rows(store, f"{query} LIMIT {MAX_EXAMPLES}"))
    for rule, broken in RULES_IN_PYTHON.items():
        yield rule, _examples(broken(store))


def _rows(store: Statements, query: str) -> Iterator[Row]:
    """The rows of a query, which runs only when the first row is needed."""
    yield from store.rows(query)


def _examples(found: Iterable[str]) -> list[str]:
    """The first findings; or the error, if the search for them fails."""
    try:
        return list(islice(found, MAX_EXAMPLES))
    except StoreUnusable as error:
        return [f"cannot be checked: {error}"]


def _miscounted(store: Statements) -> Iterator[str]:
    rows = store.newest_first("SELECT t.number, t.id, t.counted FROM tasks t WHERE TRUE", "t.number", {}, None)
    return (row["id"] for row in rows if row["counted"] != task_count(row["id"]))


def _misfolded(store: Statements) -> Iterator[str]:
    for table, (names, joined) in _FOLDED.items():
        pairs = ", ".join(f"{name} AS name{i}, x.{key} AS key{i}" for i, (key, name) in enumerate(names.items()))
        query = f"SELECT x.number, {pairs} FROM {table} x {joined} WHERE TRUE"
        for row in store.newest_first(query, "x.number", {}, None):
            for i, key in enumerate(names):
                name = row[f"name{i}"]
                if row[f"key{i}"] != (None if name is None else fold_key(name)):
                    yield f"{key} in {table} {row['number']}"


# for each table: its key columns with the names that they are the keys of, and a join for those
_FOLDED = {
    "spaces": ({"name_key": "x.name"}, ""),
    "tasks": ({"id_key": "x.id"}, ""),
    "partners": ({"name_key": "x.name"}, ""),
    "requests": (
        {
            "task_key": "t.id",
            "task_name_key": "t.name",
            "space_key": "s.name",
            "initiator_key": "x.initiator",
            "email_key": "x.initiator_email",
        },
        "JOIN tasks t ON t.number = x.task JOIN spaces s ON s.number = x.space",
    ),
    "outbox": ({"recipient_key": "x.recipient"}, ""),
}


def _misfolded_followers(store: Statements) -> Iterator[str]:
    rows = store.paged(
        "SELECT f.request, f.address, f.address_key FROM followers f WHERE TRUE",
        "(f.request, f.address_key) > (:request, :address)",
        "f.request, f.address_key",
        {},
        None,
        lambda last: {"request": last["request"], "address": last["address_key"]},
    )
    return (_request(row["request"]) for row in rows if row["address_key"] != fold_key(row["address"]))


RULES_IN_PYTHON: dict[str, Callable[[Statements], Iterator[str]]] = {
    "IDs of the form T-N are counted": _miscounted,
    "comparison keys match their names": _misfolded,
    "comparison keys match their addresses": _misfolded_followers,
}
