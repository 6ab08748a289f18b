"""Certificates, and the ways to buy one: purchase links and partners."""

from __future__ import annotations

from enum import StrEnum

from expertsupport_cli import ids
from expertsupport_cli.errors import CertificateExpired, CertificateRevoked, CertificateUsed, LinkSpent, StoreDamaged
from expertsupport_cli.record import Record
from expertsupport_cli.serial import mask
from expertsupport_cli.steps import Step, Verb


class CertificateState(StrEnum):
    """Whether a certificate can open a request."""

    UNUSED = "unused"
    USED = "used"
    REVOKED = "revoked"
    EXPIRED = "expired"


class Origin(StrEnum):
    """How a certificate came into the store."""

    ISSUED = "issued"
    IMPORTED = "imported"
    BOUGHT = "bought"
    DEMO = "demo"  # taken from the demo shop, which takes no payment


class Certificate(Record):
    """A paid right to one request. Of its serial only the digest and the last group are kept."""

    number: int
    digest: str
    last_group: str
    origin: Origin
    note: str
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    used_at: str | None
    request: str | None = None
    task: str | None = None

    @property
    def id(self) -> str:
        return ids.write_id(ids.CERTIFICATE, self.number)

    @property
    def masked(self) -> str:
        return mask(self.last_group)

    def state(self, at: str) -> CertificateState:
        """The state at an instant."""
        if self.used_at:
            return CertificateState.USED
        if self.revoked_at:
            return CertificateState.REVOKED
        expired = self.expires_at and self.expires_at <= at
        return CertificateState.EXPIRED if expired else CertificateState.UNUSED

    def refuse_if_used(self) -> None:
        """Raises CertificateUsed; StoreDamaged if it is used, but has no request."""
        if self.request and self.task:
            raise CertificateUsed(self.masked, self.request, self.task)
        if self.used_at:
            why = f"Certificate {self.masked} is used, but opened no request."
            raise StoreDamaged("The store is damaged.", why, Step(verb=Verb.CHECK_STORE))

    def refuse_if_invalid(self, at: str) -> None:
        """Raises CertificateUsed, CertificateRevoked or CertificateExpired."""
        self.refuse_if_used()
        if self.revoked_at:
            raise CertificateRevoked(self.masked, self.revoked_at)
        if self.expires_at and self.expires_at <= at:
            raise CertificateExpired(self.masked, self.expires_at)


class LinkState(StrEnum):
    """Whether a purchase link can be redeemed."""

    UNUSED = "unused"
    USED = "used"
    REVOKED = "revoked"
    EXPIRED = "expired"


class PurchaseLink(Record):
    """A unique URL in the online store that works once. Of its token only the digest is kept."""

    number: int
    digest: str
    task: str
    created_at: str
    creator: str
    expires_at: str
    used_at: str | None
    revoked_at: str | None
    certificate: str | None = None
    certificate_origin: Origin | None = None

    @property
    def id(self) -> str:
        return ids.write_id(ids.LINK, self.number)

    def state(self, at: str) -> LinkState:
        """The state at an instant."""
        if self.used_at:
            return LinkState.USED
        if self.revoked_at:
            return LinkState.REVOKED
        return LinkState.EXPIRED if self.expires_at <= at else LinkState.UNUSED

    def refuse_if_spent(self, at: str) -> None:
        """Raises LinkSpent."""
        state = self.state(at)
        if state is not LinkState.UNUSED:
            raise LinkSpent(self.id, state, self.used_at or self.revoked_at or self.expires_at, self.task)


class Redemption(Record):
    """What came of an event of the online store, by which a link was redeemed: repeating it gives the same answer.

    `request` is the number of the request that was opened with it; `refused` is the code of the error if none could be.
    """

    event_id: str
    link: int
    request: int | None
    refused: str | None


class Partner(Record):
    """A reseller of certificates."""

    name: str
    url: str
    created_at: str
