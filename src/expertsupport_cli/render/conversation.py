"""Things with their history, as `es show` and similar commands give them to programs.

`pages` turns them into pages.
"""

from __future__ import annotations

from expertsupport_cli.record import Record
from expertsupport_cli.render.fields import CERTIFICATE, COMMENT, EVENT, LINK, REQUEST
from expertsupport_cli.render.shapes import computed, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from expertsupport_cli.model.certificates import Certificate, PurchaseLink
    from expertsupport_cli.model.history import LogEntry
    from expertsupport_cli.model.requests import Comment, Request
    from expertsupport_cli.render.shapes import Field, Shape


class RequestPage(Record):
    """A request with its comments, its history, and the description of its task; for the desk or for customers."""

    request: Request
    for_desk: bool
    description: str
    comments: Sequence[Comment]
    events: Sequence[LogEntry]

    def url(self, page_url: str) -> str:
        """The address of the page that this is: that with the token is the customer's."""
        return self.request.desk_url(page_url) if self.for_desk else self.request.url(page_url)


class CertificatePage(Record):
    """A certificate with its history."""

    certificate: Certificate
    events: Sequence[LogEntry]


class LinkPage(Record):
    """A purchase link with its history."""

    link: PurchaseLink
    events: Sequence[LogEntry]


def _of(name: str, shape: Shape) -> list[Field]:
    """The fields of the thing that the page has under this name."""

    def inner(field: Field) -> Field:
        return field.replace(get=lambda page, view: field.get(getattr(page, name), view))

    return [inner(field) for field in shape.fields]


def _each(name: str, shape: Shape, meaning: str) -> Field:
    """A field with an array of the things that the page has under this name."""
    return computed(
        name,
        f"array of {shape.name}",
        meaning,
        lambda page, view: [shape.as_json(thing, view) for thing in getattr(page, name)],
    )


_EVENTS = _each("events", EVENT, "What happened, oldest first")

_URL = computed(
    "url",
    "string",
    "The support ticket URL; for the desk, the address of the desk's page",
    lambda page, view: page.url(view.page_url),
)
SHOW = REQUEST.replace(
    name="show",
    link=None,
    fields=(
        *(_URL if field.name == "url" else field for field in _of("request", REQUEST)),
        plain("task_description", "string", "What its task is about; may be empty", "description"),
        _each("comments", COMMENT, "The conversation, oldest first"),
        _EVENTS,
    ),
)
CERTIFICATE_HISTORY = CERTIFICATE.replace(fields=(*_of("certificate", CERTIFICATE), _EVENTS))
LINK_HISTORY = LINK.replace(fields=(*_of("link", LINK), _EVENTS))
