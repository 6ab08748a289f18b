"""Reads task files: CSV with a header, or JSON lines. The first character decides which."""

from __future__ import annotations

import csv
from itertools import chain

from expertsupport_cli.actions.tasks import TaskLine
from expertsupport_cli.cli.importing import json_object, line_fault, lines_to_import
from expertsupport_cli.errors import BadUsage
from expertsupport_cli.reading import MAX_LINE
from expertsupport_cli.text import is_blank, unix_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Lines = Iterable[tuple[int, str]]

FIELDS = ("id", "name", "space", "description")


def task_lines(path: str, space: str | None) -> Iterator[TaskLine]:
    """Yield the tasks of a file; `space` is the default for those that name none. Raises BadUsage, naming the line."""
    lines = lines_to_import(path)
    first = next((pair for pair in lines if not is_blank(pair[1])), None)
    if first is None:
        raise BadUsage("The file is empty.", "It must start with a header such as id,name,space,description.")
    if first[1].lstrip().startswith("["):
        raise line_fault(first[0], "This is a JSON array.", "Write one JSON object per line, or CSV with a header.")
    rows = _json_rows if first[1].lstrip().startswith("{") else _csv_rows
    for line, row in rows(chain([first], lines)):
        if not row.get("name"):
            raise line_fault(line, "The task has no name.")
        space_name = row.get("space") or space
        if not space_name:
            raise line_fault(line, "No space given.", "Add the field space, --space, or the setting space.")
        description = unix_lines(row.get("description", ""))
        yield TaskLine(line=line, id=row.get("id", ""), name=row["name"], space=space_name, description=description)


def _csv_rows(lines: Lines) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows below the header, with the number of the line that each begins on."""
    csv.field_size_limit(MAX_LINE)
    numbers: list[int] = []  # of the lines that the reader has taken for the row

    def taken() -> Iterator[str]:
        for number, line in lines:
            numbers.append(number)
            yield line + "\n"

    reader = csv.reader(taken(), strict=True)
    header: list[str] | None = None
    while True:
        numbers.clear()
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise line_fault(numbers[0], "Invalid CSV.", _csv_problem(str(error))) from error
        if row is None:
            break
        if header is None:
            header = _header(numbers[0], row)
        elif row:
            if len(row) != len(header):
                raise line_fault(numbers[0], f"The row has {len(row)} fields.", f"The header has {len(header)}.")
            yield numbers[0], dict(zip(header, row, strict=True))


def _header(line: int, row: list[str]) -> list[str]:
    header = [name.strip().lower() for name in row]
    _refuse_unknown(line, header, "column")
    if "name" not in header or len(set(header)) < len(header):
        raise line_fault(line, "Invalid header.", f"Use some of {', '.join(FIELDS)}; name is required.")
    return header


def _csv_problem(text: str) -> str:
    """What is wrong, as a sentence."""
    if "field limit" in text:
        return f"A field has more than {MAX_LINE:,} characters."
    return "A quoted field is not closed." if "unexpected end" in text else f"{text}."


def _json_rows(lines: Lines) -> Iterator[tuple[int, dict[str, str]]]:
    for number, line in lines:
        if not is_blank(line):
            row = json_object(number, line)
            _refuse_unknown(number, row, "field")
            yield number, row


def _refuse_unknown(line: int, names: Iterable[str], noun: str) -> None:
    unknown = [name for name in names if name not in FIELDS]
    if unknown:
        raise line_fault(line, f"Unknown {noun} '{unknown[0][:80]}'.", f"Choose from: {', '.join(FIELDS)}.")
