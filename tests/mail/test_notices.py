"""Who is told of what, and in the same transaction as what they are told of."""

from __future__ import annotations

from contextlib import suppress

import pytest
from builders import ANN, AT, BOB, a_certificate, a_request, a_task, later

from expertsupport_cli.actions import following, requests
from expertsupport_cli.actions.notices import Post, queue_notices, recipients
from expertsupport_cli.errors import Refused
from expertsupport_cli.model.history import Event, Kind
from expertsupport_cli.model.mail import Mail
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.model.requests import Act, Request
from expertsupport_cli.render.notice import notice
from expertsupport_cli.store import Store

A, DESK, FAN = "ann@example.org", "desk@desk.example", "fan@example.org"
POST = Post(page_url="http://127.0.0.1:8765", compose=notice, desk=[DESK, "Night@desk.example"], domain="desk.example")
NIGHT = "Night@desk.example"
COLLEAGUE = Actor(name="cleo", side=Side.CUSTOMER, email="cleo@example.org")
NAMELESS = Actor(name="cleo", side=Side.CUSTOMER)
FOLLOWING = Actor(name="fran", side=Side.CUSTOMER, email="FAN@example.ORG")
MOVED = {"old": "Waiting", "new": "Acknowledged"}

TOLD: dict[str, tuple[Act, Actor, dict[str, str], list[str], list[str]]] = {
    # what, by whom, the move, the followers, who is told
    "the desk replies": (Act.REPLY, BOB, MOVED, [], [A]),
    "the desk replies, nothing moves": (Act.REPLY, BOB, {}, [], [A]),
    "the desk acknowledges": (Act.ACKNOWLEDGE, BOB, MOVED, [FAN], [A, FAN]),
    "the desk closes": (Act.CLOSE, BOB, MOVED, [], [A]),
    "the desk notes": (Act.NOTE, BOB, {}, [FAN], [DESK, NIGHT]),
    "one of the desk's addresses notes": (Act.NOTE, BOB.replace(email="NIGHT@desk.example"), {}, [FAN], [DESK]),
    "the initiator comments": (Act.COMMENT, ANN, {}, [FAN], [DESK, NIGHT, FAN]),
    "the initiator moves it": (Act.COMMENT, ANN, MOVED, [], [DESK, NIGHT]),
    "the initiator, without an address today": (Act.CLOSE, ANN.replace(email=None), MOVED, [], [DESK, NIGHT]),
    "the initiator, under another address": (Act.CLOSE, ANN.replace(email="a@home.example"), MOVED, [], [DESK, NIGHT]),
    "the initiator, in capitals": (
        Act.CLOSE,
        ANN.replace(name="ANN", email="ANN@example.org"),
        MOVED,
        [],
        [DESK, NIGHT],
    ),
    "a colleague comments": (Act.COMMENT, COLLEAGUE, {}, [], [DESK, NIGHT]),
    "a colleague moves it": (Act.COMMENT, COLLEAGUE, MOVED, [], [A, DESK, NIGHT]),
    "a colleague without an address closes": (Act.CLOSE, NAMELESS, MOVED, [FAN], [A, DESK, NIGHT, FAN]),
    "a follower comments": (Act.COMMENT, FOLLOWING, {}, [FAN, "x@example.org"], [DESK, NIGHT, "x@example.org"]),
    "the initiator follows as well": (Act.REPLY, BOB, {}, ["ANN@EXAMPLE.ORG"], [A]),
    "the desk follows as well": (Act.COMMENT, ANN, {}, ["night@desk.example", FAN], [DESK, NIGHT, FAN]),
    "a follower in two cases": (Act.REPLY, BOB, {}, [FAN, "Fan@Example.org"], [A, FAN]),
    "an expert who follows": (Act.REPLY, BOB, {}, ["bob@desk.example"], [A]),
    "an expert where the initiator's address is set": (Act.REPLY, BOB.replace(email=A), {}, [], [A]),
    "an expert of the initiator's name and another address": (
        Act.REPLY,
        ANN.replace(side=Side.DESK, email="bob@desk.example"),
        {},
        [],
        [A],
    ),
    "an initiator who is of the desk, without an address": (
        Act.REPLY,
        ANN.replace(side=Side.DESK, email=None),
        {},
        [],
        [],
    ),
    "an initiator who is of the desk": (Act.REPLY, ANN.replace(side=Side.DESK), {}, [FAN], [FAN]),
    "the initiator moves it, from nothing": (Act.COMMENT, ANN, {"new": "New"}, [FAN], [DESK, NIGHT, FAN]),
}


def mails(store: Store) -> list[Mail]:
    return list(store.mails())[::-1]


@pytest.fixture
def request_(store: Store) -> Request:
    return a_request(store)


@pytest.mark.parametrize("case", TOLD)
def test_who_is_told(case: str, request_: Request) -> None:
    act, by, move, followers, told = TOLD[case]
    event = Event.by(by, AT, Kind(act)).replace(**move)
    assert recipients(event, request_, by, POST.desk, followers) == told


@pytest.mark.parametrize("desk", [[], [DESK]])
def test_an_initiator_without_an_address_is_not_told_and_stops_no_other(desk: list[str], store: Store) -> None:
    request = a_request(store, by=ANN.replace(email=None))
    event = Event.by(BOB, AT, Kind.CLOSED).replace(**MOVED)
    assert recipients(event, request, BOB, desk, [FAN]) == [FAN]
    assert recipients(event.replace(side=Side.CUSTOMER), request, NAMELESS, desk, []) == desk


def test_each_recipient_gets_a_row_and_a_command_makes_one_mail_each(request_: Request, store: Store) -> None:
    following.follow(store, "ES-1", FAN, by=COLLEAGUE, at=AT)
    assert mails(store) == []  # to follow is not told
    requests.reply(store, "ES-1", "Is it plugged in?", asks=True, by=BOB, at=later(1), post=POST)
    requests.close(store, "ES-1", "It was not.", by=ANN, at=later(2), post=POST)
    requests.reopen(store, "ES-1", None, by=BOB, at=later(3), post=POST)
    rows = mails(store)
    assert [(row.recipient, row.created_at) for row in rows] == [
        *((to, later(1)) for to in (A, FAN)),
        *((to, later(2)) for to in (DESK, NIGHT, FAN)),
        *((to, later(3)) for to in (A, FAN)),
    ]
    assert len({row.message_id for row in rows}) == len(rows)
    assert {row.message_id.rpartition("@")[2] for row in rows} == {"desk.example>"}
    assert {(row.state, row.attempts, row.subject) for row in rows} == {("queued", 0, "[ES-1] The printer is on fire")}
    assert all(row.due_at == row.created_at for row in rows)
    assert len({row.event for row in rows}) == 3


def test_whoever_stops_following_is_told_no_more(request_: Request, store: Store) -> None:
    following.follow(store, "ES-1", FAN, by=COLLEAGUE, at=AT)
    following.unfollow(store, "ES-1", FAN.upper(), by=COLLEAGUE, at=AT)
    requests.comment(store, "ES-1", "Hello?", by=ANN, at=AT, post=POST.replace(desk=[]))
    assert mails(store) == []


def test_a_notice_is_composed_of_the_event_the_request_as_it_is_now_and_what_was_said(
    request_: Request, store: Store
) -> None:
    def compose(event: Event, request: Request, body: str | None, page_url: str) -> str:
        return f"{event.kind} {event.old}-{event.new} {request.id} {request.status} {body} {page_url}"

    post = POST.replace(compose=compose)
    requests.reply(store, "ES-1", "Is it plugged in?", asks=True, by=BOB, at=AT, post=post)
    requests.close(store, "ES-1", None, by=BOB, at=AT, post=post)
    assert [row.body for row in mails(store)] == [
        "asked New-Waiting ES-1 Waiting Is it plugged in? http://127.0.0.1:8765",
        "closed Waiting-Closed ES-1 Closed None http://127.0.0.1:8765",
    ]


def test_a_note_is_never_sent_to_the_customers_side(request_: Request, store: Store) -> None:
    following.follow(store, "ES-1", FAN, by=COLLEAGUE, at=AT)
    requests.note(store, "ES-1", "A difficult customer.", by=BOB, at=AT, post=POST)
    requests.reply(store, "ES-1", "Gladly.", asks=False, by=BOB, at=AT, post=POST)
    seen = [row.body or "" for row in mails(store) if row.recipient in (A, FAN)]
    assert len(seen) == 2
    assert "difficult" not in "".join(seen)


def test_activation_is_told_to_the_desk(store: Store) -> None:
    serial, _ = a_certificate(store)
    requests.activate(store, a_task(store).id, serial, by=ANN, at=AT, post=POST)
    assert [row.recipient for row in mails(store)] == [DESK, NIGHT]


def test_what_is_refused_tells_nobody(request_: Request, store: Store) -> None:
    requests.close(store, "ES-1", None, by=ANN, at=AT)
    with pytest.raises(Refused):
        requests.reply(store, "ES-1", "Too late", asks=False, by=BOB, at=AT, post=POST)
    assert not requests.close(store, "ES-1", None, by=BOB, at=AT, post=POST).changed
    assert mails(store) == []


def test_a_notice_that_cannot_be_queued_takes_its_change_back_with_it(request_: Request, store: Store) -> None:
    broken = POST.replace(domain=None)
    with pytest.raises(TypeError):
        requests.comment(store, "ES-1", "Hello?", by=ANN, at=AT, post=broken)
    assert mails(store) == []
    assert [comment.body for comment in store.comments(request_, notes=True)] == []


def test_a_change_that_is_rolled_back_tells_nobody(request_: Request, store: Store) -> None:
    event = Event.by(BOB, AT, Kind.REPLIED)
    with suppress(InterruptedError), store.transaction():
        queue_notices(store, POST, event, store.last_event(), request_, "Is it plugged in?", BOB)
        assert [row.recipient for row in mails(store)] == [A]
        raise InterruptedError
    assert mails(store) == []


def test_without_post_nothing_is_queued(request_: Request, store: Store) -> None:
    requests.reply(store, "ES-1", "Is it plugged in?", asks=False, by=BOB, at=AT)
    assert mails(store) == []


def test_a_lease_is_for_whoever_queued_the_notice(request_: Request, store: Store) -> None:
    requests.reply(store, "ES-1", "Hi", asks=False, by=BOB, at=AT, post=POST.replace(lease="mine", lease_seconds=15))
    assert [row.leased_until for row in store.leased_mails("mine")] == [later(seconds=15)]
    assert not store.has_due_mail(later(seconds=14))
    assert store.has_due_mail(later(seconds=15))
