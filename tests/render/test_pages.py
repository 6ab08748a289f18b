"""Pages: as data, in which every value keeps its kind, and as the text that a terminal gets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from builders import AT, later
from render.things import (
    TOKEN,
    VIEW,
    a_comment,
    a_mail,
    a_request,
    a_space,
    a_task,
    an_entry,
    an_item,
)

from expertsupport_cli.model.history import Kind
from expertsupport_cli.model.mail import MailState
from expertsupport_cli.model.requests import Status
from expertsupport_cli.record import Record
from expertsupport_cli.render.conversation import RequestPage
from expertsupport_cli.render.pages import (
    Count,
    Duration,
    Fact,
    Instant,
    Page,
    Person,
    Reference,
    Url,
    log_page,
    mail_page,
    news_entry,
    request_page,
    space_page,
    task_page,
)
from expertsupport_cli.render.terminal.paint import log_lines, news_line, page_lines, to_text
from expertsupport_cli.render.terminal.styles import Styles
from expertsupport_cli.render.words import Moved

URL = f"https://es.example/requests/{TOKEN}"
PLAIN = Styles(colour=False)
RAW = "a\x1b[31m\u202e\tb\r\n\x85c  "
HEADERS = [("From", "s@desk.example"), ("Subject", "s")]


def a_conversation(text: str = "Is it\n\tplugged in?") -> RequestPage:
    return RequestPage(
        request=a_request(),
        for_desk=False,
        description="",
        comments=[a_comment(7, text), a_comment(8, "Again.", kind="note")],
        events=[
            an_entry(Kind.ACTIVATED, actor="ann", side="customer", new="New"),
            an_entry(Kind.ASKED, old="New", new="Waiting", comment=7),
            an_entry(Kind.NOTED, comment=8),
        ],
    )


def facts(page: Page) -> dict[str, object]:
    return {fact.name: fact.value for fact in page.facts}


def test_the_page_of_a_request_is_data_in_which_values_keep_their_kind() -> None:
    page = request_page(a_conversation(), VIEW)
    assert (page.id, page.badge, page.title) == ("ES-1", Status.WAITING, "The printer is on fire")
    assert facts(page) == {
        "Task": "T-1",
        "Space": "acme",
        "Initiator": Person(name="ann", email="ann@example.org"),
        "Turn": "customer",
        "Created": Instant(at=AT),
        "Updated": Instant(at=later(1)),
        "Certificate": "****-****-****-7K3M",
        "URL": Url(address=URL),
    }
    opened, asked, noted = page.entries
    assert (opened.who, opened.side, opened.at, opened.text) == ("ann", "customer", AT, None)
    assert (asked.said, asked.moved) == ("replied and is waiting for an answer", Moved(old="New", new="Waiting"))
    assert asked.text == "Is it\n\tplugged in?"
    assert [entry.note for entry in page.entries] == [False, False, True]
    assert noted.text == "Again."


def test_a_closed_request_is_nobodys_turn_and_says_since_when() -> None:
    closed = a_conversation().replace(request=a_request(status=Status.CLOSED, closed_at=later(2), initiator_email=None))
    found = facts(request_page(closed, VIEW))
    assert (found["Turn"], found["Closed"]) == ("nobody", Instant(at=later(2)))
    assert "Initiator    ann\n" in to_text(page_lines(request_page(closed, VIEW)), PLAIN)


def test_the_page_of_a_request_as_text() -> None:
    assert (
        to_text(page_lines(request_page(a_conversation(), VIEW)), PLAIN)
        == f"""\
ES-1  Waiting
The printer is on fire

Task         T-1
Space        acme
Initiator    ann <ann@example.org>
Turn         customer
Created      2026-01-31 09:30:00 UTC
Updated      2026-02-01 09:30:00 UTC
Certificate  ****-****-****-7K3M
URL          {URL}

2026-01-31 09:30:00 UTC  ann (customer) activated expert support

2026-01-31 09:30:00 UTC  bob (desk) replied and is waiting for an answer, New → Waiting
    Is it
        plugged in?

2026-01-31 09:30:00 UTC  bob (desk) added a note (desk only)
    Again.
"""
    )


LOG = [
    an_entry(Kind.TASK_ADDED, request=None),
    an_entry(Kind.LINK_REDEEMED, request=None, link="L-1", certificate="****-****-****-7K3M"),
    an_entry(Kind.ACTIVATED, new="New", certificate="****-****-****-7K3M"),
    an_entry(Kind.REPLIED),
    an_entry(Kind.CLOSED, old="New", new="Closed"),
    an_entry(Kind.FOLLOWED, new="fran@example.org"),
    an_entry(Kind.UNFOLLOWED, old="fran@example.org"),
    an_entry(Kind.TASK_REOPENED, request=None, new=later(10)),
    an_entry(Kind.TASK_REOPENED, request=None),
]


def test_the_log_of_a_task_names_what_each_event_changed() -> None:
    page = log_page(a_task(), LOG, VIEW)
    assert [[(fact.name, fact.value) for fact in entry.facts] for entry in page.entries] == [
        [],
        [("Certificate", "****-****-****-7K3M"), ("Purchase link", "L-1")],
        [
            ("Request", "ES-1"),
            ("Certificate", "****-****-****-7K3M"),
            ("Task expiry", "never"),
            ("Support ticket URL", Url(address=URL)),
        ],
        [("Request", "ES-1")],
        [("Request", "ES-1"), ("Status", Moved(old="New", new="Closed"))],
        [("Request", "ES-1"), ("Address", "fran@example.org")],
        [("Request", "ES-1"), ("Address", "fran@example.org")],
        [("Task expiry", Instant(at=later(10)))],
        [("Task expiry", "never")],
    ]


def test_the_log_of_a_task_as_text() -> None:
    text = to_text(log_lines(log_page(a_task(), [LOG[1], LOG[4], LOG[7]], VIEW)), PLAIN)
    assert (
        text
        == """\
2026-01-31 09:30:00 UTC  Purchase link redeemed  bob
    Certificate    ****-****-****-7K3M
    Purchase link  L-1
2026-01-31 09:30:00 UTC  Request closed  bob
    Request  ES-1
    Status   New → Closed
2026-01-31 09:30:00 UTC  Task reopened  bob
    Task expiry  2026-02-10 09:30:00 UTC
"""
    )


def test_the_page_of_a_task_has_its_requests_and_its_description() -> None:
    requests = [a_request(status=Status.CLOSED), a_request(number=2)]
    page = task_page(a_task(description="Third floor.\nMind the smoke."), requests, VIEW)
    assert facts(page)["Requests"] == [
        Reference(id="ES-1", status=Status.CLOSED),
        Reference(id="ES-2", status=Status.WAITING),
    ]
    assert (
        to_text(page_lines(page), PLAIN)
        == """\
T-1  open
The printer is on fire

Space     acme
Creator   ann
Created   2026-01-31 09:30:00 UTC
Expires   2026-02-10 09:30:00 UTC
Requests  ES-1 (Closed), ES-2 (Waiting)

Third floor.
Mind the smoke.
"""
    )
    forever = facts(task_page(a_task(expires_at=None, closed_at=AT), [], VIEW))
    assert (forever["Expires"], forever["Closed"]) == ("never", Instant(at=AT))
    assert "Requests" not in forever


def test_the_page_of_a_space() -> None:
    assert facts(space_page(a_space())) == {
        "Tasks": Count(number=3, limit=None),
        "Task expiry": Duration(seconds=10 * 86400),
        "Created": Instant(at=AT),
    }
    assert (
        to_text(page_lines(space_page(a_space(tasks=0, task_lifetime=None))), PLAIN)
        == """\
acme

Tasks        0
Task expiry  never
Created      2026-01-31 09:30:00 UTC
"""
    )
    full = a_space(title="Acme Ltd", blocked=True, task_limit=5)
    assert (
        to_text(page_lines(space_page(full)), PLAIN)
        == """\
acme  blocked
Acme Ltd

Tasks        3 of 5
Task expiry  10d
Created      2026-01-31 09:30:00 UTC
"""
    )


def test_the_page_of_a_mail_has_the_message_as_it_is_sent() -> None:
    assert (
        to_text(page_lines(mail_page(a_mail(), HEADERS, "Hello.\n\nBye.\n")), PLAIN)
        == """\
M-1  failed
Tries   2
Queued  2026-01-31 09:30:00 UTC
Due     2026-02-01 09:30:00 UTC
Error   No answer.

From: s@desk.example
Subject: s

Hello.

Bye.
"""
    )
    sent = a_mail(state=MailState.SENT, sent_at=later(1), error=None, body=None)
    page = mail_page(sent, HEADERS, "\n")
    assert list(facts(page)) == ["Tries", "Queued", "Sent"]
    assert to_text(page_lines(page), PLAIN).endswith("Subject: s\n\n(purged)\n")


def test_news_is_one_line() -> None:
    item = an_item(Kind.ASKED, old="New", new="Waiting", text="Is it\nplugged in?")
    assert news_entry(item).text == "Is it\nplugged in?"
    assert news_line(item) == (
        "2026-01-31 09:30:00 UTC  ES-1  bob replied and is waiting for an answer, New → Waiting: Is it plugged in?"
    )
    assert news_line(an_item(Kind.ACKNOWLEDGED)) == "2026-01-31 09:30:00 UTC  ES-1  bob acknowledged the request"


def texts_in(value: Any) -> Iterator[str]:
    """All text in a page, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Record):
        yield from texts_in(list(vars(value).values()))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts_in(each)


RAW_PAGES = {
    "request": request_page(a_conversation(RAW).replace(request=a_request(task_name=RAW, initiator=RAW)), VIEW),
    "log": log_page(a_task(name=RAW), [an_entry(Kind.FOLLOWED, actor=RAW, new=RAW)], VIEW),
    "task": task_page(a_task(name=RAW, description=RAW, creator=RAW), [], VIEW),
    "space": space_page(a_space(title=RAW)),
    "mail": mail_page(a_mail(error=RAW), [("Subject", RAW)], RAW),
}


@pytest.mark.parametrize("name", RAW_PAGES)
def test_a_page_has_text_as_it_was_typed_and_painting_makes_it_safe(name: str) -> None:
    page = RAW_PAGES[name]
    assert RAW in list(texts_in(page))
    assert not [text for text in texts_in(page) if "UTC" in text or "\\x1b" in text or text.startswith(" ")]
    painted = to_text(log_lines(page) if name == "log" else page_lines(page), PLAIN)
    assert "a\\x1b[31m\\u202e" in painted
    assert all(line.isprintable() for line in painted.split("\n"))


def test_facts_without_a_value_are_left_out() -> None:
    assert all(isinstance(fact, Fact) and fact.value for fact in request_page(a_conversation(), VIEW).facts)
    assert "Error" not in facts(mail_page(a_mail(error=None), HEADERS, ""))
