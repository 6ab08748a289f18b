"""What the store keeps of sign-in links and sessions, whatever the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from builders import AT, a_space, later

from expertsupport_cli.errors import NotFound
from expertsupport_cli.model.people import Side
from expertsupport_cli.model.sessions import Session, SignIn
from expertsupport_cli.store import Store

LINK = SignIn(
    number=0,
    name="bob",
    email=None,
    side=Side.DESK,
    space=None,
    created_at=AT,
    expires_at=later(1),
    used_at=None,
)
SESSION = Session(
    number=0,
    name="bob",
    email="b@x.org",
    side=Side.DESK,
    space=None,
    created_at=AT,
    seen_at=AT,
    expires_at=later(7),
    ended_at=None,
)


@pytest.fixture
def store(opener: Callable[[], Store]) -> Iterator[Store]:
    with closing(opener()) as opened:
        yield opened


def test_a_link_is_found_by_its_digest_as_it_was_added(store: Store) -> None:
    a_space(store, "Acme")
    links = {
        "a" * 64: LINK.replace(email="b@x.org"),
        "b" * 64: LINK.replace(side=Side.CUSTOMER, space="Acme", name="Ünal 😀"),
        "c" * 64: LINK.replace(side=Side.OWNER),
    }
    with store.transaction():
        for digest, link in links.items():
            store.add_sign_in(link, digest)
    for digest, link in links.items():
        found = store.sign_in_by_digest(digest)
        assert found is not None
        assert found.replace(number=0) == link
    assert store.sign_in_by_digest("d" * 64) is None


def test_a_link_is_used_once(store: Store) -> None:
    with store.transaction():
        store.add_sign_in(LINK, "a" * 64)
    found = store.sign_in_by_digest("a" * 64)
    assert found is not None
    with store.transaction():
        store.use_sign_in(found.number, later(seconds=1))
        store.use_sign_in(found.number, later(seconds=2))
    assert store.sign_in_by_digest("a" * 64) == found.replace(used_at=later(seconds=1))


def test_sessions_are_found_by_digest_and_id_and_listed_newest_first_until_they_are_ended(store: Store) -> None:
    a_space(store)
    with store.transaction():
        first = store.add_session(SESSION, "a" * 64)
        second = store.add_session(SESSION.replace(side=Side.CUSTOMER, space="acme"), "b" * 64)
    assert store.session_by_digest("b" * 64) == store.session("s-2") == second
    assert store.session_by_digest("c" * 64) is None
    assert store.sessions() == [second, first]
    with store.transaction():
        assert store.end_session(second.number, later(1))
        assert not store.end_session(second.number, later(2))
    assert store.sessions() == [first]
    assert store.session("S-2") == second.replace(ended_at=later(1))
    for id in ("S-3", "S-0", "T-1", "x" * 500, ""):
        with pytest.raises(NotFound):
            store.session(id)


def test_the_time_of_the_last_visit_never_goes_back(store: Store) -> None:
    with store.transaction():
        session = store.add_session(SESSION, "a" * 64)
        for at, seen in ((later(1), later(1)), (AT, later(1)), (later(2), later(2))):
            store.touch_session(session.number, at)
            assert store.session("S-1").seen_at == seen


def test_what_has_expired_is_forgotten_and_nothing_else(store: Store) -> None:
    with store.transaction():
        for number in range(4):
            store.add_session(SESSION.replace(expires_at=later(number)), str(number) * 64)
            store.add_sign_in(LINK.replace(expires_at=later(number)), str(number) * 64)
        store.forget_sessions(later(2))
    for number, kept in ((0, False), (1, False), (2, True), (3, True)):
        assert (store.session_by_digest(str(number) * 64) is not None) is kept
        assert (store.sign_in_by_digest(str(number) * 64) is not None) is kept


def test_a_secret_of_the_store_is_set_once(store: Store) -> None:
    assert store.key("hello") is None
    with store.transaction():
        store.add_key("hello", "first")
        store.add_key("hello", "second")
    assert store.key("hello") == "first"
    assert store.key("other") is None
