"""A request with its conversation, as `es show` gives it to programs; `pages.request_page` makes it a page."""

from __future__ import annotations

from expertsupport_cli.record import Record
from expertsupport_cli.render.fields import COMMENT, EVENT, REQUEST
from expertsupport_cli.render.shapes import computed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from expertsupport_cli.model.history import LogEntry
    from expertsupport_cli.model.requests import Comment, Request
    from expertsupport_cli.render.shapes import Field, Shape


class RequestPage(Record):
    """A request with its comments and its history."""

    request: Request
    comments: Sequence[Comment]
    events: Sequence[LogEntry]


def _of_request(field: Field) -> Field:
    return field.replace(get=lambda page, view: field.get(page.request, view))


def _each(name: str, shape: Shape, meaning: str) -> Field:
    """A field with an array of the things that the page has under this name."""
    return computed(
        name,
        f"array of {shape.name}",
        meaning,
        lambda page, view: [shape.as_json(thing, view) for thing in getattr(page, name)],
    )


SHOW = REQUEST.replace(
    name="show",
    link=None,
    fields=(
        *map(_of_request, REQUEST.fields),
        _each("comments", COMMENT, "The conversation, oldest first"),
        _each("events", EVENT, "What happened, oldest first"),
    ),
)
