"""Reads files to import, line by line: any fault names the line, and says that nothing was imported."""

from __future__ import annotations

import json

from expertsupport_cli.checks import prose_or_empty
from expertsupport_cli.errors import BadUsage, not_imported
from expertsupport_cli.reading import MAX_LINE, read_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def lines_to_import(path: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a file, or of stdin for `-`, with their numbers. Raises NotFound, or BadUsage."""
    number = 0
    lines = read_lines(path, "The file")
    while True:
        try:
            number, line = next(lines)
        except StopIteration:
            return
        except BadUsage as fault:
            raise not_imported(fault, number + 1) from None
        yield number, line


def json_object(line: int, text: str) -> dict[str, str]:
    """The object on a line of JSON, all of whose values are text, or null, which is as empty text.

    Raises BadUsage, naming the line.
    """
    try:
        found = json.loads(text, object_pairs_hook=_no_key_twice)
    except json.JSONDecodeError as error:
        raise line_fault(line, "Invalid JSON.", f"{error.msg}, at character {error.pos + 1}.") from error
    except RecursionError as error:
        raise line_fault(line, "The JSON is nested too deeply.", "Each value must be a string.") from error
    except ValueError as error:  # a number of thousands of digits
        raise line_fault(line, "A number is too long.", "Each value must be a string.") from error
    except BadUsage as fault:
        raise not_imported(fault, line) from None
    if not isinstance(found, dict):
        raise line_fault(line, "The line is not a JSON object.")
    for name, value in found.items():
        if not isinstance(value, str | None):
            raise line_fault(line, f"The value of '{name[:80]}' is not text.")
        try:
            prose_or_empty(value or "", f"The value of '{name[:80]}'", max_length=MAX_LINE)
        except BadUsage as fault:
            raise not_imported(fault, line) from None
    return {name: value or "" for name, value in found.items()}


def _no_key_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadUsage(f"The object has '{twice[:80]}' twice.")
    return found


def line_fault(line: int, what: str, why: str = "") -> BadUsage:
    """The fault of a line of a file to import."""
    fault = BadUsage(what, why)
    not_imported(fault, line)
    return fault
