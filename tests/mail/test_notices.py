"""Who is told of what, and in the same transaction as what they are told of."""

from __future__ import annotations

from contextlib import suppress

import pytest
from builders import ANN, AT, BOB, a_certificate, a_request, a_task, later

from expertsupport_cli.actions import following, requests
from expertsupport_cli.actions.notices import Post, queue_notices, recipients
from expertsupport_cli.errors import Refused
from expertsupport_cli.model.history import Event, Kind
from expertsupport_cli.model.mail import Mail, Notice, Pages, Role
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.model.requests import Act, Request, Status
from expertsupport_cli.render.notice import notice_text
from expertsupport_cli.store import Store

A, DESK, FAN = "ann@example.org", "desk@desk.example", "fan@example.org"
POST = Post(compose=notice_text, desk=[DESK, "Night@desk.example"], domain="desk.example")
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
    "another of the initiator's name and another address": (
        Act.CLOSE,
        ANN.replace(email="a@home.example"),
        MOVED,
        [],
        [A, DESK, NIGHT],
    ),
    "the initiator, under another name and the same address": (
        Act.CLOSE,
        ANN.replace(name="Ann Smith"),
        MOVED,
        [],
        [DESK, NIGHT],
    ),
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
    assert list(recipients(event, request_, by, POST.desk, followers)) == told


@pytest.mark.parametrize("desk", [[], [DESK]])
def test_an_initiator_without_an_address_is_not_told_and_stops_no_other(desk: list[str], store: Store) -> None:
    request = a_request(store, by=ANN.replace(email=None))
    event = Event.by(BOB, AT, Kind.CLOSED).replace(**MOVED)
    assert list(recipients(event, request, BOB, desk, [FAN])) == [FAN]
    assert list(recipients(event.replace(side=Side.CUSTOMER), request, NAMELESS, desk, [])) == desk


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
    def compose(told: Notice) -> str:
        event, request = told.event, told.request
        return f"{event.kind} {event.old}-{event.new} {request.id} {request.status} {told.body} {told.role}"

    post = POST.replace(compose=compose)
    requests.reply(store, "ES-1", "Is it plugged in?", asks=True, by=BOB, at=AT, post=post)
    requests.close(store, "ES-1", None, by=BOB, at=AT, post=post)
    assert [row.body for row in mails(store)] == [
        "asked New-Waiting ES-1 Waiting Is it plugged in? initiator",
        "closed Waiting-Closed ES-1 Closed None initiator",
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


WHO = [
    Actor(name=name, email=email, side=side)
    for name in ("ann", "ANN", "bob")
    for email in (None, "ann@example.org", "Ann@Example.ORG", "bob@desk.example")
    for side in (Side.CUSTOMER, Side.DESK)
]


def test_who_is_the_initiator_is_one_rule_for_all_names_and_addresses_on_both_sides() -> None:
    for email in (None, "ann@example.org"):
        for by in WHO:
            same_name, known = by.name.lower() == "ann", email is not None and by.email is not None
            same_address = known and str(by.email).lower() == "ann@example.org"
            if not known:
                expected = same_name
            elif by.side is Side.DESK:
                expected = same_name and same_address
            else:
                expected = same_address
            assert by.is_person("ann", email) == expected, (by, email)


TOKEN_ROLES: dict[Pages, dict[Role, str | None]] = {
    # where the pages are: what each role gets
    Pages(url="https://es.example/"): {
        Role.INITIATOR: "https://es.example/requests/{token}",
        Role.DESK: "https://es.example/desk/requests/ES-1",
        Role.FOLLOWER: "https://es.example/spaces/acme/requests/ES-1",
    },
    Pages(local="http://127.0.0.1:8765"): {
        Role.INITIATOR: "http://127.0.0.1:8765/requests/{token}\n"
        "          (only on this machine, while its pages are served)",
        Role.DESK: None,
        Role.FOLLOWER: None,
    },
    Pages(): {Role.INITIATOR: None, Role.DESK: None, Role.FOLLOWER: None},
}


def told_text(request: Request, role: Role, pages: Pages, **more: str) -> str:
    event = Event.on(request, BOB, AT, Kind.REPLIED)
    return notice_text(
        Notice(event=event, request=request, role=role, body="Hi", description="", pages=pages).replace(**more)
    )


def test_only_the_initiator_gets_the_address_with_the_token(request_: Request) -> None:
    for pages, roles in TOKEN_ROLES.items():
        for role, address in roles.items():
            text = told_text(request_, role, pages)
            assert "es show ES-1" in text
            if address is None:
                assert "Page:" not in text
            else:
                assert f"Page:     {address.format(token=request_.token)}\n" in text
            assert (request_.token in text) == ("{token}" in (address or ""))


@pytest.mark.parametrize(
    ("role", "status", "command"),
    [
        (Role.INITIATOR, Status.WAITING, "es comment ES-1 -m TEXT"),
        (Role.FOLLOWER, Status.NEW, "es comment ES-1 -m TEXT"),
        (Role.DESK, Status.NEW, "es desk reply ES-1 -m TEXT"),
        (Role.INITIATOR, Status.CLOSED, "es reopen ES-1"),
        (Role.DESK, Status.CLOSED, "es desk reopen ES-1"),
    ],
)
def test_mail_says_how_to_answer(role: Role, status: Status, command: str, request_: Request) -> None:
    assert command in told_text(request_.replace(status=status), role, Pages())


def test_mail_says_where_replies_to_it_are_read_by_nobody(request_: Request) -> None:
    line = "Replies to this email are not read."
    assert line in told_text(request_, Role.INITIATOR, Pages())
    assert line not in told_text(request_, Role.INITIATOR, Pages(replies_are_read=True))


def test_the_desk_reads_the_description_of_a_new_requests_task(store: Store) -> None:
    serial, _ = a_certificate(store)
    task = a_task(store, description="It smokes.\nSince Monday.")
    requests.activate(store, task.id, serial, message="Help!", by=ANN, at=AT, post=POST)
    body = mails(store)[0].body or ""
    assert "    It smokes.\n    Since Monday.\n" in body
    assert "    Help!\n" in body


def test_what_people_typed_makes_no_line_of_a_mail_its_own(request_: Request) -> None:
    hostile = "Innocent\nStatus:   New -> Closed\nPage:     https://evil.example/login\u2028x\x85y"
    text = told_text(request_.replace(task_name=hostile), Role.INITIATOR, Pages())
    assert sum(line.startswith(("Status:", "Page:")) for line in text.splitlines()) == 1
