"""The partners who sell certificates, for the owner."""

from __future__ import annotations

from expertsupport_cli.actions import spaces as actions
from expertsupport_cli.errors import Fault
from expertsupport_cli.model.people import Side
from expertsupport_cli.web.visit import refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from starlette.responses import Response

    from expertsupport_cli.web.visit import Visit


def show_all(visit: Visit) -> Response:
    """The partners by name."""
    visit.needs(Side.OWNER)
    return _all(visit)


def add(visit: Visit) -> Response:
    by = visit.needs(Side.OWNER).actor
    try:
        actions.add_partner(visit.store, visit.text("name"), visit.text("url"), by=by, at=visit.at)
    except Fault as fault:
        return _all(visit, fault)
    return visit.go_to("partners")


def remove(visit: Visit) -> Response:
    by = visit.needs(Side.OWNER).actor
    try:
        actions.remove_partner(visit.store, visit.text("name"), by=by, at=visit.at)
    except Fault as fault:
        return _all(visit, fault)
    return visit.go_to("partners")


def _all(visit: Visit, fault: Fault | None = None) -> Response:
    said, status = refusal(fault)
    return visit.html("partners.html", status, partners=visit.store.partners(), fault=said)
