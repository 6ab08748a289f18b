"""Commands that show requests: list, show, open; and what other lists share with them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from expertsupport_cli import times
from expertsupport_cli.actions.following import mark_shown
from expertsupport_cli.cli.perform import reads
from expertsupport_cli.errors import BadUsage, StoreUnusable
from expertsupport_cli.model.requests import OPEN, Status, Turn
from expertsupport_cli.render.conversation import SHOW, RequestPage
from expertsupport_cli.render.fields import ADDRESS, COMMENT, EVENT, REQUEST
from expertsupport_cli.render.pages import request_page
from expertsupport_cli.render.shapes import Named
from expertsupport_cli.render.terminal.printer import flush_stdout
from expertsupport_cli.store import Wanted
from expertsupport_cli.store.listing import SORTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from enum import StrEnum
    from typing import Annotated, TypeVar

    from expertsupport_cli.cli.env import Env
    from expertsupport_cli.cli.options import Limit, Option, RequestId, SpaceName

    State = TypeVar("State", bound=StrEnum)

MAX_TERMINAL_ROWS = 50
ME = "@me"  # whoever runs the command


@reads(REQUEST)
def list_requests(
    env: Env,
    space: SpaceName = None,
    status: Annotated[
        list[str] | None, Option("--status", metavar="STATUS", help="Only requests with this status; repeatable.")
    ] = None,
    open_: Annotated[bool, Option("--open", help="Only open requests.")] = False,
    turn: Annotated[
        str | None, Option("--turn", metavar="desk|customer", help="Only requests waiting for this side.")
    ] = None,
    task: Annotated[str | None, Option("--task", metavar="TASK", help="Only this task.")] = None,
    initiator: Annotated[
        str | None,
        Option("--initiator", metavar="NAME", help="Only requests of this person: a name, an email address, or @me."),
    ] = None,
    since: Annotated[
        str | None,
        Option("--since", metavar="WHEN", help="Only requests created since: 7d, 2026-01-31, or an RFC 3339 time."),
    ] = None,
    until: Annotated[str | None, Option("--until", metavar="WHEN", help="Only requests created before.")] = None,
    search: Annotated[
        str | None,
        Option(
            "--search",
            metavar="WORDS",
            help="Only requests with all these words in task name, task ID or comments (prefixes match; at most 50).",
        ),
    ] = None,
    sort: Annotated[
        str, Option("--sort", metavar="FIELD", help=f"By {', '.join(SORTS)}.", show_default=False)
    ] = "created_at",
    reverse: Annotated[bool, Option("--reverse", help="Reverse the order.")] = False,
    limit: Limit = None,
) -> None:
    """List requests, newest first.

    Without --space and the setting space, all spaces are listed. A terminal shows 50 rows as a table; anything else
    gets all rows as tab-separated values without a header.
    """
    if sort not in SORTS:
        raise BadUsage(f"Unknown sort field '{sort[:80]}'.", f"Choose one of: {', '.join(SORTS)}.")
    wanted = _wanted(env, space, status or [], open_, turn, task, initiator, since, until, search)
    ascending = reverse if sort in ("created_at", "updated_at", "id") else not reverse
    requests = env.store.requests(wanted, sort, ascending=ascending, limit=rows_wanted(env, limit))
    shown = env.printer.list(REQUEST, requests)
    summarize(env, shown, lambda: env.store.count_requests(wanted), "request", "No requests.")


@reads(SHOW, COMMENT, EVENT)
def show(env: Env, request: RequestId) -> None:
    """Show a request: its status, task and conversation."""
    show_request(env, request, notes=False)


@reads(ADDRESS)
def open_page(env: Env, request: RequestId) -> None:
    """Open a request's page in the browser.

    Prints the support ticket URL. With --no-input, or off a terminal, no browser is started.
    """
    from expertsupport_cli.cli import browsing

    found = env.store.request(request)
    url = found.url(env.printer.view.page_url)
    env.printer.thing(ADDRESS, Named(values={"url": url, "id": found.id, "expires_at": None}), url)
    browsing.open_page(env, url)


def show_request(env: Env, reference: str, *, notes: bool) -> None:
    """Print a request's page."""
    with env.store.snapshot():
        request = env.store.request(reference)
        page = RequestPage(
            request=request,
            for_desk=notes,
            description=env.store.task(request.task).description,
            comments=env.store.comments(request, notes=notes),
            events=env.store.events_of_request(request, notes=notes),
        )
    env.printer.page(SHOW, page, lambda: request_page(page, env.printer.view))
    flush_stdout()
    last = max((event.number for event in page.events), default=0)
    with suppress(StoreUnusable):  # it is then shown as new again, and nothing is lost
        mark_shown(env.store, request, last, by=env.actor())


def rows_wanted(env: Env, limit: int | None) -> int | None:
    """The maximum number of rows to read: `limit`, else 50 for a table on a terminal, else None for all."""
    return limit or (MAX_TERMINAL_ROWS if env.printer.for_people and env.printer.on_terminal else None)


def chosen_state(state: str | None, states: type[State]) -> State | None:
    """The state that `--state` names. Raises BadUsage if it is unknown."""
    if state is None:
        return None
    if state not in set(states):
        raise BadUsage(f"Unknown state '{state[:80]}'.", f"Choose one of: {', '.join(states)}.")
    return states(state)


def summarize(env: Env, shown: int, count: Callable[[], int], noun: str, empty: str) -> None:
    """Say under a table how many rows there are, and how to see the rest. `empty` is the message if there are none."""
    if not env.printer.for_people:
        return
    total = count()
    if not total:
        env.printer.note(empty)
    elif shown < total:
        env.printer.note(f"Showing {shown} of {total:,} {noun}s. To show all, add --limit {total}.")
    else:
        env.printer.hint(f"{total:,} {noun}{'' if total == 1 else 's'}.")


def _words(search: str) -> list[str]:
    """The words of a search. Raises BadUsage if there is none."""
    from expertsupport_cli.search import words_of

    try:
        return words_of(search)
    except BadUsage as fault:
        fault.hint = "Try: es list --search 'printer jam'"
        raise


def _wanted(
    env: Env,
    space: str | None,
    statuses: list[str],
    open_: bool,
    turn: str | None,
    task: str | None,
    initiator: str | None,
    since: str | None,
    until: str | None,
    search: str | None,
) -> Wanted:
    """The filters, checked. Raises BadUsage, or NotFound for a space or task that does not exist."""
    now = env.at
    space = env.space(space)
    if turn not in (None, *Turn):
        raise BadUsage(f"Unknown turn '{(turn or '')[:80]}'.", "Choose one of: desk, customer.")
    words = [] if search is None else _words(search)
    known = {str(status).lower(): status for status in Status}
    for status in statuses:
        if status.lower() not in known:
            raise BadUsage(f"Unknown status '{status[:80]}'.", f"Choose one of: {', '.join(Status)}.")
    chosen = [known[status.lower()] for status in statuses] or list(Status)
    if open_:
        chosen = [status for status in chosen if status in OPEN]
    return Wanted(
        space=env.store.space(space).name if space else None,
        task=env.store.task(task).id if task else None,
        initiator=None if initiator == ME else initiator,
        opened_by=env.actor() if initiator == ME else None,
        statuses=chosen if statuses or open_ else None,
        turn=Turn(turn) if turn else None,
        since=None if since is None else times.parse_moment(since, now),
        until=None if until is None else times.parse_moment(until, now),
        words=words,
    )
