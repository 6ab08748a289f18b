"""The printer: what a command gives it, it writes as asked. Commands never look at the format themselves.

stdout is data: a table or page on a terminal, TSV or the same page elsewhere, or what `--format` says. stderr is
talk: notes, hints, warnings, errors.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress

from expertsupport_cli.errors import BadUsage, OutputLost
from expertsupport_cli.render.terminal.capabilities import is_terminal, wants_colour
from expertsupport_cli.render.terminal.rows import FORMATS, RowWriter, chosen
from expertsupport_cli.text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from expertsupport_cli.render.pages import Page
    from expertsupport_cli.render.shapes import Shape, View
    from expertsupport_cli.render.terminal.paint import Line


class Printer:
    """Writes to stdout and stderr, for one command."""

    def __init__(
        self, view: View, environment: Mapping[str, str], *, colour: str, format: str | None, fields: str | None
    ) -> None:
        if format is not None and format not in FORMATS:
            raise BadUsage(f"There is no format “{format[:80]}”.", f"There are: {', '.join(FORMATS)}.")
        self.view = view
        self.on_terminal = is_terminal(sys.stdout)
        self.colour = wants_colour(colour, sys.stdout, environment)
        self._given = format
        self._fields = fields
        self._writer: RowWriter | None = None
        self._block: list[str] | None = None
        self.saved: list[str] = []  # the IDs of what was given to `thing`: it is saved, printed or not

    @property
    def for_people(self) -> bool:
        """Whether the output is a table, not rows for a program."""
        return (self._given or ("table" if self.on_terminal else "tsv")) == "table"

    def expect(self, *shapes: Shape) -> None:
        """Make sure, before anything is done, that one of these has the fields asked for. Raises BadUsage."""
        faults = []
        for shape in shapes:
            try:
                chosen(shape, self._fields)
                return
            except BadUsage as fault:
                faults.append(fault)
        if faults:
            raise faults[0]

    def list(self, shape: Shape, things: Iterable[Any]) -> int:
        """Print all things of a list; how many rows a table got (0 if it is not for people)."""
        names = chosen(shape, self._fields)
        if self.for_people:
            from expertsupport_cli.render.terminal.styles import Styles
            from expertsupport_cli.render.terminal.table import draw

            return draw(self.write, shape, things, self.view, names, Styles(colour=self.colour))
        self._row_writer(shape).rows(things)
        return 0

    def thing(self, shape: Shape, thing: Any, said: str = "", *, alone: bool = True) -> None:
        """Print a thing that was made or changed: what was `said` of it to people, its ID (`alone`) to a program."""
        if self._block is None:
            id = shape.field("id" if "id" in shape.names() else shape.key)
            self.saved.append(str(id.get(thing, self.view)))
        if self._writer is not None:
            self._writer.row(thing)
        elif self.for_people and not self._fields:
            self.write(said + "\n")
        elif self.for_people:
            self.list(shape, [thing])
        else:
            self._row_writer(shape, alone=alone).object(thing)

    @property
    def prints_keys_alone(self) -> bool:
        """Whether of what was made or changed only the ID is printed, or what is said of it: a line each."""
        return self._fields is None and self._given in (None, "table", "tsv")

    def many(self, shape: Shape) -> Batch:
        """`with printer.many(shape):` the things printed meanwhile are the elements of one list."""
        return Batch(self, None if self.for_people else self._row_writer(shape, alone=True))

    def all(self, shape: Shape, things: Sequence[Any], said: str) -> None:
        """Print many things that were made: what was `said` of them to people, their IDs alone to a program."""
        if self.for_people and not self._fields:
            self.write(said + "\n")
            return
        with self.many(shape):
            for thing in things:
                self.thing(shape, thing)

    def page(self, shape: Shape, thing: Any, page: Callable[[], Page]) -> None:
        """Print a page, the same text on and off a terminal; or the thing, if a format or fields were asked for."""
        if self.as_page:
            from expertsupport_cli.render.terminal.paint import page_lines

            self.lines(page_lines(page()))
        elif self.for_people:
            self.list(shape, [thing])
        else:
            self._row_writer(shape).object(thing)

    def lines(self, lines: Iterable[Line]) -> None:
        """Print lines that have styles."""
        from expertsupport_cli.render.terminal.paint import to_text
        from expertsupport_cli.render.terminal.styles import Styles

        self.write(to_text(lines, Styles(colour=self.colour)))

    def write(self, text: str) -> None:
        """Write to stdout. Raises OutputLost, or BrokenPipeError where nobody reads any more."""
        if self._block is not None:
            self._block.append(text)
            return
        try:
            sys.stdout.write(text)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputLost("The output could not be written.", f"{error.strerror}.") from error

    @contextmanager
    def block(self) -> Iterator[None]:
        """`with printer.block():` what is printed meanwhile is written at the end, at once and unbuffered.

        A pipe takes up to 4,096 bytes as a whole or not at all. Raises as `write` does.
        """
        flush_stdout()
        self._block = []
        try:
            yield
            text = "".join(self._block)
        finally:
            self._block = None
        data = text.encode(sys.stdout.encoding, sys.stdout.errors or "strict")
        try:
            written = os.write(sys.stdout.fileno(), data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputLost("The output could not be written.", f"{error.strerror}.") from error
        if written < len(data):
            raise OutputLost("The output could not be written.", f"{written} of {len(data)} bytes were.")

    @property
    def as_page(self) -> bool:
        """Whether a page is printed as such, on or off a terminal: unless a format or fields were asked for."""
        return self._given in (None, "table") and not self._fields

    @property
    def as_json(self) -> bool:
        return self._given in ("json", "jsonl")

    def note(self, text: str) -> None:
        """Say something on stderr."""
        talk(text)

    def hint(self, text: str) -> None:
        """Say on stderr what can be done next: to people only."""
        if self.on_terminal:
            talk(text)

    def _row_writer(self, shape: Shape, *, alone: bool = False) -> RowWriter:
        names = chosen(shape, self._fields)
        format = self._given or "tsv"
        if alone and format in ("tsv", "csv") and not names:
            names = [shape.key]
        return RowWriter(self.write, shape, self.view, format, names, safe=self.on_terminal)


class Batch:
    """The things printed inside this are the rows of one list."""

    def __init__(self, printer: Printer, writer: RowWriter | None) -> None:
        self._printer = printer
        self._rows = writer

    def __enter__(self) -> None:
        if self._rows:
            self._rows.begin()
        self._printer._writer = self._rows

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._printer._writer = None
        if self._rows:
            self._rows.end()


def flush_stdout() -> None:
    """Make sure that all was written. Raises OutputLost, or BrokenPipeError where nobody reads any more."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputLost("The output could not be written.", f"{error.strerror}.") from error


def talk(text: str) -> None:
    """A line on stderr, made safe."""
    talk_raw(one_line(text))


def talk_raw(text: str) -> None:
    """Lines on stderr that are safe already. Where stderr is lost, there is nobody to tell."""
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        # else Python's own last flush fails as well, and ends us with status 120
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
