"""The text of a notice by mail."""

from __future__ import annotations

from render.things import TOKEN, VIEW, a_request, an_event

from expertsupport_cli.model.history import Event, Kind
from expertsupport_cli.model.mail import Notice, Pages, Role
from expertsupport_cli.model.people import Side
from expertsupport_cli.render.notice import notice_text

REPLY = an_event(Kind.ASKED, old="New", new="Waiting")


def told(event: Event, body: str | None, role: Role = Role.INITIATOR) -> str:
    pages = Pages(url=VIEW.page_url)
    return notice_text(Notice(event=event, request=a_request(), role=role, body=body, description="", pages=pages))


def test_a_notice_says_what_happened_what_was_said_and_where_to_go_on() -> None:
    assert told(REPLY, "Is it\n\nplugged in?") == (
        "bob (expert) replied and is waiting for an answer.\n"
        "\n"
        "    Is it\n"
        "    \n"
        "    plugged in?\n"
        "\n"
        "Request:  ES-1 (acme)\n"
        "Task:     T-1, The printer is on fire\n"
        "Status:   New -> Waiting\n"
        f"Page:     https://es.example/requests/{TOKEN}\n"
        "\n"
        "To see it:   es show ES-1\n"
        "To answer:   es comment ES-1 -m TEXT\n"
        "\n"
        "Replies to this email are not read.\n"
    )


def test_a_notice_of_what_moved_nothing_says_how_it_stands() -> None:
    text = told(an_event(Kind.COMMENTED, actor="ann", side=Side.CUSTOMER), "Hello?")
    assert text.startswith("ann commented.\n\n    Hello?\n\n")
    assert "Status:   Waiting\n" in text


def test_a_notice_of_a_note_leads_to_the_desks_page() -> None:
    text = told(an_event(Kind.NOTED), "A difficult customer.", Role.DESK)
    assert text.startswith("bob (expert) added a note (desk only).\n\n    A difficult customer.\n\n")
    assert "Page:     https://es.example/desk/requests/ES-1\n" in text
    assert "To see it:   es show ES-1   (with notes: es desk show ES-1)\n" in text


def test_without_a_message_there_is_no_empty_quotation() -> None:
    text = told(an_event(Kind.ACTIVATED, actor="ann", side=Side.CUSTOMER), None)
    assert text.startswith("ann activated expert support.\n\nRequest:  ES-1 (acme)\n")


def test_a_message_is_broken_only_where_its_author_broke_it() -> None:
    text = told(REPLY, "one\r\ntwo\rthree\nfour\x0cstill\x85still\u2028still\x0bstill")
    quoted = [line for line in text.split("\n") if line.startswith("    ")]
    assert quoted == ["    one", "    two", "    three", "    four\\x0cstill\\x85still\\u2028still\\x0bstill"]
