"""Signing in: a link works once, for one session; what is kept of tokens; when a visit is noted."""

from __future__ import annotations

import hmac
from contextlib import closing
from pathlib import Path

import pytest
from builders import ANN, AT, BOB, OLGA, a_request, a_space, a_store, dump, later

from expertsupport_cli.actions import sessions
from expertsupport_cli.errors import BadUsage, NotFound, Refused
from expertsupport_cli.model.people import Side
from expertsupport_cli.model.sessions import Session
from expertsupport_cli.store import Store


def a_link(store: Store, side: Side = Side.DESK, space: str | None = None, *, at: str = AT) -> str:
    by = {Side.CUSTOMER: ANN, Side.DESK: BOB, Side.OWNER: OLGA}[side]
    return sessions.create_sign_in(store, side, space, lifetime=600, by=by, at=at)[0]


def a_session(store: Store, side: Side = Side.DESK, space: str | None = None) -> tuple[str, Session]:
    return sessions.sign_in(store, a_link(store, side, space), at=AT)


def test_a_link_opens_one_session_under_the_name_of_who_created_it(store: Store) -> None:
    a_space(store)
    for side, space, name in (
        (Side.CUSTOMER, "ACME", "ann"),
        (Side.DESK, None, "bob"),
        (Side.OWNER, None, "olga"),
        (Side.DESK, "acme", "bob"),  # who sees all
    ):
        token = a_link(store, side, space)
        assert sessions.find_sign_in(store, token, at=AT) == sessions.find_sign_in(store, token, at=AT)
        secret, session = sessions.sign_in(store, token, at=AT)
        assert (session.name, session.side) == (name, side)
        assert session.space == ("acme" if side is Side.CUSTOMER else None)
        assert sessions.find_session(store, secret, at=AT) == session
        for again in (sessions.find_sign_in, sessions.sign_in):
            with pytest.raises(Refused, match="cannot be used"):
                again(store, token, at=AT)


def test_a_customer_needs_a_space_that_there_is(store: Store) -> None:
    with pytest.raises(BadUsage, match="needs a space"):
        a_link(store, Side.CUSTOMER)
    with pytest.raises(NotFound):
        a_link(store, Side.CUSTOMER, "nowhere")


def test_a_link_that_expired_is_refused_and_one_that_never_was_is_not_found(store: Store) -> None:
    token = a_link(store)
    before = dump(store)
    for act in (sessions.find_sign_in, sessions.sign_in):
        with pytest.raises(Refused):
            act(store, token, at=later(seconds=600))
        for wrong in (token[:-1], token + "0", token.upper(), "", "\ud800", "é"):
            with pytest.raises(NotFound):
                act(store, wrong, at=AT)
    assert dump(store) == before


def test_tokens_are_random_and_only_their_digests_are_kept(store: Store) -> None:
    token, other = a_link(store), a_link(store)
    secret, _ = sessions.sign_in(store, token, at=AT)
    assert len({token, other, secret}) == 3
    assert [len(each) for each in (token, other, secret)] == [32, 32, 64]
    assert not any(each in str(dump(store)) for each in (token, other, secret))


def test_a_session_that_ended_is_found_no_more(store: Store) -> None:
    secret, session = a_session(store)
    assert sessions.find_session(store, secret, at=later(seconds=12 * 3600 - 1)) == session
    assert sessions.find_session(store, secret, at=later(seconds=12 * 3600)) is None
    assert sessions.end_session(store, "s-1", at=AT) == (session.replace(ended_at=AT), True)
    assert sessions.find_session(store, secret, at=AT) is None
    assert sessions.end_session(store, session.id, at=later(1)) == (session.replace(ended_at=AT), False)
    for id in ("S-2", "1.5", "ES-1", ""):
        with pytest.raises(NotFound):
            sessions.end_session(store, id, at=AT)
    for wrong in ("", secret[:-1], "x"):
        assert sessions.find_session(store, wrong, at=AT) is None


def test_a_visit_is_noted_every_ten_minutes_and_never_back_in_time(store: Store) -> None:
    secret, session = a_session(store)
    for seconds, noted in ((599, 0), (600, 600), (1199, 600), (1200, 1200), (900, 1200)):
        sessions.touch(store, session, at=later(seconds=seconds))
        session = sessions.find_session(store, secret, at=later(seconds=1200)) or session
        assert session.seen_at == later(seconds=noted), seconds


def test_a_customers_session_sees_the_requests_of_its_space_and_the_others_all(store: Store) -> None:
    a_space(store)
    a_space(store, "beta")
    request = a_request(store)
    for side, space, sees in (
        (Side.CUSTOMER, "acme", True),
        (Side.CUSTOMER, "beta", False),
        (Side.DESK, None, True),
        (Side.OWNER, None, True),
    ):
        assert a_session(store, side, space)[1].sees(request) is sees, (side, space)


def test_the_key_of_the_server_is_made_once(store: Store) -> None:
    assert sessions.proof(store, "nonce") is None
    sessions.prepare_to_serve(store)
    first = sessions.proof(store, "nonce")
    sessions.prepare_to_serve(store)
    assert (len(first or ""), sessions.proof(store, "nonce")) == (64, first)


def test_a_server_proves_its_store_by_a_mac_that_another_store_does_not_have(store: Store, tmp_path: Path) -> None:
    sessions.prepare_to_serve(store)
    key, proof = store.key("hello"), sessions.proof(store, "nonce")
    assert proof == hmac.new(bytes.fromhex(str(key)), b"nonce", "sha256").hexdigest()
    assert sessions.proof(store, "other") != proof
    with closing(a_store(tmp_path / "other.db")) as other:
        sessions.prepare_to_serve(other)
        assert sessions.proof(other, "nonce") not in (proof, None)
