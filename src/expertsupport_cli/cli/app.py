"""The Typer front: parses the command line into a command and its values, prints help, and words usage errors."""

from __future__ import annotations

import inspect
from typing import Annotated, Any, get_type_hints

import typer

# Typer vendors Click and does not export its exceptions; CI tests the oldest and the newest Typer that is allowed.
from typer._click.exceptions import ClickException, NoArgsIsHelpError
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command_from_info, get_group
from typer.models import CommandInfo

from expertsupport_cli import __version__
from expertsupport_cli.checks import person
from expertsupport_cli.cli import options
from expertsupport_cli.cli.commands import COMMANDS, GROUPS, SECTIONS, find, names_in
from expertsupport_cli.cli.env import Choices, Env
from expertsupport_cli.cli.perform import Command, perform
from expertsupport_cli.cli.report import PROGRAM
from expertsupport_cli.cli.usage import bad_usage
from expertsupport_cli.errors import BadUsage, InternalError
from expertsupport_cli.render.terminal.printer import talk_raw


def run(arguments: list[str]) -> int:
    """Run the command that the arguments name. Returns its exit status. Raises BadUsage if they are wrong."""
    root = program()
    try:
        with root.make_context(PROGRAM, list(arguments), obj=tuple(arguments)) as context:
            return int(root.invoke(context) or 0)
    except typer.Exit as early_exit:  # after --help and --version
        return early_exit.exit_code
    except NoArgsIsHelpError as error:
        talk_raw(error.format_message())
        return BadUsage.exit_status
    except ClickException as error:
        raise bad_usage(error, arguments) from None  # the text may repeat a serial that was typed in four parts


class Group(TyperGroup):
    """A group of commands. The module of a command is imported when the command is looked up."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        name = f"{self.name} {cmd_name}"
        return _command(name) if name in COMMANDS else None

    def list_commands(self, ctx: Any) -> list[str]:
        return names_in(str(self.name))


class Root(TyperGroup):
    """The top-level group, whose help lists the commands in sections."""

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in GROUPS:
            return _group(cmd_name)
        return _command(cmd_name) if cmd_name in COMMANDS else None

    def list_commands(self, ctx: Any) -> list[str]:
        return [name for names in SECTIONS.values() for name in names]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        width = formatter.width - 6 - max(map(len, self.list_commands(ctx)))
        for section, names in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl([(name, self.get_command(ctx, name).get_short_help_str(width)) for name in names])


class Plain(TyperCommand):
    """A command whose usage line shows arguments without braces: `es show [OPTIONS] REQUEST`."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]


def _group(name: str) -> TyperGroup:
    group = get_group(_typer(GROUPS[name], Group))
    group.name = name
    return group


def _command(name: str) -> Any:
    """Build the Typer command: the parameters of the body, then the options that it shares with other commands."""
    command = find(name)
    shared = _shared(command)

    def parsed(ctx: typer.Context, **values: Any) -> int:
        env = ctx.find_object(Env)
        if env is None:
            raise InternalError("The command was started without an environment.")
        chosen = {key: values.pop(key) for key in shared}
        return perform(env, command, values, Choices(**chosen))

    own = _parameters(command)
    more = [_keyword(key, getattr(Choices, key), kind) for key, kind in shared.items()]
    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    parsed.__signature__ = inspect.Signature([context, *own, *more])  # type: ignore[attr-defined]
    parsed.__annotations__ = {parameter.name: parameter.annotation for parameter in (context, *own, *more)}
    info = CommandInfo(name=name.rpartition(" ")[2], cls=Plain, callback=parsed, help=inspect.getdoc(command.run))
    return get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)


def _shared(command: Command) -> dict[str, Any]:
    """The options that a command shares with others, by the field names of `Choices`."""
    return {
        **(options.PRINTING if command.shapes or command.writes else {}),
        **(options.CHANGING if command.writes else {}),
        **(options.ASKING if command.asks else {}),
    }


def _parameters(command: Command) -> list[inspect.Parameter]:
    """The parameters of a body, except its `Env`, with their annotations evaluated."""
    names = {**vars(options), **command.run.__globals__, "Env": Env}
    hints = get_type_hints(command.run, names, include_extras=True)
    _, *own = inspect.signature(command.run).parameters.values()
    return [_keyword(parameter.name, parameter.default, hints[parameter.name]) for parameter in own]


def _keyword(name: str, default: object, annotation: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _typer(help: str, group: type[TyperGroup]) -> typer.Typer:
    """A Typer app for a group, with plain help: no markup, no boxes."""
    return typer.Typer(
        help=help,
        cls=group,
        rich_markup_mode=None,
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )


def program() -> TyperGroup:
    """The Typer program: all commands, and the global options before them."""
    app = _typer(
        """Expert support from the terminal: buy it, activate it, follow it, answer it.

        A certificate opens one request on one task. Global options go before the command, output options (--format,
        --fields) after it. IDs ignore case.
        """,
        Root,
    )
    app.callback(cls=Root)(_global_options)
    return get_group(app)


def _version(requested: bool) -> None:
    if requested:
        typer.echo(f"es {__version__}")
        raise typer.Exit


def _global_options(
    ctx: typer.Context,
    store: Annotated[
        str | None, typer.Option("--store", metavar="PATH", help="The store to use: a path or a URL.")
    ] = None,
    who: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="Who acts: a name, or 'Name <address>'.")
    ] = None,
    color: Annotated[str, typer.Option("--color", metavar="auto|always|never", help="When to use colour.")] = "auto",
    no_input: Annotated[bool, typer.Option("--no-input", help="Never prompt or open an editor.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Print a traceback on errors.")] = False,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version.")
    ] = False,
) -> None:
    """Build the `Env` from the global options, and close it when the command ends."""
    if color not in ("auto", "always", "never"):
        raise BadUsage(f"Invalid --color '{color[:80]}'.", "Choose one of: auto, always, never.")
    name, email = (None, None) if who is None else person(who)
    given = {"store": store, "user.name": name, "user.email": email}
    flags = {setting: value for setting, value in given.items() if value is not None}
    env = Env(flags, arguments=ctx.obj, colour=color, no_input=no_input)
    ctx.obj = env
    ctx.call_on_close(env.close)
