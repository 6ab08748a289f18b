"""What every store must do with the history, with followers and with what somebody has read; see test_contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from builders import ANN, AT, BOB, a_request, a_space, a_task, later

from expertsupport_cli.actions import following, requests
from expertsupport_cli.actions.notices import recipients
from expertsupport_cli.model.history import Event, Kind
from expertsupport_cli.model.people import Actor, Side, Via
from expertsupport_cli.model.requests import Act, Comment
from expertsupport_cli.store import Store, engine

Opener = Callable[[], Store]
ZOE = Actor(name="Zoë", side=Side.CUSTOMER, email="zoe@example.org")


@pytest.fixture
def store(opener: Opener) -> Iterator[Store]:
    with closing(opener()) as opened:
        yield opened


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of three, so that few rows make many."""
    monkeypatch.setattr(engine, "PAGE", 3)


def test_an_event_says_which_way_it_came(store: Store) -> None:
    request = a_request(store)
    for via in Via:
        requests.comment(store, request.id, "Hello.", by=ANN.replace(via=via), at=AT)
    ways = [event.via for event in store.events_of_request(request, notes=False)]
    assert ways == ["cli", "cli", "web", "mail"]
    assert ways == [event.via for event in store.events_of_task(request.task)][1:]


def test_comments_and_events_are_numbered_in_the_order_in_which_they_came(store: Store) -> None:
    request = a_request(store)
    said = Comment(number=0, request="ES-1", author="bob", side=Side.DESK, kind="note", body="b", created_at=AT)
    with store.transaction():
        first = store.add_comment(said)
        second = store.add_comment(said.replace(kind="comment"))
        event = store.record(
            Event.by(BOB, later(-9), Kind.REPLIED).replace(task="t-1", space="ACME", request=1, comment=second)
        )
    assert store.comments(request, notes=True) == [
        said.replace(number=first),
        said.replace(number=second, kind="comment"),
    ]
    assert [comment.number for comment in store.comments(request, notes=False)] == [second]
    for log in (store.events_of_task("T-1"), store.events_of_request(request, notes=False)):
        last = log[-1]
        assert (last.number, last.at, last.actor, last.side, last.kind) == (event, later(-9), "bob", "desk", "replied")
        assert (last.request, last.token, last.comment) == ("ES-1", request.token, second)


def test_notes_are_in_the_history_of_a_request_for_the_desk_alone(store: Store) -> None:
    request = a_request(store)
    requests.note(store, request.id, "A hoax?", by=BOB, at=AT)
    assert [event.kind for event in store.events_of_request(request, notes=True)] == ["activated", "noted"]
    assert [event.kind for event in store.events_of_request(request, notes=False)] == ["activated"]
    assert [event.kind for event in store.events_of_task(request.task.lower())] == ["task_added", "activated"]


# --- news


def test_news_is_what_was_done_to_requests_since_in_pages(store: Store, small_pages: None) -> None:
    first = a_request(store)
    a_space(store, "beta")
    second = a_request(store, task=a_task(store, space="beta").id)
    start = store.last_event()
    assert list(store.news(start)) == []
    for number in range(4):
        requests.comment(store, first.id, f"Comment {number}", by=ANN, at=later(number))
        requests.reply(store, second.id, f"Reply {number}", asks=False, by=BOB, at=later(number))
    requests.note(store, first.id, "A hoax?", by=BOB, at=AT)
    texts = [text for number in range(4) for text in (f"Comment {number}", f"Reply {number}")]
    assert [item.text for item in store.news(start)] == texts
    assert [item.text for item in store.news(start, [first.number])] == texts[::2]
    assert [item.text for item in store.news(start, [first.number, second.number])] == texts
    assert [item.text for item in store.news(start, space="BETA")] == texts[1::2]
    assert [item.text for item in store.news(start, [first.number], "beta")] == []
    numbers = [item.number for item in store.news(start)]
    assert numbers == sorted(numbers)
    assert list(store.news(numbers[-1])) == []
    item = next(store.news(numbers[-2]))
    assert (item.request, item.task, item.task_name, item.space) == (second.id, second.task, second.task_name, "beta")
    assert (item.kind, item.actor, item.side, item.old, item.new, item.at) == (
        "replied",
        "bob",
        "desk",
        None,
        None,
        later(3),
    )


def test_the_last_event_is_the_newest_one(store: Store) -> None:
    assert store.last_event() == 0
    a_space(store)
    assert store.last_event() == 1
    with store.transaction():
        recorded = store.record(Event.by(ANN, later(-1), Kind.SPACE_EDITED).replace(space="acme"))
    assert store.last_event() == recorded == 2


def test_the_version_of_the_data_changes_when_another_writes(store: Store, opener: Opener) -> None:
    before = store.data_version()
    assert store.data_version() == before
    with closing(opener()) as other:
        a_space(other)
    assert store.data_version() != before


def test_what_is_read_in_a_snapshot_is_of_one_moment(store: Store) -> None:
    a_space(store)
    with store.snapshot():
        assert store.last_event() == 1
        assert store.has_space("acme")


# --- followers


def test_an_address_follows_once_in_whatever_case(store: Store) -> None:
    request, other = a_request(store), a_request(store)
    with store.transaction():
        assert store.add_follower(request, "Zoe@Example.org", AT)
        assert not store.add_follower(request, "zoe@example.ORG", AT)
        assert store.add_follower(request, "bob@example.org", AT)
        assert store.add_follower(other, "zoe@example.org", AT)
    assert store.followers(request) == ["bob@example.org", "Zoe@Example.org"]
    with store.transaction():
        assert store.remove_follower(request, "ZOE@example.org")
        assert not store.remove_follower(request, "zoe@example.org")
    assert store.followers(request) == ["bob@example.org"]
    assert store.followers(other) == ["zoe@example.org"]


# --- what is new to somebody


def reader_of(name: str, address: str | None = None) -> Actor:
    return Actor(name=name, email=address, side=Side.CUSTOMER)


def unread(store: Store, reader: str, address: str | None = None) -> list[str | None]:
    return [item.text for item in store.unread(reader_of(reader, address))]


def test_new_is_what_others_did_to_requests_of_mine_by_name_or_address_or_that_i_follow(store: Store) -> None:
    mine, followed, foreign = (a_request(store, by=by) for by in (ZOE, ANN, ANN))
    with store.transaction():
        store.add_follower(followed, "Fan@example.org", AT)
    for request in (mine, followed, foreign):
        requests.reply(store, request.id, f"To {request.id}", asks=False, by=BOB, at=AT)
    requests.comment(store, mine.id, "By myself", by=ZOE.replace(name="ZOË"), at=AT)
    requests.note(store, mine.id, "A hoax?", by=BOB, at=AT)
    assert unread(store, "zoë") == unread(store, "ZOË") == [f"To {mine.id}"]
    assert unread(store, "somebody", "ZOE@example.org") == [f"To {mine.id}"]
    assert unread(store, "somebody", "fan@EXAMPLE.org") == [None, f"To {followed.id}"]
    assert unread(store, "somebody") == unread(store, "nobody", "no@example.org") == []


def test_what_was_read_is_new_no_more_and_never_unread_again(store: Store) -> None:
    request, other = a_request(store, by=ZOE), a_request(store, by=ZOE)
    for number in range(2):
        requests.reply(store, request.id, f"Reply {number}", asks=False, by=BOB, at=AT)
    requests.reply(store, other.id, "Another", asks=False, by=BOB, at=AT)
    first, second, third = (item.number for item in store.unread(reader_of("Zoë")))
    assert store.last_read(reader_of("Zoë"), request.number) == 0
    with store.transaction():
        store.mark_read(reader_of("ZOË"), request.number, second)
        store.mark_read(reader_of("zoë"), request.number, first)
    assert store.last_read(reader_of("Zoë"), request.number) == second
    assert store.last_read(reader_of("Zoë"), other.number) == store.last_read(reader_of("zoe"), request.number) == 0
    assert [item.number for item in store.unread(reader_of("zoë", "zoe@example.org"))] == [third]


PEOPLE = [
    Actor(name=name, email=email, side=side)
    for name in ("ann", "bob")
    for email in (None, "ann@example.org", "bob@desk.example")
    for side in (Side.CUSTOMER, Side.DESK)
]


@pytest.mark.parametrize("initiator", PEOPLE, ids=str)
def test_mail_inbox_and_read_marks_agree_on_who_somebody_is(initiator: Actor, store: Store) -> None:
    request = a_request(store, by=initiator.replace(side=Side.CUSTOMER))
    me = initiator.replace(side=Side.CUSTOMER)
    for by in PEOPLE:
        before = store.last_event()
        act = Act.REPLY if by.side is Side.DESK else Act.COMMENT
        requests.act(store, request.id, act, "Hello", by=by, at=AT)
        others = not by.is_person(me.name, me.email)
        assert [item.text for item in store.unread(me)] == (["Hello"] if others else []), by
        [item] = store.news(before, [request.number])
        assert item.by == by
        event = Event.on(request, by, AT, Kind(item.kind)).replace(new="Acknowledged")
        told = recipients(event, request, by, [], [])
        assert list(told) == ([me.email] if others and me.email else []), by
        following.mark_shown(store, request, store.last_event(), by=me)
        assert store.unread(me) == []


def test_who_shares_the_name_but_not_the_address_has_read_marks_of_their_own(store: Store) -> None:
    ann = Actor(name="ann", email="ann@example.org", side=Side.CUSTOMER)
    request = a_request(store, by=ann)
    requests.reply(store, request.id, "Hello", asks=False, by=BOB, at=AT)
    following.mark_shown(store, request, store.last_event(), by=ann.replace(email="other@example.org"))
    assert len(store.unread(ann)) == 1
    assert store.unread(ann.replace(email="other@example.org")) == []  # none of theirs
