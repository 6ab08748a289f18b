"""What is done to certificates. The serial is seen here for a moment, and never kept."""

from __future__ import annotations

from expertsupport_cli import serial, times
from expertsupport_cli.checks import prose_or_empty
from expertsupport_cli.errors import (
    AlreadyExists,
    BadUsage,
    CertificateUnknown,
    Fault,
    Refused,
    SerialMistyped,
    not_imported,
)
from expertsupport_cli.ids import CERTIFICATE, parse_id
from expertsupport_cli.model.certificates import Certificate, Origin
from expertsupport_cli.model.history import Event, Kind
from expertsupport_cli.model.people import Actor
from expertsupport_cli.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

BATCH = 200  # serials handed over in one transaction: less than what a pipe takes at once


def issue_certificates(
    store: Store,
    count: int,
    hand_over: Callable[[list[tuple[str, Certificate]]], None],
    *,
    valid_for: int | None = None,
    note: str = "",
    by: Actor,
    at: str,
) -> None:
    """Issue certificates, each valid for so many seconds, or without end.

    `hand_over` gets serials and certificates, batch by batch, before the batch is committed: what could not be
    handed over was not issued.
    """
    prose_or_empty(note, "The note")
    valid_until = None if valid_for is None else times.after(at, valid_for)
    for start in range(0, count, BATCH):
        with store.transaction():
            size = min(BATCH, count - start)
            hand_over([new_certificate(store, Origin.ISSUED, valid_until, note, by=by, at=at) for _ in range(size)])


def new_certificate(
    store: Store, origin: Origin, valid_until: str | None, note: str, *, by: Actor, at: str, task: str | None = None
) -> tuple[str, Certificate]:
    """A new serial, as it is written, and its certificate, inside the transaction that is open."""
    normal = serial.issue()
    certificate = _add(store, normal, origin, valid_until, note, at)
    store.record(Event.by(by, at, Kind(f"certificate_{origin}")).replace(certificate=certificate.number, task=task))
    return serial.write(normal), certificate


def import_certificates(
    store: Store,
    lines: Iterable[tuple[int, str]],
    *,
    valid_for: int | None = None,
    note: str = "",
    by: Actor,
    at: str,
) -> list[Certificate]:
    """Take in serials of other origin, all or none. Raises MalformedSerial or AlreadyExists, naming the line."""
    prose_or_empty(note, "The note")
    valid_until = None if valid_for is None else times.after(at, valid_for)
    added: list[Certificate] = []
    with store.transaction():
        for line, text in lines:
            try:
                normal = serial.read(text)
                if store.certificate_by_digest(serial.digest(normal)):
                    raise AlreadyExists("This certificate is in the store already, or twice in the file.")
            except Fault as fault:
                raise not_imported(fault, line) from None
            certificate = _add(store, normal, Origin.IMPORTED, valid_until, note, at)
            store.record(Event.by(by, at, Kind.CERTIFICATE_IMPORTED).replace(certificate=certificate.number))
            added.append(certificate)
    return added


def check_certificate(store: Store, text: str, *, at: str) -> Certificate:
    """The certificate with this serial, if it would open a request now. Raises as activation does."""
    certificate = by_serial(store, serial.read(text))
    certificate.refuse_if_invalid(at)
    return certificate


def revoke_certificate(store: Store, reference: str, *, by: Actor, at: str) -> tuple[Certificate, bool]:
    """Revoke an unused certificate, by serial or ID; it, and whether it was good until now. Raises CertificateUsed."""
    normal = None if parse_id(reference, CERTIFICATE) is not None else _serial_or_id(reference)
    with store.transaction():
        certificate = by_serial(store, normal) if normal else store.certificate(reference)
        if certificate.revoked_at:
            return certificate, False
        certificate.refuse_if_used()
        if not store.revoke_certificate(certificate.number, at):
            raise Refused(f"Certificate {certificate.masked} was changed by somebody else in between.")
        store.record(Event.by(by, at, Kind.CERTIFICATE_REVOKED).replace(certificate=certificate.number))
    return certificate.replace(revoked_at=at), True


def by_serial(store: Store, normal: str) -> Certificate:
    """Raises CertificateUnknown or SerialMistyped."""
    found = store.certificate_by_digest(*(serial.digest(reading) for reading in serial.readings(normal)))
    if found is None:
        raise SerialMistyped() if serial.looks_mistyped(normal) else CertificateUnknown()
    return found


def _serial_or_id(reference: str) -> str:
    try:
        return serial.read(reference)
    except BadUsage as fault:
        fault.what = "This is neither a serial number nor a certificate's ID, such as C-1."
        raise


def _add(store: Store, normal: str, origin: Origin, valid_until: str | None, note: str, at: str) -> Certificate:
    return store.add_certificate(
        Certificate(
            number=0,
            digest=serial.digest(normal),
            last_group=serial.last_group(normal),
            origin=origin,
            note=note,
            created_at=at,
            valid_until=valid_until,
            revoked_at=None,
            used_at=None,
        )
    )
