"""What an online store calls after payment: `POST /api/redeem`. Errors are JSON, as those of a command."""

from __future__ import annotations

import json
from http import HTTPStatus

from starlette.responses import JSONResponse

from expertsupport_cli import checks
from expertsupport_cli.actions import links
from expertsupport_cli.errors import BadUsage
from expertsupport_cli.model.people import Actor, Side, Via
from expertsupport_cli.render.purchase import PURCHASE, bought

TYPE_CHECKING = False
if TYPE_CHECKING:
    from starlette.responses import Response

    from expertsupport_cli.web.visit import Visit

PATH = "/api/"  # below it, all answers are JSON
MAX_BODY = 65_536  # bytes
MAX_LINK = 4_000  # characters
STORE = Actor(name="shop", side=Side.OWNER, via=Via.WEB)  # who redeems a link
NO_KEY = (HTTPStatus.NOT_FOUND, "not_found", "Page not found.")
NOT_GENUINE = (HTTPStatus.UNAUTHORIZED, "unauthorized", "The signature is invalid, or its time is not now.")


def redeem(visit: Visit, event_id: str, body: bytes) -> Response:
    """Redeem a link for an event of the online store, whose signature was checked. Raises Fault."""
    link, activate = _read(body)

    purchase = links.redeem_link(
        visit.store,
        link,
        visit.hand_over,
        event_id=checks.event_id(event_id),
        activate=activate,
        by=STORE,
        at=visit.at,
        post=visit.post,
    )
    request = purchase.request
    url = None if request is None else request.url(visit.site.url)
    answer = bought(purchase.certificate.id, purchase.serial, request, url, purchase.refused)
    return visit.json(PURCHASE.as_json(answer, visit.view))


def failed(status: int, code: str, message: str) -> Response:
    """An error, in the form that commands give it."""
    return JSONResponse({"error": {"code": code, "message": message, "hint": None}}, status)


def _read(body: bytes) -> tuple[str, bool]:
    """The link, and whether to activate what it is redeemed for. Raises BadUsage."""
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict) or not {"link"} <= values.keys() <= {"link", "activate"}:
        raise BadUsage("The body is not an event.", 'Send {"link": "…", "activate": true} as JSON.')
    link, activate = values["link"], values.get("activate", False)
    if not isinstance(link, str) or not link.isascii() or len(link) > MAX_LINK:
        raise BadUsage("'link' is not the address of a purchase link.")
    if not isinstance(activate, bool):
        raise BadUsage("'activate' is neither true nor false.")
    return link, activate
