"""The page of a purchase link, and the demo shop. Looking at a link never spends it; only a form does."""

from __future__ import annotations

from http import HTTPStatus

from expertsupport_cli.actions import links, requests
from expertsupport_cli.errors import Fault, LinkSpent, NotFound, Refused, StoreUnusable
from expertsupport_cli.model.certificates import LinkState, Origin
from expertsupport_cli.model.people import Side, Via
from expertsupport_cli.web.visit import refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from starlette.responses import Response

    from expertsupport_cli.actions.certificates import Block
    from expertsupport_cli.model.certificates import PurchaseLink
    from expertsupport_cli.model.people import Actor
    from expertsupport_cli.web.visit import Visit


def show(visit: Visit) -> Response:
    """What can be bought with a link, and where. Looking at it does not use it, whoever looks. Raises NotFound."""
    return _offer(visit, _link(visit))


def buy(visit: Visit) -> Response:
    """Redeem a link in the demo shop, and show the serial number, this once. Raises NotFound."""
    link = _link(visit)
    if not visit.site.shop.demo:
        return _offer(visit, link, fault=Refused("This server has no shop.", "Nothing was bought."))
    pages: list[Response] = []

    def hand_over(block: Block) -> None:
        pages.append(_bought(visit, link, serial=block[0][0]))
        visit.hand_over(block)

    try:
        links.redeem_link(
            visit.store, visit.path["token"], hand_over, origin=Origin.DEMO, by=_actor(visit, link), at=visit.at
        )
    except LinkSpent:  # just now, by another
        return _offer(visit, _link(visit))
    except StoreUnusable as fault:
        return _offer(visit, link, fault=fault)
    return pages[0]


def activate(visit: Visit) -> Response:
    """Open a request on the task of a link with a certificate, and lead to its page.

    A serial number that was refused is not shown again. Raises NotFound.
    """
    link = _link(visit)
    if not visit.site.shop.demo:
        raise NotFound("Page not found.", "There is no shop.")
    serial = visit.form.get("serial", "")
    try:
        outcome = requests.activate(
            visit.store, link.task, serial, by=_actor(visit, link), at=visit.at, post=visit.post
        )
    except StoreUnusable as fault:  # nothing is wrong with the serial number, and nobody may have another copy of it
        return _bought(visit, link, serial=serial, fault=fault)
    except Fault as fault:
        return _bought(visit, link, fault=fault)
    return visit.go_to("requests", outcome.request.token)


def _link(visit: Visit) -> PurchaseLink:
    """The link whose address this is. Raises NotFound."""
    return links.link_by_address(visit.store, visit.token(links.TOKEN_LENGTH))


def _offer(visit: Visit, link: PurchaseLink, *, fault: Fault | None = None) -> Response:
    """The page of a link, and what can be done with it."""
    said, status = refusal(fault)
    state, shop = link.state(visit.at), visit.site.shop
    return visit.html(
        "buy.html",
        status if state is LinkState.UNUSED else HTTPStatus.CONFLICT,
        link=link,
        state=state,
        task=visit.store.task(link.task),
        certificate=visit.store.certificate_of_link(link) if link.used_at else None,
        here=visit.path_to("buy", visit.path["token"]),
        store=shop.url + visit.path["token"] if shop.url else "",
        partners=visit.store.partners(),
        obstacle=_obstacle(visit, link),
        fault=said,
    )


def _bought(visit: Visit, link: PurchaseLink, *, serial: str = "", fault: Fault | None = None) -> Response:
    """The page with a serial number, or with a field for it, and the button that opens a request with it."""
    said, status = refusal(fault)
    return visit.html(
        "bought.html",
        status,
        link=link,
        task=visit.store.task(link.task),
        here=visit.path_to("buy", visit.path["token"]),
        obstacle=_obstacle(visit, link),
        serial=serial,
        fault=said,
    )


def _obstacle(visit: Visit, link: PurchaseLink) -> str:
    """Why no request can be opened on the task of a link now; empty if one can."""
    try:
        current = requests.ready_to_activate(visit.store, link.task, at=visit.at)
    except Refused as fault:
        return fault.what
    return (
        f"Task {link.task} has an open request, {current.id}. A new one can be opened when it is closed."
        if current
        else ""
    )


def _actor(visit: Visit, link: PurchaseLink) -> Actor:
    """Who buys: whoever is signed in and sees the task, or else the link's creator, as far as anybody knows."""
    session = visit.session
    if session and session.sees_space(visit.store.task(link.task).space):
        return session.actor.replace(side=Side.CUSTOMER)
    return links.initiator_of(visit.store, link, Via.WEB)
