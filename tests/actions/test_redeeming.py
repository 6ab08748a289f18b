"""What an online store buys with a link: once for each event, with a request or without."""

from __future__ import annotations

import pytest
from builders import ANN, AT, OLGA, a_certificate, a_space, a_task, dump, later

from expertsupport_cli.actions import certificates, links, requests, spaces, tasks
from expertsupport_cli.actions.certificates import Block
from expertsupport_cli.actions.links import Purchase
from expertsupport_cli.actions.notices import Post
from expertsupport_cli.checks import event_id
from expertsupport_cli.errors import AlreadyExists, BadUsage, CertificateRevoked, LinkSpent, NotFound
from expertsupport_cli.model.certificates import Origin
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.render.notice import notice_text
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store import Store
from expertsupport_cli.store.check import findings

DAY = 86400
SHOP = Actor(name="shop", side=Side.OWNER)
POST = Post(compose=notice_text, desk=["desk@example.org"])


def a_link(store: Store, task: str | None = None) -> str:
    return links.create_link(store, task or a_task(store).id, lifetime=DAY, by=ANN, at=AT)[0]


def buy(store: Store, token: str, event: str | None = "evt_1", *, activate: bool = False, at: str = AT) -> Purchase:
    """What a store gets, and what it got is what was handed over."""
    handed = Block()

    def hand_over(block: Block) -> None:
        handed.extend(block)
        handed.refused = block.refused

    bought = links.redeem_link(store, token, hand_over, event_id=event, activate=activate, by=SHOP, at=at, post=POST)
    assert handed == ([(bought.serial, bought.certificate)] if bought.serial else [])
    assert handed.refused == (bought.refused if handed else None)
    assert [rule for rule, found in findings(store) if found] == []
    return bought


def test_an_event_that_is_repeated_gets_the_same_answer_but_no_serial_and_changes_nothing(store: Store) -> None:
    token = a_link(store)
    first = buy(store, token)
    assert first.serial
    before = dump(store)
    again = buy(store, token, at=later(2))  # when the link has long expired
    assert again == first.replace(serial=None, repeated=True)
    assert dump(store) == before


def test_an_event_counts_for_one_link_only(store: Store) -> None:
    first, second = a_link(store), a_link(store)
    buy(store, first)
    before = dump(store)
    with pytest.raises(AlreadyExists, match="Event 'evt_1' was already used") as refusal:
        buy(store, second)
    assert refusal.value.hint == Step(verb=Verb.SHOW_LINK, reference="L-1")
    assert dump(store) == before
    assert buy(store, second, "evt_2").certificate.id == "C-2"


def test_a_link_is_redeemed_for_one_event_only(store: Store) -> None:
    token = a_link(store)
    buy(store, token)
    for event in ("evt_2", None):
        with pytest.raises(LinkSpent):
            buy(store, token, event)
    with pytest.raises(NotFound):
        buy(store, "0" * 40)
    assert store.redemption("evt_2") is None


def test_what_is_paid_and_activated_at_once_opens_a_request_of_whoever_created_the_link(store: Store) -> None:
    token = a_link(store)
    bought = buy(store, token, activate=True)
    request = bought.request
    assert request is not None
    assert (request.id, request.initiator, request.initiator_email) == ("ES-1", "ann", "ann@example.org")
    assert (bought.serial, bought.refused) == (None, None)
    assert store.certificate("C-1").request == "ES-1"
    assert store.certificate("C-1").origin is Origin.BOUGHT
    assert store.task(request.task).expires_at is None
    kinds = [(entry.kind, entry.actor) for entry in store.events_of_task(request.task)][2:]
    assert kinds == [("certificate_bought", "shop"), ("link_redeemed", "shop"), ("activated", "ann")]
    # the link does not prove that it was ann
    assert sorted(mail.recipient for mail in store.mails()) == ["ann@example.org", "desk@example.org"]
    before = dump(store)
    assert buy(store, token, activate=True, at=later(3)) == bought.replace(
        repeated=True, certificate=store.certificate("C-1")
    )
    assert dump(store) == before


def test_an_initiator_whose_address_was_not_known_gets_no_mail(store: Store) -> None:
    token, _ = links.create_link(store, a_task(store).id, lifetime=DAY, by=ANN.replace(email=None), at=AT)
    assert buy(store, token, activate=True).request
    assert [mail.recipient for mail in store.mails()] == ["desk@example.org"]


def test_if_the_request_cannot_be_opened_the_certificate_is_sold_all_the_same(store: Store) -> None:
    a_space(store, "other", lifetime=None)
    names = {"task_closed": a_task(store).id, "request_open": a_task(store).id}
    names["space_blocked"] = a_task(store, space="other").id
    tokens = {why: a_link(store, task) for why, task in names.items()}
    tokens["task_expired"] = links.create_link(store, a_task(store).id, lifetime=30 * DAY, by=ANN, at=AT)[0]
    tasks.close_task(store, names["task_closed"], by=ANN, at=AT)
    requests.activate(store, names["request_open"], a_certificate(store)[0], by=ANN, at=AT)
    spaces.edit_space(store, "other", {"blocked": True}, by=OLGA, at=AT)
    for why, token in tokens.items():
        at = later(20) if why == "task_expired" else AT
        bought = buy(store, token, why, activate=True, at=at)
        assert (bought.refused, bought.request) == (why, None)
        assert bought.serial
        assert certificates.check_certificate(store, bought.serial, at=at) == bought.certificate
        assert buy(store, token, why, activate=True, at=at) == bought.replace(serial=None, repeated=True)


def test_what_the_customer_does_later_does_not_change_the_answer(store: Store) -> None:
    """The store has not asked for the address of the request, and does not get it."""
    token = a_link(store)
    bought = buy(store, token)
    assert bought.serial
    requests.activate(store, "T-1", bought.serial, by=ANN, at=AT)
    assert buy(store, token).request is None


def test_after_a_certificate_was_replaced_the_answer_names_the_new_one(store: Store) -> None:
    token = a_link(store)
    buy(store, token)
    certificates.replace_certificate(store, "C-1", lambda _: None, by=OLGA, at=AT)
    assert buy(store, token).certificate.id == "C-2"


@pytest.mark.parametrize("refused", [False, True])
def test_after_a_serial_could_not_be_handed_over_the_link_is_unused_and_its_event_forgotten(
    store: Store, refused: bool
) -> None:
    token = a_link(store)
    if refused:
        tasks.close_task(store, "T-1", by=ANN, at=AT)
    lost: list[str] = []

    def fail(block: Block) -> None:
        lost.append(block[0][0])
        assert store.redemption("evt_1")  # it is committed before anybody gets the serial
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        links.redeem_link(store, token, fail, event_id="evt_1", activate=refused, by=SHOP, at=AT)
    assert store.redemption("evt_1") is None
    assert store.link("L-1").state(AT) == "unused"
    with pytest.raises(CertificateRevoked):
        certificates.check_certificate(store, lost[0], at=AT)
    other = a_link(store, a_task(store).id)
    assert buy(store, other, "evt_1").serial  # it is free for any link
    assert buy(store, token, "evt_2").serial


def test_a_request_that_was_opened_is_never_taken_back(store: Store) -> None:
    """There is no serial to lose, whatever happens after the commit."""
    token = a_link(store)

    def never(block: Block) -> None:
        raise AssertionError(block)

    bought = links.redeem_link(store, token, never, activate=True, by=SHOP, at=AT)
    assert bought.request
    assert store.redemption("evt_1") is None


def test_a_demo_certificate_says_so_and_one_that_replaces_it_too(store: Store) -> None:
    token = a_link(store)
    links.redeem_link(store, token, lambda _: None, origin=Origin.DEMO, by=ANN, at=AT)
    serials: list[str] = []
    certificates.replace_certificate(store, "C-1", lambda block: serials.append(block[0][0]), by=OLGA, at=AT)
    request = requests.activate(store, "T-1", serials[0], by=ANN, at=AT).request
    assert [store.certificate(id).origin for id in ("C-1", "C-2")] == [Origin.DEMO] * 2
    assert (request.certificate_origin, store.request("ES-1").certificate_origin) == (Origin.DEMO, Origin.DEMO)
    assert store.link("L-1").certificate_origin is Origin.DEMO
    assert [rule for rule, found in findings(store) if found] == []


@pytest.mark.parametrize("text", ["", " ", "a b", "é", "a\n", "\x7f", "x" * 201])
def test_an_event_id_is_visible_ascii(text: str) -> None:
    with pytest.raises(BadUsage, match="Invalid event ID"):
        event_id(text)
    assert event_id("evt_1.~!/" + "x" * 191)
