"""Following a request, and having read what is new."""

from __future__ import annotations

import pytest
from builders import ANN, AT, BOB, a_request, dump

from expertsupport_cli.actions import following, requests
from expertsupport_cli.errors import BadUsage
from expertsupport_cli.store import Store

FAN = "Fan@example.org"


def test_a_request_is_followed_once_by_an_address_in_any_case_until_that_ends(store: Store) -> None:
    request = a_request(store)
    assert following.follow(store, request.id, FAN, by=ANN, at=AT)[1]
    before = dump(store)
    assert not following.follow(store, request.id, FAN.lower(), by=BOB, at=AT)[1]
    assert dump(store) == before
    assert following.unfollow(store, request.id, FAN.upper(), by=ANN, at=AT)[1]
    before = dump(store)
    assert not following.unfollow(store, request.id, FAN, by=ANN, at=AT)[1]
    assert dump(store) == before
    kinds = [event.kind for event in store.events_of_request(request, notes=False)]
    assert kinds == ["activated", "followed", "unfollowed"]


def test_what_is_no_address_follows_nothing(store: Store) -> None:
    request = a_request(store)
    before = dump(store)
    with pytest.raises(BadUsage):
        following.follow(store, request.id, "fan", by=ANN, at=AT)
    assert dump(store) == before


def test_news_of_several_requests_are_read_each_up_to_the_last(store: Store) -> None:
    first, second = a_request(store), a_request(store)
    for request in (first, second, first):
        requests.reply(store, request.id, "Is it plugged in?", asks=False, by=BOB, at=AT)
    news = store.unread(ANN)
    assert [item.request for item in news] == ["ES-1", "ES-2", "ES-1"]
    following.mark_read(store, news[:2], by=ANN)
    assert [item.number for item in store.unread(ANN)] == [news[2].number]
    following.mark_read(store, news, by=ANN)
    following.mark_read(store, news[:1], by=ANN)  # by somebody who was slower
    assert store.unread(ANN) == []
    assert store.last_read(ANN, first.number) == news[2].number
