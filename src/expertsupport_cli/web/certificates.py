"""The owner's certificates: issued, shown, revoked and replaced. A serial is shown once, in the answer to a form."""

from __future__ import annotations

from expertsupport_cli import times
from expertsupport_cli.actions import certificates as actions
from expertsupport_cli.actions.certificates import Block
from expertsupport_cli.errors import BadUsage, Fault, NotFound
from expertsupport_cli.model.certificates import Certificate, CertificateState
from expertsupport_cli.model.people import Side
from expertsupport_cli.render.conversation import CertificatePage
from expertsupport_cli.render.pages import certificate_page
from expertsupport_cli.web.paging import ROWS, chosen, place_before, without_one_more
from expertsupport_cli.web.visit import refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from expertsupport_cli.web.visit import Visit

MAX_AT_ONCE = 100  # certificates issued by one form: their serials are on one page


def show_all(visit: Visit) -> Response:
    """The certificates, newest first."""
    visit.needs(Side.OWNER)
    return _all(visit)


def issue(visit: Visit) -> Response:
    """Issue certificates, and show their serials."""
    by = visit.needs(Side.OWNER).actor
    issued, hand_over = _to_be_shown(visit)
    try:
        actions.issue_certificates(
            visit.store,
            _count(visit.text("count")),
            hand_over,
            block_size=MAX_AT_ONCE,
            valid_for=_seconds(visit.text("valid-for")),
            note=visit.text("note"),
            by=by,
            at=visit.at,
        )
    except Fault as fault:
        return _all(visit, fault)
    return visit.html("serials.html", issued=issued, replaced=None)


def show(visit: Visit) -> Response:
    """One certificate and its history. The serial is not there: the store has only its digest."""
    visit.needs(Side.OWNER)
    return _one(visit, _certificate(visit))


def act(visit: Visit) -> Response:
    """Revoke or replace a certificate. Raises NotFound for another act."""
    by = visit.needs(Side.OWNER).actor
    certificate = _certificate(visit)
    issued, hand_over = _to_be_shown(visit)
    try:
        if visit.path["act"] == "revoke":
            actions.revoke_certificate(visit.store, certificate.id, by=by, at=visit.at)
            return visit.go_to("certificates", certificate.id)
        if visit.path["act"] == "replace":
            actions.replace_certificate(visit.store, certificate.id, hand_over, by=by, at=visit.at)
            return visit.html("serials.html", issued=issued, replaced=certificate)
    except Fault as fault:
        return _one(visit, certificate, fault)
    raise NotFound("Page not found.")


def _to_be_shown(visit: Visit) -> tuple[Block, Callable[[Block], None]]:
    """A list that is filled with the serials that are handed over."""
    issued = Block()

    def hand_over(block: Block) -> None:
        issued.extend(block)
        visit.hand_over(block)

    return issued, hand_over


def _certificate(visit: Visit) -> Certificate:
    return visit.store.certificate(visit.path["id"])


def _all(visit: Visit, fault: Fault | None = None) -> Response:
    said, status = refusal(fault)
    state, before = chosen(visit, "state", CertificateState), place_before(visit)
    found, more = without_one_more(visit.store.certificates(visit.at, state, ROWS + 1, before))
    return visit.html(
        "certificates.html",
        status,
        certificates=found,
        states=list(CertificateState),
        state=state,
        max_at_once=MAX_AT_ONCE,
        further=visit.further(before=found[-1].number) if more else None,
        first=visit.further() if before is not None else None,
        fault=said,
    )


def _one(visit: Visit, certificate: Certificate, fault: Fault | None = None) -> Response:
    said, status = refusal(fault)
    with visit.store.snapshot():
        found = CertificatePage(
            certificate=visit.store.certificate(certificate.id),
            events=visit.store.events_of_certificate(certificate),
        )
    usable = found.certificate.state(visit.at) is CertificateState.UNUSED
    page = certificate_page(found, visit.view)
    return visit.html("certificate.html", status, certificate=found.certificate, page=page, usable=usable, fault=said)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 0 < int(text) <= MAX_AT_ONCE):
        raise BadUsage(f"Invalid number of certificates '{text[:80]}'.", f"Use 1 to {MAX_AT_ONCE}.")
    return int(text)


def _seconds(text: str) -> int | None:
    return times.parse_duration(text) if text else None
