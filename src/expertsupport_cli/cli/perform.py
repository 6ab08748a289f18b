"""Running a command: what comes before and after each, whoever has parsed its command line.

A command's body takes an `Env` and plain values; it knows neither Typer nor how a process ends. `reads` and `changes`
make a command of it.
"""

from __future__ import annotations

from expertsupport_cli import wiring
from expertsupport_cli.cli.env import Ending
from expertsupport_cli.cli.report import as_fault
from expertsupport_cli.errors import OutputLost
from expertsupport_cli.record import Record
from expertsupport_cli.render.terminal.printer import flush_stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from expertsupport_cli.cli.env import Choices, Env
    from expertsupport_cli.render.shapes import Shape

MAX_NAMED = 5  # of what was saved


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

    One that changes things begins only once it is known that the result can be shown as asked. The mail that it has
    queued is then delivered, whatever became of the result. Raises what the body raises, or InternalError, saying what
    was saved.
    """
    env.choices = choices
    env.writes = command.writes
    if command.writes:
        env.printer.expect(*command.shapes)
    try:
        status = _run(env, command, values)
    except BrokenPipeError:
        _deliver(env)
        raise
    except Exception as error:
        _deliver(env)
        fault = as_fault(error, saved=env.commits > 0)
        if command.writes and isinstance(fault, OutputLost):
            _say_what_was_saved(fault, env.printer.saved)
        raise fault from error
    _deliver(env)
    return status


def _run(env: Env, command: Command, values: Mapping[str, object]) -> int:
    """Run the body, to where its result is out of our hands; the status."""
    status = 0
    try:
        command.run(env, **values)
        if env.dry_run:
            env.printer.note("Dry run: nothing was changed.")
    except Ending as ending:
        status = ending.status
    if command.writes:
        flush_stdout()
    return status


def _say_what_was_saved(fault: OutputLost, saved: list[str]) -> None:
    """Add to a fault that came of printing what was saved before it, so that nobody does it again."""
    if saved:
        more = f" and {len(saved) - MAX_NAMED} more" if len(saved) > MAX_NAMED else ""
        fault.why = f"{fault.why} The change was saved: {', '.join(saved[:MAX_NAMED])}{more}."


def _deliver(env: Env) -> None:
    """Try to deliver what the command has queued, after its result was printed; say what is left."""
    if not env.has_store or not env.store.queued_mails:
        return
    delivery = wiring.deliver_queued(env.store, env.settings, env.post, env.clock)
    if delivery.left:
        mails = f"{delivery.left} mail{'s' if delivery.left > 1 else ''}"
        why = f" ({delivery.why})" if delivery.why else ""
        env.printer.note(f"{mails} could not be delivered yet{why}. To try again: es mail send")
