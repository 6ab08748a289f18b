"""Spaces: the list of all, and the page of one with its tasks. The owner adds spaces, and tasks to them."""

from __future__ import annotations

from contextlib import suppress

from expertsupport_cli import times
from expertsupport_cli.actions import spaces as actions
from expertsupport_cli.actions.tasks import add_task
from expertsupport_cli.errors import BadUsage, Fault, NotFound
from expertsupport_cli.model.people import Side
from expertsupport_cli.model.tasks import Space, TaskState
from expertsupport_cli.render.pages import space_page
from expertsupport_cli.web.paging import ROWS, chosen, place_before, without_one_more
from expertsupport_cli.web.visit import refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from starlette.responses import Response

    from expertsupport_cli.web.visit import Visit


def space_of(visit: Visit) -> Space:
    """The space in the address, which the session may see. Raises SignInNeeded, NotFound."""
    session = visit.needs(*Side)
    if not session.sees_space(visit.path["space"]):
        raise NotFound("Page not found.")
    return visit.store.space(visit.path["space"])


def show_all(visit: Visit) -> Response:
    visit.needs(Side.DESK, Side.OWNER)
    return _all(visit)


def add(visit: Visit) -> Response:
    """Add a space from the owner's form, and lead to it."""
    by = visit.needs(Side.OWNER).actor
    try:
        limit = visit.form.get("limit", "").strip()
        if limit and not (limit.isascii() and limit.isdigit() and len(limit) < 10):
            raise BadUsage(f"Invalid task limit '{limit[:80]}'.", "Use a whole number, or leave it empty.")
        space = actions.add_space(
            visit.store,
            visit.text("name"),
            title=visit.text("title"),
            task_lifetime=times.parse_lifetime(visit.text("expiry") or "never"),
            task_limit=int(limit) if limit else None,
            by=by,
            at=visit.at,
        )
    except Fault as fault:
        return _all(visit, fault)
    return visit.go_to("spaces", space.name)


def show(visit: Visit) -> Response:
    """The page of a space. With the ID of a task in the query, its page."""
    space = space_of(visit)
    wanted = visit.query.get("task", "").strip()
    if not wanted:
        return _one(visit, space)
    with suppress(BadUsage, NotFound):  # which tell of similar tasks in other spaces
        task = visit.store.task(wanted)
        if task.space == space.name:
            return visit.go_to("tasks", task.id)
    return _one(visit, space, NotFound(f"Task '{wanted[:80]}' not found.", "It is not in this space."))


def add_one_task(visit: Visit) -> Response:
    """Add a task from the owner's form, and lead to it."""
    by = visit.needs(Side.OWNER).actor
    space = space_of(visit)
    try:
        id, description = visit.text("id") or None, visit.lines("description")
        task = add_task(visit.store, visit.text("name"), space.name, id=id, description=description, by=by, at=visit.at)
    except Fault as fault:
        return _one(visit, space, fault)
    return visit.go_to("tasks", task.id)


def _all(visit: Visit, fault: Fault | None = None) -> Response:
    said, status = refusal(fault)
    return visit.html("spaces.html", status, spaces=visit.store.spaces(), fault=said)


def _one(visit: Visit, space: Space, fault: Fault | None = None) -> Response:
    said, status = refusal(fault)
    state, before = chosen(visit, "state", TaskState), place_before(visit)
    tasks, more = without_one_more(visit.store.tasks(visit.at, space.name, state, ROWS + 1, before))
    return visit.html(
        "space.html",
        status,
        space=space,
        page=space_page(space),
        tasks=tasks,
        states=list(TaskState),
        state=state,
        further=visit.further(before=tasks[-1].number) if more else None,
        first=visit.further() if before is not None else None,
        fault=said,
    )
