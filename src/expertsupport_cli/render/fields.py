"""What each kind of thing looks like to a program: names, types and meanings of its fields, in order.

The one home of the JSON keys, the columns of tables, the names for `--fields` and what `es schema` tells.
The names are a contract: they may be added to, not changed.
"""

from __future__ import annotations

from expertsupport_cli import times
from expertsupport_cli.model import ticket_url
from expertsupport_cli.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any


class View(Record):
    """What the reader brings along: the address of the pages, and the time."""

    page_url: str
    now: str


class Field(Record):
    """One field. `get` takes the thing and the View; `type` is as in JSON, `time` being a string."""

    name: str
    type: str
    meaning: str
    get: Callable[[Any, View], object]


class Shape(Record):
    """What a kind of thing looks like. `columns` are those of the table on a terminal, all if empty.

    `key` is the field printed alone for a thing that was made or changed; `link` makes it an address on a terminal.
    """

    name: str
    fields: Sequence[Field]
    key: str
    rows: Sequence[str] = ()
    columns: Sequence[str] = ()
    link: Callable[[Any, View], str] | None = None

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)

    def names(self) -> list[str]:
        return [field.name for field in self.fields]

    def as_json(self, thing: Any, view: View, names: Sequence[str] = ()) -> dict[str, object]:
        """The fields of a thing, all or those named, in order."""
        return {field.name: field.get(thing, view) for field in (map(self.field, names) if names else self.fields)}


def plain(name: str, type: str, meaning: str, attribute: str = "") -> Field:
    """A field that is an attribute of the thing, of the same name unless told."""
    attribute = attribute or name
    return Field(name=name, type=type, meaning=meaning, get=lambda thing, _: getattr(thing, attribute))


REQUEST = Shape(
    name="request",
    key="id",
    link=lambda request, view: request.url(view.page_url),
    rows=("id", "task_name", "task_id", "initiator", "created_at", "status", "turn", "updated_at", "space"),
    fields=(
        plain("id", "string", "The request's ID, ES-1"),
        plain("status", "string", "New, Acknowledged, Waiting (for the customer) or Closed"),
        Field(
            name="turn",
            type="string or null",
            meaning="Whose move it is: desk, customer, or nobody's",
            get=lambda request, _: request.status.turn,
        ),
        plain("space", "string", "The space of its task"),
        plain("task_id", "string", "The ID of its task", "task"),
        plain("task_name", "string", "The name of its task"),
        plain("initiator", "string", "Who activated the certificate"),
        plain("initiator_email", "string or null", "Where the initiator hears of it"),
        plain("created_at", "time", "When it was opened"),
        plain("updated_at", "time", "When the customer's side last saw a change"),
        plain("closed_at", "time or null", "When it was closed, if it is"),
        plain("certificate", "string", "The certificate that paid for it, masked"),
        Field(
            name="url",
            type="string",
            meaning="The support ticket URL",
            get=lambda request, view: request.url(view.page_url),
        ),
    ),
)

_WAITING_SINCE = plain("turn_since", "time", "Since when it waits for the desk")
QUEUE = REQUEST.but(
    name="queue",
    fields=(*REQUEST.fields, _WAITING_SINCE),
    rows=("id", "task_name", "task_id", "initiator", "status", "turn_since", "space"),
)

COMMENT = Shape(
    name="comment",
    key="id",
    fields=(
        plain("id", "integer", "Its number, in the order of all comments", "number"),
        plain("author", "string", "Who wrote it"),
        plain("side", "string", "customer or desk"),
        plain("kind", "string", "comment, or note (which only the desk sees)"),
        plain("body", "string", "The text"),
        plain("created_at", "time", "When it was written"),
    ),
)

EVENT = Shape(
    name="event",
    key="number",
    rows=("at", "event", "actor"),
    fields=(
        plain("number", "integer", "Its place in the history; the order is by this"),
        plain("at", "time", "When it happened"),
        plain("event", "string", "What happened, such as activated, commented, closed", "kind"),
        plain("actor", "string", "Who did it"),
        plain("side", "string", "customer, desk or owner"),
        plain("from", "string or null", "The value before, where one changed", "old"),
        plain("to", "string or null", "The value after", "new"),
    ),
)

LOG = EVENT.but(
    name="log",
    fields=(
        *EVENT.fields,
        plain("request", "string or null", "The ID of the request that it concerns"),
        plain("certificate", "string or null", "The certificate that it concerns, masked"),
        plain("link", "string or null", "The ID of the purchase link that it concerns"),
        Field(
            name="support_ticket_url",
            type="string or null",
            meaning="The address of the request's page, on the event that opened it",
            get=lambda entry, view: ticket_url(view.page_url, entry.token) if entry.kind == "activated" else None,
        ),
    ),
)

TASK = Shape(
    name="task",
    key="id",
    rows=("id", "name", "space", "creator", "created_at", "state", "expires_at"),
    fields=(
        plain("id", "string", "The task's ID"),
        plain("name", "string", "Its name"),
        Field(
            name="state", type="string", meaning="open, closed or expired", get=lambda task, view: task.state(view.now)
        ),
        plain("space", "string", "Its space"),
        plain("description", "string", "What it is about; may be empty"),
        plain("creator", "string", "Who added it"),
        plain("created_at", "time", "When it was added"),
        plain("closed_at", "time or null", "When it was closed, if it is"),
        plain("expires_at", "time or null", "When it expires; null if it never does"),
    ),
)

SPACE = Shape(
    name="space",
    key="name",
    rows=("name", "title", "tasks", "task_expiry", "task_limit", "blocked"),
    fields=(
        plain("name", "string", "The space's name"),
        plain("title", "string", "A title; may be empty"),
        Field(
            name="task_expiry",
            type="string",
            meaning="How long a new task lives, such as 10d, or never",
            get=lambda space, _: times.write_duration(space.task_lifetime),
        ),
        plain("task_limit", "integer or null", "How many tasks it may have"),
        plain("tasks", "integer", "How many tasks it has"),
        plain("blocked", "boolean", "Whether nothing new can be started in it"),
        plain("created_at", "time", "When it was made"),
    ),
)

CERTIFICATE = Shape(
    name="certificate",
    key="id",
    rows=("id", "certificate", "state", "origin", "created_at", "valid_until", "request", "task_id", "note"),
    fields=(
        plain("id", "string", "The certificate's ID in this store, C-1; not its serial"),
        plain("certificate", "string", "Its serial, masked", "masked"),
        Field(
            name="state",
            type="string",
            meaning="unused, used, revoked or expired",
            get=lambda certificate, view: certificate.state(view.now),
        ),
        plain("origin", "string", "issued, imported or bought (with a purchase link)"),
        plain("note", "string", "What its issuer noted; may be empty"),
        plain("created_at", "time", "When it came into the store"),
        plain("valid_until", "time or null", "Until when it can be used; null for no end"),
        plain("revoked_at", "time or null", "When it was revoked, if it was"),
        plain("used_at", "time or null", "When it opened its request, if it did"),
        plain("request", "string or null", "The request that it opened"),
        plain("task_id", "string or null", "The task of that request", "task"),
    ),
)

LINK = Shape(
    name="link",
    key="id",
    rows=("id", "task_id", "state", "creator", "created_at", "lapses_at", "certificate"),
    fields=(
        plain("id", "string", "The purchase link's ID, L-1; not its address"),
        plain("task_id", "string", "The task that it was made for", "task"),
        Field(
            name="state",
            type="string",
            meaning="unused, used, revoked or lapsed",
            get=lambda link, view: link.state(view.now),
        ),
        plain("creator", "string", "Who made it"),
        plain("created_at", "time", "When it was made"),
        plain("lapses_at", "time", "When it can no longer be used"),
        plain("used_at", "time or null", "When it was redeemed, if it was"),
        plain("revoked_at", "time or null", "When it was revoked, if it was"),
        Field(
            name="certificate",
            type="string or null",
            meaning="The certificate that it was redeemed for, masked",
            get=lambda link, _: f"****-****-****-{link.certificate}" if link.certificate else None,
        ),
    ),
)

PARTNER = Shape(
    name="partner",
    key="name",
    rows=("name", "url"),
    fields=(
        plain("name", "string", "The partner's name"),
        plain("url", "string", "Where to buy a certificate"),
        plain("created_at", "time", "When it was added"),
    ),
)


class Named(Record):
    """A few values that are no thing of the model: an address, a setting, a finding."""

    values: Mapping[str, object]


def named(shape: str, key: str, *fields: tuple[str, str, str], rows: Sequence[str] = ()) -> Shape:
    """A shape of things that are a dictionary."""

    def getter(name: str) -> Callable[[Any, View], object]:
        return lambda thing, _: thing.values[name]

    parts = tuple(Field(name=name, type=type, meaning=meaning, get=getter(name)) for name, type, meaning in fields)
    return Shape(name=shape, key=key, fields=parts, rows=rows)


SERIAL = named(
    "serial",
    "serial",
    ("serial", "string", "The serial number, shown this once"),
    ("id", "string", "The certificate's ID, C-1"),
    ("valid_until", "time or null", "Until when it can be used; null for no end"),
    rows=("serial",),
)
ADDRESS = named(
    "address",
    "url",
    ("url", "string", "The address"),
    ("id", "string", "The ID of the purchase link, L-1, or of the request"),
    ("lapses_at", "time or null", "When a purchase link can no longer be used"),
    rows=("url",),
)
SETTING = named(
    "setting",
    "value",
    ("name", "string", "The setting"),
    ("value", "string or null", "Its value in force"),
    ("origin", "string", "flag, variable NAME, file PATH or default"),
    ("variable", "string", "The environment variable for it"),
    ("meaning", "string", "What it is for"),
    rows=("name", "value"),
)
FINDING = named(
    "finding",
    "rule",
    ("rule", "string", "What was checked"),
    ("ok", "boolean", "Whether it holds"),
    ("found", "array of string", "What was found amiss; empty if nothing"),
)
PATH = named(
    "path", "path", ("path", "string", "The path"), ("exists", "boolean", "Whether there is a file"), rows=("path",)
)
FIELD = named(
    "field",
    "name",
    ("command", "string", "The command"),
    ("of", "string", "What it is a field of"),
    ("name", "string", "The field"),
    ("type", "string", "Its type"),
    ("meaning", "string", "What it says"),
)
