"""The text of a notice by mail."""

from __future__ import annotations

from expertsupport_cli.model.mail import Role
from expertsupport_cli.model.people import Side
from expertsupport_cli.model.requests import Status
from expertsupport_cli.render.words import WORDS, moved
from expertsupport_cli.text import lines, one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from expertsupport_cli.model.mail import Notice


def notice_text(notice: Notice) -> str:
    """The text of a notice: what happened, who did it, the message, the status, the page, and how to answer."""
    event, request = notice.event, notice.request
    who = f"{event.actor} (expert)" if event.side is Side.DESK else event.actor
    change = moved(event)
    status = f"{change.old} -> {change.new}" if change else str(request.status)
    facts = [("Request", f"{request.id} ({request.space})"), ("Task", f"{request.task}, {request.task_name}")]
    facts += [("Status", status), *_page(notice)]
    rows = [f"{name and name + ':':<10}{one_line(value)}" for name, value in facts]
    parts = [
        f"{one_line(who)} {WORDS[event.kind].said}.",
        _quoted(notice.body or ""),
        "\n".join(rows),
        _quoted(notice.description),
        "\n".join(f"{name + ':':<13}{command}" for name, command in _commands(notice)),
        "" if notice.pages.replies_are_read else "Replies to this email are not read.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _quoted(text: str) -> str:
    return "\n".join(f"    {line}" for line in lines(text)) if text else ""


def _page(notice: Notice) -> list[tuple[str, str]]:
    """The fact that gives the URL of the page; empty if the recipient cannot reach one.

    Only the initiator gets the URL with the token, because that opens the request to anybody who has it.
    """
    request, pages = notice.request, notice.pages
    if pages.url is None:
        if pages.local is None or notice.role is not Role.INITIATOR:
            return []
        return [
            ("Page", request.url(pages.local)),
            ("", "(only on this machine, while its pages are served)"),
        ]
    base = pages.url.rstrip("/")
    if notice.role is Role.DESK:
        return [("Page", request.desk_url(base))]
    if notice.role is Role.FOLLOWER:
        return [("Page", f"{base}/spaces/{request.space}/requests/{request.id}")]
    return [("Page", request.url(base))]


def _commands(notice: Notice) -> list[tuple[str, str]]:
    """The commands that show the request and answer it, each with its label."""
    id = notice.request.id
    closed = notice.request.status is Status.CLOSED
    if notice.role is Role.DESK:
        answer = ("To reopen it", f"es desk reopen {id}") if closed else ("To answer", f"es desk reply {id} -m TEXT")
        return [("To see it", f"es show {id}   (with notes: es desk show {id})"), answer]
    answer = ("To reopen it", f"es reopen {id}") if closed else ("To answer", f"es comment {id} -m TEXT")
    return [("To see it", f"es show {id}"), answer]
