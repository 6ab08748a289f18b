"""What lists share: a page of them at a time, and filters in the query of the address."""

from __future__ import annotations

from expertsupport_cli.errors import NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import StrEnum
    from typing import TypeVar

    from expertsupport_cli.web.visit import Visit

    Item = TypeVar("Item")
    Choice = TypeVar("Choice", bound=StrEnum)

ROWS = 50  # on one page
MAX_DIGITS = 18  # of a number in an address: SQL has no larger ones


def without_one_more(found: Iterable[Item]) -> tuple[list[Item], bool]:
    """The rows of a page, and whether there are more: one more than fits was asked for."""
    rows = list(found)
    return rows[:ROWS], len(rows) > ROWS


def chosen(visit: Visit, name: str, choices: type[Choice]) -> Choice | None:
    """The value of a filter in the query; None if it is not used. Raises NotFound for what no page links to."""
    value = visit.query.get(name)
    if not value:
        return None
    if value not in set(choices):
        raise NotFound("Page not found.")
    return choices(value)


def place_before(visit: Visit, name: str = "before") -> int | None:
    """The number after which the page starts; None for the first page. Raises NotFound for what is no number."""
    value = visit.query.get(name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= MAX_DIGITS):
        raise NotFound("Page not found.")
    return int(value)
