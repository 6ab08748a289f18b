"""Purchase links: created for a task, redeemed once by the online store after payment."""

from __future__ import annotations

import hashlib
import os

from expertsupport_cli import times
from expertsupport_cli.actions.certificates import NOT_PRINTED, Block, handing_over, new_certificate, revoke_undelivered
from expertsupport_cli.actions.repeating import repeatable
from expertsupport_cli.errors import BadUsage, LinkSpent, NotFound
from expertsupport_cli.ids import LINK, parse_id
from expertsupport_cli.model.certificates import Certificate, Origin, PurchaseLink
from expertsupport_cli.model.history import Event, Kind
from expertsupport_cli.model.people import Actor
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from expertsupport_cli.actions.certificates import HandOver

TOKEN_BYTES = 20  # 160 random bits


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


@repeatable
def redeem_link(store: Store, address: str, hand_over: HandOver, *, by: Actor, at: str) -> Certificate:
    """Exchange a link for a certificate, once. Raises NotFound, LinkSpent.

    `hand_over` gets the serial after the commit. If it raises, the certificate is revoked, the link is unused again,
    and the exception propagates.
    """
    block = Block()

    def undo() -> None:
        if revoke_undelivered(store, block, by=by, at=at):
            store.restore_link(link.number)
            restored = Event.by(by, at, Kind.LINK_RESTORED).replace(task=link.task, link=link.number)
            store.record(restored.replace(new=NOT_PRINTED))

    with handing_over(store, block, undo, "The link was redeemed, but nobody has the serial."):
        with store.transaction():
            link = _by_address(store, address)
            link.refuse_if_spent(at)
            block.append(new_certificate(store, Origin.BOUGHT, None, "", by=by, at=at, task=link.task))
            certificate = block[0][1]
            store.use_link(link.number, certificate.number, at)
            event = Event.by(by, at, Kind.LINK_REDEEMED).replace(task=link.task, link=link.number)
            store.record(event.replace(certificate=certificate.number))
        hand_over(block)
    return certificate


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
    return store.link(reference) if parse_id(reference, LINK) is not None else _by_address(store, reference)


def _by_address(store: Store, address: str) -> PurchaseLink:
    """The link with this address: its token is what stands at the end."""
    token = address.strip()[-2 * TOKEN_BYTES :].lower()
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
