"""Purchase links: created for a task, redeemed once by the online store after payment."""

from __future__ import annotations

import hashlib
import os

from expertsupport_cli import times
from expertsupport_cli.actions.certificates import NOT_PRINTED, Block, handing_over, new_certificate, revoke_undelivered
from expertsupport_cli.actions.repeating import repeatable
from expertsupport_cli.actions.requests import open_request
from expertsupport_cli.errors import AlreadyExists, BadUsage, LinkSpent, NotFound, Refused
from expertsupport_cli.ids import LINK, REQUEST, parse_id, write_id
from expertsupport_cli.model.certificates import Certificate, Origin, PurchaseLink, Redemption
from expertsupport_cli.model.history import Event, Kind
from expertsupport_cli.model.people import Actor, Side, Via
from expertsupport_cli.model.requests import Request
from expertsupport_cli.record import Record
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from expertsupport_cli.actions.certificates import HandOver
    from expertsupport_cli.actions.notices import Post

TOKEN_BYTES = 20  # 160 random bits
TOKEN_LENGTH = 2 * TOKEN_BYTES  # characters


@repeatable
def create_link(store: Store, task_id: str, *, lifetime: int, by: Actor, at: str) -> tuple[str, PurchaseLink]:
    """Create a link that expires after `lifetime` seconds. Returns its token and the link, which keeps only a digest.

    Raises NotFound, and TaskClosed, TaskExpired or SpaceBlocked if nothing can be started on the task.
    """
    token = os.urandom(TOKEN_BYTES).hex()
    with store.transaction():
        task = store.task(task_id)
        task.refuse_if_not_workable(at)
        store.space(task.space).refuse_if_blocked()
        link = store.add_link(
            PurchaseLink(
                number=0,
                digest=_digest(token),
                task=task.id,
                created_at=at,
                creator=by.name,
                expires_at=times.after(at, lifetime),
                used_at=None,
                revoked_at=None,
            )
        )
        store.record(Event.by(by, at, Kind.LINK_CREATED).replace(task=task.id, space=task.space, link=link.number))
    return token, link


class Purchase(Record):
    """What a link was redeemed for.

    `serial` is None if the certificate has opened a request, or if the same event of the online store is `repeated`:
    the store keeps no serials. `refused` is the code of the error if a request was to be opened and could not be.
    """

    certificate: Certificate
    serial: str | None
    request: Request | None
    refused: str | None
    repeated: bool = False


@repeatable
def redeem_link(
    store: Store,
    address: str,
    hand_over: HandOver,
    *,
    origin: Origin = Origin.BOUGHT,
    event_id: str | None = None,
    activate: bool = False,
    by: Actor,
    at: str,
    post: Post | None = None,
) -> Purchase:
    """Exchange a link for a certificate, once. Raises NotFound, LinkSpent, AlreadyExists.

    `hand_over` gets the serial after the commit. If it raises, the certificate is revoked, the link is unused again,
    its event is forgotten, and the exception propagates. With `activate`, the certificate opens a request of whoever
    created the link in the same transaction, and nothing is handed over; if it cannot, the serial is handed over.

    `event_id` is the online store's ID of the purchase. Repeating it for the same link returns the same result without
    the serial, and changes nothing.
    """
    block = Block()

    def undo() -> None:
        if block and revoke_undelivered(store, block, by=by, at=at):
            store.restore_link(link.number)
            store.forget_redemption(link.number)
            restored = Event.by(by, at, Kind.LINK_RESTORED).replace(task=link.task, link=link.number)
            store.record(restored.replace(new=NOT_PRINTED))

    with handing_over(store, block, undo, "The link was redeemed, but nobody has the serial."):
        with store.transaction():
            link = link_by_address(store, address)
            known = None if event_id is None else store.redemption(event_id)
            if known:
                return _repeated(store, link, known)
            link.refuse_if_spent(at)
            purchase = _redeem(store, link, origin, by, at)
            if activate:
                purchase = _activate(store, link, purchase, by, at, post)
            if event_id is not None:
                store.add_redemption(_redemption(event_id, link, purchase))
            if purchase.serial is not None:
                block.append((purchase.serial, purchase.certificate))
                block.refused = purchase.refused
        if block:
            hand_over(block)
    return purchase


def _redeem(store: Store, link: PurchaseLink, origin: Origin, by: Actor, at: str) -> Purchase:
    serial, certificate = new_certificate(store, origin, None, "", by=by, at=at, task=link.task)
    store.use_link(link.number, certificate.number, at)
    event = Event.by(by, at, Kind.LINK_REDEEMED).replace(task=link.task, link=link.number)
    store.record(event.replace(certificate=certificate.number))
    return Purchase(certificate=certificate, serial=serial, request=None, refused=None)


def _activate(store: Store, link: PurchaseLink, purchase: Purchase, by: Actor, at: str, post: Post | None) -> Purchase:
    """Open a request with what was bought, for whoever created the link."""
    initiator = initiator_of(store, link, by.via)
    try:
        request = open_request(store, store.task(link.task), purchase.certificate, by=initiator, at=at, post=post)
    except Refused as fault:
        return purchase.replace(refused=fault.code)
    return purchase.replace(serial=None, request=request)


def initiator_of(store: Store, link: PurchaseLink, via: Via) -> Actor:
    """Who opens the request that a link pays for: its creator. Having the link does not prove who it is."""
    email = store.email_of_creator(link.number)
    return Actor(name=link.creator, email=email, side=Side.CUSTOMER, via=via, certain=False)


def _redemption(event_id: str, link: PurchaseLink, purchase: Purchase) -> Redemption:
    request = None if purchase.request is None else purchase.request.number
    return Redemption(event_id=event_id, link=link.number, request=request, refused=purchase.refused)


def _repeated(store: Store, link: PurchaseLink, known: Redemption) -> Purchase:
    """What came of an event before. Raises AlreadyExists if that was for another link."""
    if known.link != link.number:
        other = write_id(LINK, known.link)
        raise AlreadyExists(
            f"Event '{known.event_id}' was already used.",
            f"It redeemed purchase link {other}. Each purchase needs an event ID of its own.",
            Step(verb=Verb.SHOW_LINK, reference=other),
        )
    certificate = store.certificate_of_link(link)
    request = None if known.request is None else store.request(write_id(REQUEST, known.request))
    return Purchase(certificate=certificate, serial=None, request=request, refused=known.refused, repeated=True)


@repeatable
def revoke_link(store: Store, reference: str, *, by: Actor, at: str) -> tuple[PurchaseLink, bool]:
    """Revoke a link, by ID or address. Returns it, and whether it was valid before. Raises NotFound, LinkSpent."""
    with store.transaction():
        link = find_link(store, reference)
        if link.revoked_at:
            return link, False
        if link.used_at:
            raise LinkSpent(link.id, "used", link.used_at, link.task)
        store.revoke_link(link.number, at)
        store.record(Event.by(by, at, Kind.LINK_REVOKED).replace(task=link.task, link=link.number))
    return link.replace(revoked_at=at), True


def find_link(store: Store, reference: str) -> PurchaseLink:
    """Find a link by ID or address. Raises NotFound, BadUsage."""
    return store.link(reference) if parse_id(reference, LINK) is not None else link_by_address(store, reference)


def link_by_address(store: Store, address: str) -> PurchaseLink:
    """The link with this address: its token is what stands at the end. Raises NotFound, BadUsage."""
    token = address.strip()[-TOKEN_LENGTH:].lower()
    if not token:
        raise BadUsage("The purchase link is empty.")
    link = store.link_by_digest(_digest(token))
    if link is None:
        raise NotFound(
            "Unknown purchase link.",
            "It was not created in this store, or is incomplete.",
            Step(verb=Verb.BUY),
        )
    return link


def _digest(token: str) -> str:
    return hashlib.sha256(b"expertsupport link " + token.encode()).hexdigest()
