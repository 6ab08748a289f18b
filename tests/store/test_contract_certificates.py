"""What every store must do with certificates and purchase links, whatever it is kept in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from builders import ANN, AT, OLGA, a_certificate, a_new_certificate, a_new_link, a_request, a_task, later

from expertsupport_cli.actions import certificates, links
from expertsupport_cli.errors import NotFound
from expertsupport_cli.model.certificates import CertificateState, Origin
from expertsupport_cli.store import Store


@pytest.fixture
def store(opener: Callable[[], Store]) -> Iterator[Store]:
    with closing(opener()) as opened:
        yield opened


def test_a_certificate_is_used_or_revoked_once(store: Store) -> None:
    with store.transaction():
        one = store.add_certificate(a_new_certificate("1" * 64)).number
        other = store.add_certificate(a_new_certificate("2" * 64)).number
        assert store.use_certificate(one, AT)
        assert not store.use_certificate(one, AT)
        assert not store.revoke_certificate(one, AT)
        assert store.revoke_certificate(other, AT)
        assert not store.revoke_certificate(other, AT)
        assert not store.use_certificate(other, AT)
        assert not store.use_certificate(99, AT)
    assert (store.certificate("c-1").used_at, store.certificate("C-2").revoked_at) == (AT, AT)


def test_a_certificate_is_found_by_the_first_digest_that_there_is(store: Store) -> None:
    with store.transaction():
        store.add_certificate(a_new_certificate("1" * 64))
        store.add_certificate(a_new_certificate("2" * 64))
    found = store.certificate_by_digest("0" * 64, "2" * 64, "1" * 64)
    assert found is not None
    assert found.number == 2
    assert store.certificate_by_digest("0" * 64) is None
    assert store.certificate_by_digest() is None
    for id in ("C-3", "C-", "2", "", "ES-1"):
        with pytest.raises(NotFound):
            store.certificate(id)


def test_certificates_are_listed_by_state_newest_first_in_pages(store: Store, small_pages: int) -> None:
    for number in range(8):
        a_certificate(store, valid_for=86400 if number % 2 else None)
    certificates.revoke_certificate(store, "C-1", by=OLGA, at=AT)
    certificates.revoke_certificate(store, "C-2", by=OLGA, at=AT)
    a_request(store)  # uses C-9
    expected = {None: [9, 8, 7, 6, 5, 4, 3, 2, 1], "unused": [7, 5, 3], "used": [9], "revoked": [2, 1]}
    for name, numbers in {**expected, "expired": [8, 6, 4]}.items():
        state = CertificateState(name) if name else None
        found = list(store.certificates(later(1), state))
        assert [certificate.number for certificate in found] == numbers
        assert store.count_certificates(later(1), state) == len(numbers)
        assert state is None or {certificate.state(later(1)) for certificate in found} == {state}
    assert [certificate.number for certificate in store.certificates(AT, limit=4)] == [9, 8, 7, 6]


def test_a_link_is_used_once_and_not_after_it_expired(store: Store) -> None:
    task = a_task(store).id
    with store.transaction():
        first, second = (store.add_certificate(a_new_certificate(digit * 64)).number for digit in "12")
        link = store.add_link(a_new_link(task))
        assert not store.use_link(link.number, first, later(1))
        assert store.use_link(link.number, first, AT)
        assert not store.use_link(link.number, second, AT)
        assert not store.revoke_link(link.number, AT)
        revoked = store.add_link(a_new_link(task, "f" * 64))
        assert store.revoke_link(revoked.number, AT)
        assert not store.revoke_link(revoked.number, AT)
        assert not store.use_link(revoked.number, second, AT)
    assert store.link("l-1") == link.replace(
        used_at=AT, certificate="****-****-****-7K3M", certificate_origin=Origin.ISSUED
    )
    assert store.link_by_digest("f" * 64) == revoked.replace(revoked_at=AT)
    assert store.link_by_digest("0" * 64) is None
    with pytest.raises(NotFound):
        store.link("L-3")


def test_links_are_listed_by_task_newest_first_in_pages(store: Store, small_pages: int) -> None:
    for id in ("A", "B"):
        a_task(store, id=id)
    for number in range(8):
        links.create_link(store, "AB"[number % 2], lifetime=60, by=ANN, at=AT)
    assert [link.number for link in store.links()] == [8, 7, 6, 5, 4, 3, 2, 1]
    assert [link.number for link in store.links("b")] == [8, 6, 4, 2]
    assert [link.number for link in store.links(limit=2)] == [8, 7]
    assert (store.count_links(), store.count_links("B"), store.count_links("C")) == (8, 4, 0)


def test_the_history_of_a_certificate_and_of_a_link_is_theirs_alone(store: Store) -> None:
    token, link = links.create_link(store, a_task(store).id, lifetime=60, by=ANN, at=AT)
    a_certificate(store)
    bought = links.redeem_link(store, token, lambda _: None, by=OLGA, at=AT).certificate
    certificates.replace_certificate(store, bought.id, lambda _: None, by=OLGA, at=AT)
    assert [event.kind for event in store.events_of_link(link)] == [
        "link_made",
        "link_redeemed",
        "certificate_replaced",
    ]
    kinds = ["certificate_bought", "link_redeemed", "certificate_replaced"]
    assert [event.kind for event in store.events_of_certificate(bought)] == kinds
    assert store.events_of_certificate(bought)[-1].new == "C-3"
    assert store.events_of_certificate(store.certificate("C-3"))[-1].old == bought.id


def test_what_was_used_or_revoked_can_be_taken_back(store: Store) -> None:
    token, link = links.create_link(store, a_task(store).id, lifetime=60, by=ANN, at=AT)
    bought = links.redeem_link(store, token, lambda _: None, by=OLGA, at=AT).certificate
    other = store.certificate(a_certificate(store)[1].id)
    with store.transaction():
        store.move_link(bought.number, other.number)
        assert store.link(link.id).certificate == other.masked
        store.restore_link(link.number)
        store.revoke_certificate(other.number, AT)
        store.restore_certificate(other.number)
    assert (store.link(link.id), store.certificate(other.id)) == (link, other)


def test_wrong_serials_are_counted_until_they_are_forgotten(store: Store) -> None:
    for expected in (1, 2, 3):
        with store.transaction():
            assert store.count_wrong_serial() == expected
    with store.transaction():
        store.forget_wrong_serials()
        assert store.count_wrong_serial() == 1
