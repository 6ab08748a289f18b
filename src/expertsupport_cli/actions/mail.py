"""Delivering the outbox: leases, so that several senders share it; tries, further and further apart.

A mail is leased in one transaction, delivered, and settled in another: whoever dies in between has delivered at most
one mail without having written so, and it is delivered again, with the same Message-ID, when the lease is over.
"""

from __future__ import annotations

import os

from expertsupport_cli import times
from expertsupport_cli.mail.letter import Letter
from expertsupport_cli.mail.transport import Undelivered
from expertsupport_cli.model.mail import Mail, MailState
from expertsupport_cli.record import Record
from expertsupport_cli.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from expertsupport_cli.mail.transport import Transport

MAX_ATTEMPTS = 10
MAX_ERROR = 1_000  # characters
FIRST_PAUSE = 30  # seconds
GROWTH = 4
LONGEST_PAUSE = 6 * 3600  # so that the last try is more than a day after the first


class Sender(Record):
    """Who delivers: the transport, the addresses in From and Reply-To, and the lease, with its length in seconds."""

    transport: Transport
    address: str
    reply_to: str | None
    lease: str
    lease_seconds: int


def send_leased(store: Store, sender: Sender, now: Callable[[], str], goes_on: Callable[[], bool]) -> Iterator[Mail]:
    """Deliver what was leased to this sender when it was queued; each mail as it is after the try.

    What there is no time for any more is given back, and stays queued.
    """
    for mail in store.leased_mails(sender.lease):
        if not goes_on():
            with store.transaction():
                store.end_leases(sender.lease)
            return
        if _lease_lasts(store, sender, mail, now()):
            yield _deliver(store, sender, mail, now)


def send_due(store: Store, sender: Sender, now: Callable[[], str]) -> Iterator[Mail]:
    """Deliver all that is due, the longest due first; each mail as it is after the try."""
    while store.has_due_mail(now()):
        with store.transaction():
            at = now()
            mail = store.lease_due_mail(sender.lease, at, times.after(at, sender.lease_seconds))
        if mail is None:
            return
        yield _deliver(store, sender, mail, now)


def retry(store: Store, id: str, *, at: str) -> tuple[Mail, bool]:
    """Make a failed or dead mail due now; it, and whether it was one. Raises NotFound."""
    with store.transaction():
        mail = store.mail(id)
        changed = store.retry_mail(mail.number, at)
        return store.mail(id), changed


def purge(store: Store, keep: int, *, at: str) -> int:
    """Forget the bodies of what was sent more than so many seconds ago; how many."""
    before = times.after(at, -keep)
    if not store.has_mail_to_purge(before):
        return 0
    with store.transaction():
        return store.purge_mail(before)


def letter(mail: Mail, address: str, reply_to: str | None) -> Letter:
    """The mail as a letter."""
    return Letter(
        message_id=mail.message_id,
        sender=address,
        reply_to=reply_to,
        recipient=mail.recipient,
        subject=mail.subject,
        text=mail.body or "",
        at=mail.created_at,
        thread_id=mail.thread_id,
    )


def after_try(mail: Mail, failure: Undelivered | None, at: str, jitter: float) -> Mail:
    """What becomes of a mail after a try. `jitter`, from 0 to 1, spreads the pauses: from 80 % to 120 %."""
    tries = mail.attempts + 1
    if failure is None:
        return mail.replace(state=MailState.SENT, attempts=tries, error=None, sent_at=at)
    pause = min(FIRST_PAUSE * GROWTH ** (tries - 1), LONGEST_PAUSE)
    return mail.replace(
        state=MailState.DEAD if failure.final or tries >= MAX_ATTEMPTS else MailState.FAILED,
        attempts=tries,
        error=_storable(str(failure)),
        due_at=times.after(at, max(1, round(pause * (0.8 + 0.4 * jitter)))),
    )


def _storable(text: str) -> str:
    """An error's text as every store takes it: without NUL and what is no character, and not too long."""
    safe = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return safe.replace("\0", "\\x00")[:MAX_ERROR]


def _lease_lasts(store: Store, sender: Sender, mail: Mail, at: str) -> bool:
    """Whether the mail is ours for long enough to deliver it; the lease is renewed after a long batch, if it is."""
    until = times.after(at, sender.lease_seconds)
    if (mail.leased_until or "") > times.after(at, sender.lease_seconds // 2):
        return True
    with store.transaction():
        return store.renew_lease(mail, sender.lease, until)


def _deliver(store: Store, sender: Sender, mail: Mail, now: Callable[[], str]) -> Mail:
    """Try to deliver one mail and write down what became of it. Whatever is wrong with it stops no other."""
    failure: Undelivered | None = None
    try:
        sender.transport.deliver(letter(mail, sender.address, sender.reply_to))
    except Undelivered as error:
        failure = error
    except Exception as error:
        failure = Undelivered(f"{type(error).__name__}: {error}", final=False)
    after = after_try(mail, failure, now(), os.urandom(1)[0] / 255)
    with store.transaction():
        store.settle_mail(after, sender.lease)
    return after
