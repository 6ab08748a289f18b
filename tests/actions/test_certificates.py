"""Certificates: issued, imported, checked, revoked; their serials are in the store nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import ANN, AT, OLGA, a_certificate, a_request, a_task, dump, later

from expertsupport_cli import serial
from expertsupport_cli.actions import certificates, requests
from expertsupport_cli.errors import (
    AlreadyExists,
    BadUsage,
    CertificateExpired,
    CertificateRevoked,
    CertificateUnknown,
    CertificateUsed,
    MalformedSerial,
    NotFound,
    SerialMistyped,
)
from expertsupport_cli.model.certificates import Certificate
from expertsupport_cli.store import Store

IMPORTED = "OILU-OILU-OILU-OILU"  # of another origin: not one of our symbols in it


def test_certificates_are_issued_with_the_serials_that_are_handed_over(store: Store) -> None:
    handed: list[tuple[str, Certificate]] = []
    certificates.issue_certificates(store, 3, handed.extend, valid_for=86400, note="for acme", by=OLGA, at=AT)
    assert [certificate.id for _, certificate in handed] == ["C-1", "C-2", "C-3"]
    for typed, certificate in handed:
        assert certificates.check_certificate(store, typed, at=AT) == certificate == store.certificate(certificate.id)
        assert (certificate.origin, certificate.note, certificate.valid_until) == ("issued", "for acme", later(1))
        assert certificate.masked == f"****-****-****-{typed[-4:]}"


def test_what_could_not_be_handed_over_was_not_issued(store: Store) -> None:
    before = dump(store)

    def fail(batch: list[tuple[str, Certificate]]) -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        certificates.issue_certificates(store, 3, fail, by=OLGA, at=AT)
    assert dump(store) == before


def test_the_batches_that_were_handed_over_stay_issued(store: Store) -> None:
    handed: list[tuple[str, Certificate]] = []

    def hand_over(batch: list[tuple[str, Certificate]]) -> None:
        if handed:
            raise KeyboardInterrupt
        handed.extend(batch)

    with pytest.raises(KeyboardInterrupt):
        certificates.issue_certificates(store, certificates.BATCH + 5, hand_over, by=OLGA, at=AT)
    assert store.count_certificates(AT) == len(handed) == certificates.BATCH


def test_no_serial_is_in_the_file_after_issue_import_and_activation(store: Store, tmp_path: Path) -> None:
    typed, _ = a_certificate(store)
    certificates.import_certificates(store, [(1, IMPORTED)], by=OLGA, at=AT)
    requests.activate(store, a_task(store).id, typed, by=ANN, at=AT)
    requests.activate(store, a_task(store).id, IMPORTED, by=ANN, at=AT)
    for path in tmp_path.iterdir():
        held = path.read_bytes().upper()
        for text in (typed, IMPORTED):
            assert text.encode() not in held
            assert serial.read(text).encode() not in held
            assert text[:14].encode() not in held


def test_imported_serials_activate_in_any_case_and_without_a_check_symbol(store: Store) -> None:
    (imported,) = certificates.import_certificates(store, [(1, "zzzz zzzz zzzz zzz1")], note="shop", by=OLGA, at=AT)
    assert (imported.origin, imported.note, imported.last_group) == ("imported", "shop", "ZZZ1")
    assert requests.activate(store, a_task(store).id, "ZZZZ-zzzz-ZZZZ-zzz1", by=ANN, at=AT).changed


def test_a_letter_o_of_an_imported_serial_is_not_read_as_a_zero(store: Store) -> None:
    certificates.import_certificates(store, [(1, IMPORTED)], by=OLGA, at=AT)
    with pytest.raises(SerialMistyped):
        certificates.check_certificate(store, IMPORTED.replace("O", "0"), at=AT)
    assert certificates.check_certificate(store, IMPORTED, at=AT).id == "C-1"


@pytest.mark.parametrize(
    ("lines", "line", "kind"),
    [
        ([(1, IMPORTED), (3, "ABCD-EFGH"), (4, "!")], 3, MalformedSerial),
        ([(1, IMPORTED), (2, "A" * 16), (7, IMPORTED.lower())], 7, AlreadyExists),
        ([(1, "B" * 16), (2, "C" * 16)], 2, AlreadyExists),
    ],
)
def test_serials_are_imported_all_or_none_and_the_line_is_named(
    lines: list[tuple[int, str]], line: int, kind: type[BadUsage | AlreadyExists], store: Store
) -> None:
    certificates.import_certificates(store, [(1, "C" * 16)], by=OLGA, at=AT)
    before = dump(store)
    with pytest.raises(kind) as refusal:
        certificates.import_certificates(store, lines, by=OLGA, at=AT)
    assert refusal.value.what.startswith(f"Line {line}: ")
    assert "Nothing was imported" in str(refusal.value.hint)
    assert not any(text in f"{refusal.value.message} {refusal.value.hint}" for _, text in lines if len(text) > 1)
    assert dump(store) == before


def test_checking_says_what_activation_would_and_changes_nothing(store: Store) -> None:
    good, _ = a_certificate(store, valid_for=86400)
    revoked, _ = a_certificate(store)
    certificates.revoke_certificate(store, revoked, by=OLGA, at=AT)
    used, _ = a_certificate(store)
    requests.activate(store, a_task(store).id, used, by=ANN, at=AT)
    before = dump(store)
    assert certificates.check_certificate(store, good, at=AT).state(AT) == "unused"
    for typed, kind in (
        (good, CertificateExpired),
        (revoked, CertificateRevoked),
        (used, CertificateUsed),
        (serial.issue(), CertificateUnknown),
        ("ABCD", MalformedSerial),
    ):
        with pytest.raises(kind):
            certificates.check_certificate(store, typed, at=later(1))
    assert dump(store) == before


def test_a_certificate_is_revoked_by_serial_or_id_and_only_once(store: Store) -> None:
    (typed, first), (_, second) = a_certificate(store), a_certificate(store)
    revoked, changed = certificates.revoke_certificate(store, typed.lower(), by=OLGA, at=later(1))
    assert (revoked, changed) == (first.replace(revoked_at=later(1)), True)
    assert certificates.revoke_certificate(store, second.id.lower(), by=OLGA, at=later(1))[1]
    before = dump(store)
    again, changed = certificates.revoke_certificate(store, first.id, by=OLGA, at=later(2))
    assert (again.revoked_at, changed) == (later(1), False)
    assert dump(store) == before


def test_a_used_certificate_cannot_be_revoked(store: Store) -> None:
    request = a_request(store)
    before = dump(store)
    with pytest.raises(CertificateUsed, match="already used") as refusal:
        certificates.revoke_certificate(store, "C-1", by=OLGA, at=AT)
    assert request.id in refusal.value.why
    assert dump(store) == before


def test_what_is_no_serial_and_no_id_cannot_be_revoked(store: Store) -> None:
    with pytest.raises(NotFound, match="no certificate “C-9”"):
        certificates.revoke_certificate(store, "C-9", by=OLGA, at=AT)
    with pytest.raises(MalformedSerial) as refusal:
        certificates.revoke_certificate(store, "ABCD", by=OLGA, at=AT)
    assert "neither a serial number nor a certificate's ID" in refusal.value.what


def test_a_note_that_cannot_be_kept_is_refused_before_anything_is_issued(store: Store) -> None:
    with pytest.raises(BadUsage, match="NUL"):
        certificates.issue_certificates(store, 1, lambda batch: None, note="\0", by=OLGA, at=AT)
    with pytest.raises(BadUsage, match="too long"):
        certificates.import_certificates(store, [(1, IMPORTED)], note="x" * 1001, by=OLGA, at=AT)
    assert store.count_certificates(AT) == 0
