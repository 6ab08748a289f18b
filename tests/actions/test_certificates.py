"""Certificates: issued, imported, checked, revoked; their serials are in the store nowhere."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from builders import ANN, AT, OLGA, a_certificate, a_request, a_store, a_task, dump, later

from expertsupport_cli import serial
from expertsupport_cli.actions import certificates, links, requests
from expertsupport_cli.errors import (
    AlreadyExists,
    BadUsage,
    CertificateExpired,
    CertificateRevoked,
    CertificateUnknown,
    CertificateUsed,
    MalformedSerial,
    NotFound,
    OutputLost,
    Refused,
    SerialMistyped,
    StoreBusy,
    StoreDamaged,
)
from expertsupport_cli.model.certificates import Certificate
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store import Store, open_store
from expertsupport_cli.store.check import findings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from expertsupport_cli.actions.certificates import HandOver

IMPORTED = "OILU-OILU-OILU-OILU"  # of another origin: not one of our symbols in it


def test_certificates_are_issued_with_the_serials_that_are_handed_over(store: Store) -> None:
    handed: list[tuple[str, Certificate]] = []
    certificates.issue_certificates(store, 3, handed.extend, valid_for=86400, note="for acme", by=OLGA, at=AT)
    assert [certificate.id for _, certificate in handed] == ["C-1", "C-2", "C-3"]
    for typed, certificate in handed:
        assert certificates.check_certificate(store, typed, at=AT) == certificate == store.certificate(certificate.id)
        assert (certificate.origin, certificate.note, certificate.expires_at) == ("issued", "for acme", later(1))
        assert certificate.masked == f"****-****-****-{typed[-4:]}"


def failing_after(blocks: int, handed: list[tuple[str, Certificate]], error: BaseException) -> HandOver:
    """Takes so many blocks, and fails at the next one."""

    def hand_over(block: list[tuple[str, Certificate]]) -> None:
        handed.extend(block)
        if len(handed) > blocks * len(block):
            raise error

    return hand_over


@pytest.mark.parametrize("error", [BrokenPipeError(), OutputLost("x"), KeyboardInterrupt(), ValueError()])
def test_a_block_that_could_not_be_handed_over_is_revoked_and_earlier_ones_stay_valid(
    error: BaseException, store: Store
) -> None:
    handed: list[tuple[str, Certificate]] = []
    with pytest.raises(type(error)):
        certificates.issue_certificates(store, 9, failing_after(2, handed, error), block_size=3, by=OLGA, at=AT)
    states = [store.certificate(certificate.id).state(AT) for _, certificate in handed]
    assert states == ["unused"] * 6 + ["revoked"] * 3
    assert store.count_certificates(AT) == 9
    for typed, _ in handed[6:]:
        with pytest.raises(CertificateRevoked):
            certificates.check_certificate(store, typed, at=AT)
    assert [rule for rule, found in findings(store) if found] == []


def using(store: Store, number: int) -> HandOver:
    """Hands over so that one of the serials is used before the rest fails."""

    def hand_over(block: list[tuple[str, Certificate]]) -> None:
        requests.activate(store, a_task(store).id, block[number][0], by=ANN, at=AT)
        raise BrokenPipeError

    return hand_over


def test_a_certificate_that_was_used_before_its_block_is_taken_back_stays_used(store: Store) -> None:
    with pytest.raises(BrokenPipeError):
        certificates.issue_certificates(store, 3, using(store, 1), by=OLGA, at=AT)
    assert [store.certificate(f"C-{number}").state(AT) for number in (1, 2, 3)] == ["revoked", "used", "revoked"]
    assert [rule for rule, found in findings(store) if found] == []


def test_the_old_certificate_is_not_valid_again_if_the_new_one_was_used(store: Store) -> None:
    a_certificate(store)
    with pytest.raises(BrokenPipeError):
        certificates.replace_certificate(store, "C-1", using(store, 0), by=OLGA, at=AT)
    assert [store.certificate(id).state(AT) for id in ("C-1", "C-2")] == ["revoked", "used"]
    assert [rule for rule, found in findings(store) if found] == []


def test_a_block_is_committed_before_it_is_handed_over(store: Store) -> None:
    def look(block: list[tuple[str, Certificate]]) -> None:
        with closing(a_store(Path(store.path))) as other, other.transaction():  # nobody holds the store meanwhile
            assert [other.certificate(certificate.id) for _, certificate in block] == [each for _, each in block]

    certificates.issue_certificates(store, 5, look, block_size=2, by=OLGA, at=AT)


def test_if_a_block_cannot_be_taken_back_it_is_said_what_is_valid(store: Store) -> None:
    hasty = open_store(str(store.path), timeout=0.1, writes=True, notify=lambda _: None)
    with closing(a_store(Path(store.path))) as other, closing(hasty):

        def lock_and_fail(block: list[tuple[str, Certificate]]) -> None:
            other.transaction().__enter__()
            raise BrokenPipeError

        with pytest.raises(StoreBusy) as refusal:
            certificates.issue_certificates(hasty, 5, lock_and_fail, by=OLGA, at=AT)
    assert "C-1 to C-5 stay valid" in refusal.value.why


def test_a_certificate_is_replaced_with_the_same_link_note_and_validity(store: Store) -> None:
    handed: list[tuple[str, Certificate]] = []
    certificates.issue_certificates(store, 1, handed.extend, valid_for=86400, note="for acme", by=OLGA, at=AT)
    new = certificates.replace_certificate(store, "c-1", handed.extend, by=OLGA, at=AT)
    (old, _), (serial, given) = handed
    assert new == given == certificates.check_certificate(store, serial, at=AT)
    assert (new.id, new.note, new.expires_at) == ("C-2", "for acme", later(1))
    with pytest.raises(CertificateRevoked):
        certificates.check_certificate(store, old, at=AT)
    third = certificates.replace_certificate(store, serial, handed.extend, by=OLGA, at=AT)
    assert third.id == "C-3"


def test_the_certificate_of_a_link_is_replaced_as_the_links_own(store: Store) -> None:
    token, link = links.create_link(store, a_task(store).id, lifetime=60, by=OLGA, at=AT)
    links.redeem_link(store, token, lambda _: None, by=OLGA, at=AT)
    new = certificates.replace_certificate(store, "C-1", lambda _: None, by=OLGA, at=AT)
    assert (new.origin, store.link(link.id).certificate) == ("bought", new.masked)
    assert [rule for rule, found in findings(store) if found] == []


def test_if_the_new_serial_cannot_be_handed_over_the_old_certificate_is_valid_again(store: Store) -> None:
    token, link = links.create_link(store, a_task(store).id, lifetime=60, by=OLGA, at=AT)
    handed: list[tuple[str, Certificate]] = []
    links.redeem_link(store, token, handed.extend, by=OLGA, at=AT)
    with pytest.raises(BrokenPipeError):
        certificates.replace_certificate(store, "C-1", failing_after(0, handed, BrokenPipeError()), by=OLGA, at=AT)
    (old, certificate), (lost, _) = handed
    assert certificates.check_certificate(store, old, at=AT) == certificate
    assert store.link(link.id).certificate == certificate.masked
    with pytest.raises(CertificateRevoked):
        certificates.check_certificate(store, lost, at=AT)
    assert [rule for rule, found in findings(store) if found] == []


@pytest.mark.parametrize("how", ["used", "revoked", "expired"])
def test_only_an_unused_certificate_is_replaced(how: str, store: Store) -> None:
    a_certificate(store, valid_for=60)
    if how == "used":
        a_request(store)
    if how == "revoked":
        certificates.revoke_certificate(store, "C-1", by=OLGA, at=AT)
    before = dump(store)
    reference, at = ("C-2", AT) if how == "used" else ("C-1", later(1) if how == "expired" else AT)
    with pytest.raises(Refused) as refusal:
        certificates.replace_certificate(store, reference, lambda _: None, by=OLGA, at=at)
    assert refusal.value.code == f"certificate_{how}"
    assert dump(store) == before


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


def test_a_used_certificate_without_a_request_is_damage_whatever_is_done_with_it(store: Store) -> None:
    typed, _ = a_certificate(store)
    task = a_task(store)
    with store.transaction():
        store.use_certificate(1, AT)
    before = dump(store)
    for use in (
        lambda: certificates.check_certificate(store, typed, at=AT),
        lambda: certificates.revoke_certificate(store, "C-1", by=OLGA, at=AT),
        lambda: certificates.replace_certificate(store, "C-1", lambda _: None, by=OLGA, at=AT),
        lambda: requests.activate(store, task.id, typed, by=ANN, at=AT),
    ):
        with pytest.raises(StoreDamaged) as refusal:
            use()
        assert refusal.value.why == f"Certificate ****-****-****-{typed[-4:]} is used, but opened no request."
        assert refusal.value.hint == Step(verb=Verb.CHECK_STORE)
    assert dump(store) == before


def test_what_is_no_serial_and_no_id_cannot_be_revoked(store: Store) -> None:
    with pytest.raises(NotFound, match="Certificate 'C-9' not found"):
        certificates.revoke_certificate(store, "C-9", by=OLGA, at=AT)
    with pytest.raises(MalformedSerial) as refusal:
        certificates.revoke_certificate(store, "ABCD", by=OLGA, at=AT)
    assert "Use a serial number, or a certificate ID" in refusal.value.what


def test_a_note_that_cannot_be_kept_is_refused_before_anything_is_issued(store: Store) -> None:
    with pytest.raises(BadUsage, match="NUL"):
        certificates.issue_certificates(store, 1, lambda batch: None, note="\0", by=OLGA, at=AT)
    with pytest.raises(BadUsage, match="too long"):
        certificates.import_certificates(store, [(1, IMPORTED)], note="x" * 1001, by=OLGA, at=AT)
    assert store.count_certificates(AT) == 0
