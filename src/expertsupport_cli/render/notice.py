"""The text of a notice by mail."""

from __future__ import annotations

from expertsupport_cli.model.history import Kind
from expertsupport_cli.model.people import Side
from expertsupport_cli.render.words import WORDS, moved
from expertsupport_cli.text import lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from expertsupport_cli.model.history import Event
    from expertsupport_cli.model.requests import Request


def notice(event: Event, request: Request, body: str | None, page_url: str) -> str:
    """What happened, who did it, what was said, the status, and where to see the request."""
    who = f"{event.actor} (expert)" if event.side is Side.DESK else event.actor
    parts = [f"{who} {WORDS[event.kind].said}."]
    if body is not None:
        parts.append("\n".join(f"    {line}" for line in lines(body)))
    change = moved(event)
    status = f"{change.old} -> {change.new}" if change else str(request.status)
    command = "es desk show" if event.kind is Kind.NOTED else "es show"
    parts.append(
        f"Request:  {request.id} ({request.space})\n"
        f"Task:     {request.task}, {request.task_name}\n"
        f"Status:   {status}\n"
        f"Page:     {request.url(page_url)}\n"
        f"To see it all: {command} {request.id}"
    )
    return "\n\n".join(parts) + "\n"
