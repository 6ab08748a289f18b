"""The options that commands share: what is printed, and for what changes things, whether it is meant.

`Reads` and `Changes` are the two kinds of command; each adds its options to those of the function, and keeps what
was chosen in the Env, so that no command has to pass them on.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperOption

from expertsupport_cli.cli.delivery import deliver_own
from expertsupport_cli.cli.env import Env
from expertsupport_cli.errors import BadUsage
from expertsupport_cli.render.shapes import Shape
from expertsupport_cli.render.terminal.rows import FORMATS

Function = TypeVar("Function", bound=Callable[..., None])
State = TypeVar("State", bound=StrEnum)


def group(help: str) -> typer.Typer:
    """A group of commands with plain help: no markup, no boxes."""
    return typer.Typer(
        help=help, rich_markup_mode=None, add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False
    )


def prints(*shapes: Shape) -> Callable[[Function], Function]:
    """Say what a command prints, for `es schema`: the shape of its JSON, then those of what is inside.

    For a command that changes things they are what it may print, one or the other.
    """

    def declare(function: Function) -> Function:
        function.__dict__["prints"] = shapes
        return function

    return declare


class Reads(TyperCommand):
    """A command that prints things."""

    writes = False

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.params.extend(self.shared())

    def shared(self) -> list[TyperOption]:
        return [
            _option("--format", "How to print: table, tsv, csv, json or jsonl.", metavar="|".join(FORMATS)),
            _option("--json", "The same as --format json.", is_flag=True),
            _option("--fields", "Only these fields, separated by commas; see es schema.", metavar="NAMES"),
        ]

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """The usage without the braces that Typer puts around arguments: `es show [OPTIONS] REQUEST`."""
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def invoke(self, ctx: Any) -> Any:
        env = Env.of(ctx)
        env.writes = self.writes
        if env.choices.get("json") and env.choices.get("format") not in (None, "json"):
            raise BadUsage("--json and --format say different things.", hint="Leave one of them out.")
        result = super().invoke(ctx)
        if env.dry_run:
            env.printer.note("Dry run: nothing was changed.")
        return result


class Changes(Reads):
    """A command that changes things: not before it is known that what it did can be shown as asked."""

    writes = True

    def invoke(self, ctx: Any) -> Any:
        Env.of(ctx).printer.expect(*getattr(self.callback, "prints", ()))
        try:
            result = super().invoke(ctx)
        except typer.Exit:  # some of several things failed, others were done
            deliver_own(Env.of(ctx))
            raise
        deliver_own(Env.of(ctx))
        return result

    def shared(self) -> list[TyperOption]:
        return [
            *super().shared(),
            _option("--dry-run", "Do everything but keep it: show what would happen.", is_flag=True),
            _option("--yes", "Do not ask before what cannot be undone.", is_flag=True),
        ]


def _option(flag: str, help: str, **how: Any) -> TyperOption:
    """An option whose value goes to the Env, not to the function."""

    def keep(ctx: Any, param: Any, value: object) -> object:
        if not ctx.resilient_parsing and value is not None:
            Env.of(ctx).choices[param.name] = value
        return value

    return TyperOption(
        param_decls=[flag], help=help, expose_value=False, callback=keep, show_default=False, default=None, **how
    )


def chosen_state(state: str | None, states: type[State]) -> State | None:
    """The state that `--state` names. Raises BadUsage for one that there is not."""
    if state is None:
        return None
    if state not in set(states):
        raise BadUsage(f"There is no state “{state[:80]}”.", f"There are: {', '.join(states)}.")
    return states(state)


RequestIds = Annotated[
    list[str],
    typer.Argument(metavar="REQUEST...", help="ES-1, 1, or a task's ID; several, or - for one a line on stdin."),
]
RequestId = Annotated[str, typer.Argument(metavar="REQUEST", help="ES-1, 1, or a task's ID.")]
TaskId = Annotated[str, typer.Argument(metavar="TASK", help="The task's ID, such as T-1.")]
TaskIds = Annotated[
    list[str], typer.Argument(metavar="TASK...", help="Tasks' IDs; several, or - for one a line on stdin.")
]
Message = Annotated[str | None, typer.Option("-m", "--message", metavar="TEXT", help="The message.")]
MessageFile = Annotated[
    str | None, typer.Option("-F", "--file", metavar="FILE", help="Take the message from a file; - is stdin.")
]
Limit = Annotated[int | None, typer.Option("--limit", min=1, metavar="N", help="At most so many rows.")]
