"""The commands, by name, and where each is: loaded when asked for. The options before the command."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command_from_info, get_group

from expertsupport_cli import __version__
from expertsupport_cli.cli.env import Env
from expertsupport_cli.cli.options import group
from expertsupport_cli.errors import BadUsage

SECTIONS = {
    "Expert support": {
        "activate": "requests.top",
        "purchase-link": "links.top",
        "comment": "requests.top",
        "close": "requests.top",
        "reopen": "requests.top",
        "list": "listing.top",
        "show": "listing.top",
        "open": "listing.top",
        "log": "tasks.top",
    },
    "Staying informed": {
        "inbox": "following.top",
        "follow": "following.top",
        "unfollow": "following.top",
        "wait": "following.top",
        "watch": "following.top",
    },
    "The desk": {"desk": "desk.desk"},
    "The owner": {
        "space": "spaces.space",
        "task": "tasks.task",
        "cert": "certificates.cert",
        "partner": "spaces.partner",
        "link": "links.link",
    },
    "The program": {
        "config": "config.config",
        "mail": "mail.mail",
        "db": "db.db",
        "schema": "schema.top",
        "demo": "demo.top",
    },
}
GLOBAL_OPTIONS = ("--store", "--as", "--color", "--no-input", "--debug", "--version")


class Lazy(MutableMapping[str, Any]):
    """The commands by name; a command's module is imported when the command is looked up."""

    def __init__(self) -> None:
        self._places = {name: place for names in SECTIONS.values() for name, place in names.items()}
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = _load(name, self._places[name])
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._places[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def _load(name: str, place: str) -> Any:
    module, attribute = place.split(".")
    typer_app: typer.Typer = getattr(import_module(f"expertsupport_cli.cli.{module}"), attribute)
    for info in typer_app.registered_commands if attribute == "top" else ():
        if info.name == name:
            return get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=None)
    command = get_group(typer_app)
    command.name = name
    return command


class Root(TyperGroup):
    """The program itself; its help lists the commands in sections."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{**settings, "commands": None})
        self.commands = Lazy()

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        room = formatter.width - 6 - max(map(len, self.commands))
        for section, names in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl([(name, self.commands[name].get_short_help_str(room)) for name in names])


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"es {__version__}")
        raise typer.Exit


app = group(
    """Expert support from the terminal: buy it, activate it, follow it, answer it.

    A certificate opens one request on one task. Options of all commands go before the command; what a command
    prints is told after it. IDs may be given in any case.
    """
)


@app.callback(cls=Root)
def root(
    ctx: typer.Context,
    store: Annotated[str | None, typer.Option("--store", metavar="PATH", help="The store to use.")] = None,
    who: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")] = None,
    color: Annotated[str, typer.Option("--color", metavar="auto|always|never", help="Whether to use colour.")] = "auto",
    no_input: Annotated[bool, typer.Option("--no-input", help="Never ask, never open an editor.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error comes from.")] = False,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the version.")
    ] = False,
) -> None:
    """Keep the options before the command for all that is done in it."""
    if color not in ("auto", "always", "never"):
        raise BadUsage(f"--color is auto, always or never, not “{color[:80]}”.")
    flags = {name: value for name, value in (("store", store), ("user.name", who)) if value is not None}
    ctx.obj = Env(flags, colour=color, no_input=no_input)
