"""What a command has at hand: the settings, who acts and when, the store, the printer. All opened when first used."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from functools import cached_property

from expertsupport_cli import wiring
from expertsupport_cli.checks import prose_or_empty
from expertsupport_cli.cli.report import as_fault, report
from expertsupport_cli.errors import BadUsage, OutputLost, StoreUnusable
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.record import Record
from expertsupport_cli.render.shapes import View
from expertsupport_cli.render.terminal.capabilities import is_terminal, wants_colour
from expertsupport_cli.render.terminal.printer import Printer, flush_stdout
from expertsupport_cli.settings import Settings
from expertsupport_cli.times import instant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from expertsupport_cli.actions.notices import Post
    from expertsupport_cli.errors import Fault
    from expertsupport_cli.render.shapes import Shape
    from expertsupport_cli.store import Store


class Choices(Record):
    """What the options that commands share say: how to print, and whether a change is meant."""

    format: str | None = None
    json: bool = False
    fields: str | None = None
    dry_run: bool = False
    yes: bool = False

    def format_asked(self) -> str | None:
        """The format, None for the default. Raises BadUsage where two were asked for."""
        if self.json and self.format not in (None, "json"):
            raise BadUsage("--json and --format say different things.", hint="Leave one of them out.")
        return "json" if self.json else self.format


class Ending(Exception):  # noqa: N818 -- it is no error
    """Ends a command early with a status, without a word: everything was said already."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Env:
    """One command's surroundings, made from the options before the command."""

    def __init__(self, flags: dict[str, str], *, colour: str = "auto", no_input: bool = False) -> None:
        self.settings = Settings(os.environ, flags)
        self.colour = colour
        self.no_input = no_input
        self.choices = Choices()
        self.writes = False

    @cached_property
    def store(self) -> Store:
        """The store, opened to read, or to write where the command changes something."""
        return wiring.open_store(
            self.settings, writes=self.writes, dry_run=self.choices.dry_run, notify=self.printer.note
        )

    @cached_property
    def printer(self) -> Printer:
        return Printer(
            View(page_url=self.settings["page.url"], now=self.at),
            os.environ,
            colour=self.colour,
            format=self.choices.format_asked(),
            fields=self.choices.fields,
        )

    @cached_property
    def post(self) -> Post | None:
        """What notices need to know of the settings; None where mail is off."""
        return wiring.post_of(self.settings)

    @cached_property
    def at(self) -> str:
        """When the command acts: one instant for all that it does, but see `waited`."""
        return self.clock()

    def clock(self) -> str:
        """The time now, for loops: waiting, watching, delivering mail."""
        return instant(datetime.now(UTC))

    def waited(self) -> None:
        """The command has waited for a person, or for the next line of stdin: what it does now, it does now."""
        vars(self).pop("at", None)

    def close(self) -> None:
        """Close the store, if it was opened."""
        if self.has_store:
            self.store.close()

    @property
    def has_store(self) -> bool:
        """Whether the store was opened."""
        return "store" in vars(self)

    @property
    def commits(self) -> int:
        """How many changes were saved."""
        return self.store.commits if self.has_store else 0

    @property
    def dry_run(self) -> bool:
        return self.choices.dry_run

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

    def actor(self, side: Side = Side.CUSTOMER) -> Actor:
        return Actor(name=self.settings["user.name"], side=side, email=self.settings.email())

    def space(self, named: str | None) -> str | None:
        """The space that is meant: the one named, else the setting `space`, if there is one."""
        return named or self.settings.get("space")

    def look_up(self, references: Sequence[str], find: Callable[[str], object]) -> None:
        """Look up the things that were named, but for those on stdin, before anything is done to the first.

        Raises Ending where one cannot be found, after all that cannot were reported.
        """
        named = [reference for reference in references if reference != "-"]
        if len(named) == 1:
            find(named[0])
            return
        failures = [fault for reference in named if (fault := self._failure(find, reference))]
        if failures:
            raise Ending(failures[0].exit_status)

    def each(self, shape: Shape, references: Sequence[str], act: Callable[[str], None]) -> None:
        """Do something to each of the things named, `-` reading one per line from stdin; each by itself.

        What fails is reported, and the rest is done all the same, unless the store has become unusable. Raises Ending
        with the status of the first failure.
        """
        if len(references) == 1 and references[0] != "-":
            act(references[0])
            return
        first: Fault | None = None
        with self.printer.many(shape):
            for reference in expanded(references):
                self.waited()
                fault = self._failure(act, reference)
                first = first or fault
                if isinstance(fault, StoreUnusable):
                    break
                flush_stdout()
        if first:
            raise Ending(first.exit_status)

    def _failure(self, act: Callable[[str], object], reference: str) -> Fault | None:
        """Do something with a thing that is named, among others; the fault that was reported, if it failed."""
        before = self.commits
        try:
            act(prose_or_empty(reference, "The ID", max_length=10_000))
        except (OutputLost, Ending, BrokenPipeError):
            raise
        except Exception as error:
            fault = as_fault(error, saved=self.commits > before)
            report(fault, as_json=self.printer.as_json)
            return fault
        return None

    def confirm(self, question: str) -> None:
        """Ask before what cannot be undone; `--yes` answers beforehand. Raises BadUsage where nobody can be asked."""
        if self.choices.yes or self.dry_run:
            return
        if not self.interactive:
            raise BadUsage("This cannot be undone, and there is no terminal to ask on.", hint="To do it: add --yes")
        if self.ask(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
            self.printer.note("Nothing was changed.")
            raise Ending(1)

    def ask(self, prompt: str) -> str:
        """A line that a person types, without its end; the prompt is talk, so it goes to stderr."""
        sys.stderr.write(prompt)
        sys.stderr.flush()
        typed = sys.stdin.readline().rstrip("\n")
        self.waited()
        return typed


def expanded(references: Iterable[str]) -> Iterator[str]:
    """The things named, `-` reading one per line from stdin."""
    for reference in references:
        if reference != "-":
            yield reference
        else:
            yield from (line.strip() for line in sys.stdin if line.strip())
