"""Notices: who gets mail about what was done to a request.

The initiator is notified of what the desk does, and of every change of status that is not their own; the desk of what
customers do; followers of both. Only the desk is notified of notes. Nobody is notified of their own act, and no address
twice. A notice is queued in the same transaction as the change, so that both are saved or neither.
"""

from __future__ import annotations

import os

from expertsupport_cli import times
from expertsupport_cli.folding import fold_key
from expertsupport_cli.model.history import Event, Kind
from expertsupport_cli.model.mail import Mail, MailState, Notice, Pages, Role
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.model.requests import Request
from expertsupport_cli.record import Record
from expertsupport_cli.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_MESSAGE_ID_LENGTH = 78 - len("In-Reply-To: <>")  # a header that cannot be folded must fit on one line


class Post(Record):
    """What queueing notices needs from the settings.

    `compose` writes the text of a notice. `desk` are the desk's addresses; `domain` is the right side of Message-IDs.
    With a `lease`, the process that queues a notice also has `lease_seconds` to be the first to deliver it.
    """

    compose: Callable[[Notice], str]
    pages: Pages = Pages()
    desk: Sequence[str] = ()
    domain: str = "localhost"
    lease: str | None = None
    lease_seconds: int = 60


def queue_notices(
    store: Store, post: Post | None, event: Event, number: int, request: Request, body: str | None, by: Actor
) -> None:
    """Queue a mail to everybody who is notified of an event, inside the caller's transaction.

    `number` is the event's, `body` the message that came with it. Does nothing without `post`.
    """
    if post is None:
        return
    until = times.after(event.at, post.lease_seconds) if post.lease else None
    description = store.task(request.task).description if event.kind is Kind.ACTIVATED else ""
    for recipient, role in recipients(event, request, by, post.desk, store.followers(request)).items():
        notice = Notice(event=event, request=request, role=role, body=body, description=description, pages=post.pages)
        mail = Mail(
            number=0,
            event=number,
            request=request.id,
            recipient=recipient,
            message_id=message_id(post.domain),
            subject=f"[{request.id}] {request.task_name}",
            body=post.compose(notice),
            state=MailState.QUEUED,
            attempts=0,
            error=None,
            created_at=event.at,
            due_at=event.at,
            sent_at=None,
        )
        store.add_mail(mail, post.lease, until)


def recipients(
    event: Event, request: Request, by: Actor, desk: Sequence[str], followers: Sequence[str]
) -> dict[str, Role]:
    """The addresses that are notified of an event, in a fixed order, each with its role."""
    wanted: list[tuple[str, Role]] = []
    own = {fold_key(by.email or "")}
    if event.kind is not Kind.NOTED and request.initiator_email:
        if by.certain and by.is_person(request.initiator, request.initiator_email):
            own.add(fold_key(request.initiator_email))
        else:
            own.discard(fold_key(request.initiator_email))
            if by.side is Side.DESK or event.new is not None or not by.certain:
                wanted.append((request.initiator_email, Role.INITIATOR))
    if by.side is not Side.DESK or event.kind is Kind.NOTED:
        wanted += [(address, Role.DESK) for address in desk]
    if event.kind is not Kind.NOTED:
        wanted += [(address, Role.FOLLOWER) for address in followers]
    by_key: dict[str, tuple[str, Role]] = {}
    for address, role in wanted:
        if fold_key(address) not in own:
            by_key.setdefault(fold_key(address), (address, role))
    return dict(by_key.values())


def message_id(domain: str) -> str:
    """A new Message-ID. A mail keeps it over all attempts to deliver it."""
    token = f"es-{os.urandom(12).hex()}"
    fits = len(token) + 1 + len(domain) <= MAX_MESSAGE_ID_LENGTH
    return f"<{token}@{domain if fits else 'expertsupport.invalid'}>"
