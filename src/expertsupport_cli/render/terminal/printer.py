"""The printer writes what a command gives it, in the format that was asked for. Commands never look at the format.

stdout is for data: a table or page on a terminal, TSV or the same page elsewhere, or what `--format` says. stderr is
for talk: notes, hints, warnings, errors.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress

from expertsupport_cli.errors import BadUsage, OutputLost
from expertsupport_cli.interrupts import interrupts_held
from expertsupport_cli.render.terminal.capabilities import ELLIPSIS, can_show, is_terminal, wants_colour, width
from expertsupport_cli.render.terminal.rows import FORMATS, RowWriter, chosen_fields
from expertsupport_cli.text import lines, one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from expertsupport_cli.render.pages import Page
    from expertsupport_cli.render.shapes import Shape, View
    from expertsupport_cli.render.terminal.paint import Line

TRY = " Try: "  # before the next command in a message


class Printer:
    """Writes to stdout and stderr, for one command."""

    def __init__(
        self,
        view: View,
        environment: Mapping[str, str],
        *,
        colour: str,
        format: str | None,
        fields: str | None,
        spreadsheet: bool = False,
        complete: Callable[[str], str] = str,
    ) -> None:
        if spreadsheet and format != "csv":
            raise BadUsage("--spreadsheet goes with --format csv only.")
        if format is not None and format not in FORMATS:
            raise BadUsage(f"Unknown format '{format[:80]}'.", f"Choose one of: {', '.join(FORMATS)}.")
        self.view = view
        self.on_terminal = is_terminal(sys.stdout)
        self.colour = wants_colour(colour, sys.stdout, environment)
        self._format = format
        self._fields = fields
        self._spreadsheet = spreadsheet
        self._complete = complete  # adds to a suggested command the global options of this one
        self._writer: RowWriter | None = None
        self._block: list[str] | None = None
        self.saved: list[str] = []  # IDs of the things passed to `thing`, which are saved even if printing fails

    @property
    def for_people(self) -> bool:
        """Whether the output is a table, not rows for a program."""
        return (self._format or ("table" if self.on_terminal else "tsv")) == "table"

    def expect(self, *shapes: Shape) -> None:
        """Check, before any change, that one of the shapes has the fields that were asked for. Raises BadUsage."""
        faults = []
        for shape in shapes:
            try:
                chosen_fields(shape, self._fields)
                return
            except BadUsage as fault:
                faults.append(fault)
        if faults:
            raise faults[0]

    def list(self, shape: Shape, things: Iterable[Any]) -> int:
        """Print a list. Returns the number of rows in the table, 0 if the output is not a table."""
        names = chosen_fields(shape, self._fields)
        if self.for_people:
            from expertsupport_cli.render.terminal.styles import Styles
            from expertsupport_cli.render.terminal.table import draw

            return draw(self.write, shape, things, self.view, names, Styles(colour=self.colour))
        self._row_writer(shape).rows(things)
        return 0

    def thing(self, shape: Shape, thing: Any, summary: str = "", *, alone: bool = True) -> None:
        """Print a thing that was created or changed: its `summary` for people, only its ID (`alone`) for a program."""
        self._note_saved(shape, [thing])
        self._show(shape, thing, summary, alone=alone)

    def _note_saved(self, shape: Shape, things: Sequence[Any]) -> None:
        """Remember the IDs of things that are saved, whether or not they can then be printed."""
        if self._block is None:
            id = shape.field("id" if "id" in shape.names() else shape.key)
            self.saved += [str(id.get(thing, self.view)) for thing in things]

    def _show(self, shape: Shape, thing: Any, summary: str = "", *, alone: bool = True) -> None:
        if self._writer is not None:
            self._writer.row(thing)
        elif self.for_people and not self._fields:
            self._write_lines(summary)
        elif self.for_people:
            self.list(shape, [thing])
        else:
            self._row_writer(shape, alone=alone).object(thing)

    @property
    def prints_keys_alone(self) -> bool:
        """Whether a thing that was created or changed is printed as one line: its ID or its summary."""
        return self._fields is None and self._format in (None, "table", "tsv")

    def many(self, shape: Shape) -> Batch:
        """`with printer.many(shape):` makes the things that are printed in the block the elements of one list."""
        return Batch(self, None if self.for_people else self._row_writer(shape, alone=True))

    def _write_lines(self, text: str) -> None:
        """Write lines for people, with control characters escaped."""
        self.write("\n".join(lines(text)) + "\n")

    def all(self, shape: Shape, things: Sequence[Any], summary: str) -> None:
        """Print many things that were created: for people one `summary`, for a program their IDs."""
        self._note_saved(shape, things)
        if self.for_people and not self._fields:
            self._write_lines(summary)
            return
        with self.many(shape):
            for thing in things:
                self._show(shape, thing)

    def page(self, shape: Shape, thing: Any, page: Callable[[], Page]) -> None:
        """Print a page, as the same text on and off a terminal; or the thing, if a format or fields were asked for."""
        if self.as_page:
            from expertsupport_cli.render.terminal.paint import page_lines

            self.lines(page_lines(page()))
        elif self.for_people:
            self.list(shape, [thing])
        else:
            self._row_writer(shape).object(thing)

    def lines(self, lines: Iterable[Line]) -> None:
        """Print styled lines."""
        from expertsupport_cli.render.terminal.paint import to_text
        from expertsupport_cli.render.terminal.styles import Styles

        self.write(to_text(lines, Styles(colour=self.colour)))

    def write(self, text: str) -> None:
        """Write to stdout. Raises OutputLost, or BrokenPipeError if the reader is gone."""
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
    def block(self, delivered: Callable[[], None]) -> Iterator[None]:
        """`with printer.block(…):` collects what is printed and writes it at the end, unbuffered, in one call.

        A write of up to 4,096 bytes to a pipe is atomic, and `delivered` is called once it is done: no interrupt comes
        between. Waiting for the reader can be interrupted. Raises as `write` does.
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
            wait_until_writable(sys.stdout.fileno())
            with interrupts_held():
                written = os.write(sys.stdout.fileno(), data)
                if written == len(data):
                    delivered()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputLost("The output could not be written.", f"{error.strerror}.") from error
        if written < len(data):
            raise OutputLost("The output could not be written.", f"{written} of {len(data)} bytes were written.")

    @property
    def as_page(self) -> bool:
        """Whether pages are printed as pages: unless a format or fields were asked for."""
        return self._format in (None, "table") and not self._fields

    @property
    def as_json(self) -> bool:
        return self._format in ("json", "jsonl")

    def note(self, text: str) -> None:
        """Print a message on stderr; the next command, if it ends in one (`Try: es …`), on a line of its own."""
        message, tries, command = self._complete(text).rpartition(TRY)
        if tries and message:
            talk(message)
            talk(tries.strip() + " " + command, indent="  ")
        else:
            talk(command)

    def hint(self, text: str) -> None:
        """Print on stderr what can be done next, for people only."""
        if self.on_terminal:
            self.note(text)

    def _row_writer(self, shape: Shape, *, alone: bool = False) -> RowWriter:
        names = chosen_fields(shape, self._fields)
        format = self._format or "tsv"
        if alone and format in ("tsv", "csv") and not names:
            names = [shape.key]
        return RowWriter(
            self.write,
            shape,
            self.view,
            format,
            names,
            safe=self.on_terminal,
            ascii=not can_show(sys.stdout, ELLIPSIS),
            spreadsheet=self._spreadsheet,
        )


class Batch:
    """Makes the things that are printed inside the `with` block the rows of one list."""

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


def wait_until_writable(handle: int) -> None:
    """Wait until a file takes the next 4,096 bytes at once. It can be interrupted."""
    import select

    poll = select.poll()
    poll.register(handle, select.POLLOUT)
    poll.poll()


def flush_stdout() -> None:
    """Flush stdout. Raises OutputLost, or BrokenPipeError if the reader is gone."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputLost("The output could not be written.", f"{error.strerror}.") from error


def talk(text: str, *, indent: str = "") -> None:
    """Print a line on stderr, with control characters escaped; on a terminal wrapped between words."""
    line = f"{indent}{one_line(text)}"
    if is_terminal(sys.stderr) and len(line) > (columns := width()):
        import textwrap

        line = textwrap.fill(
            line, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, tabsize=1
        )
    talk_raw(line)


def talk_raw(text: str) -> None:
    """Print lines on stderr that are safe already. If stderr is lost, there is nobody to report that to."""
    try:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        # otherwise Python's last flush fails too, and the process exits with status 120
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
