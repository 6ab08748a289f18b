"""From the settings to mail on its way: what notices need to know, the transport, and a command's own delivery."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from expertsupport_cli.actions.notices import Post
from expertsupport_cli.checks import addresses, domain_of
from expertsupport_cli.errors import BadUsage, Fault
from expertsupport_cli.model.mail import Mail, MailState
from expertsupport_cli.render.notice import notice
from expertsupport_cli.render.terminal.printer import flush_stdout
from expertsupport_cli.steps import Step, Verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expertsupport_cli.actions.mail import Sender
    from expertsupport_cli.cli.env import Env
    from expertsupport_cli.mail.transport import Transport
    from expertsupport_cli.settings import Settings

KEYRING_SERVICE = "expertsupport"


def post_of(settings: Settings) -> Post | None:
    """What notices need to know; None where mail is off, and none is queued."""
    if settings["mail.transport"] == "off":
        return None
    desk = settings.get("desk.email")
    return Post(
        page_url=settings["page.url"],
        compose=notice,
        desk=addresses(desk) if desk else [],
        domain=domain_of(settings["mail.from"]),
        lease=os.urandom(8).hex() if settings["mail.deliver"] == "auto" else None,
        lease_seconds=lease_seconds(settings),
    )


def lease_seconds(settings: Settings) -> int:
    """Longer than a delivery can take, and what comes before and after it."""
    return 2 * settings.seconds("mail.timeout") + 5


def deliver_own(env: Env) -> None:
    """After a command has committed and printed: try to deliver what it queued, for as long as mail.timeout.

    What could not be delivered stays queued, which one line says; the command has succeeded all the same.
    """
    if not env.has_store or env.post is None or env.post.lease is None or not env.store.queued_mails or env.dry_run:
        return
    flush_stdout()
    delivered, why = 0, ""
    try:
        for mail in _tried(env, env.post.lease):
            delivered += mail.state is MailState.SENT
            why = why or mail.error or ""
    except Fault as fault:  # of the settings, or of the store: what the command did is done all the same
        why = fault.message
    left = env.store.queued_mails - delivered
    if left:
        mails = f"{left} mail{'s' if left > 1 else ''}"
        env.printer.note(f"{mails} could not be delivered yet{f' ({why})' if why else ''}. To try again: es mail send")


def _tried(env: Env, lease: str) -> Iterator[Mail]:
    """What this command queued, each mail as it is after the try, until the time is over."""
    from expertsupport_cli.actions import mail as actions

    deadline = time.monotonic() + env.settings.seconds("mail.timeout")
    sender = sender_of(env, lease, deadline)
    try:
        yield from actions.send_leased(env.store, sender, env.now, lambda: time.monotonic() < deadline)
    finally:
        sender.transport.close()
    actions.purge(env.store, env.settings.seconds("mail.keep"), at=env.now())


def sender_of(env: Env, lease: str, deadline: float | None = None) -> Sender:
    """Whoever delivers, by the settings; until a deadline, if there is one. Raises BadUsage where mail is off."""
    from expertsupport_cli.actions.mail import Sender

    return Sender(
        transport=transport_of(env.settings, deadline),
        address=env.settings["mail.from"],
        reply_to=env.settings.get("mail.reply-to"),
        lease=lease,
        lease_seconds=lease_seconds(env.settings),
    )


def transport_of(settings: Settings, deadline: float | None) -> Transport:
    """The way of delivering that the settings name; its libraries are imported now. Raises BadUsage if it is off."""
    kind = settings["mail.transport"]
    if kind == "off":
        raise BadUsage("Mail is switched off.", "The setting mail.transport is off.", Step(verb=Verb.TURN_MAIL_ON))
    if kind == "maildir":
        from expertsupport_cli.mail.maildir import Maildir

        return Maildir(os.path.expanduser(settings["mail.maildir"]))
    from expertsupport_cli.mail.smtp import Smtp
    from expertsupport_cli.mail.transport import Server

    user = settings.get("mail.smtp.user")
    return Smtp(
        Server(
            host=settings["mail.smtp.host"],
            port=int(settings["mail.smtp.port"]),
            security=settings["mail.smtp.security"],
            timeout=settings.seconds("mail.timeout"),
            user=user,
            password=_password(settings, user) if user else None,
        ),
        deadline,
    )


def _password(settings: Settings, user: str) -> str:
    """From ES_SMTP_PASSWORD, the password file, or the system keyring. Raises BadUsage if it is in none."""
    given = os.environ.get("ES_SMTP_PASSWORD")
    if given:
        return given
    path = settings.get("mail.smtp.password-file")
    if path:
        from expertsupport_cli.files import read_text

        return read_text(os.path.expanduser(path), "The password file").split("\n", 1)[0].rstrip("\r")
    found: str | None = None
    with suppress(ImportError):  # an extra, which not everybody has
        import keyring
        from keyring.errors import KeyringError

        try:
            found = keyring.get_password(KEYRING_SERVICE, user)
        except KeyringError as error:
            raise BadUsage("The system keyring cannot be read.", f"{error}.") from error
    if found is None:
        raise BadUsage(
            f"There is no password for {user} at {settings['mail.smtp.host']}.",
            "It is looked for in ES_SMTP_PASSWORD, the file mail.smtp.password-file, and the system keyring.",
            f"keyring set {KEYRING_SERVICE} {user}   (with: pip install 'expertsupport-cli[keyring]')",
        )
    return found
