"""The experts' side: the queue, and the desk's verbs on requests."""

from __future__ import annotations

from expertsupport_cli.cli.listing import rows_wanted, show_request, summarize
from expertsupport_cli.cli.perform import changes, reads
from expertsupport_cli.cli.requests import act_on_each
from expertsupport_cli.model.people import Side
from expertsupport_cli.model.requests import Act
from expertsupport_cli.render.conversation import SHOW
from expertsupport_cli.render.fields import COMMENT, EVENT, QUEUE, REQUEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from expertsupport_cli.cli.env import Env
    from expertsupport_cli.cli.options import Limit, Message, MessageFile, Option, RequestId, RequestIds, SpaceName


@reads(QUEUE)
def queue(
    env: Env,
    space: SpaceName = None,
    unanswered: Annotated[bool, Option("--unanswered", help="Only requests that nobody has answered.")] = False,
    limit: Limit = None,
) -> None:
    """List what is waiting for the desk, longest wait first.

    Requests that nobody has answered come before those that were answered and are still the desk's turn.
    """
    space = env.space(space)
    if space is not None:
        env.store.space(space)
    waiting = env.store.queue(space, rows_wanted(env, limit), unanswered=unanswered)
    shown = env.printer.list(QUEUE, waiting)
    count = lambda: env.store.count_queue(space, unanswered=unanswered)  # noqa: E731
    summarize(env, shown, count, "request", "No requests are waiting for the desk.")


@reads(SHOW, COMMENT, EVENT)
def show(env: Env, request: RequestId) -> None:
    """Show a request with the notes that only the desk sees."""
    show_request(env, request, notes=True)


@changes(REQUEST)
def acknowledge(env: Env, requests: RequestIds) -> None:
    """Show the customer that the request was seen."""
    act_on_each(env, requests, Act.ACKNOWLEDGE, side=Side.DESK)


@changes(REQUEST)
def reply(
    env: Env,
    requests: RequestIds,
    message: Message = None,
    file: MessageFile = None,
    waiting: Annotated[
        bool, Option("--waiting", help="Ask a question: the request then waits for the customer.")
    ] = False,
) -> None:
    """Reply to a request.

    The text comes from -m, from a file with -F (- reads stdin), or, on a terminal, from your editor.
    """
    act_on_each(env, requests, Act.ASK if waiting else Act.REPLY, message, file, Side.DESK)


@changes(REQUEST)
def note(env: Env, requests: RequestIds, message: Message = None, file: MessageFile = None) -> None:
    """Add a note that only the desk sees.

    The text comes from -m, from a file with -F (- reads stdin), or, on a terminal, from your editor.
    """
    act_on_each(env, requests, Act.NOTE, message, file, Side.DESK)


@changes(REQUEST)
def close(env: Env, requests: RequestIds, message: Message = None, file: MessageFile = None) -> None:
    """Close a request, optionally with a last reply."""
    act_on_each(env, requests, Act.CLOSE, message, file, Side.DESK)


@changes(REQUEST)
def reopen(env: Env, requests: RequestIds, message: Message = None, file: MessageFile = None) -> None:
    """Reopen a closed request."""
    act_on_each(env, requests, Act.REOPEN, message, file, Side.DESK)
