"""Words the errors of the parser: what is wrong with a command line, and how it should be."""

from __future__ import annotations

import shlex
from difflib import get_close_matches

# Typer vendors Click and does not export its exceptions; CI tests the oldest and the newest Typer that is allowed.
from typer._click.exceptions import (
    BadOptionUsage,
    BadParameter,
    ClickException,
    MissingParameter,
    NoSuchOption,
    UsageError,
)

from expertsupport_cli.cli.commands import COMMANDS, GROUPS, SECTIONS, names_in
from expertsupport_cli.cli.report import GLOBAL_OPTIONS, PROGRAM
from expertsupport_cli.errors import BadUsage
from expertsupport_cli.text import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# the options that go after the command; whether each takes a value
OUTPUT_OPTIONS = {"--format": True, "--json": False, "--fields": True, "--spreadsheet": False}
OUTPUT_OPTIONS |= {"--dry-run": False, "--yes": False}


def bad_usage(error: ClickException, arguments: list[str]) -> BadUsage:
    """The fault to report for an error of the parser."""
    context = error.ctx if isinstance(error, UsageError) else None
    command = context.command_path.removeprefix(PROGRAM).strip() if context else _command(arguments)
    hint = f"Try: {' '.join((PROGRAM, command)).rstrip()} --help"
    if isinstance(error, NoSuchOption):
        return _unknown_option(error, arguments, command, hint)
    if isinstance(error, MissingParameter) and error.param is not None:
        return BadUsage(
            f"Missing {error.param.param_type_name} {str(error.param.human_readable_name).removesuffix('...')}.",
            hint=hint,
        )
    if isinstance(error, BadParameter) and error.param is not None:
        return BadUsage(f"Invalid value for {error.param.opts[-1]}.", _allowed(error.param.type), hint)
    if isinstance(error, BadOptionUsage):
        needs = "takes no value" if "not take" in error.message else "needs a value"
        return BadUsage(f"Option {error.option_name} {needs}.", hint=hint)
    if error.message.startswith("No such command"):
        return _unknown_command(error.message.split("'")[1], command, hint)
    if "extra argument" in error.message:
        return _extra_argument(error, hint)
    return BadUsage(f"{error.format_message().rstrip('.')}.", hint=hint)


def _unknown_option(error: NoSuchOption, arguments: list[str], command: str, hint: str) -> BadUsage:
    """The fault for an unknown option. If it is known on the other side of the command, the hint moves it there."""
    name = error.option_name
    if name in GLOBAL_OPTIONS and command:
        option, rest = _taken_out(arguments, name, GLOBAL_OPTIONS[name])
        return BadUsage(f"{name} goes before the command.", hint=f"Try: {shlex.join([PROGRAM, *option, *rest])}")
    if name in OUTPUT_OPTIONS and not command:
        option, rest = _taken_out(arguments, name, OUTPUT_OPTIONS[name])
        return BadUsage(f"{name} goes after the command.", hint=f"Try: {shlex.join([PROGRAM, *rest, *option])}")
    return BadUsage(f"Unknown option {name}.", _similar(name, error.possibilities or ()), hint)


def _unknown_command(typed: str, group: str, hint: str) -> BadUsage:
    known = names_in(group) if group else [name for names in SECTIONS.values() for name in names]
    return BadUsage(f"Unknown command '{f'{group} {typed}'.strip()[:80]}'.", _similar(typed, known), hint)


def _similar(typed: str, known: Sequence[str]) -> str:
    return did_you_mean(get_close_matches(typed, known, 2))


def _extra_argument(error: ClickException, hint: str) -> BadUsage:
    """The fault for too many arguments, which may be a serial typed in four parts: they are not repeated then."""
    context = error.ctx if isinstance(error, UsageError) else None
    if context is None or any(param.name == "serial" for param in context.command.params):
        return BadUsage("Too many arguments.", "Put a serial number that contains spaces in quotes.")
    typed = error.message.rpartition("argument(s) (")[2].removesuffix(")")
    return BadUsage(f"Unexpected argument '{typed[:80]}'.", "Put text that contains spaces in quotes.", hint)


def _allowed(type: object) -> str:
    """The values of a number in words."""
    low, high = getattr(type, "min", None), getattr(type, "max", None)
    if low is None:
        return ""
    return f"Use a whole number of at least {low}." if high is None else f"Use a whole number from {low} to {high}."


def _taken_out(arguments: list[str], name: str, has_value: bool) -> tuple[list[str], list[str]]:
    """An option, with its value (VALUE if that is missing), and the other arguments."""
    start = next(at for at, argument in enumerate(arguments) if argument == name or argument.startswith(f"{name}="))
    end = start + (2 if has_value and arguments[start] == name else 1)
    missing = ["VALUE"] if end > len(arguments) else []
    return arguments[start:end] + missing, arguments[:start] + arguments[end:]


def _command(arguments: list[str]) -> str:
    """The command or group that the arguments name; "" if they name none."""
    for at, word in enumerate(arguments):
        pair = " ".join(arguments[at : at + 2])
        if pair in COMMANDS:
            return pair
        if word in COMMANDS or word in GROUPS:
            return word
    return ""
