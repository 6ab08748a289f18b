"""What a command works with: the settings, the actor and the time, the store, the printer. All are opened lazily."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from functools import cached_property

from expertsupport_cli import credentials, wiring
from expertsupport_cli.cli.report import as_fault, completed, report
from expertsupport_cli.errors import BadUsage, CertificateUnknown, OutputLost, SerialMistyped, StoreUnusable
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.reading import read_answer, read_references
from expertsupport_cli.record import Record
from expertsupport_cli.render.shapes import View
from expertsupport_cli.render.terminal.capabilities import can_redraw, is_terminal, wants_colour
from expertsupport_cli.render.terminal.printer import Printer, flush_stdout, talk
from expertsupport_cli.settings import Settings
from expertsupport_cli.text import one_line
from expertsupport_cli.times import instant

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from expertsupport_cli.actions.notices import Post
    from expertsupport_cli.errors import Fault
    from expertsupport_cli.render.shapes import Shape
    from expertsupport_cli.store import Store
    from expertsupport_cli.store.engine import Preparation


class Choices(Record):
    """The options that commands share: how to print, and whether to change anything or to ask first."""

    format: str | None = None
    json: bool = False
    fields: str | None = None
    spreadsheet: bool = False
    dry_run: bool = False
    yes: bool = False

    def requested_format(self) -> str | None:
        """The format that was asked for, None for the default. Raises BadUsage if two were."""
        if self.json and self.format not in (None, "json"):
            raise BadUsage("--json conflicts with --format.", hint="Use only one of them.")
        return "json" if self.json else self.format


class EarlyExit(Exception):  # noqa: N818 -- not an error
    """Ends a command early with an exit status and no message: everything was reported already."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Env:
    """The environment of one command, built from the global options; `arguments` are the command line as typed."""

    def __init__(
        self, flags: dict[str, str], arguments: Sequence[str] = (), *, colour: str = "auto", no_input: bool = False
    ) -> None:
        environment = dict(os.environ)
        credentials.keep_from_children(os.environ)
        self.settings = Settings(environment, flags, warn=talk)
        self.arguments = arguments
        self.colour = colour
        self.no_input = no_input
        self.choices = Choices()
        self.writes = False

    @cached_property
    def store(self) -> Store:
        """The store, opened for writing only if the command changes something."""
        return wiring.open_store(
            self.settings, writes=self.writes, dry_run=self.choices.dry_run, notify=self.printer.note
        )

    def open_store(self, prepare: Preparation, notify: Callable[[str], None]) -> None:
        """Open the store for a command that may create or upgrade it in a database.

        `notify` is called with messages for the user.
        """
        self.store = wiring.open_store(self.settings, writes=True, dry_run=self.dry_run, notify=notify, prepare=prepare)

    @cached_property
    def printer(self) -> Printer:
        return Printer(
            View(page_url=self.settings["page.url"], now=self.at),
            os.environ,
            colour=self.colour,
            format=self.choices.requested_format(),
            fields=self.choices.fields,
            spreadsheet=self.choices.spreadsheet,
            complete=lambda text: completed(text, self.arguments),
        )

    @cached_property
    def post(self) -> Post | None:
        """What queueing notices needs from the settings; None if mail is off."""
        return wiring.post_of(self.settings)

    @cached_property
    def at(self) -> str:
        """The instant of everything that the command does, until `refresh_time` is called."""
        return self.clock()

    def clock(self) -> str:
        """The current time, for loops: waiting, watching, delivering mail."""
        return instant(datetime.now(UTC))

    def refresh_time(self) -> None:
        """Read the clock again when `at` is next used. For after a wait, for a person or for a line of stdin."""
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
        """How many transactions were committed."""
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
        return self.colour != "never" and can_redraw(sys.stderr, os.environ)

    @property
    def colour_on_stderr(self) -> bool:
        return wants_colour(self.colour, sys.stderr, os.environ)

    def actor(self, side: Side = Side.CUSTOMER) -> Actor:
        return Actor(name=self.settings["user.name"], side=side, email=self.settings.email())

    def space(self, named: str | None) -> str | None:
        """The name of the space to use: the one named, else the setting `space`, if it is set."""
        return named or self.settings.get("space")

    def look_up(self, references: Sequence[str], find: Callable[[str], object]) -> None:
        """Look up all references, except those on stdin, before anything is done to the first.

        With several, every failure is reported, and then EarlyExit is raised. With one, its fault is raised.
        """
        named = [reference for reference in references if reference != "-"]
        if len(named) == 1:
            find(named[0])
            return
        failures = [fault for reference in named if (fault := self._failure(find, reference))]
        if failures:
            raise EarlyExit(failures[0].exit_status)

    def describe(self, references: Sequence[str], describe: Callable[[str], str]) -> str:
        """Look up the things that were named, and describe them for a question.

        Things with an empty description are left out. Raises as `look_up` does.
        """
        found: list[str] = []
        self.look_up(references, lambda reference: found.append(describe(reference)))
        on_stdin = ["those on stdin"] if "-" in references else []
        return ", ".join([*filter(None, found), *on_stdin])

    def for_each(self, shape: Shape, references: Sequence[str], act: Callable[[str], None]) -> None:
        """Call `act` with each reference, where `-` reads one per line from stdin.

        With several, a failure is reported and the rest is still done, unless the store has become unusable; at the
        end EarlyExit is raised with the status of the first failure. With one, its fault is raised.
        """
        if len(references) == 1 and references[0] != "-":
            act(references[0])
            return
        first_fault: Fault | None = None
        with self.printer.many(shape):
            for place, reference in expand_references(references):
                self.refresh_time()
                fault = self._failure(act, reference, place)
                first_fault = first_fault or fault
                if isinstance(fault, StoreUnusable):
                    break
                flush_stdout()
        if first_fault:
            raise EarlyExit(first_fault.exit_status)

    def _failure(self, act: Callable[[str], object], reference: str | BadUsage, place: str = "") -> Fault | None:
        """Call `act` with one of several references. Returns the fault, which was reported, if it failed.

        `place` names the line of stdin that the reference is from, which can be a fault itself.
        """
        commits_before = self.commits
        try:
            act(readable(place, reference))
        except (OutputLost, EarlyExit, BrokenPipeError):
            raise
        except Exception as error:
            fault = as_fault(error, saved=self.commits > commits_before)
            self.note_wrong_serial(error)
            if place and isinstance(fault, BadUsage) and fault is not reference:
                fault.what = f"{place}: {fault.what}"
            report(fault, self.arguments, as_json=self.printer.as_json)
            return fault
        return None

    def note_wrong_serial(self, error: Exception) -> None:
        """Slow down whoever gives one wrong serial after the other."""
        if isinstance(error, CertificateUnknown | SerialMistyped):
            from expertsupport_cli.actions.certificates import slow_down

            slow_down(self.store)

    def confirm(self, question: str) -> None:
        """Ask before something that cannot be undone, unless `--yes` was given.

        Raises BadUsage if there is nobody to ask, EarlyExit if the answer is no.
        """
        if self.choices.yes or self.dry_run:
            return
        if not self.interactive:
            raise BadUsage(
                "This cannot be undone, and there is no terminal to confirm on.", hint="Add --yes to confirm."
            )
        if self.ask(f"{question} [y/N] ").strip().lower() not in ("y", "yes"):
            self.printer.note("Nothing was changed.")
            raise EarlyExit(1)

    def browse(self, url: str) -> None:
        """Open a URL in the user's browser, or say that there is no browser."""
        import webbrowser

        sys.stdout.flush()
        try:
            opened = webbrowser.get().open(url)  # and no other if that fails, as when it is interrupted
        except webbrowser.Error:
            opened = False
        if not opened:
            self.printer.note("No browser could be started. Open the address above yourself.")

    def browse_while_serving(self, url: str) -> None:
        """Open a URL that this command is about to serve. A browser in the terminal ends only after it has shown it."""
        from threading import Thread

        Thread(target=self.browse, args=(url,), daemon=True).start()

    def ask(self, prompt: str) -> str:
        """Ask for a line of input and return it without its line end. The prompt goes to stderr: stdout is data."""
        sys.stderr.write(one_line(prompt))
        sys.stderr.flush()
        typed = read_answer()
        self.refresh_time()
        return typed


def readable(place: str, reference: str | BadUsage) -> str:
    """A reference that could be read. Raises BadUsage, its fault, for any other, naming its place."""
    if isinstance(reference, BadUsage):
        reference.what = f"{place}: {reference.what}"
        raise reference
    return reference


def expand_references(references: Iterable[str]) -> Iterator[tuple[str, str | BadUsage]]:
    """The references, where `-` is replaced by those on stdin, one per line, after the name of the line.

    A line that cannot be read is given as its fault.
    """
    for reference in references:
        if reference == "-":
            yield from read_references()
        else:
            yield "", reference
