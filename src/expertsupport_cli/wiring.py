"""Builds from the settings what they name: the store, the notices, the mail sender. Every front uses this.

It also delivers, after the commit, the mail that a command has queued.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

from expertsupport_cli.checks import addresses, domain_of
from expertsupport_cli.databases import is_url
from expertsupport_cli.errors import BadUsage, Fault, StoreUnusable
from expertsupport_cli.model.mail import LONGEST_WAIT, MailState, Pages
from expertsupport_cli.record import Record
from expertsupport_cli.settings.account import expand_home
from expertsupport_cli.steps import Step, Verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from expertsupport_cli.actions.notices import Post
    from expertsupport_cli.actions.outbox import Sender
    from expertsupport_cli.mail.transport import Transport
    from expertsupport_cli.model.mail import Mail
    from expertsupport_cli.settings import Settings
    from expertsupport_cli.store import Store
    from expertsupport_cli.store.engine import Preparation

    Clock = Callable[[], str]


class Delivery(Record):
    """What became of queued mail: those that failed or are dead now, and how many were not tried.

    `why` is the reason why they were not tried, and `hint` what to do first; both are empty if there was no time.
    """

    undelivered: Sequence[Mail] = ()
    untried: int = 0
    why: str = ""
    hint: str | Step = ""


def store_path(settings: Settings) -> str:
    """Where the store is, whether or not it exists: a path, or a URL, which may have a password."""
    return expand_home(settings["store"])


def is_in_database(settings: Settings) -> bool:
    """Whether the store is in a database, so that there is no file, and no folder beside it."""
    return is_url(settings["store"])


def store_is_shared(settings: Settings) -> bool:
    """Whether the store is a team's: in a database, or in a file that a group may write to."""
    from expertsupport_cli.files import is_shared

    return is_in_database(settings) or is_shared(store_path(settings))


def open_store(
    settings: Settings,
    *,
    writes: bool,
    notify: Callable[[str], None],
    dry_run: bool = False,
    place: str | None = None,
    timeout: float | None = None,
    prepare: Preparation | None = None,
) -> Store:
    """Open the store that the settings name, or the one at `place`. Raises StoreUnusable.

    `timeout` is in seconds, instead of the setting store.timeout. `prepare` is for a store in a database: what its
    first commit does if it is missing, or old. `notify` is called with messages for the user.
    """
    from expertsupport_cli import store

    return store.open_store(
        store_path(settings) if place is None else place,
        timeout=settings.seconds("store.timeout") if timeout is None else timeout,
        writes=writes,
        dry_run=dry_run,
        notify=notify,
        prepare=prepare,
    )


def post_of(settings: Settings) -> Post | None:
    """What queueing notices needs from the settings; None if none are to be queued. Raises BadUsage."""
    if settings["mail.transport"] == "off" or mail_goes_nowhere(settings):
        return None
    if settings["mail.transport"] == "maildir":
        maildir_path(settings)
    from expertsupport_cli.actions.notices import Post
    from expertsupport_cli.render.notice import notice_text

    desk = settings.get("desk.email")
    return Post(
        pages=_pages(settings),
        desk=addresses(desk) if desk else [],
        domain=domain_of(settings["mail.from"]),
        compose=notice_text,
        lease=new_lease() if settings["mail.deliver"] == "auto" else None,
        lease_seconds=_lease_seconds(settings),
    )


def _pages(settings: Settings) -> Pages:
    """Which page URLs mail may contain: the default URL works on this machine only."""
    found = settings.find("page.url")
    is_local = settings["mail.transport"] == "maildir"
    return Pages(
        url=None if found.origin == "default" else found.value,
        local=found.value if found.origin == "default" and is_local else None,
        replies_are_read=settings.get("mail.reply-to") is not None or settings.is_set("mail.from"),
    )


def new_lease() -> str:
    """A new random name for a sender, which marks the mail that it has leased."""
    return os.urandom(8).hex()


def deliver_queued(store: Store, settings: Settings, post: Post | None, clock: Clock) -> Delivery:
    """Try to deliver the mail that was queued since the store was opened, for at most the setting mail.timeout.

    Errors are part of the result: the command has committed already, and mail that cannot be delivered stays queued.
    """
    if post is None or post.lease is None or store.dry_run or not store.queued_mails:
        return Delivery()
    attempted: list[Mail] = []
    why: str = ""
    hint: str | Step = ""
    try:
        attempted.extend(_attempted(store, settings, post.lease, clock))
    except Exception as error:  # a mail setting, the store, or a bug: the command has succeeded all the same
        why = error.what if isinstance(error, Fault) else f"{type(error).__name__}: {error}"
        hint = error.hint if isinstance(error, Fault) else ""
        _give_back(store, post.lease, None if isinstance(error, StoreUnusable) else why)
    return Delivery(
        undelivered=[mail for mail in attempted if mail.state is not MailState.SENT],
        untried=max(0, store.queued_mails - len(attempted)),
        why=why,
        hint=hint,
    )


def deliver_leased(store: Store, settings: Settings, lease: str, clock: Clock) -> None:
    """Try to deliver the mail that was queued with a lease. Mail that cannot be delivered stays queued."""
    try:
        for _ in _attempted(store, settings, lease, clock):
            pass
    except Exception as error:  # as above
        _give_back(store, lease, None if isinstance(error, StoreUnusable) else str(error))


def _give_back(store: Store, lease: str, why: str | None) -> None:
    """Let others try at once what was not tried. If the store fails here too, the lease expires by itself."""
    from expertsupport_cli.actions import outbox as actions

    with suppress(Exception):
        actions.give_back(store, lease, why)


def _attempted(store: Store, settings: Settings, lease: str, clock: Clock) -> Iterator[Mail]:
    """Yield the mail leased to this sender, each as it is after the attempt, until mail.timeout is over."""
    from expertsupport_cli.actions import outbox as actions

    deadline = time.monotonic() + settings.seconds("mail.timeout")
    sender = sender_of(settings, lease, deadline)
    try:
        yield from actions.send_leased(store, sender, clock, lambda: time.monotonic() < deadline)
    finally:
        sender.transport.close()
    actions.purge(store, settings.seconds("mail.keep"), at=clock())


def sender_of(settings: Settings, lease: str, deadline: float | None = None) -> Sender:
    """The sender for these settings. `deadline` is a time of `time.monotonic`. Raises BadUsage."""
    from expertsupport_cli.actions.outbox import Sender

    return Sender(
        transport=transport_of(settings, deadline),
        address=settings["mail.from"],
        reply_to=settings.get("mail.reply-to"),
        lease=lease,
        lease_seconds=_lease_seconds(settings),
    )


def transport_of(settings: Settings, deadline: float | None = None) -> Transport:
    """The transport that the settings name, whose libraries are imported only now. Raises BadUsage if mail is off."""
    kind = settings["mail.transport"]
    if kind == "off":
        raise BadUsage("Mail is switched off.", "The setting mail.transport is off.", Step(verb=Verb.TURN_MAIL_ON))
    if kind == "maildir":
        from expertsupport_cli.mail.maildir import Maildir

        return Maildir(maildir_path(settings), shared=_mail_is_shared(settings))
    from expertsupport_cli.credentials import mail_password
    from expertsupport_cli.mail.smtp import Smtp
    from expertsupport_cli.mail.transport import Server

    if not settings.is_set("mail.from"):
        what = "No sender address is set."
        raise BadUsage(
            what, "Mail over SMTP needs the setting mail.from.", Step(verb=Verb.SET_SETTING, reference="mail.from")
        )
    user = settings.get("mail.smtp.user")
    password, source = mail_password(settings, user) if user else (None, "")
    server = Server(
        host=settings["mail.smtp.host"],
        port=int(settings["mail.smtp.port"]),
        security=settings["mail.smtp.security"],
        timeout=settings.seconds("mail.timeout"),
        user=user,
        password=password,
        password_source=source,
    )
    return Smtp(server, deadline)


def mail_goes_nowhere(settings: Settings) -> bool:
    """Whether nobody has set a transport, and the default has no folder: beside a database there is none."""
    default = not settings.is_set("mail.transport")
    return default and is_in_database(settings) and settings.get("mail.maildir") is None


def maildir_path(settings: Settings) -> str:
    """The folder that holds one Maildir per recipient: beside the store, unless a setting names another.

    Raises BadUsage if the store is in a database, and no setting names a folder.
    """
    path = settings.get("mail.maildir")
    if path is None and is_in_database(settings):
        raise BadUsage(
            "There is no folder for mail.",
            "A store in a database has none beside it, so the transport maildir needs the setting mail.maildir.",
            Step(verb=Verb.SET_SETTING, reference="mail.maildir"),
        )
    return expand_home(path) if path else os.path.join(os.path.dirname(store_path(settings)) or ".", "mail")


def _mail_is_shared(settings: Settings) -> bool:
    """Whether a group shares the store, and also the folder that the Maildirs are in, or are to be created in."""
    from expertsupport_cli.files import is_shared_folder

    folder = maildir_path(settings)
    above = folder if os.path.isdir(folder) else os.path.dirname(folder) or "."
    return store_is_shared(settings) and is_shared_folder(above)


def _lease_seconds(settings: Settings) -> int:
    """The length of a lease: longer than a delivery and the work around it can take."""
    return min(2 * settings.seconds("mail.timeout") + 5, LONGEST_WAIT)
