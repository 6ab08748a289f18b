"""Pages as lines for a terminal, with styles; and as text, the same on and off a terminal.

Text that people typed is escaped here, and instants are formatted for people.
"""

from __future__ import annotations

from expertsupport_cli import times
from expertsupport_cli.render.pages import (
    BLOCKED,
    Count,
    Duration,
    Instant,
    Person,
    Url,
    news_entry,
)
from expertsupport_cli.render.terminal.styles import STATUS_STYLES
from expertsupport_cli.render.words import Moved
from expertsupport_cli.text import lines, one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from expertsupport_cli.model.history import News
    from expertsupport_cli.render.pages import Entry, Fact, FactValue, Message, Page
    from expertsupport_cli.render.terminal.styles import Styles

Part = tuple[str, str]  # text, and its style where there is colour
Line = list[Part]

BADGE_STYLES = {**STATUS_STYLES, BLOCKED: "bold red"}
INDENT: Part = ("    ", "")
GAP: Part = ("  ", "")


def page_lines(page: Page) -> Iterator[Line]:
    """ID and state, the facts, then whatever the page has: a description, a conversation, a message."""
    badge: Line = [GAP, (page.badge, BADGE_STYLES.get(page.badge, ""))] if page.badge else []
    yield [(one_line(page.id), "bold"), *badge]
    if page.title:
        yield [(one_line(page.title), "bold")]
    if page.message is None:
        yield []
    yield from _facts(page.facts)
    if page.text:
        yield []
        yield from ([(line, "")] for line in lines(page.text))
    for entry in page.entries:
        yield []
        yield from _utterance(entry)
    if page.message is not None:
        yield []
        yield from _message(page.message)


def log_lines(page: Page) -> Iterator[Line]:
    """The entries of a log, each with its facts."""
    for entry in page.entries:
        yield [(when(entry.at), "dim"), GAP, (entry.title, "bold"), GAP, (one_line(entry.who), "")]
        yield from ([INDENT, *line] for line in _facts(entry.facts))


def news_line(item: News) -> str:
    """An event in one line: when, which request, who did what, and what they said."""
    entry = news_entry(item)
    said = f": {entry.text}" if entry.text else ""
    return one_line(f"{when(entry.at)}  {entry.request}  {entry.who} {_did(entry)}{said}")


def to_text(page: Iterable[Line], styles: Styles) -> str:
    """The lines as text."""
    return "".join("".join(styles.paint(*part) for part in line).rstrip(" ") + "\n" for line in page)


def when(at: str) -> str:
    """An instant as people read it, such as `2026-01-31 09:30:00 UTC`."""
    return f"{at[:10]} {at[11:19]} UTC"


def _utterance(entry: Entry) -> Iterator[Line]:
    who, style = f"{one_line(entry.who)} ({entry.side})", "dim" if entry.note else "bold"
    yield [(when(entry.at), "dim"), GAP, (who, style), (f" {_did(entry)}", "")]
    yield from ([INDENT, *line] for line in _facts(entry.facts))
    if entry.text is not None:
        yield from ([INDENT, (line, "dim" if entry.note else "")] for line in lines(entry.text))


def _did(entry: Entry) -> str:
    return f"{entry.said}, {_shown(entry.moved)}" if entry.moved else entry.said


def _message(message: Message) -> Iterator[Line]:
    yield from ([(f"{name}: ", "dim"), (one_line(value), "")] for name, value in message.headers)
    yield []
    body = "(purged)" if message.body is None else message.body.removesuffix("\n")
    yield from ([(line, "")] for line in lines(body))


def _facts(facts: Sequence[Fact]) -> Iterator[Line]:
    """Names and values in two columns."""
    size = max((len(fact.name) for fact in facts), default=0)
    for fact in facts:
        yield [(f"{fact.name:<{size}}  ", "dim"), (one_line(_shown(fact.value)), "")]


def _shown(value: FactValue) -> str:
    """A value as text, depending on its type."""
    match value:
        case str():
            return value
        case Instant():
            return when(value.at)
        case Duration():
            return times.write_duration(value.seconds)
        case Url():
            return value.address
        case Person():
            return f"{value.name} <{value.email}>" if value.email else value.name
        case Count():
            return str(value.number) if value.limit is None else f"{value.number} of {value.limit}"
        case Moved():
            return f"{value.old} → {value.new}"
        case _:
            return ", ".join(f"{reference.id} ({reference.status})" for reference in value)
