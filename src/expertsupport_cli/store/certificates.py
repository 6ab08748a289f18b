"""Certificates and purchase links, identified by the digests of secrets that only their owners have."""

from __future__ import annotations

from expertsupport_cli.errors import NotFound
from expertsupport_cli.folding import fold_key
from expertsupport_cli.ids import CERTIFICATE, LINK, REQUEST, parse_id, write_id
from expertsupport_cli.model.certificates import Certificate, CertificateState, Origin, PurchaseLink
from expertsupport_cli.model.history import Kind
from expertsupport_cli.serial import mask
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store.engine import Statements, member

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from expertsupport_cli.store.engine import Row

_CERTIFICATE = """SELECT c.number, c.digest, c.last_group, c.origin, c.note, c.created_at, c.expires_at, c.revoked_at,
    c.used_at, r.number AS request, t.id AS task FROM certificates c
    LEFT JOIN requests r ON r.certificate = c.number LEFT JOIN tasks t ON t.number = r.task"""
_LINK = """SELECT l.number, l.digest, t.id AS task, l.created_at, l.creator, l.expires_at, l.used_at, l.revoked_at,
    c.last_group AS certificate, c.origin AS certificate_origin FROM links l JOIN tasks t ON t.number = l.task
    LEFT JOIN certificates c ON c.number = l.certificate"""
_GOOD = "c.used_at IS NULL AND c.revoked_at IS NULL"
_CERTIFICATE_STATES = {
    CertificateState.UNUSED: f"{_GOOD} AND (c.expires_at IS NULL OR c.expires_at > :at)",
    CertificateState.USED: "c.used_at IS NOT NULL",
    CertificateState.REVOKED: "c.revoked_at IS NOT NULL",
    CertificateState.EXPIRED: f"{_GOOD} AND c.expires_at <= :at",
}


class Certificates(Statements):
    def certificate_by_digest(self, *digests: str) -> Certificate | None:
        """The certificate with one of these digests, tried in order, or None."""
        for digest in digests:
            row = self.row(f"{_CERTIFICATE} WHERE c.digest = ?", digest)
            if row:
                return _certificate(row)
        return None

    def certificate(self, id: str) -> Certificate:
        """By its ID, `C-1`. Raises NotFound."""
        row = self.row(f"{_CERTIFICATE} WHERE c.number = ?", parse_id(id, CERTIFICATE))
        if row is None:
            raise NotFound(f"Certificate '{id[:80]}' not found.", hint=Step(verb=Verb.LIST_CERTIFICATES))
        return _certificate(row)

    def certificate_of_link(self, link: PurchaseLink) -> Certificate:
        """The certificate that a link was redeemed for, or the one that has replaced it. Raises NotFound."""
        row = self.row(f"{_CERTIFICATE} JOIN links l ON l.certificate = c.number WHERE l.number = ?", link.number)
        if row is None:
            raise NotFound(f"Purchase link {link.id} has no certificate.")
        return _certificate(row)

    def certificates(
        self, at: str, state: CertificateState | None = None, limit: int | None = None, before: int | None = None
    ) -> Iterator[Certificate]:
        """Certificates, newest first, in pages. `before` is the number of a certificate."""
        where = _CERTIFICATE_STATES[state] if state else "TRUE"
        rows = self.newest_first(f"{_CERTIFICATE} WHERE {where}", "c.number", {"at": at}, limit, before)
        return (_certificate(row) for row in rows)

    def count_certificates(self, at: str, state: CertificateState | None = None) -> int:
        where = _CERTIFICATE_STATES[state] if state else "TRUE"
        return int(self.value(f"SELECT count(*) FROM certificates c WHERE {where}", at=at))

    def add_certificate(self, certificate: Certificate) -> Certificate:
        """Add a certificate. Returns it with its number."""
        number = self.insert(
            "INSERT INTO certificates (digest, last_group, origin, note, created_at, expires_at)"
            " VALUES (?, ?, ?, ?, ?, ?) RETURNING number",
            certificate.digest,
            certificate.last_group,
            certificate.origin,
            certificate.note,
            certificate.created_at,
            certificate.expires_at,
        )
        return certificate.replace(number=number)

    def use_certificate(self, number: int, at: str) -> bool:
        """Mark a certificate as used. Returns whether it was unused and not revoked."""
        return bool(
            self.change(
                "UPDATE certificates SET used_at = ? WHERE number = ? AND used_at IS NULL AND revoked_at IS NULL",
                at,
                number,
            )
        )

    def revoke_certificate(self, number: int, at: str) -> bool:
        """Revoke a certificate. Returns whether it was unused and not revoked."""
        return bool(
            self.change(
                "UPDATE certificates SET revoked_at = ? WHERE number = ? AND used_at IS NULL AND revoked_at IS NULL",
                at,
                number,
            )
        )

    def restore_certificate(self, number: int) -> None:
        """Make a revoked certificate valid again."""
        self.change("UPDATE certificates SET revoked_at = NULL WHERE number = ?", number)

    def link_by_digest(self, digest: str) -> PurchaseLink | None:
        row = self.row(f"{_LINK} WHERE l.digest = ?", digest)
        return _link(row) if row else None

    def link(self, id: str) -> PurchaseLink:
        """By its ID, `L-1`. Raises NotFound."""
        row = self.row(f"{_LINK} WHERE l.number = ?", parse_id(id, LINK))
        if row is None:
            raise NotFound(f"Purchase link '{id[:80]}' not found.", hint=Step(verb=Verb.LIST_LINKS))
        return _link(row)

    def links(self, task: str | None = None, limit: int | None = None) -> Iterator[PurchaseLink]:
        """Purchase links, newest first, in pages."""
        where = "t.id_key = :task" if task else "TRUE"
        rows = self.newest_first(f"{_LINK} WHERE {where}", "l.number", {"task": fold_key(task or "")}, limit)
        return (_link(row) for row in rows)

    def email_of_creator(self, link: int) -> str | None:
        """The email address of whoever created a link, if it is known."""
        row = self.row(
            f"SELECT actor_email FROM events WHERE link = ? AND kind = '{Kind.LINK_CREATED}' ORDER BY number LIMIT 1",
            link,
        )
        return row["actor_email"] if row else None

    def count_links(self, task: str | None = None) -> int:
        where = "t.id_key = :task" if task else "TRUE"
        joined = "links l JOIN tasks t ON t.number = l.task"
        return int(self.value(f"SELECT count(*) FROM {joined} WHERE {where}", task=fold_key(task or "")))

    def add_link(self, link: PurchaseLink) -> PurchaseLink:
        """Add a link. Returns it with its number."""
        number = self.insert(
            "INSERT INTO links (digest, task, creator, created_at, expires_at)"
            " VALUES (?, (SELECT number FROM tasks WHERE id_key = ?), ?, ?, ?) RETURNING number",
            link.digest,
            fold_key(link.task),
            link.creator,
            link.created_at,
            link.expires_at,
        )
        return link.replace(number=number)

    def use_link(self, number: int, certificate: int, at: str) -> bool:
        """Mark a link as used. Returns whether it was valid: of concurrent calls, one gets True."""
        return bool(
            self.change(
                "UPDATE links SET used_at = ?, certificate = ?"
                " WHERE number = ? AND used_at IS NULL AND revoked_at IS NULL AND expires_at > ?",
                at,
                certificate,
                number,
                at,
            )
        )

    def restore_link(self, number: int) -> None:
        """Make a used link unused again."""
        self.change("UPDATE links SET used_at = NULL, certificate = NULL WHERE number = ?", number)

    def move_link(self, old: int, new: int) -> int | None:
        """Give the link that was redeemed for one certificate to another. Returns its number, None if there is none."""
        row = self.row("SELECT number FROM links WHERE certificate = ?", old)
        if row is None:
            return None
        self.change("UPDATE links SET certificate = ? WHERE number = ?", new, row["number"])
        return int(row["number"])

    def revoke_link(self, number: int, at: str) -> bool:
        """Revoke a link. Returns whether it was unused and not revoked."""
        return bool(
            self.change(
                "UPDATE links SET revoked_at = ? WHERE number = ? AND used_at IS NULL AND revoked_at IS NULL",
                at,
                number,
            )
        )

    def count_wrong_serial(self) -> int:
        """Count a serial that was not found, inside a transaction. Returns how many there were in a row."""
        (row,), _ = self.engine.write(
            "INSERT INTO counters (name, value) VALUES ('wrong_serials', 1)"
            " ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value",
            (),
        )
        return int(row[0])

    def forget_wrong_serials(self) -> None:
        """Begin to count again, inside a transaction."""
        self.change("UPDATE counters SET value = 0 WHERE name = 'wrong_serials' AND value > 0")


def _certificate(row: Row) -> Certificate:
    request = None if row["request"] is None else write_id(REQUEST, row["request"])
    return Certificate(**{**row, "origin": member(Origin, row["origin"]), "request": request})


def _link(row: Row) -> PurchaseLink:
    if row["certificate"] is None:
        return PurchaseLink(**row)
    origin = member(Origin, row["certificate_origin"])
    return PurchaseLink(**{**row, "certificate": mask(row["certificate"]), "certificate_origin": origin})
