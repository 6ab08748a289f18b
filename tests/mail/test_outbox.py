"""The outbox at work: who may deliver a mail, when it is tried again, and that one that fails stops no other."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from builders import AT, BOB, a_request, a_store, later, raw
from mail.box import POST, Box, a_mail, replies, sender

from expertsupport_cli.actions import outbox, requests
from expertsupport_cli.actions.outbox import MAX_ATTEMPTS, after_attempt
from expertsupport_cli.errors import NotFound
from expertsupport_cli.mail.errors import Undelivered
from expertsupport_cli.mail.letter import Letter
from expertsupport_cli.store import Store


def test_retry_of_an_unknown_mail_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        outbox.retry(store, "M-1", at=AT)


@pytest.mark.parametrize(
    ("attempts", "pause"),
    [(0, 30), (1, 120), (2, 480), (3, 1920), (4, 7680), (5, 21600), (6, 21600), (7, 21600), (8, 21600)],
)
def test_each_try_is_further_away_with_some_jitter(attempts: int, pause: int, store: Store) -> None:
    tried = a_mail(store).replace(attempts=attempts)
    later_ = Undelivered("450 later", final=False)
    for jitter, factor in ((0.0, 0.8), (0.5, 1.0), (1.0, 1.2)):
        after = after_attempt(tried, later_, AT, jitter)
        assert (after.state, after.attempts, after.error) == ("failed", attempts + 1, "450 later")
        assert after.due_at == later(seconds=round(pause * factor))
    assert after_attempt(tried, Undelivered("550 never", final=True), AT, 0.5).state == "dead"
    sent = after_attempt(tried, None, later(1), 0.5)
    assert (sent.state, sent.attempts, sent.error, sent.sent_at) == ("sent", attempts + 1, None, later(1))


def test_no_number_of_attempts_in_the_store_stops_the_sender(store: Store) -> None:
    replies(store, 3)
    with store.transaction():
        store.change("UPDATE outbox SET attempts = ? WHERE number = 1", 1_000_000)
        store.change("UPDATE outbox SET attempts = ? WHERE number = 2", 2**63 - 1)
    box = Box(lambda letter: Undelivered("450 later", final=False) if "Reply 0" in letter.text else None)
    tried = [(one.state, one.attempts) for one in outbox.send_due(store, sender(box), lambda: AT)]
    assert tried == [("dead", MAX_ATTEMPTS), ("sent", MAX_ATTEMPTS), ("sent", 1)]


def test_senders_that_fail_at_once_do_not_try_again_at_once(store: Store) -> None:
    replies(store, 40)
    box = Box(lambda _: Undelivered("450 later", final=False))
    due = {tried.due_at for tried in outbox.send_due(store, sender(box), lambda: AT)}
    assert len(due) > 3
    assert min(due) >= later(seconds=24)
    assert max(due) <= later(seconds=36)


def test_a_fault_of_ours_in_one_mail_stops_none_of_the_others(store: Store) -> None:
    replies(store, 5)
    box = Box(lambda letter: ZeroDivisionError("ours") if "Reply 2" in letter.text else None)
    tried = list(outbox.send_due(store, sender(box), lambda: AT))
    assert [one.state for one in tried] == ["sent", "sent", "failed", "sent", "sent"]
    assert tried[2].error == "ZeroDivisionError: ours"


def test_a_lease_that_is_anothers_is_left_alone_until_it_lapses(store: Store) -> None:
    replies(store, 2)
    with store.transaction():
        taken = store.lease_due_mail("another", AT, later(seconds=60))
    assert taken is not None
    assert [one.id for one in outbox.send_due(store, sender(Box()), lambda: AT)] == ["M-2"]
    assert list(outbox.send_due(store, sender(Box()), lambda: later(seconds=59))) == []
    assert [one.id for one in outbox.send_due(store, sender(Box()), lambda: later(seconds=60))] == ["M-1"]


def test_whoever_lost_the_lease_writes_nothing_down(store: Store) -> None:
    a_mail(store)

    def steal(letter: Letter) -> None:
        with store.transaction():
            store.lease_due_mail("another", later(0.5), later(0.6))

    assert [one.state for one in outbox.send_due(store, sender(Box(steal)), lambda: AT)] == ["sent"]
    assert store.mail("M-1").state == "queued"
    assert [one.id for one in store.leased_mails("another")] == ["M-1"]


def test_mail_that_waits_for_a_time_of_a_clock_that_was_wrong_is_due(store: Store) -> None:
    replies(store, 3)
    with store.transaction():
        store.change("UPDATE outbox SET state = 'failed', due_at = ? WHERE number = 1", later(3650))
        store.change("UPDATE outbox SET lease = 'x', leased_until = ? WHERE number = 2", later(3650))
        store.change("UPDATE outbox SET state = 'failed', due_at = ? WHERE number = 3", later(0.25))
    assert {one.id for one in outbox.send_due(store, sender(Box()), lambda: AT)} == {"M-1", "M-2"}
    assert store.mail("M-3").state == "failed"


def test_what_there_is_no_time_for_is_given_back(store: Store) -> None:
    a_request(store)
    for text in ("One", "Two", "Three"):
        requests.reply(store, "ES-1", text, asks=False, by=BOB, at=AT, post=POST.replace(lease="mine"))
    box = Box()
    sent = list(outbox.send_leased(store, sender(box, "mine"), lambda: AT, lambda: not box.letters))
    assert [one.id for one in sent] == ["M-1"]
    assert store.leased_mails("mine") == []
    assert [one.id for one in outbox.send_due(store, sender(Box()), lambda: AT)] == ["M-2", "M-3"]


def test_a_lease_that_is_half_over_is_renewed_before_its_mail_is_tried(store: Store) -> None:
    a_request(store)
    requests.reply(store, "ES-1", "One", asks=False, by=BOB, at=AT, post=POST.replace(lease="mine"))
    until: list[str | None] = []
    box = Box(lambda _: until.append(store.mail("M-1").leased_until))
    (sent,) = outbox.send_leased(store, sender(box, "mine"), lambda: later(seconds=30), lambda: True)
    assert (sent.state, until) == ("sent", [later(seconds=90)])


def test_a_lease_that_was_lost_meanwhile_is_not_renewed_and_its_mail_is_left_to_the_other(store: Store) -> None:
    a_request(store)
    for text in ("One", "Two"):
        requests.reply(store, "ES-1", text, asks=False, by=BOB, at=AT, post=POST.replace(lease="mine"))
    box, at = Box(), [AT]
    sending = outbox.send_leased(store, sender(box, "mine"), lambda: at[0], lambda: True)
    assert next(sending).id == "M-1"
    at[0] = later(seconds=60)
    with store.transaction():
        store.lease_due_mail("another", at[0], later(seconds=120))
    assert list(sending) == []
    assert len(box.letters) == 1
    assert [one.id for one in store.leased_mails("another")] == ["M-2"]


def test_mail_that_another_takes_at_the_last_moment_is_left_to_the_other(store: Store) -> None:
    a_mail(store)
    box = Box()
    with closing(a_store(Path(store.path))) as other:

        def take(statement: str) -> None:
            if statement == "BEGIN IMMEDIATE":
                raw(store).set_trace_callback(None)
                with other.transaction():
                    other.lease_due_mail("another", AT, later(seconds=60))

        raw(store).set_trace_callback(take)
        assert list(outbox.send_due(store, sender(box), lambda: AT)) == []
    assert box.letters == []
    assert [one.id for one in store.leased_mails("another")] == ["M-1"]
