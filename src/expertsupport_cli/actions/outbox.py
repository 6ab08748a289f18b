"""Delivers the outbox. Leases let several senders share it; a failed mail is retried with growing pauses.

A mail is leased in one transaction, delivered, and settled in another. A sender that dies in between has delivered at
most one mail without recording it; when its lease ends, that mail is delivered again with the same Message-ID.
"""

from __future__ import annotations

import os

from expertsupport_cli import times
from expertsupport_cli.actions.repeating import repeatable
from expertsupport_cli.errors import MailUndelivered
from expertsupport_cli.mail.errors import Misconfigured, Undelivered
from expertsupport_cli.mail.letter import Letter
from expertsupport_cli.model.mail import Mail, MailState
from expertsupport_cli.record import Record
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from expertsupport_cli.mail.transport import Transport

MAX_ATTEMPTS = 10
MAX_ERROR = 1_000  # characters
FIRST_PAUSE = 30  # seconds before the second attempt
PAUSE_FACTOR = 4
MAX_PAUSE = 6 * 3600  # seconds; the last attempt is more than a day after the first


class Sender(Record):
    """What delivers mail: the transport, the addresses for From and Reply-To, and the lease with its length."""

    transport: Transport
    address: str
    reply_to: str | None
    lease: str
    lease_seconds: int


def send_leased(store: Store, sender: Sender, now: Callable[[], str], has_time: Callable[[], bool]) -> Iterator[Mail]:
    """Deliver the mail that was leased to this sender when it was queued. Yields each mail as it is after the attempt.

    When `has_time` is false, the remaining leases end, and that mail stays queued. Raises MailUndelivered if a setting
    is wrong.
    """
    for mail in store.leased_mails(sender.lease):
        if not has_time():
            give_back(store, sender.lease)
            return
        if _lease_lasts(store, sender, mail, now()):
            yield _deliver(store, sender, mail, now)


def send_due(store: Store, sender: Sender, now: Callable[[], str]) -> Iterator[Mail]:
    """Deliver all mail that is due, the longest due first. Yields each mail as it is after the attempt.

    Raises MailUndelivered if a setting is wrong.
    """
    while store.has_due_mail(now()):
        mail = _lease(store, sender, now())
        if mail is None:
            return
        yield _deliver(store, sender, mail, now)


@repeatable
def _lease(store: Store, sender: Sender, at: str) -> Mail | None:
    with store.transaction():
        return store.lease_due_mail(sender.lease, at, times.after(at, sender.lease_seconds))


@repeatable
def give_back(store: Store, lease: str, why: str | None = None) -> None:
    """End the leases of a sender on mail that it did not try, and record why, so that others need not wait."""
    with store.transaction():
        store.end_leases(lease, None if why is None else _storable(why))


@repeatable
def retry(store: Store, id: str, *, at: str) -> tuple[Mail, bool]:
    """Make a failed or dead mail due now. Returns the mail, and whether it was failed or dead. Raises NotFound."""
    with store.transaction():
        mail = store.mail(id)
        changed = store.retry_mail(mail.number, at)
        return store.mail(id), changed


@repeatable
def purge(store: Store, keep: int, *, at: str) -> int:
    """Delete the bodies of mail that was sent more than `keep` seconds ago. Returns how many."""
    before = times.after(at, -keep)
    if not store.has_mail_to_purge(before, at):
        return 0
    with store.transaction():
        return store.purge_mail(before, at)


def letter(mail: Mail, address: str, reply_to: str | None, at: str) -> Letter:
    """The letter to send for a mail at an instant. `address` is the sender's.

    It is dated when it was queued, but never later than it is sent: then the clock was wrong.
    """
    return Letter(
        message_id=mail.message_id,
        sender=address,
        reply_to=reply_to,
        recipient=mail.recipient,
        subject=mail.subject,
        text=mail.body or "",
        at=min(mail.created_at, at),
        thread_id=mail.thread_id,
    )


def after_attempt(mail: Mail, failure: Undelivered | None, at: str, jitter: float) -> Mail:
    """The mail after an attempt to deliver it. `jitter`, from 0 to 1, scales the pause from 80 % to 120 %."""
    attempts = min(mail.attempts + 1, MAX_ATTEMPTS)  # the store may hold any number
    if failure is None:
        return mail.replace(state=MailState.SENT, attempts=attempts, error=None, sent_at=at)
    pause = min(FIRST_PAUSE * PAUSE_FACTOR ** (attempts - 1), MAX_PAUSE)
    return mail.replace(
        state=MailState.DEAD if failure.final or attempts >= MAX_ATTEMPTS else MailState.FAILED,
        attempts=attempts,
        error=_storable(str(failure)),
        due_at=times.after(at, max(1, round(pause * (0.8 + 0.4 * jitter)))),
    )


def misconfigured(error: Misconfigured, why: str = "") -> MailUndelivered:
    """The fault to report if no mail can be delivered before a setting is changed."""
    return MailUndelivered(f"{str(error).rstrip('.')}.", why, Step(verb=Verb.SET_SETTING, reference=error.setting))


def _storable(text: str) -> str:
    """An error's text in a form that every store accepts: no NUL, no surrogates, at most MAX_ERROR characters."""
    safe = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return safe.replace("\0", "\\x00")[:MAX_ERROR]


@repeatable
def _lease_lasts(store: Store, sender: Sender, mail: Mail, at: str) -> bool:
    """Whether the lease on a mail lasts long enough to deliver it. Renews it if it is half over."""
    until = times.after(at, sender.lease_seconds)
    if (mail.leased_until or "") > times.after(at, sender.lease_seconds // 2):
        return True
    with store.transaction():
        return store.renew_lease(mail, sender.lease, until)


def _deliver(store: Store, sender: Sender, mail: Mail, now: Callable[[], str]) -> Mail:
    """Try to deliver one mail and record the result. No error in it keeps other mail from being delivered.

    If a setting is wrong, no attempt is counted. Raises MailUndelivered then.
    """
    failure: Undelivered | None = None
    try:
        sender.transport.deliver(letter(mail, sender.address, sender.reply_to, now()))
    except Misconfigured as error:
        give_back(store, sender.lease, str(error))
        raise misconfigured(error, "The mail stays queued, and no attempt was counted.") from error
    except Undelivered as error:
        failure = error
    except Exception as error:
        failure = Undelivered(f"{type(error).__name__}: {error}", final=False)
    after = after_attempt(mail, failure, now(), os.urandom(1)[0] / 255)
    _settle(store, sender, after)
    return after


@repeatable
def _settle(store: Store, sender: Sender, mail: Mail) -> None:
    with store.transaction():
        store.settle_mail(mail, sender.lease)
