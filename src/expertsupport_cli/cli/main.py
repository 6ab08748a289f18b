"""`main`: runs a command and turns whatever comes of it into lines and an exit status. The one catcher of errors."""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback
from types import FrameType

import typer

# Typer carries its own Click, and does not export the errors of it; CI tries the oldest and the newest that we admit.
from typer._click.exceptions import ClickException, NoArgsIsHelpError, NoSuchOption, UsageError
from typer.main import get_command

from expertsupport_cli.cli.app import GLOBAL_OPTIONS, app
from expertsupport_cli.cli.complaint import PROGRAM, asks_for_json, complain
from expertsupport_cli.errors import BadUsage, Fault, OutputLost
from expertsupport_cli.render.terminal.printer import flush_stdout, talk_raw
from expertsupport_cli.serial import conceal
from expertsupport_cli.text import lines

INTERRUPTED, PIPE_CLOSED, TERMINATED = 130, 141, 143


class Terminated(BaseException):
    """SIGTERM came."""


def main(arguments: list[str]) -> int:
    """Run one command; its exit status. Nothing that a user types gives a traceback, unless --debug asks for it."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        _prepare_streams()
        _refuse_bad_bytes(arguments)
        status = _run(arguments)
        flush_stdout()
    except KeyboardInterrupt:
        return INTERRUPTED
    except Terminated:
        return TERMINATED
    except BrokenPipeError:
        _abandon_stdout()
        return PIPE_CLOSED
    except Exception as error:
        if "--debug" in arguments:
            talk_raw("\n".join(lines(conceal(traceback.format_exc().rstrip()))))
        fault = _as_fault(error)
        complain(fault, as_json=asks_for_json(arguments))
        _save_what_was_printed(fault)
        return fault.exit_status
    return status


def _run(arguments: list[str]) -> int:
    command = get_command(app)
    try:
        with command.make_context(PROGRAM, list(arguments)) as ctx:
            command.invoke(ctx)
    except typer.Exit as leave:
        return leave.exit_code
    except NoArgsIsHelpError as error:
        talk_raw(error.format_message())
        return BadUsage.exit_status
    except UsageError as error:
        if _may_repeat_a_serial(error):
            raise BadUsage("There are too many arguments.", "A serial number with blanks in it needs quotes.") from None
        raise
    return 0


def _may_repeat_a_serial(error: UsageError) -> bool:
    """Whether the message repeats arguments of a command that takes a serial, perhaps typed in four parts."""
    return (
        error.ctx is not None
        and "extra argument" in error.message
        and any(param.name == "serial" for param in error.ctx.command.params)
    )


def _as_fault(error: Exception) -> Fault:
    if isinstance(error, Fault):
        return error
    if isinstance(error, NoSuchOption):
        return _misplaced(error)
    if isinstance(error, UsageError):
        path = error.ctx.command_path if error.ctx else PROGRAM
        return BadUsage(error.format_message(), hint=f"See: {path} --help")
    if isinstance(error, ClickException):
        return BadUsage(error.format_message())
    if isinstance(error, OSError):
        if error.errno == errno.ENOSPC and error.filename is None:  # what the help is printed with
            return OutputLost("The output could not be written.", f"{error.strerror}.")
        name = f"{error.filename}: " if error.filename else ""
        return Fault("The system refused something.", f"{name}{error.strerror or error}.")
    return Fault(
        f"A fault in this program: {type(error).__name__}.",
        "It is ours, not yours; what it had begun was undone.",
        f"To see where: {PROGRAM} --debug …",
    )


def _misplaced(error: NoSuchOption) -> BadUsage:
    """An option that is not known here; for the options before the command, where they go."""
    path = error.ctx.command_path if error.ctx else PROGRAM
    if error.option_name in GLOBAL_OPTIONS and path != PROGRAM:
        rest = path.removeprefix(PROGRAM).strip()
        return BadUsage(
            f"{error.option_name} goes before the command.", hint=f"{PROGRAM} {error.option_name} … {rest} …"
        )
    if error.option_name in ("--format", "--json", "--fields", "--dry-run", "--yes") and path == PROGRAM:
        return BadUsage(f"{error.option_name} goes after the command.", hint=f"{PROGRAM} COMMAND … {error.option_name}")
    return BadUsage(error.format_message(), hint=f"See: {path} --help")


def _prepare_streams() -> None:
    """UTF-8 wherever it is not a terminal that says otherwise; streams that were closed cannot be reused by a file."""
    closed = sys.stdout is None
    while (spare := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(spare)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 -- for as long as the process lives
    if sys.stdin is None:
        sys.stdin = open(os.devnull)  # noqa: SIM115
    if closed:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        raise OutputLost("The output could not be written.", "stdout is closed; nothing was done.")
    # what is not UTF-8 is refused where it is read
    sys.stdin.reconfigure(encoding=None if sys.stdin.isatty() else "utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    for stream in (sys.stdout, sys.stderr):
        if stream.isatty():
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        else:
            stream.reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")  # type: ignore[union-attr]


def _refuse_bad_bytes(arguments: list[str]) -> None:
    for number, argument in enumerate(arguments, start=1):
        if any("\ud800" <= character <= "\udfff" for character in argument):
            raise BadUsage(f"Argument {number} is not valid UTF-8.")


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


def _save_what_was_printed(fault: Fault) -> None:
    """Write what stdout still holds, unless that is what failed."""
    try:
        if isinstance(fault, OutputLost):
            _abandon_stdout()
        else:
            flush_stdout()
    except (OutputLost, OSError):
        _abandon_stdout()


def _abandon_stdout() -> None:
    """Let Python's last flush go nowhere, quietly."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
