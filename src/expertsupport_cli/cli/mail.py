"""The outbox: list, show, send and retry mail; send a test message."""

from __future__ import annotations

from collections.abc import Iterator

from expertsupport_cli import wiring
from expertsupport_cli.actions import outbox as actions
from expertsupport_cli.actions.notices import message_id
from expertsupport_cli.checks import address, domain_of
from expertsupport_cli.cli.listing import chosen_state, rows_wanted, summarize
from expertsupport_cli.cli.perform import changes, reads
from expertsupport_cli.cli.polling import each_change
from expertsupport_cli.errors import BadUsage, MailUndelivered
from expertsupport_cli.mail.errors import Misconfigured, Undelivered
from expertsupport_cli.mail.letter import Letter
from expertsupport_cli.model.mail import Mail, MailState
from expertsupport_cli.render.fields import ADDRESSEE, MAIL
from expertsupport_cli.render.pages import mail_page
from expertsupport_cli.render.shapes import Named
from expertsupport_cli.render.terminal.printer import flush_stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from expertsupport_cli.cli.env import Env
    from expertsupport_cli.cli.options import Argument, Limit, MailId, Option


DUE_CHECK_INTERVAL = 5.0  # seconds; mail may become due without a change in the store


@reads(MAIL)
def list_mails(
    env: Env,
    state: Annotated[str | None, Option("--state", metavar="|".join(MailState), help="Only in this state.")] = None,
    limit: Limit = None,
) -> None:
    """List mail, newest first.

    Queued mail waits for its first attempt, failed mail for the next one; dead mail is only tried again after es mail
    retry.
    """
    wanted = chosen_state(state, MailState)
    shown = env.printer.list(MAIL, env.store.mails(wanted, rows_wanted(env, limit)))
    summarize(env, shown, lambda: env.store.count_mails(wanted), "mail", "No mail.")


@reads(MAIL)
def show(env: Env, id: MailId) -> None:
    """Show an email: its state, and the message as it is sent."""
    found = env.store.mail(id)
    letter = actions.letter(found, env.settings["mail.from"], env.settings.get("mail.reply-to"), env.at)
    env.printer.page(MAIL, found, lambda: mail_page(found, letter.headers(), letter.body()))
    if found.state in (MailState.FAILED, MailState.DEAD):
        env.printer.hint(f"Try: es mail retry {found.id} && es mail send")


@changes(MAIL)
def send(
    env: Env,
    watch: Annotated[bool, Option("--watch", help="Keep running and deliver new mail until interrupted.")] = False,
) -> None:
    """Deliver the mail that is due.

    Prints the IDs of delivered mail. The exit status is 6 if something could not be delivered; it is retried at
    growing intervals, up to ten times. If a setting is wrong, no attempt is counted. Several senders may run at once.
    """
    failures: list[MailState] = []
    with env.printer.many(MAIL):
        if env.dry_run:
            for due in env.store.due_mails(env.at):
                env.printer.thing(MAIL, due, f"{due.id}  to {due.recipient}")
            return
        for _ in _rounds(env, watch):
            failures += _send_due(env)
    if failures:
        dead = failures.count(MailState.DEAD)
        raise MailUndelivered(
            f"{len(failures)} email{'s' if len(failures) > 1 else ''} could not be delivered.",
            f"{len(failures) - dead} will be tried again, {dead} will not.",
            f"Try: es mail list{' --state dead' if dead == len(failures) else ''}",
        )


@changes(MAIL)
def retry(
    env: Env,
    ids: Annotated[
        list[str] | None, Argument(metavar="ID...", help="Mail IDs; repeatable; - reads one per line from stdin.")
    ] = None,
    all_: Annotated[bool, Option("--all", help="All mail that failed or is dead.")] = False,
) -> None:
    """Make failed or dead mail due again.

    Then es mail send tries it.
    """
    if bool(ids) == all_:
        raise BadUsage("No mail given.", "Use either IDs or --all.", "Try: es mail list")
    if all_:
        ids = [found.id for state in (MailState.FAILED, MailState.DEAD) for found in env.store.mails(state)]
        with env.printer.many(MAIL):
            for id in ids:
                _retry(env, id)
        return
    env.look_up(ids or [], env.store.mail)
    env.for_each(MAIL, ids or [], lambda id: _retry(env, id))


@reads(ADDRESSEE)
def test(env: Env, to: Annotated[str, Argument(metavar="ADDRESS", help="Where the test message goes.")]) -> None:
    """Send a test message now.

    The exit status is 6 if it cannot be delivered.
    """
    sender = wiring.sender_of(env.settings, lease="")
    letter = Letter(
        message_id=message_id(domain_of(sender.address)),
        sender=sender.address,
        reply_to=sender.reply_to,
        recipient=address(to),
        subject="Expert Support: test message",
        text="This is a test message.\nIf you can read it, mail from Expert Support reaches you.\n",
        at=env.at,
    )
    try:
        sender.transport.deliver(letter)
    except Misconfigured as error:
        raise actions.misconfigured(error) from error
    except Undelivered as error:
        raise MailUndelivered("The test message could not be delivered.", f"{error}.", "Try: es config list") from error
    finally:
        sender.transport.close()
    env.printer.thing(ADDRESSEE, Named(values={"address": to}), f"The test message to {to} was delivered.")


def _rounds(env: Env, watch: bool) -> Iterator[None]:
    """Yield once; with `watch`, yield at once, then after each change of the store and every few seconds."""
    if not watch:
        yield
        return
    while True:
        for _ in each_change(env.store, DUE_CHECK_INTERVAL):
            yield


def _send_due(env: Env) -> list[MailState]:
    """Deliver due mail and purge old mail. Returns the states of what was not delivered."""
    failures: list[MailState] = []
    sender = wiring.sender_of(env.settings, wiring.new_lease())
    try:
        for mail in actions.send_due(env.store, sender, env.clock):
            if mail.state is MailState.SENT:
                env.printer.thing(MAIL, mail, f"{mail.id}  sent to {mail.recipient}")
                flush_stdout()
            else:
                failures.append(mail.state)
                env.printer.note(_failure(mail))
    finally:
        sender.transport.close()
    actions.purge(env.store, env.settings.seconds("mail.keep"), at=env.clock())
    return failures


def _failure(mail: Mail) -> str:
    if mail.state is MailState.DEAD:
        next_attempt = f"It will not be tried again. Try: es mail retry {mail.id}"
    else:
        next_attempt = f"It will be tried again after {mail.due_at}."
    return f"{mail.id} to {mail.recipient} was not delivered: {(mail.error or '').rstrip('.')}. {next_attempt}"


def _retry(env: Env, id: str) -> None:
    found, changed = actions.retry(env.store, id, at=env.at)
    if not changed:
        env.printer.note(f"{found.id} is {found.state}; nothing was changed.")
    env.printer.thing(MAIL, found, f"{found.id}  {found.state}")
