"""Paints pages: templates, the words for values in them, and the two files that browsers load with each page."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from expertsupport_cli import times
from expertsupport_cli.render.pages import Count, Duration, Instant, Person, Url
from expertsupport_cli.render.words import Moved

PACKAGE = "expertsupport_cli"
MEDIA_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


@cache
def environment() -> Environment:
    """The templates. All values are escaped; one that is missing is an error."""
    made = Environment(
        loader=PackageLoader(f"{PACKAGE}.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(age=_age, readable=_readable, kind=_kind, lasting=_lasting)
    made.globals.update(static=static_name)
    return made


def render(template: str, **values: object) -> str:
    return readable(environment().get_template(template).render(**values))


def readable(text: str) -> str:
    """Text of a form, in which bytes that are not UTF-8 are surrogates: they are marked instead."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


@cache
def static_files() -> dict[str, tuple[bytes, str]]:
    """The files that every page loads, by a name that changes with the content, and their media types."""
    found = {}
    for name in ("pages.css", "pages.js", "icon.svg"):
        data = files(f"{PACKAGE}.web").joinpath("static", name).read_bytes()
        stem, extension = name.split(".")
        found[f"{stem}-{sha256(data).hexdigest()[:16]}.{extension}"] = (data, MEDIA_TYPES[extension])
    return found


def static_name(extension: str) -> str:
    """The name of the file with this extension."""
    return next(name for name in static_files() if name.endswith(f".{extension}"))


def _age(at: str, now: str) -> str:
    return times.relative(at, now, past=True)


def _readable(at: str) -> str:
    """An instant for people: `2026-01-31 09:30 UTC`."""
    return f"{at[:10]} {at[11:16]} UTC"


def _lasting(seconds: int | None) -> str:
    """A length of time for people; None never ends."""
    return "never" if seconds is None else times.in_words(seconds)


def _kind(value: object) -> str:
    """What a value on a page is, for the template that shows it."""
    kinds = {Instant: "instant", Duration: "duration", Url: "url", Person: "person", Count: "count", Moved: "moved"}
    return kinds.get(type(value), "text")
