"""Lists of requests: the desk's queue, and those of a space, filtered, searched and sorted."""

from __future__ import annotations

from expertsupport_cli import times
from expertsupport_cli.errors import BadUsage
from expertsupport_cli.model.people import Side
from expertsupport_cli.model.requests import OPEN, Status, Turn
from expertsupport_cli.search import words_of
from expertsupport_cli.store import Wanted
from expertsupport_cli.store.listing import Place
from expertsupport_cli.web.paging import ROWS, place_before, without_one_more
from expertsupport_cli.web.painting import readable
from expertsupport_cli.web.spaces import space_of
from expertsupport_cli.web.visit import refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from starlette.responses import Response

    from expertsupport_cli.model.requests import Request
    from expertsupport_cli.web.visit import Visit

ALL, ANY_OPEN = "", "open"
STATUSES = {ALL: "All", ANY_OPEN: "Open", **{str(status).lower(): str(status) for status in Status}}
TURNS = {ALL: "Anybody", **{str(turn): str(turn) for turn in Turn}}
# the columns of the list, and the fields that sort it
COLUMNS = {
    "id": "ID",
    "task_name": "Task name",
    "task_id": "Task ID",
    "initiator": "Initiator",
    "created_at": "Created",
    "status": "Status",
}
NEWEST_FIRST = ("id", "created_at")  # the columns that are sorted downwards at first
DEFAULT_SORT = "created_at"


def queue(visit: Visit) -> Response:
    """What is waiting for the desk, longest wait first."""
    visit.needs(Side.DESK, Side.OWNER)
    after = _place(visit)
    waiting, more = without_one_more(visit.store.queue(None, ROWS + 1, unanswered=False, after=after))
    place = Place.in_queue(waiting[-1]) if more else None
    first = visit.further() if after else None
    return visit.html("queue.html", requests=waiting, further=_further(visit, place), first=first)


def of_space(visit: Visit) -> Response:
    """The requests of a space: what the query asks for, newest first."""
    space = space_of(visit)
    query = {name: visit.query.get(name, "") for name in ("search", "status", "turn", "initiator", "since", "until")}
    sort = visit.query.get("sort", DEFAULT_SORT)
    sort = sort if sort in COLUMNS else DEFAULT_SORT
    ascending = (sort not in NEWEST_FIRST) != bool(visit.query.get("reverse"))
    rows: list[Request] = []
    more, refused = False, None
    after = _place(visit)
    try:
        wanted = _wanted(query, space.name, visit.at)
        found = visit.store.requests(wanted, sort, ascending=ascending, limit=ROWS + 1, after=after)
        rows, more = without_one_more(found)
    except BadUsage as fault:
        refused = fault
    said, status = refusal(refused)
    return visit.html(
        "list.html",
        status,
        requests=rows,
        space=space,
        query={name: readable(value) for name, value in query.items()},
        filtered=any(query.values()),
        statuses=STATUSES,
        turns=TURNS,
        columns={name: (title, _sorted_by(visit, name, sort)) for name, title in COLUMNS.items()},
        sort=sort,
        ascending=ascending,
        further=_further(visit, Place.of(rows[-1], sort) if more else None),
        first=visit.further() if after else None,
        fault=said,
    )


def home(visit: Visit) -> Response:
    """Where a session belongs: a customer's space, the desk's queue, the owner's spaces."""
    session = visit.needs(*Side)
    if session.side is Side.CUSTOMER:
        return visit.go_to("spaces", str(session.space))
    return visit.go_to("desk" if session.side is Side.DESK else "spaces")


def _wanted(query: dict[str, str], space: str, now: str) -> Wanted:
    """The filter in a query. Raises BadUsage."""
    status, turn = query["status"].lower(), query["turn"].lower()
    if status not in STATUSES or turn not in TURNS:
        raise BadUsage("Unknown status or turn.", "Choose one from the list.")
    statuses = {ALL: None, ANY_OPEN: list(OPEN), **{str(each).lower(): [each] for each in Status}}[status]
    return Wanted(
        space=space,
        initiator=query["initiator"].strip() or None,
        statuses=statuses,
        turn=Turn(turn) if turn else None,
        since=times.parse_moment(query["since"], now) if query["since"] else None,
        until=times.parse_moment(query["until"], now) if query["until"] else None,
        words=words_of(query["search"]) if query["search"].strip() else [],
    )


def _sorted_by(visit: Visit, name: str, sort: str) -> str:
    """The address of the same list sorted by a column; once more, in the other direction."""
    query = {key: value for key, value in visit.query.items() if key not in ("sort", "reverse", "after", "key")}
    turned = name == sort and not visit.query.get("reverse")
    return visit.with_query({**query, "sort": name, **({"reverse": "1"} if turned else {})})


def _place(visit: Visit) -> Place | None:
    number = place_before(visit, "after")
    if number is None:
        return None
    return Place(key=visit.query.get("key", ""), number=number, is_unanswered=bool(visit.query.get("unanswered")))


def _further(visit: Visit, place: Place | None) -> str | None:
    """The address of the page that follows a place."""
    if place is None:
        return None
    return visit.further(after=place.number, key=place.key, **({"unanswered": 1} if place.is_unanswered else {}))
