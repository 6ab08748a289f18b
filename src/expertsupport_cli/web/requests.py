"""The page of a request: for whoever holds its address, for a customer who is signed in, and for the desk."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus

from expertsupport_cli import ids
from expertsupport_cli.actions import requests as actions
from expertsupport_cli.actions.following import mark_shown
from expertsupport_cli.errors import BadUsage, Fault, NotFound, Refused, StoreUnusable
from expertsupport_cli.folding import fold_key
from expertsupport_cli.model.people import Side
from expertsupport_cli.model.requests import MOVES, Act, Move, Request, Status
from expertsupport_cli.render.conversation import SHOW, RequestPage
from expertsupport_cli.render.pages import request_page
from expertsupport_cli.web.visit import draft_of, refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from starlette.responses import Response

    from expertsupport_cli.web.visit import Visit

CUSTOMER_ACTS = {"comment": Act.COMMENT, "close": Act.CLOSE, "reopen": Act.REOPEN}
DESK_ACTS = {
    "reply": Act.REPLY,
    "note": Act.NOTE,
    "acknowledge": Act.ACKNOWLEDGE,
    "close": Act.CLOSE,
    "reopen": Act.REOPEN,
}
NOT_SHOWN = ("URL",)  # facts: the browser shows the address itself


def by_token(visit: Visit) -> Request:
    """The request whose address this is. Raises NotFound."""
    return visit.store.request(visit.token(ids.TOKEN_LENGTH))


def by_id(visit: Visit) -> Request:
    """The request with this ID, which the session may see. Raises SignInNeeded, NotFound."""
    session = visit.needs(*Side)
    request = _numbered(visit)
    if not session.sees(request) or fold_key(visit.path["space"]) != fold_key(request.space):
        raise NotFound("Page not found.")
    return request


def for_desk(visit: Visit) -> Request:
    """The request with this ID, for the desk. Raises SignInNeeded, NotFound."""
    visit.needs(Side.DESK, Side.OWNER)
    return _numbered(visit)


def show_by_token(visit: Visit) -> Response:
    """The customer's page. Somebody of the desk who is signed in is led to the desk's."""
    request = by_token(visit)
    return _to_desk(visit, request) or _show(visit, request, ("requests", request.token))


def show_by_id(visit: Visit) -> Response:
    request = by_id(visit)
    return _to_desk(visit, request) or _show(visit, request, ("spaces", request.space, "requests", request.id))


def show_for_desk(visit: Visit) -> Response:
    request = for_desk(visit)
    return _show(visit, request, ("desk", "requests", request.id), desk=True)


def act_by_token(visit: Visit) -> Response:
    request = by_token(visit)
    return _act(visit, request, CUSTOMER_ACTS, ("requests", request.token))


def act_by_id(visit: Visit) -> Response:
    request = by_id(visit)
    return _act(visit, request, CUSTOMER_ACTS, ("spaces", request.space, "requests", request.id))


def act_for_desk(visit: Visit) -> Response:
    request = for_desk(visit)
    return _act(visit, request, DESK_ACTS, ("desk", "requests", request.id), desk=True)


def last_by_token(visit: Visit) -> Response:
    return _last(visit, by_token(visit), notes=False)


def last_by_id(visit: Visit) -> Response:
    return _last(visit, by_id(visit), notes=False)


def last_for_desk(visit: Visit) -> Response:
    return _last(visit, for_desk(visit), notes=True)


def _to_desk(visit: Visit, request: Request) -> Response | None:
    """Lead somebody of the desk who is signed in to the desk's page."""
    if visit.session and visit.session.side is Side.DESK and not visit.wants_json:
        return visit.go_to("desk", "requests", request.id)
    return None


def _numbered(visit: Visit) -> Request:
    number = ids.parse_id(visit.path["id"], ids.REQUEST)
    if number is None:
        raise NotFound("Page not found.")
    return visit.store.request(ids.write_id(ids.REQUEST, number))


def _conversation(visit: Visit, request: Request, *, desk: bool) -> RequestPage:
    with visit.store.snapshot():
        return RequestPage(
            request=visit.store.request(request.id),
            for_desk=desk,
            description=visit.store.task(request.task).description,
            comments=visit.store.comments(request, notes=desk),
            events=visit.store.events_of_request(request, notes=desk),
        )


def _show(
    visit: Visit,
    request: Request,
    path: tuple[str, ...],
    *,
    desk: bool = False,
    fault: Fault | None = None,
    draft: str = "",
) -> Response:
    """The page; after a form that was refused, with the reason and with what was typed."""
    page = _conversation(visit, request, desk=desk)
    if visit.wants_json and fault is None:
        return visit.json({**SHOW.as_json(page, visit.view), **({} if desk else {"initiator_email": None})})
    _mark_read(visit, page, desk=desk)
    painted = request_page(page, visit.view)
    said, status = refusal(fault)
    return visit.html(
        "request.html",
        status,
        page=painted.replace(facts=[fact for fact in painted.facts if fact.name not in NOT_SHOWN]),
        request=page.request,
        here=visit.path_to(*path),
        desk=desk,
        acts=_possible(page.request.status, DESK_ACTS if desk else CUSTOMER_ACTS),
        last=_last_number(page),
        fault=said,
        draft=draft,
    )


def _possible(status: Status, acts: dict[str, Act]) -> list[str]:
    """The acts that would do something now."""
    return [name for name, act in acts.items() if MOVES[act, status] not in (Move.REFUSED, Move.ALREADY)]


def _act(
    visit: Visit, request: Request, acts: dict[str, Act], path: tuple[str, ...], *, desk: bool = False
) -> Response:
    """Do what a form asks for, and lead back to the page. Raises NotFound for an unknown act."""
    act = acts.get(visit.path["act"])
    if act is None:
        raise NotFound("Page not found.")
    if act is Act.REPLY and visit.form.get("waiting"):
        act = Act.ASK
    body, draft = visit.body, draft_of(visit.form)
    by = visit.actor(request, Side.DESK if desk else Side.CUSTOMER)
    try:
        text = body if body.strip() or act.needs_message else None
        if text and act is Act.ACKNOWLEDGE:  # it may be a note, and would be shown to both sides
            raise BadUsage("An acknowledgement has no message.", "Send what you wrote by another button.")
        outcome = actions.act(visit.store, request.id, act, text, by=by, at=visit.at, post=visit.post)
        if text and not outcome.changed:
            raise Refused(f"{request.id} is {outcome.request.status} already.", "Your message was not sent.")
    except Fault as fault:
        return _show(visit, request, path, desk=desk, fault=fault, draft=draft)
    return visit.go_to(*path)


def _last(visit: Visit, request: Request, *, notes: bool) -> Response:
    """The number of the last event that the page shows, for the script that looks for changes."""
    from starlette.responses import Response as Plain

    last = max((event.number for event in visit.store.events_of_request(request, notes=notes)), default=0)
    etag = f'"{last}"'
    if visit.etag == etag:
        return Plain(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": etag})
    return visit.json({"last": last}, ETag=etag)


def _last_number(page: RequestPage) -> int:
    return max((event.number for event in page.events), default=0)


def _mark_read(visit: Visit, page: RequestPage, *, desk: bool) -> None:
    """Note that somebody who is signed in has seen all of it. It matters less than the page does."""
    if visit.session and not desk and visit.method == "GET":
        with suppress(StoreUnusable):
            mark_shown(visit.store, page.request, _last_number(page), by=visit.session.actor)
