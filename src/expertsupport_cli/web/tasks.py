"""Tasks: the page of one, its log, and how to get expert support for it."""

from __future__ import annotations

from expertsupport_cli.actions import links
from expertsupport_cli.actions import requests as actions
from expertsupport_cli.actions.tasks import reopen_task
from expertsupport_cli.errors import Fault, NotFound, Refused
from expertsupport_cli.model.people import Side
from expertsupport_cli.model.requests import Request
from expertsupport_cli.model.tasks import Task, TaskState
from expertsupport_cli.render.pages import log_page, task_page
from expertsupport_cli.store import Wanted
from expertsupport_cli.web.paging import ROWS
from expertsupport_cli.web.visit import draft_of, refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from starlette.responses import Response

    from expertsupport_cli.model.people import Actor
    from expertsupport_cli.web.visit import Visit

ACTING = (Side.CUSTOMER, Side.OWNER)  # who starts something on a task; the desk only looks at it
NOT_SHOWN = ("Space", "Requests")  # facts: the page has links instead


def show(visit: Visit) -> Response:
    """The page of a task."""
    return _page(visit, _task(visit))


def log(visit: Visit) -> Response:
    """What happened to a task, newest last; each row unfolds."""
    task = _task(visit)
    return visit.html("log.html", task=task, page=log_page(task, visit.store.events_of_task(task.id), visit.view))


def support(visit: Visit) -> Response:
    """The ways to expert support; if there is an open request, its page."""
    task, _ = _acting(visit)
    try:
        current = actions.ready_to_activate(visit.store, task.id, at=visit.at)
    except Fault:  # which the page of the task says
        return visit.go_to("tasks", task.id)
    return _to_request(visit, current) if current else _support(visit, task)


def activate(visit: Visit) -> Response:
    """Open a request with the serial in the form, and lead to its page. A refused serial is not shown again."""
    task, by = _acting(visit)
    message = visit.body if visit.body.strip() else None
    try:
        outcome = actions.activate(
            visit.store, task.id, visit.text("serial"), message=message, by=by, at=visit.at, post=visit.post
        )
    except Fault as fault:
        return _support(visit, task, fault, visit.store.open_request(task.id))
    if message and not outcome.changed and not _was_sent(visit, outcome.request, message):
        lost = Refused(f"This certificate has opened {outcome.request.id} already.", "Your message was not sent.")
        return _support(visit, task, lost, outcome.request)
    return _to_request(visit, outcome.request)


def purchase(visit: Visit) -> Response:
    """Create a purchase link and show it: a redirect would send the browser to another site."""
    task, by = _acting(visit)
    try:
        current = actions.ready_to_activate(visit.store, task.id, at=visit.at)
        if current:  # nobody is to buy a second certificate
            return _to_request(visit, current)
        token, link = links.create_link(visit.store, task.id, lifetime=visit.site.link_lifetime, by=by, at=visit.at)
    except Fault as fault:
        return _support(visit, task, fault)
    return visit.html("purchase.html", task=task, link=link, address=visit.site.purchase_url(token))


def reopen(visit: Visit) -> Response:
    """Reopen a closed or expired task."""
    task, by = _acting(visit)
    try:
        reopen_task(visit.store, task.id, by=by, at=visit.at)
    except Fault as fault:
        return _page(visit, task, fault)
    return visit.go_to("tasks", task.id)


def _task(visit: Visit, *sides: Side) -> Task:
    """The task in the address, which the session may see. Raises SignInNeeded, NotFound."""
    session = visit.needs(*(sides or Side))
    task = visit.store.task(visit.path["id"])
    if not session.sees_space(task.space):
        raise NotFound("Page not found.")
    return task


def _acting(visit: Visit) -> tuple[Task, Actor]:
    """The task, and who acts on it: the owner does so as a customer. Raises SignInNeeded, NotFound."""
    task = _task(visit, *ACTING)
    return task, visit.needs(*ACTING).actor.replace(side=Side.CUSTOMER)


def _to_request(visit: Visit, request: Request) -> Response:
    return visit.go_to("spaces", request.space, "requests", request.id)


def _was_sent(visit: Visit, request: Request, message: str) -> bool:
    """Whether a request has this message: the form may have been sent twice."""
    return any(comment.body == message for comment in visit.store.comments(request, notes=False))


def _page(visit: Visit, task: Task, fault: Fault | None = None) -> Response:
    said, status = refusal(fault)
    obstacle, current = None, None
    try:
        current = actions.ready_to_activate(visit.store, task.id, at=visit.at)
    except Fault as found:
        obstacle = found
    requests = list(visit.store.requests(Wanted(task=task.id), limit=ROWS))
    page = task_page(task, requests, visit.view)
    return visit.html(
        "task.html",
        status,
        task=task,
        page=page.replace(facts=[fact for fact in page.facts if fact.name not in NOT_SHOWN]),
        requests=requests,
        current=current,
        obstacle=obstacle,
        can_act=visit.needs(*Side).side in ACTING,
        can_reopen=task.state(visit.at) is not TaskState.OPEN and not visit.store.space(task.space).blocked,
        fault=said,
    )


def _support(visit: Visit, task: Task, fault: Fault | None = None, request: Request | None = None) -> Response:
    said, status = refusal(fault)
    return visit.html(
        "support.html",
        status,
        task=task,
        partners=visit.store.partners(),
        shop=visit.site.shop,
        fault=said,
        request=request,
        draft=draft_of(visit.form),
    )
