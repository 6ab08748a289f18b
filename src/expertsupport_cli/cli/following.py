"""Following requests: mail about them, the inbox, waiting for an event, watching."""

from __future__ import annotations

import sys
from collections.abc import Callable

from expertsupport_cli import times
from expertsupport_cli.actions import following as actions
from expertsupport_cli.cli.env import Env, expand_references, readable
from expertsupport_cli.cli.perform import changes, reads
from expertsupport_cli.cli.polling import each_change
from expertsupport_cli.cli.requests import look_up_requests
from expertsupport_cli.errors import BadUsage, TimedOut
from expertsupport_cli.model.history import News
from expertsupport_cli.model.people import Actor
from expertsupport_cli.model.requests import Request, Status
from expertsupport_cli.render.fields import NEWS, REQUEST
from expertsupport_cli.render.terminal.capabilities import is_terminal
from expertsupport_cli.render.terminal.paint import news_line
from expertsupport_cli.render.terminal.printer import flush_stdout
from expertsupport_cli.text import some

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from expertsupport_cli.cli.options import Argument, Email, Option, RequestIds, SpaceName


FollowAction = Callable[..., tuple[Request, bool]]
AWAITED = ("reply", "status", "closed")
MAX_NAMED = 5  # requests in a message


@changes(REQUEST)
def follow(env: Env, requests: RequestIds, email: Email = None) -> None:
    """Get mail about everything that happens on a request."""
    _follow_each(env, requests, email, actions.follow, "follows it", "already")


@changes(REQUEST)
def unfollow(env: Env, requests: RequestIds, email: Email = None) -> None:
    """Stop getting mail about a request."""
    _follow_each(env, requests, email, actions.unfollow, "does not follow it", "anyway")


@reads(NEWS)
def inbox(
    env: Env,
    mark_read: Annotated[bool, Option("--mark-read", help="Mark everything as read.")] = False,
) -> None:
    """List what is new on your requests and those you follow.

    Something is new if others did it since you last looked at the request with es show.
    """
    by = env.actor()
    news = env.store.unread(by)
    shown = env.printer.list(NEWS, news)
    if env.printer.for_people and not shown:
        env.printer.note("Nothing new.")
    if mark_read and news:
        flush_stdout()
        actions.mark_read(env.store, news, by=by)


@reads(NEWS)
def wait(
    env: Env,
    requests: RequestIds,
    awaited: Annotated[
        str, Option("--for", metavar="|".join(AWAITED), help="What to wait for.", show_default=True)
    ] = "reply",
    timeout: Annotated[
        str | None, Option("--timeout", metavar="1h", help="How long to wait; status 124 if it times out.")
    ] = None,
    after: Annotated[
        int | None,
        Option("--after", min=0, metavar="NUMBER", help="Also count what happened after this event."),
    ] = None,
) -> None:
    """Wait until something happens on a request, and print it.

    A reply is a message from somebody else; status is any change of status; closed returns at once if the request is
    already closed. --after also counts what happened since that event (see number in es show --json).
    """
    if awaited not in AWAITED:
        raise BadUsage(f"Unknown event '{awaited[:80]}'.", f"Choose one of: {', '.join(AWAITED)}.")
    seconds = None if timeout is None else times.parse_duration(timeout)
    # read before the requests, so that no event is missed
    last_seen = env.store.last_event() if after is None else after
    found = [env.store.request(readable(place, reference)) for place, reference in expand_references(requests)]
    if not found:
        raise BadUsage("No request given.", hint="Try: es wait --help")
    event = _closed_already(env, found) if awaited == "closed" else None
    event = event or _first_match(env, found, last_seen, _matcher(awaited, env.actor()), seconds)
    env.printer.thing(NEWS, event, news_line(event), alone=False)


@reads(NEWS)
def watch(
    env: Env,
    requests: Annotated[list[str] | None, Argument(metavar="[REQUEST...]", help="Only these requests.")] = None,
    space: SpaceName = None,
) -> None:
    """Print events as they happen, until interrupted.

    Without REQUEST, it watches the space given by --space or the setting space, or else all spaces. A terminal gets
    readable lines; anything else gets JSON lines.
    """
    if env.choices.requested_format() is None:
        env.choices = env.choices.replace(format="table" if is_terminal(sys.stdout) else "jsonl")
    numbers = [env.store.request(reference).number for reference in requests or ()]
    space = space if requests else env.space(space)  # the setting is no reason to leave out what was named
    space_name = env.store.space(space).name if space else None
    last = env.store.last_event()
    with env.printer.many(NEWS):
        for _ in each_change(env.store):
            for item in env.store.news(last, numbers, space_name):
                last = item.number
                env.printer.thing(NEWS, item, news_line(item))
                flush_stdout()


def _matcher(awaited: str, me: Actor) -> Callable[[News], bool]:
    if awaited == "reply":
        return lambda item: item.text is not None and not item.by.is_person(me.name, me.email)
    if awaited == "status":
        return lambda item: item.new is not None
    return lambda item: item.new == Status.CLOSED


def _first_match(
    env: Env, found: list[Request], last_seen: int, matches: Callable[[News], bool], seconds: int | None
) -> News:
    """Wait for the first event after `last_seen` that matches. Raises TimedOut."""
    numbers = [request.number for request in found]
    for _ in each_change(env.store, seconds):
        for item in env.store.news(last_seen, numbers):
            last_seen = item.number
            if matches(item):
                return item
    names = some([request.id for request in found], MAX_NAMED)
    raise TimedOut(f"Timed out after {seconds}s: nothing happened on {names}.", hint=f"Try: es show {found[0].id}")


def _closed_already(env: Env, found: list[Request]) -> News | None:
    for request in found:
        if request.status is Status.CLOSED:
            closings = [item for item in env.store.news(0, [request.number]) if item.new == Status.CLOSED]
            return closings[-1]
    return None


def _address(env: Env, email: str | None) -> str:
    address = email or env.actor().email
    if not address:
        raise BadUsage("No email address given.", hint="Try: es config set user.email YOU@EXAMPLE.ORG")
    return address


def _follow_each(
    env: Env, requests: list[str], email: str | None, act: FollowAction, outcome: str, unchanged: str
) -> None:
    """Follow or unfollow each request with an address and print the outcome. If nothing changed, a note says so."""
    look_up_requests(env, requests)
    address = _address(env, email)
    by = env.actor()

    def act_on(reference: str) -> None:
        request, changed = act(env.store, reference, address, by=by, at=env.at)
        if not changed:
            env.printer.note(f"{request.id}: {address} {outcome} {unchanged}; nothing was changed.")
        env.printer.thing(REQUEST, request, f"{request.id}  {address} {outcome}")

    env.for_each(REQUEST, requests, act_on)
