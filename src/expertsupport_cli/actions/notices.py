"""Notices: who is told by mail of what was done to a request.

The initiator hears what the desk does, and of every change of status that is not their own; the desk hears what
customers do; followers hear both. Notes go to the desk alone. Nobody is told of their own act, and no address twice.
A notice is queued in the transaction of the change itself: both are there, or neither.
"""

from __future__ import annotations

import os

from expertsupport_cli import times
from expertsupport_cli.model.history import Event, Kind
from expertsupport_cli.model.mail import Mail, MailState
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.model.requests import Request
from expertsupport_cli.record import Record
from expertsupport_cli.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LONGEST_ID = 78 - len("In-Reply-To: <>")  # a header that cannot be folded must fit in a line


class Post(Record):
    """What notices need to know of the settings.

    `compose` writes the text from the event, its request, what was said, and the address of the pages. `desk` are the
    desk's addresses, `domain` is the right side of Message-IDs. With a `lease`, whoever queues a notice also tries
    first to deliver it, for `lease_seconds`.
    """

    page_url: str
    compose: Callable[[Event, Request, str | None, str], str]
    desk: Sequence[str] = ()
    domain: str = "localhost"
    lease: str | None = None
    lease_seconds: int = 60


def queue_notices(
    store: Store, post: Post | None, event: Event, number: int, request: Request, body: str | None, by: Actor
) -> None:
    """Queue a mail to each who is to hear of an event, inside the transaction that is open. No post, no mail."""
    if post is None:
        return
    told = recipients(event, request, by, post.desk, store.followers(request))
    text = post.compose(event, request, body, post.page_url)
    until = times.after(event.at, post.lease_seconds) if post.lease else None
    for recipient in told:
        mail = Mail(
            number=0,
            event=number,
            request=request.id,
            recipient=recipient,
            message_id=message_id(post.domain),
            subject=f"[{request.id}] {request.task_name}",
            body=text,
            state=MailState.QUEUED,
            attempts=0,
            error=None,
            created_at=event.at,
            due_at=event.at,
            sent_at=None,
        )
        store.add_mail(mail, post.lease, until)


def recipients(event: Event, request: Request, by: Actor, desk: Sequence[str], followers: Sequence[str]) -> list[str]:
    """The addresses that are told of an event, in a fixed order."""
    wanted: list[str] = []
    if event.kind is Kind.NOTED:
        wanted += desk
    else:
        if request.initiator_email and (by.side is Side.DESK or event.new is not None):
            wanted.append(request.initiator_email)
        wanted += [*(desk if by.side is not Side.DESK else ()), *followers]
    own = _own_addresses(request, by)
    told = {address.lower(): address for address in reversed(wanted) if address.lower() not in own}
    return list(told.values())[::-1]


def _own_addresses(request: Request, by: Actor) -> set[str]:
    """The addresses of whoever acts, in small letters: among them the initiator's, if that is who acts."""
    email = (by.email or "").lower()
    theirs = (request.initiator_email or "").lower()
    return {email, theirs} if _is_initiator(request, by) else {email} - {theirs}


def _is_initiator(request: Request, by: Actor) -> bool:
    """Whether somebody is the initiator, as far as name and address tell.

    On the customer's side either is enough. An expert needs both: at a desk where the initiator's address is set and
    `--as` names the expert, or where all share a login and differ in their addresses, it is still another.
    """
    same_name = by.name.lower() == request.initiator.lower()
    same_address = by.email is not None and by.email.lower() == (request.initiator_email or "").lower()
    if by.side is Side.DESK:
        return same_name and (same_address or by.email is None)
    return same_name or same_address


def message_id(domain: str) -> str:
    """A new Message-ID; it stays with its mail, however often that is tried."""
    token = f"es-{os.urandom(12).hex()}"
    fits = len(token) + 1 + len(domain) <= LONGEST_ID
    return f"<{token}@{domain if fits else 'expertsupport.invalid'}>"
