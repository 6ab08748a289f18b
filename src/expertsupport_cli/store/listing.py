"""The list of requests: filtered, sorted, searched, in pages."""

from __future__ import annotations

from expertsupport_cli.folding import fold_key
from expertsupport_cli.model.requests import Request, Status, Turn
from expertsupport_cli.record import Record
from expertsupport_cli.store.engine import INDEXED, Statements, literals
from expertsupport_cli.store.requests import SELECT_REQUEST, to_request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from expertsupport_cli.model.people import Actor

# sort fields and their columns; all but the status have an index; ties are broken by number
SORTS = {
    "created_at": "r.number",  # by number, because the clock may go back
    "updated_at": "r.updated_at",
    "id": "r.number",
    "task_id": "r.task_key",
    "task_name": "r.task_name_key",
    "initiator": "r.initiator_key",
    "status": "r.status",
    "space": "r.space_key",
}


class Place(Record):
    """Where a request stood in a list when it was shown: its sort key, and its number."""

    key: str
    number: int
    is_unanswered: bool = False

    @classmethod
    def of(cls, request: Request, sort: str) -> Place:
        """The place of a request in the order of a sort field."""
        keys = {
            "updated_at": request.updated_at,
            "task_id": fold_key(request.task),
            "task_name": fold_key(request.task_name),
            "initiator": fold_key(request.initiator),
            "status": str(request.status),
            "space": fold_key(request.space),
        }
        return cls(key=keys.get(sort, ""), number=request.number)

    @classmethod
    def in_queue(cls, request: Request) -> Place:
        """The place of a request in the desk's queue."""
        since = request.unanswered_since
        return cls(key=since or request.turn_since, number=request.number, is_unanswered=since is not None)


COMMON_PHRASE = 2_000  # tasks or comments that have the phrase

# filters with one value: the condition, and what is done to the value; names are compared in any case
_CONDITIONS: dict[str, tuple[str, Callable[[str], str]]] = {
    "space": ("r.space_key = :space", fold_key),
    "task": ("r.task_key = :task", fold_key),
    "initiator": ("(r.initiator_key = :initiator OR r.email_key = :initiator)", fold_key),
    "since": ("r.created_at >= :since", str),
    "until": ("r.created_at < :until", str),
}


def _opened_by(who: Actor, values: dict[str, Any]) -> str:
    """SQL for: this customer is the initiator, by the rule of `Actor.is_person`."""
    values["me"] = fold_key(who.name)
    if who.email is None:
        return "r.initiator_key = :me"
    values["my_email"] = fold_key(who.email)
    return "(r.email_key = :my_email OR (r.email_key IS NULL AND r.initiator_key = :me))"


class Wanted(Record):
    """A filter for requests. `since` and `until` (exclusive) are instants; all `words` must match task or comments.

    With too many words, the query raises BadUsage.
    """

    space: str | None = None
    task: str | None = None
    initiator: str | None = None  # a name or an address
    opened_by: Actor | None = None  # the initiator, as `Actor.is_person` decides
    statuses: Sequence[Status] | None = None
    turn: Turn | None = None
    since: str | None = None
    until: str | None = None
    words: Sequence[str] = ()
    unanswered: bool = False  # those on which the customer's side spoke last


class Listing(Statements):
    def requests(
        self,
        wanted: Wanted,
        sort: str = "created_at",
        *,
        ascending: bool = False,
        limit: int | None = None,
        after: Place | None = None,
    ) -> Iterator[Request]:
        """Requests in the order of a sort field, descending unless `ascending`, in pages.

        Only those that follow the place `after`, if it is given.
        """
        where, values = self._where(wanted)
        key, direction, beyond = SORTS[sort], *(("ASC", ">") if ascending else ("DESC", "<"))
        rows = self.paged(
            f"{SELECT_REQUEST.replace('SELECT', f'SELECT {key} AS sort_key,', 1)} WHERE {where}",
            f"({key}, r.number) {beyond} (:key, :before)",
            f"{key} {direction}, r.number {direction}",
            values,
            limit,
            lambda last: {"key": last["sort_key"], "before": last["number"]},
            {"key": after.number if key == "r.number" else after.key, "before": after.number} if after else None,
        )
        return map(to_request, rows)

    def count_requests(self, wanted: Wanted) -> int:
        where, values = self._where(wanted)
        joined = "requests r JOIN tasks t ON t.number = r.task JOIN spaces s ON s.number = r.space"
        return int(self.value(f"SELECT count(*) FROM {joined} WHERE {where}", **values))

    def queue(
        self,
        space: str | None = None,
        limit: int | None = None,
        *,
        unanswered: bool = False,
        after: Place | None = None,
    ) -> Iterator[Request]:
        """Requests that wait for the desk: first the unanswered, then the others; each part longest waiting first.

        Only those that follow the place `after`, if it is given.
        """
        count = 0
        if after is None or after.is_unanswered:
            for request in self._waiting("r.unanswered_since", "r.unanswered_since IS NOT NULL", space, limit, after):
                count += 1
                yield request
            after = None
        if not unanswered:
            rest = None if limit is None else limit - count
            yield from self._waiting("r.turn_since", "r.unanswered_since IS NULL", space, rest, after)

    def _waiting(
        self, since: str, which: str, space: str | None, limit: int | None, after: Place | None
    ) -> Iterator[Request]:
        """Requests that wait for the desk, sorted by the time `since`, which has an index."""
        in_space = " AND r.space_key = :space" if space else ""
        rows = self.paged(
            f"{SELECT_REQUEST} WHERE r.status IN ({literals(Turn.DESK.statuses)}) AND {which}{in_space}",
            f"({since}, r.number) > (:since, :before)",
            f"{since}, r.number",
            {"space": fold_key(space or "")},
            limit,
            lambda last: {"since": last[since.removeprefix("r.")], "before": last["number"]},
            {"since": after.key, "before": after.number} if after else None,
        )
        return map(to_request, rows)

    def count_queue(self, space: str | None = None, *, unanswered: bool = False) -> int:
        """How many requests wait for the desk."""
        return self.count_requests(Wanted(space=space, turn=Turn.DESK, unanswered=unanswered))

    def _where(self, wanted: Wanted) -> tuple[str, dict[str, Any]]:
        """The SQL condition for a filter, and its values."""
        where: list[str] = []
        values: dict[str, Any] = {}
        for name, (condition, convert) in _CONDITIONS.items():
            if getattr(wanted, name) is not None:
                where.append(condition)
                values[name] = convert(getattr(wanted, name))
        if wanted.opened_by:
            where.append(_opened_by(wanted.opened_by, values))
        for name, allowed in (("status", wanted.statuses), ("turn", wanted.turn.statuses if wanted.turn else None)):
            if allowed is not None:
                marks = ", ".join(f":{name}{i}" for i in range(len(allowed)))
                where.append(f"r.status IN ({marks})" if allowed else "FALSE")
                values |= {f"{name}{i}": status for i, status in enumerate(allowed)}
                if Status.CLOSED not in allowed:  # there is an index for the open ones, which may be few
                    where.append(f"r.status <> '{Status.CLOSED}'")
        if wanted.unanswered:
            where.append("r.unanswered_since IS NOT NULL")
        if wanted.words:
            from expertsupport_cli.search import phrases

            for i, phrase in enumerate(phrases(wanted.words)):
                values[f"phrase{i}"] = self.engine.expression(phrase)
                where.append(self._has(f":phrase{i}", values) if phrase.lexemes else "FALSE")
        return " AND ".join(where) or "TRUE", values

    def _has(self, phrase: str, values: dict[str, Any]) -> str:
        """SQL for: the phrase is in the name or ID of the request's task, or in a comment that is not a note."""
        tasks, comments = (self.engine.numbers_with(what, phrase) for what in INDEXED)
        found = (
            f"(r.task IN ({tasks}) OR r.number IN (SELECT k.request FROM comments k WHERE k.number IN ({comments})))"
        )
        # A rare phrase is looked up in the index. A common one is tested for each request, in the order of the list,
        # because otherwise all matches would be sorted for each page; IS TRUE keeps the engine from the index.
        hits = (f"SELECT count(*) FROM ({query} LIMIT {COMMON_PHRASE}) AS hits" for query in (tasks, comments))
        return f"{found} IS TRUE" if any(self.value(query, **values) == COMMON_PHRASE for query in hits) else found
