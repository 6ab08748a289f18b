"""Runs a command: what happens before and after every body, whichever front parsed the command line.

A command's body takes an `Env` and plain values; it knows neither Typer nor exit statuses. `reads` and `changes` turn
it into a command.
"""

from __future__ import annotations

from expertsupport_cli import wiring
from expertsupport_cli.cli.env import EarlyExit
from expertsupport_cli.cli.report import as_fault, hint_text
from expertsupport_cli.errors import OutputLost
from expertsupport_cli.model.mail import MailState
from expertsupport_cli.record import Record
from expertsupport_cli.render.terminal.printer import flush_stdout
from expertsupport_cli.text import some

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from expertsupport_cli.cli.env import Choices, Env
    from expertsupport_cli.render.shapes import Shape
    from expertsupport_cli.wiring import Delivery

MAX_SAVED_IDS = 5  # in a message


class Command(Record):
    """A command: its body, whether it may write to the store, and the shapes of what it prints.

    For a command that reads, the first shape is that of its JSON, and the others are nested in it. A command that
    changes things prints one of its shapes.
    """

    run: Callable[..., None]
    writes: bool
    shapes: tuple[Shape, ...]
    asks: bool = False  # before it does something that cannot be undone


def reads(*shapes: Shape) -> Callable[[Callable[..., None]], Command]:
    """Make a command from a body that only reads."""
    return lambda body: Command(run=body, writes=False, shapes=shapes)


def changes(*shapes: Shape, asks: bool = False) -> Callable[[Callable[..., None]], Command]:
    """Make a command from a body that changes things. With `asks` it has the option `--yes`."""
    return lambda body: Command(run=body, writes=True, shapes=shapes, asks=asks)


def perform(env: Env, command: Command, values: Mapping[str, object], choices: Choices) -> int:
    """Run a command with its own parameters and the shared options. Returns its exit status.

    A command that changes things starts only if its result can be printed as asked. Mail that it has queued is
    delivered afterwards, even if it failed. Raises the fault that the body raised, or InternalError, and says what was
    saved.
    """
    env.choices = choices
    env.writes = command.writes
    if command.writes:
        env.printer.expect(*command.shapes)
    try:
        status = _run(env, command, values)
    except BrokenPipeError:
        deliver(env)
        raise
    except Exception as error:
        env.note_wrong_serial(error)
        deliver(env)
        fault = as_fault(error, saved=env.commits > 0)
        if command.writes and isinstance(fault, OutputLost):
            _add_saved_ids(fault, env.printer.saved if env.commits else [])
        raise fault from error
    deliver(env)
    return status


def _run(env: Env, command: Command, values: Mapping[str, object]) -> int:
    """Run the body and, if it changes things, flush its output. Returns the exit status."""
    status = 0
    try:
        command.run(env, **values)
        if env.dry_run:
            env.printer.note("Dry run: nothing was changed.")
    except EarlyExit as early_exit:
        status = early_exit.status
    if command.writes:
        flush_stdout()
    return status


def _add_saved_ids(fault: OutputLost, saved: list[str]) -> None:
    """Name in the fault what was saved before the output was lost, so that nobody repeats the change."""
    if saved:
        fault.why = f"{fault.why} The change was saved: {some(saved, MAX_SAVED_IDS)}."


def deliver(env: Env) -> None:
    """Try to deliver the mail that the command has queued, and say how much is left."""
    if not env.has_store or not env.store.queued_mails:
        return
    for note in _undelivered(wiring.deliver_queued(env.store, env.settings, env.post, env.clock)):
        env.printer.note(note)
    env.store.queued_mails = 0


def _undelivered(delivery: Delivery) -> Iterator[str]:
    """What became of the mail that was not delivered, each kind with the next command."""
    dead = [mail for mail in delivery.undelivered if mail.state is MailState.DEAD]
    failed = [mail for mail in delivery.undelivered if mail.state is not MailState.DEAD]
    if delivery.untried:
        why = delivery.why.rstrip(".") or "there was no time left to deliver it"
        first = f"{hint_text(delivery.hint)} && " if delivery.hint else "Try: "
        kept = "stays queued" if delivery.untried == 1 else "stay queued"
        yield f"{_mails(delivery.untried)} not sent and {kept} ({why}). {first}es mail send"
    if failed:
        due = min(mail.due_at for mail in failed)
        again = f"The next attempt is due after {due}. Try: es mail send"
        yield f"{_mails(len(failed))} not delivered ({failed[0].error}). {again}"
    if dead:
        try_it = f"es mail retry {' '.join(mail.id for mail in dead)}"
        if len(dead) > MAX_SAVED_IDS:
            try_it = "es mail list --state dead"
        yield f"{_mails(len(dead))} not delivered and will not be tried again ({dead[0].error}). Try: {try_it}"


def _mails(count: int) -> str:
    return "1 email was" if count == 1 else f"{count} emails were"
