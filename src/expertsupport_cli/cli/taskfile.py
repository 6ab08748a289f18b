"""Reads task files: CSV with a header, or JSON lines. The first character tells which it is."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from expertsupport_cli.actions.tasks import TaskLine
from expertsupport_cli.errors import BadUsage, Fault, not_imported
from expertsupport_cli.files import read_text

FIELDS = ("id", "name", "space", "description")


def task_lines(path: str, space: str | None) -> Iterator[TaskLine]:
    """Yield the tasks of a file; `space` is the default for those that name none. Raises BadUsage, naming the line."""
    text = read_text(path, "The file").removeprefix("\ufeff")
    rows = _json_rows(text) if text.lstrip()[:1] == "{" else _csv_rows(text)
    for line, row in rows:
        unknown = [name for name in row if name not in FIELDS]
        if unknown:
            raise _line_fault(line, f"There is no field “{unknown[0][:80]}”.", f"There are: {', '.join(FIELDS)}.")
        if not row.get("name"):
            raise _line_fault(line, "The name is missing.")
        space_name = row.get("space") or space
        if not space_name:
            raise _line_fault(line, "No space is named.", "It is in the field space, or --space, or the setting space.")
        yield TaskLine(
            line=line, id=row.get("id", ""), name=row["name"], space=space_name, description=row.get("description", "")
        )


def _csv_rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    end = 0
    while True:
        line = end + 1
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise _line_fault(line, "This is not CSV.", f"{error}.") from error
        end = reader.line_num
        if row is None:
            break
        if header is None:
            header = [name.strip().lower() for name in row]
            if "name" not in header or len(set(header)) < len(header):
                raise _line_fault(
                    line, "The header is not right.", f"It names some of {', '.join(FIELDS)}, name among them."
                )
        elif row:
            if len(row) != len(header):
                raise _line_fault(line, f"There are {len(row)} fields.", f"The header has {len(header)}.")
            yield line, dict(zip(header, row, strict=True))
    if header is None:
        raise BadUsage("The file is empty.", "It starts with a header: id,name,space,description")


def _json_rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _line_fault(number, "This is not a JSON object.", f"{error}.") from error
        if not isinstance(row, dict) or not all(isinstance(value, str | None) for value in row.values()):
            raise _line_fault(number, "This is not a JSON object of text.")
        yield number, {name: value for name, value in row.items() if value is not None}


def _line_fault(line: int, what: str, why: str = "") -> Fault:
    return not_imported(BadUsage(what, why), line)
