"""What a kind of thing looks like to a program: names, types and meanings of its fields, in order."""

from __future__ import annotations

from expertsupport_cli.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any


class View(Record):
    """What rendering needs besides the thing: the base URL of the pages, and the current time."""

    page_url: str
    now: str


class Field(Record):
    """One field. `get` takes the thing and the View; `type` is as in JSON, `time` being a string.

    `shown` is used instead of `get` in tables, where people see something else than programs.
    """

    name: str
    type: str
    meaning: str
    get: Callable[[Any, View], object]
    shown: Callable[[Any, View], object] | None = None


class Shape(Record):
    """What a kind of thing looks like. `columns` are those of the table on a terminal, all if empty.

    `key` is the field printed alone for a thing that was created or changed; `link` gives its URL for a terminal.
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
    """A field that is an attribute of the thing, of the same name unless another is given."""
    attribute = attribute or name
    return computed(name, type, meaning, lambda thing, _: getattr(thing, attribute))


def computed(name: str, type: str, meaning: str, get: Callable[[Any, View], object]) -> Field:
    """A field whose value is computed from the thing and the View."""
    return Field(name=name, type=type, meaning=meaning, get=get)


class Named(Record):
    """Named values that are not a thing of the model: an address, a setting, a finding."""

    values: Mapping[str, object]


def named(shape: str, key: str, *fields: tuple[str, str, str], rows: Sequence[str] = ()) -> Shape:
    """A shape for `Named` values."""

    def getter(name: str) -> Callable[[Any, View], object]:
        return lambda thing, _: thing.values[name]

    parts = tuple(computed(name, type, meaning, getter(name)) for name, type, meaning in fields)
    return Shape(name=shape, key=key, fields=parts, rows=rows)
