"""When a link or a session can be used, and what a session sees."""

from __future__ import annotations

from builders import AT, later

from expertsupport_cli.model.people import Actor, Side, Via
from expertsupport_cli.model.sessions import IDLE, LIFETIME, TOUCH_INTERVAL, Session, SignIn

LINK = SignIn(
    number=1,
    name="ann",
    email=None,
    side=Side.CUSTOMER,
    space="acme",
    created_at=AT,
    expires_at=later(seconds=600),
    used_at=None,
)
SESSION = Session(
    number=7,
    name="ann",
    email="ann@example.org",
    side=Side.CUSTOMER,
    space="acme",
    created_at=AT,
    seen_at=AT,
    expires_at=later(seconds=LIFETIME),
    ended_at=None,
)


def test_a_link_is_valid_until_it_is_used_or_expires() -> None:
    for at, valid in ((AT, True), (later(seconds=599), True), (later(seconds=600), False), (later(9), False)):
        assert LINK.is_valid(at) is valid, at
    assert not LINK.replace(used_at=AT).is_valid(AT)


def test_a_session_ends_by_command_when_idle_and_when_old() -> None:
    assert (IDLE, LIFETIME) == (12 * 3600, 7 * 86400)
    used = SESSION.replace(seen_at=later(seconds=LIFETIME - 1))
    for session, seconds, active in (
        (SESSION, 0, True),
        (SESSION, IDLE - 1, True),
        (SESSION, IDLE, False),
        (used, LIFETIME - 1, True),
        (used, LIFETIME, False),
        (SESSION.replace(ended_at=AT), 0, False),
    ):
        assert session.is_active(later(seconds=seconds)) is active, seconds


def test_the_note_of_the_last_visit_is_renewed_every_ten_minutes() -> None:
    assert TOUCH_INTERVAL == 600
    for seconds, stale in ((0, False), (599, False), (600, True), (-60, False)):
        assert SESSION.is_stale(later(seconds=seconds)) is stale, seconds


def test_who_acts_in_a_session_does_so_by_the_web() -> None:
    assert SESSION.id == "S-7"
    assert SESSION.actor == Actor(name="ann", email="ann@example.org", side=Side.CUSTOMER, via=Via.WEB)
