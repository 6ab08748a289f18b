"""Purchase links: made for a task, good once."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import ANN, AT, OLGA, a_request, a_space, a_task, dump, later

from expertsupport_cli.actions import certificates, links, requests, spaces, tasks
from expertsupport_cli.errors import (
    BadUsage,
    CertificateRevoked,
    LinkSpent,
    NotFound,
    SpaceBlocked,
    TaskClosed,
    TaskExpired,
)
from expertsupport_cli.model.certificates import Certificate, PurchaseLink
from expertsupport_cli.serial import mask
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store import Store
from expertsupport_cli.store.check import findings

DAY = 86400


def a_link(store: Store, *, task: str | None = None) -> tuple[str, PurchaseLink]:
    return links.create_link(store, task or a_task(store).id, lifetime=DAY, by=ANN, at=AT)


def redeemed(store: Store, address: str, *, at: str = AT) -> tuple[str, Certificate]:
    handed: list[tuple[str, Certificate]] = []
    certificate = links.redeem_link(store, address, handed.extend, by=OLGA, at=at).certificate
    ((typed, given),) = handed
    assert given == certificate
    return typed, certificate


def spent(store: Store, address: str, how: str, *, at: str = AT) -> LinkSpent:
    """The refusal, after which the store is as it was."""
    before = dump(store)
    with pytest.raises(LinkSpent) as refusal:
        redeemed(store, address, at=at)
    assert refusal.value.code == f"link_{how}"
    assert dump(store) == before
    return refusal.value


def test_a_link_is_redeemed_for_a_certificate_that_activates(store: Store) -> None:
    token, link = a_link(store)
    typed, certificate = redeemed(store, token, at=later(seconds=1))
    assert (certificate.origin, certificate.state(later(10_000))) == ("bought", "unused")
    after = store.link(link.id)
    assert (after.used_at, after.certificate, after.state(AT)) == (later(seconds=1), mask(typed[-4:]), "used")
    assert requests.activate(store, link.task, typed, by=ANN, at=later(1)).changed


@pytest.mark.parametrize("address", ["https://shop.example/buy/{}", " {}\n", "https://shop.example/?token={}"])
def test_a_link_is_known_by_the_token_at_the_end_of_its_address(address: str, store: Store) -> None:
    token, _ = a_link(store)
    assert redeemed(store, address.format(token.upper()))[1].id == "C-1"


def test_a_token_has_at_least_128_random_bits_and_is_in_the_file_nowhere(store: Store, tmp_path: Path) -> None:
    tokens = {a_link(store)[0] for _ in range(20)}
    assert len(tokens) == 20
    assert all(len(bytes.fromhex(token)) >= 16 for token in tokens)
    held = Path(store.path).read_bytes()
    assert not any(token.encode() in held or bytes.fromhex(token) in held for token in tokens)


def test_a_used_link_is_refused_and_says_how_to_get_another(store: Store) -> None:
    token, link = a_link(store)
    redeemed(store, token)
    refusal = spent(store, token, "used", at=later(30))
    assert refusal.exit_status == 4
    assert refusal.hint == Step(verb=Verb.BUY, reference=link.task)


def test_a_link_expires_to_the_second(store: Store) -> None:
    token, _ = a_link(store)
    spent(store, token, "expired", at=later(1))
    redeemed(store, token, at=later(1, seconds=-1))


def test_a_revoked_link_is_refused(store: Store) -> None:
    token, link = a_link(store)
    assert links.revoke_link(store, link.id, by=ANN, at=AT)[1]
    spent(store, token, "revoked", at=later(30))


@pytest.mark.parametrize("address", ["0" * 40, "L-1", "https://shop.example/buy/", "x"])
def test_an_unknown_link_is_not_found(address: str, store: Store) -> None:
    a_link(store)
    before = dump(store)
    with pytest.raises(NotFound, match="Unknown purchase link"):
        redeemed(store, address)
    assert dump(store) == before


def test_an_empty_link_is_wrong_usage(store: Store) -> None:
    with pytest.raises(BadUsage, match="is empty"):
        redeemed(store, " \n")


def test_after_a_serial_could_not_be_handed_over_the_link_works_again(store: Store) -> None:
    token, link = a_link(store)
    lost: list[str] = []

    def fail(block: list[tuple[str, Certificate]]) -> None:
        lost.append(block[0][0])
        assert store.link(link.id).state(AT) == "used"  # it is committed before anybody gets the serial
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        links.redeem_link(store, token, fail, by=OLGA, at=AT)
    assert store.link(link.id) == link
    with pytest.raises(CertificateRevoked):
        certificates.check_certificate(store, lost[0], at=AT)
    assert [entry.kind for entry in store.events_of_task(link.task)][-2:] == ["link_redeemed", "link_restored"]
    assert [rule for rule, found in findings(store) if found] == []
    typed, certificate = redeemed(store, token)
    assert (certificate.id, certificates.check_certificate(store, typed, at=AT).id) == ("C-2", "C-2")


def test_a_link_whose_certificate_was_used_before_it_could_be_taken_back_stays_used(store: Store) -> None:
    token, link = a_link(store)

    def use_and_fail(block: list[tuple[str, Certificate]]) -> None:
        requests.activate(store, link.task, block[0][0], by=ANN, at=AT)
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        links.redeem_link(store, token, use_and_fail, by=OLGA, at=AT)
    assert (store.link(link.id).state(AT), store.certificate("C-1").state(AT)) == ("used", "used")
    assert [rule for rule, found in findings(store) if found] == []


def test_making_and_redeeming_are_in_the_log_of_the_task(store: Store) -> None:
    token, link = a_link(store)
    redeemed(store, token)
    found = [(entry.kind, entry.link, entry.actor) for entry in store.events_of_task(link.task) if entry.link]
    assert found == [("link_made", link.id, "ann"), ("link_redeemed", link.id, "olga")]


def test_a_link_is_revoked_by_id_or_address_and_only_once(store: Store) -> None:
    (token, first), (_, second) = a_link(store), a_link(store)
    assert links.revoke_link(store, f"https://x.example/{token}", by=ANN, at=later(2))[0].revoked_at == later(2)
    assert links.revoke_link(store, second.id.lower(), by=ANN, at=AT)[1]
    before = dump(store)
    again, changed = links.revoke_link(store, first.id, by=ANN, at=later(3))
    assert (again.revoked_at, changed) == (later(2), False)
    assert dump(store) == before


def test_a_used_link_cannot_be_revoked(store: Store) -> None:
    token, link = a_link(store)
    redeemed(store, token)
    before = dump(store)
    with pytest.raises(LinkSpent, match="already used"):
        links.revoke_link(store, link.id, by=ANN, at=AT)
    with pytest.raises(NotFound, match="Purchase link 'L-9' not found"):
        links.revoke_link(store, "L-9", by=ANN, at=AT)
    assert dump(store) == before


def test_no_link_is_made_for_a_task_that_cannot_be_worked_on(store: Store) -> None:
    closed = tasks.close_task(store, a_task(store).id, by=ANN, at=AT)[0].id
    expired = a_task(store).id
    a_space(store, "other", lifetime=None)
    blocked = a_task(store, space="other").id
    spaces.edit_space(store, "other", {"blocked": True}, by=OLGA, at=AT)
    before = dump(store)
    for task, kind in (("T-9", NotFound), (closed, TaskClosed), (expired, TaskExpired), (blocked, SpaceBlocked)):
        with pytest.raises(kind):
            links.create_link(store, task, lifetime=DAY, by=ANN, at=later(11))
    assert dump(store) == before


def test_a_task_may_have_many_links_that_live_as_long_as_they_were_told(store: Store) -> None:
    request = a_request(store)
    made = [a_link(store, task=request.task)[1] for _ in range(3)]
    assert [link.expires_at for link in made] == [later(1)] * 3
    assert [link.id for link in store.links(request.task)] == ["L-3", "L-2", "L-1"]
