"""Lists of requests: the desk's queue, and those of a space."""

from __future__ import annotations

from expertsupport_cli.errors import NotFound
from expertsupport_cli.model.people import Side
from expertsupport_cli.store import Wanted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from starlette.responses import Response

    from expertsupport_cli.web.visit import Visit

ROWS = 50  # on one page


def queue(visit: Visit) -> Response:
    """What is waiting for the desk, longest wait first."""
    visit.needs(Side.DESK, Side.OWNER)
    with visit.store.snapshot():
        waiting = list(visit.store.queue(None, ROWS, unanswered=False))
        total = visit.store.count_queue(None, unanswered=False)
    return visit.html("queue.html", requests=waiting, total=total)


def of_space(visit: Visit) -> Response:
    """The requests of a space, newest first."""
    session = visit.needs(*Side)
    name = visit.path["space"]
    if session.side is Side.CUSTOMER and name.lower() != str(session.space).lower():
        raise NotFound("Page not found.")
    space = visit.store.space(name)
    wanted = Wanted(space=space.name)
    with visit.store.snapshot():
        rows = list(visit.store.requests(wanted, limit=ROWS))
        total = visit.store.count_requests(wanted)
    return visit.html("list.html", requests=rows, total=total, space=space)


def home(visit: Visit) -> Response:
    """Where a session belongs: the desk's queue, or a customer's space."""
    session = visit.needs(*Side)
    if session.side is Side.CUSTOMER:
        return visit.go_to("spaces", str(session.space), "requests")
    return visit.go_to("desk")
