"""Running a command: what comes before and after each, whoever has parsed its command line.

A command's body takes an `Env` and plain values; it knows neither Typer nor how a process ends. `reads` and `changes`
make a command of it.
"""

from __future__ import annotations

from expertsupport_cli import wiring
from expertsupport_cli.cli.env import Ending
from expertsupport_cli.record import Record
from expertsupport_cli.render.terminal.printer import flush_stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from expertsupport_cli.cli.env import Choices, Env
    from expertsupport_cli.render.shapes import Shape


class Command(Record):
    """A command: its body, whether it may write to the store, and the shapes of what it prints.

    The first shape is that of its JSON, the others are of what is inside that; for a command that changes things they
    are what it may print, one or the other.
    """

    run: Callable[..., None]
    writes: bool
    shapes: tuple[Shape, ...]
    asks: bool = False  # before it does what cannot be undone


def reads(*shapes: Shape) -> Callable[[Callable[..., None]], Command]:
    """Makes a command of a body that only reads."""
    return lambda body: Command(run=body, writes=False, shapes=shapes)


def changes(*shapes: Shape, asks: bool = False) -> Callable[[Callable[..., None]], Command]:
    """Makes a command of a body that changes things; `asks` for one whose question `--yes` answers beforehand."""
    return lambda body: Command(run=body, writes=True, shapes=shapes, asks=asks)


def perform(env: Env, command: Command, values: Mapping[str, object], choices: Choices) -> int:
    """Run a command with the values of its own parameters and those that all share; its exit status.

    One that changes things begins only once it is known that the result can be shown as asked, and then delivers the
    mail that it has queued. Raises what the body raises.
    """
    env.choices = choices
    env.writes = command.writes
    if command.writes:
        env.printer.expect(*command.shapes)
    status = 0
    try:
        command.run(env, **values)
        if env.dry_run:
            env.printer.note("Dry run: nothing was changed.")
    except Ending as ending:
        status = ending.status
    if command.writes:
        _deliver(env)
    return status


def _deliver(env: Env) -> None:
    """Try to deliver what the command queued, after its result was printed; say what is left."""
    if not env.has_store or not env.store.queued_mails:
        return
    flush_stdout()
    delivery = wiring.deliver_queued(env.store, env.settings, env.post, env.clock)
    if delivery.left:
        mails = f"{delivery.left} mail{'s' if delivery.left > 1 else ''}"
        why = f" ({delivery.why})" if delivery.why else ""
        env.printer.note(f"{mails} could not be delivered yet{why}. To try again: es mail send")
