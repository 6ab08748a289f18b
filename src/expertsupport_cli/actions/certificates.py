"""Actions on certificates. Serials pass through here and are never stored."""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import partial

from expertsupport_cli import serial, times
from expertsupport_cli.actions.repeating import repeatable
from expertsupport_cli.checks import prose_or_empty
from expertsupport_cli.errors import (
    AlreadyExists,
    BadUsage,
    CertificateUnknown,
    Fault,
    SerialMistyped,
    StoreUnusable,
    not_imported,
)
from expertsupport_cli.ids import CERTIFICATE, parse_id
from expertsupport_cli.model.certificates import Certificate, Origin
from expertsupport_cli.model.history import Event, Kind
from expertsupport_cli.model.people import Actor
from expertsupport_cli.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    HandOver = Callable[["Block"], None]

BLOCK_SIZE = 200  # certificates that are committed and handed over together
NOT_PRINTED = "not printed"
MAX_WRONG = 10  # serials in a row that are answered at once
PAUSE = 1  # second, before each further answer


class Block(list[tuple[str, Certificate]]):
    """Serials and their certificates that are handed over together.

    Whoever hands them over sets `delivered` once they are out of this program's hands: from then on they stay valid,
    whatever is raised. `refused` is the code of the error if one was bought to open a request that cannot be opened.
    """

    delivered = False
    refused: str | None = None


@contextmanager
def handing_over(store: Store, block: Block, undo: Callable[[], object], consequence: str) -> Iterator[None]:
    """Commit and hand over: what was committed but not delivered, because anything was raised, is undone.

    `undo` runs in a second transaction. If the store cannot do that, `consequence` is added to the fault: it says what
    is true now. `{}` in it stands for the IDs of the certificates.
    """
    before = store.commits
    try:
        yield
    except BaseException:
        if store.commits > before and not block.delivered:
            _undo(store, undo, consequence.format(f"{block[0][1].id} to {block[-1][1].id}" if block else ""))
        raise


@repeatable
def _undo(store: Store, undo: Callable[[], object], consequence: str) -> None:
    try:
        with store.transaction():
            undo()
    except StoreUnusable as fault:
        fault.why = f"{fault.why} {consequence}"
        raise


def issue_certificates(
    store: Store,
    count: int,
    hand_over: HandOver,
    *,
    block_size: int = BLOCK_SIZE,
    valid_for: int | None = None,
    note: str = "",
    by: Actor,
    at: str,
) -> None:
    """Issue certificates that are valid for `valid_for` seconds, or forever if it is None.

    Each block of `block_size` certificates is committed and then passed to `hand_over`, outside of any transaction. If
    `hand_over` raises, that block is revoked, earlier blocks stay valid, and the exception propagates.
    """
    prose_or_empty(note, "The note")
    expires_at = None if valid_for is None else times.after(at, valid_for)
    for start in range(0, count, block_size):
        _issue_block(store, min(block_size, count - start), hand_over, expires_at, note, by=by, at=at)


@repeatable
def _issue_block(
    store: Store, count: int, hand_over: HandOver, expires_at: str | None, note: str, *, by: Actor, at: str
) -> None:
    block = Block()
    undo = partial(revoke_undelivered, store, block, by=by, at=at)
    with handing_over(store, block, undo, "{} stay valid, but nobody has their serials."):
        with store.transaction():
            for _ in range(count):
                block.append(new_certificate(store, Origin.ISSUED, expires_at, note, by=by, at=at))
        hand_over(block)


def revoke_undelivered(store: Store, block: Block, *, by: Actor, at: str) -> bool:
    """Revoke certificates whose serials nobody has received, and record why.

    Returns whether all were revoked: not one that somebody has received and used after all. Runs inside the caller's
    transaction.
    """
    revoked = [certificate for _, certificate in block if store.revoke_certificate(certificate.number, at)]
    for certificate in revoked:
        event = Event.by(by, at, Kind.CERTIFICATE_REVOKED)
        store.record(event.replace(certificate=certificate.number, new=NOT_PRINTED))
    return len(revoked) == len(block)


@repeatable
def replace_certificate(store: Store, reference: str, hand_over: HandOver, *, by: Actor, at: str) -> Certificate:
    """Revoke an unused certificate and issue another in its place, with the same link, note and validity.

    For a lost serial. The new certificate is passed to `hand_over` after the commit; if `hand_over` raises, the old one
    is restored. Raises NotFound, CertificateUsed, CertificateRevoked, CertificateExpired.
    """
    block = Block()

    def undo() -> None:
        if revoke_undelivered(store, block, by=by, at=at):
            store.restore_certificate(old.number)
            store.move_link(new.number, old.number)
            store.record(Event.by(by, at, Kind.CERTIFICATE_RESTORED).replace(certificate=old.number, new=NOT_PRINTED))

    with handing_over(store, block, undo, "The certificate was replaced, but nobody has the new serial."):
        with store.transaction():
            old = find_certificate(store, reference)
            old.refuse_if_invalid(at)
            origin = Origin.ISSUED if old.origin is Origin.IMPORTED else old.origin
            block.append(new_certificate(store, origin, old.expires_at, old.note, by=by, at=at))
            new = block[0][1]
            store.revoke_certificate(old.number, at)
            link = store.move_link(old.number, new.number)
            replaced = Event.by(by, at, Kind.CERTIFICATE_REPLACED).replace(link=link)
            store.record(replaced.replace(certificate=old.number, new=new.id))
            store.record(replaced.replace(certificate=new.number, old=old.id, link=None))
        hand_over(block)
    return new


def new_certificate(
    store: Store, origin: Origin, expires_at: str | None, note: str, *, by: Actor, at: str, task: str | None = None
) -> tuple[str, Certificate]:
    """Create a certificate. Returns its serial, with dashes, and the certificate.

    Runs inside the caller's transaction.
    """
    normal = serial.issue()
    certificate = _add(store, normal, origin, expires_at, note, at)
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
    """Import serials that were issued elsewhere, all or none. `lines` are pairs of a line number and its text.

    All lines are read before the transaction, so that it waits for no input. Raises MalformedSerial or AlreadyExists,
    naming the line.
    """
    prose_or_empty(note, "The note")
    expires_at = None if valid_for is None else times.after(at, valid_for)
    return _import(store, [(line, _read_serial(line, text)) for line, text in lines], expires_at, note, by=by, at=at)


@repeatable
def _import(
    store: Store, serials: Sequence[tuple[int, str]], expires_at: str | None, note: str, *, by: Actor, at: str
) -> list[Certificate]:
    added: list[Certificate] = []
    with store.transaction():
        for line, normal in serials:
            try:
                if store.certificate_by_digest(serial.digest(normal)):
                    raise AlreadyExists("This certificate is already in the store, or twice in the file.")
            except Fault as fault:
                raise not_imported(fault, line) from None
            certificate = _add(store, normal, Origin.IMPORTED, expires_at, note, at)
            store.record(Event.by(by, at, Kind.CERTIFICATE_IMPORTED).replace(certificate=certificate.number))
            added.append(certificate)
    return added


def _read_serial(line: int, text: str) -> str:
    """The serial in a line, in normal form. Raises MalformedSerial, naming the line."""
    try:
        return serial.read(text)
    except Fault as fault:
        raise not_imported(fault, line) from None


def check_certificate(store: Store, text: str, *, at: str) -> Certificate:
    """The certificate with this serial, if it would open a request now. Raises the same errors as `activate`."""
    certificate = by_serial(store, serial.read(text))
    certificate.refuse_if_invalid(at)
    return certificate


@repeatable
def revoke_certificate(store: Store, reference: str, *, by: Actor, at: str) -> tuple[Certificate, bool]:
    """Revoke an unused certificate, by serial or ID. Returns it, and whether it was valid before.

    Raises CertificateUsed, and as `find_certificate` does.
    """
    with store.transaction():
        certificate = find_certificate(store, reference)
        if certificate.revoked_at:
            return certificate, False
        certificate.refuse_if_used()
        store.revoke_certificate(certificate.number, at)
        store.record(Event.by(by, at, Kind.CERTIFICATE_REVOKED).replace(certificate=certificate.number))
    return certificate.replace(revoked_at=at), True


def by_serial(store: Store, normal: str) -> Certificate:
    """The certificate with a serial in normal form. Raises CertificateUnknown, SerialMistyped."""
    found = store.certificate_by_digest(*(serial.digest(reading) for reading in serial.readings(normal)))
    if found is None:
        raise SerialMistyped() if serial.looks_mistyped(normal) else CertificateUnknown()
    return found


def slow_down(store: Store) -> None:
    """Count a serial that was not found. After MAX_WRONG in a row, the answer takes PAUSE, so that nobody guesses.

    A store that cannot be written counts nothing.
    """
    try:
        with store.transaction(patient=False):
            wrong = store.count_wrong_serial()
    except StoreUnusable:
        return
    if wrong > MAX_WRONG:
        time.sleep(PAUSE)


def find_certificate(store: Store, reference: str) -> Certificate:
    """Find a certificate by ID or serial. Raises NotFound, BadUsage, CertificateUnknown, SerialMistyped."""
    if parse_id(reference, CERTIFICATE) is not None:
        return store.certificate(reference)
    try:
        normal = serial.read(reference)
    except BadUsage as fault:
        fault.what = "Use a serial number, or a certificate ID such as C-1."
        raise
    return by_serial(store, normal)


def _add(store: Store, normal: str, origin: Origin, expires_at: str | None, note: str, at: str) -> Certificate:
    return store.add_certificate(
        Certificate(
            number=0,
            digest=serial.digest(normal),
            last_group=serial.last_group(normal),
            origin=origin,
            note=note,
            created_at=at,
            expires_at=expires_at,
            revoked_at=None,
            used_at=None,
        )
    )
