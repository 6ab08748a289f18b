"""One table of words: it has every kind of event, and everything that tells of an event reads it."""

from __future__ import annotations

import pytest
from render.things import VIEW, a_request, a_task, an_entry, an_event, an_item

from expertsupport_cli.model.history import Kind, Value
from expertsupport_cli.model.mail import MailState, Notice, Pages, Role
from expertsupport_cli.model.requests import Turn
from expertsupport_cli.render.conversation import RequestPage
from expertsupport_cli.render.fields import LOG, NEWS
from expertsupport_cli.render.notice import notice_text
from expertsupport_cli.render.pages import log_page, request_page
from expertsupport_cli.render.terminal.paint import log_lines, news_line, page_lines, to_text
from expertsupport_cli.render.terminal.styles import Styles
from expertsupport_cli.render.terminal.table import draw
from expertsupport_cli.render.words import VALUE_NAMES, WORDS, Moved, Words, moved, one_of, turn_name

PLAIN = Styles(colour=False)


def told_of(kind: Kind) -> dict[str, str]:
    """What each way of telling of an event of this kind writes."""
    entry, item, written = an_entry(kind), an_item(kind), list[str]()
    draw(written.append, NEWS, [item], VIEW, ("event",), PLAIN)
    inbox = "".join(written)
    written.clear()
    draw(written.append, LOG, [entry], VIEW, ("event",), PLAIN)
    page = request_page(
        RequestPage(request=a_request(), for_desk=False, description="", comments=[], events=[entry]), VIEW
    )
    return {
        "log": "".join(written),
        "log --expand": to_text(log_lines(log_page(a_task(), [entry], VIEW)), PLAIN),
        "page": to_text(page_lines(page), PLAIN),
        "inbox": inbox,
        "watch": news_line(item),
        "mail": notice_text(
            Notice(
                event=an_event(kind),
                request=a_request(),
                role=Role.INITIATOR,
                body=None,
                description="",
                pages=Pages(),
            )
        ),
    }


@pytest.mark.parametrize("kind", Kind)
def test_whatever_tells_of_an_event_takes_its_words_from_the_table(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    words = WORDS[kind]
    assert all((words.title if way.startswith("log") else words.said) in text for way, text in told_of(kind).items())
    monkeypatch.setitem(WORDS, kind, Words(title="<title>", said="<said>"))
    found = {way: [word for word in ("<title>", "<said>") if word in text] for way, text in told_of(kind).items()}
    assert found == {way: ["<title>" if way.startswith("log") else "<said>"] for way in found}


def test_every_kind_of_event_has_words_of_its_own() -> None:
    assert WORDS.keys() == set(Kind)
    for wordings in ([words.title for words in WORDS.values()], [words.said for words in WORDS.values()]):
        assert len(set(wordings)) == len(Kind)
        assert all(wordings)


def test_every_kind_of_value_has_a_name() -> None:
    assert VALUE_NAMES.keys() == set(Value)


def test_only_a_status_that_changed_has_moved() -> None:
    assert moved(an_event(Kind.ASKED, old="New", new="Waiting")) == Moved(old="New", new="Waiting")
    assert moved(an_event(Kind.REPLIED)) is None
    assert moved(an_event(Kind.ACTIVATED, new="New")) is None
    assert moved(an_event(Kind.TASK_REOPENED, old="2026-01-01T00:00:00Z", new="2026-02-01T00:00:00Z")) is None


def test_names_are_listed_as_in_a_sentence() -> None:
    assert one_of(["one"]) == "one"
    assert one_of(["one", "two"]) == "one or two"
    assert one_of(MailState, {MailState.DEAD: "given up"}) == "queued, sent, failed or dead (given up)"


def test_a_turn_that_nobody_has_is_nobodys() -> None:
    assert [turn_name(turn) for turn in (*Turn, None)] == ["desk", "customer", "nobody"]
