"""Rows for programs: TSV, CSV, JSON, JSON lines. Rows are written one by one, so that lists can be of any length."""

from __future__ import annotations

import csv
import io

from expertsupport_cli.errors import BadUsage
from expertsupport_cli.text import one_line, to_json, tsv

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from expertsupport_cli.render.shapes import Shape, View

# what makes a spreadsheet run a cell, by the OWASP page on CSV injection; the wide forms are read as the others
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
FORMATS = ("table", "tsv", "csv", "json", "jsonl")


def chosen_fields(shape: Shape, names: str | None) -> list[str]:
    """The fields that `--fields a,b` names, in that order; empty for all. Raises BadUsage, naming the known ones."""
    if names is None:
        return []
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in shape.names()]
    if unknown or not wanted:
        raise BadUsage(
            f"Unknown field '{unknown[0][:80]}'." if unknown else "--fields is empty.",
            f"Choose from: {', '.join(shape.names())}.",
        )
    return wanted


def text_of(value: object) -> str:
    """A value as text for TSV and CSV: empty for null, `true` or `false`, lists joined by semicolons."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "; ".join(item if isinstance(item, str) else to_json(item) for item in value)
    return str(value)


class RowWriter:
    """Writes things one by one in a format for programs.

    With `safe`, for a terminal, CSV escapes control characters too; the other formats always do. With `ascii`, JSON
    escapes whatever is not ASCII. With `spreadsheet`, CSV marks text that a spreadsheet would run as text.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        shape: Shape,
        view: View,
        format: str,
        names: Sequence[str],
        *,
        safe: bool,
        ascii: bool = False,
        spreadsheet: bool = False,
    ) -> None:
        self._write = write
        self._shape = shape
        self._view = view
        self._format = format
        self._names = names
        self._safe = safe
        self._ascii = ascii
        self._spreadsheet = spreadsheet
        self._count = 0

    def rows(self, things: Iterable[Any]) -> None:
        """Write a list in one go, with the header of CSV or the brackets of JSON."""
        self.begin()
        for thing in things:
            self.row(thing)
        self.end()

    def begin(self) -> None:
        if self._format == "json":
            self._write("[")
        elif self._format == "csv":
            self._write(_csv(self._columns()))

    def row(self, thing: Any) -> None:
        separator = ",\n " if self._count else "\n "
        self._count += 1
        if self._format == "json":
            self._write(separator + self._json(thing))
        elif self._format == "jsonl":
            self._write(self._json(thing) + "\n")
        else:
            values = self._shape.as_json(thing, self._view, self._columns()).values()
            if self._format == "csv":
                self._write(_csv(list(map(self._csv_text, values))))
            else:
                self._write("\t".join(tsv(text_of(value)) for value in values) + "\n")

    def end(self) -> None:
        if self._format == "json":
            self._write("\n]\n" if self._count else "]\n")

    def object(self, thing: Any) -> None:
        """Write a single thing: a JSON object, or its row."""
        if self._format == "json":
            self._write(self._json(thing, indent=2) + "\n")
        elif self._format == "csv":
            self.begin()
            self.row(thing)
        else:
            self.row(thing)

    def _json(self, thing: Any, *, indent: int | None = None) -> str:
        return to_json(self._shape.as_json(thing, self._view, self._names), indent=indent, ascii=self._ascii)

    def _csv_text(self, value: Any) -> str:
        text = one_line(text_of(value)) if self._safe else text_of(value)
        is_formula = self._spreadsheet and not isinstance(value, int) and text.startswith(FORMULA_STARTS)
        return f"'{text}" if is_formula else text

    def _columns(self) -> Sequence[str]:
        return self._names or self._shape.rows or self._shape.names()


def _csv(values: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue()
