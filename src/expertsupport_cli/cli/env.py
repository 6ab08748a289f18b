"""What a command has at hand: the settings, who acts and when, the store, the printer. All opened when first used."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import typer

from expertsupport_cli.checks import prose_or_empty
from expertsupport_cli.cli.complaint import complain
from expertsupport_cli.cli.delivery import post_of
from expertsupport_cli.errors import Fault, OutputLost
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.render.shapes import View
from expertsupport_cli.render.terminal.capabilities import is_terminal, wants_colour
from expertsupport_cli.render.terminal.printer import Printer, flush_stdout
from expertsupport_cli.settings import Settings
from expertsupport_cli.times import instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from expertsupport_cli.actions.notices import Post
    from expertsupport_cli.render.shapes import Shape
    from expertsupport_cli.store import Store


class Env:
    """One command's surroundings, made from the options before the command and those after it."""

    def __init__(self, flags: dict[str, str], *, colour: str = "auto", no_input: bool = False) -> None:
        self.settings = Settings(os.environ, flags)
        self.colour = colour
        self.no_input = no_input
        self.choices: dict[str, object] = {}
        self.writes = False

    @staticmethod
    def of(ctx: typer.Context) -> Env:
        env = ctx.find_object(Env)
        if env is None:
            raise Fault("The command was started without its surroundings.")
        return env

    @cached_property
    def store(self) -> Store:
        """The store, opened to read, or to write where the command changes something."""
        from expertsupport_cli.store import open_store

        return open_store(
            os.path.expanduser(self.settings["store"]),
            timeout=self.settings.seconds("store.timeout"),
            writes=self.writes,
            dry_run=self.dry_run,
            tell=self.printer.note,
        )

    @cached_property
    def printer(self) -> Printer:
        return Printer(
            View(page_url=self.settings["page.url"], now=self.now()),
            os.environ,
            colour=self.colour,
            format="json" if self.choices.get("json") else self._choice("format"),
            fields=self._choice("fields"),
        )

    @property
    def has_store(self) -> bool:
        """Whether the store was opened."""
        return "store" in vars(self)

    @cached_property
    def post(self) -> Post | None:
        """What notices need to know of the settings; None where mail is off."""
        return post_of(self.settings)

    @property
    def dry_run(self) -> bool:
        return bool(self.choices.get("dry_run"))

    @property
    def interactive(self) -> bool:
        """Whether there is a person to ask."""
        return not self.no_input and is_terminal(sys.stdin) and is_terminal(sys.stderr)

    @property
    def shows_progress(self) -> bool:
        return is_terminal(sys.stderr)

    @property
    def colour_on_stderr(self) -> bool:
        return wants_colour(self.colour, sys.stderr, os.environ)

    def now(self) -> str:
        return instant(datetime.now(UTC))

    def actor(self, side: Side = Side.CUSTOMER) -> Actor:
        return Actor(name=self.settings["user.name"], side=side, email=self.settings.get("user.email"))

    def each(self, shape: Shape, references: Sequence[str], act: Callable[[str], None]) -> None:
        """Do something to each of the things named, `-` being one a line on stdin; each by itself.

        What fails is told, and the rest is done all the same; the exit status is that of the first that failed.
        """
        if len(references) == 1 and references[0] != "-":
            act(references[0])
            return
        first: Fault | None = None
        with self.printer.many(shape):
            for reference in expanded(references):
                try:
                    act(prose_or_empty(reference, "The ID", most=10_000))
                    flush_stdout()
                except OutputLost:
                    raise
                except Fault as fault:
                    complain(fault, as_json=self.printer.as_json)
                    first = first or fault
        if first:
            raise typer.Exit(first.exit_status)

    def confirm(self, question: str) -> None:
        """Ask before what cannot be undone, where there is a person; `--yes` answers beforehand."""
        if self.choices.get("yes") or self.dry_run or not self.interactive:
            return
        if self.ask(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
            self.printer.note("Nothing was changed.")
            raise typer.Exit(1)

    def ask(self, prompt: str) -> str:
        """A line that a person types, without its end; the prompt is talk, so it goes to stderr."""
        sys.stderr.write(prompt)
        sys.stderr.flush()
        return sys.stdin.readline().rstrip("\n")

    def _choice(self, name: str) -> str | None:
        value = self.choices.get(name)
        return None if value is None else str(value)


def expanded(references: Iterable[str]) -> Iterator[str]:
    """The things named, `-` being one a line on stdin."""
    for reference in references:
        if reference != "-":
            yield reference
        else:
            yield from (line.strip() for line in sys.stdin if line.strip())
