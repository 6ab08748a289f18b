"""What every store must do with the outbox and its leases; see test_contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from builders import AT, BOB, a_request, later

from expertsupport_cli.actions import requests
from expertsupport_cli.actions.notices import Post
from expertsupport_cli.errors import NotFound
from expertsupport_cli.model.mail import Mail, MailState
from expertsupport_cli.render.notice import notice_text
from expertsupport_cli.store import Store, engine

POST = Post(compose=notice_text)


@pytest.fixture
def store(opener: Callable[[], Store]) -> Iterator[Store]:
    with closing(opener()) as opened:
        yield opened


def replies(store: Store, count: int, post: Post = POST) -> list[Mail]:
    """Replies to one request, a minute after each other, each with its mail; the newest first."""
    a_request(store)
    for number in range(count):
        at = later(seconds=60 * number)
        requests.reply(store, "ES-1", f"Reply {number}", asks=False, by=BOB, at=at, post=post)
    return list(store.mails())


def settled(store: Store, mail: Mail, lease: str, state: MailState, at: str) -> bool:
    sent = at if state is MailState.SENT else None
    with store.transaction():
        return store.settle_mail(mail.replace(state=state, attempts=1, error="e", due_at=at, sent_at=sent), lease)


def test_a_mail_is_kept_with_all_its_fields(store: Store) -> None:
    second, first = replies(store, 2)
    assert (first.id, first.request, first.recipient) == ("M-1", "ES-1", "ann@example.org")
    assert (first.state, first.attempts, first.error, first.sent_at) == ("queued", 0, None, None)
    assert (first.created_at, first.due_at, first.leased_until) == (AT, AT, None)
    assert first.body is not None
    assert "Reply 0" in first.body
    assert (first.thread_id, second.thread_id) == (first.message_id, first.message_id)
    assert store.mail("m-1") == first
    assert store.queued_mails == 2
    for id in ("M-3", "M-", "1", "ES-1"):
        with pytest.raises(NotFound):
            store.mail(id)


def test_mails_are_listed_by_state_newest_first_in_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "PAGE", 3)
    found = replies(store, 8)
    assert [mail.number for mail in found] == [8, 7, 6, 5, 4, 3, 2, 1]
    with store.transaction():
        leased = store.lease_due_mail("mine", AT, later(1))
    assert leased is not None
    assert settled(store, leased, "mine", MailState.DEAD, later(1))
    for state, numbers in ((None, 8), (MailState.QUEUED, 7), (MailState.DEAD, 1), (MailState.SENT, 0)):
        assert store.count_mails(state) == len(list(store.mails(state))) == numbers
    assert [mail.number for mail in store.mails(MailState.QUEUED, limit=4)] == [8, 7, 6, 5]


def test_what_is_due_and_nobodys_is_leased_the_longest_due_first(store: Store) -> None:
    replies(store, 3)
    assert not store.has_due_mail(later(-0.5))
    assert store.due_mails(later(-0.5)) == []
    assert store.has_due_mail(later(1))
    assert [mail.number for mail in store.due_mails(later(seconds=60))] == [1, 2]
    with store.transaction():
        leased = [store.lease_due_mail("mine", later(seconds=60), later(1)) for _ in range(3)]
    assert [mail and mail.number for mail in leased] == [1, 2, None]
    assert [mail.number for mail in store.leased_mails("mine")] == [1, 2]
    assert [mail.number for mail in store.due_mails(later(seconds=120))] == [3]
    assert [mail.number for mail in store.due_mails(later(1))] == [1, 2, 3]  # the leases are over


def test_a_lease_is_its_holders_to_renew_and_to_end(store: Store) -> None:
    first = replies(store, 2, POST.replace(lease="mine", lease_seconds=60))[-1]
    assert [mail.leased_until for mail in store.leased_mails("mine")] == [later(seconds=60), later(seconds=120)]
    assert not store.has_due_mail(later(seconds=59))
    with store.transaction():
        assert not store.renew_lease(first, "another", later(9))
        assert store.renew_lease(first, "mine", later(9))
    assert store.mail("M-1").leased_until == later(9)
    with store.transaction():
        assert store.end_leases("another") == 0
        assert store.end_leases("mine") == 2
    assert store.leased_mails("mine") == []
    assert len(store.due_mails(later(1))) == 2


def test_only_the_holder_of_the_lease_writes_down_what_became_of_a_mail(store: Store) -> None:
    (mail,) = replies(store, 1, POST.replace(lease="mine"))
    assert not settled(store, mail, "another", MailState.FAILED, later(1))
    assert store.mail("M-1").state is MailState.QUEUED
    assert settled(store, mail, "mine", MailState.FAILED, later(1))
    after = store.mail("M-1")
    assert (after.state, after.attempts, after.error, after.due_at) == ("failed", 1, "e", later(1))
    assert after.leased_until is None
    assert not settled(store, mail, "mine", MailState.SENT, later(1))


def test_failed_and_dead_mail_can_be_made_due_again_and_no_other(store: Store) -> None:
    mails = replies(store, 4, POST.replace(lease="mine"))[::-1]
    for mail, state in zip(mails, (MailState.FAILED, MailState.DEAD, MailState.SENT), strict=False):
        assert settled(store, mail, "mine", state, later(5))
    with store.transaction():
        assert [store.retry_mail(mail.number, AT) for mail in mails] == [True, True, False, False]
        assert not store.retry_mail(99, AT)
    assert [(mail.state, mail.attempts) for mail in store.due_mails(AT)] == [("queued", 0)] * 2


def test_the_bodies_of_what_was_sent_long_ago_are_forgotten(store: Store) -> None:
    mails = replies(store, 3, POST.replace(lease="mine"))[::-1]
    assert settled(store, mails[0], "mine", MailState.SENT, AT)
    assert settled(store, mails[1], "mine", MailState.SENT, later(2))
    assert not store.has_mail_to_purge(AT, later(30))
    assert store.has_mail_to_purge(later(1), later(31))
    with store.transaction():
        assert store.purge_mail(later(1), later(31)) == 1
        assert store.purge_mail(later(1), later(31)) == 0
    assert [mail.body is None for mail in list(store.mails())[::-1]] == [True, False, False]


def test_the_body_of_what_was_sent_while_the_clock_was_ahead_is_forgotten_by_when_it_was_queued(store: Store) -> None:
    (mail,) = replies(store, 1, POST.replace(lease="mine"))
    assert settled(store, mail, "mine", MailState.SENT, later(36_500))
    assert not store.has_mail_to_purge(AT, later(30))
    assert not store.has_mail_to_purge(later(-9_000), later(-8_970))  # a clock that is behind now forgets nothing
    assert store.has_mail_to_purge(later(1), later(31))
    with store.transaction():
        assert store.purge_mail(later(1), later(31)) == 1
    assert store.mail(mail.id).body is None
