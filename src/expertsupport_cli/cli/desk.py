"""The experts' side: the queue, and the desk's verbs on requests."""

from __future__ import annotations

from typing import Annotated

import typer

from expertsupport_cli.actions import requests as actions
from expertsupport_cli.cli.env import Env
from expertsupport_cli.cli.listing import rows_wanted, show_request, tell_of_the_rest
from expertsupport_cli.cli.message import Text
from expertsupport_cli.cli.options import (
    Changes,
    Limit,
    Message,
    MessageFile,
    Reads,
    RequestId,
    RequestIds,
    group,
    prints,
)
from expertsupport_cli.cli.requests import on_each
from expertsupport_cli.model.people import Side
from expertsupport_cli.model.requests import Act
from expertsupport_cli.render.conversation import SHOW
from expertsupport_cli.render.fields import COMMENT, EVENT, QUEUE, REQUEST

desk = group("The experts' side: see what waits, and answer it.")


@desk.command("queue", cls=Reads)
@prints(QUEUE)
def queue(
    ctx: typer.Context,
    space: Annotated[str | None, typer.Option("--space", metavar="NAME", help="Only of this space.")] = None,
    limit: Limit = None,
) -> None:
    """List what waits for the desk, the longest first."""
    env = Env.of(ctx)
    if space is not None:
        env.store.space(space)
    shown = env.printer.list(QUEUE, env.store.queue(space, rows_wanted(env, limit)))
    tell_of_the_rest(env, shown, lambda: env.store.count_queue(space), "request", "Nothing waits for the desk.")


@desk.command("show", cls=Reads)
@prints(SHOW, COMMENT, EVENT)
def show(ctx: typer.Context, request: RequestId) -> None:
    """Show a request's page, with the notes that customers do not see."""
    show_request(Env.of(ctx), request, notes=True)


@desk.command("acknowledge", cls=Changes)
@prints(REQUEST)
def acknowledge(ctx: typer.Context, requests: RequestIds) -> None:
    """Let the customer know that the request was seen."""
    env = Env.of(ctx)
    by, at = env.actor(Side.DESK), env.now()
    on_each(env, requests, None, lambda id: actions.acknowledge(env.store, id, by=by, at=at, post=env.post))


@desk.command("reply", cls=Changes)
@prints(REQUEST)
def reply(
    ctx: typer.Context,
    requests: RequestIds,
    message: Message = None,
    file: MessageFile = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="Ask: the request then waits for the customer.")] = False,
) -> None:
    """Answer a request; the text comes as in es comment."""
    env = Env.of(ctx)
    by, at = env.actor(Side.DESK), env.now()
    with Text(env, message, file, requests, Act.ASK if waiting else Act.REPLY) as text:
        on_each(
            env,
            requests,
            text,
            lambda id: actions.reply(env.store, id, text.needed_body, asks=waiting, by=by, at=at, post=env.post),
        )


@desk.command("note", cls=Changes)
@prints(REQUEST)
def note(ctx: typer.Context, requests: RequestIds, message: Message = None, file: MessageFile = None) -> None:
    """Note something for the desk alone; the text comes as in es comment."""
    env = Env.of(ctx)
    by, at = env.actor(Side.DESK), env.now()
    with Text(env, message, file, requests, Act.NOTE) as text:
        on_each(
            env, requests, text, lambda id: actions.note(env.store, id, text.needed_body, by=by, at=at, post=env.post)
        )


@desk.command("close", cls=Changes)
@prints(REQUEST)
def close(ctx: typer.Context, requests: RequestIds, message: Message = None, file: MessageFile = None) -> None:
    """Close a request for the desk, with a last reply if you like."""
    env = Env.of(ctx)
    by, at = env.actor(Side.DESK), env.now()
    with Text(env, message, file, requests, Act.CLOSE, needed=False) as text:
        on_each(env, requests, text, lambda id: actions.close(env.store, id, text.body, by=by, at=at, post=env.post))


@desk.command("reopen", cls=Changes)
@prints(REQUEST)
def reopen(ctx: typer.Context, requests: RequestIds, message: Message = None, file: MessageFile = None) -> None:
    """Reopen a closed request for the desk."""
    env = Env.of(ctx)
    by, at = env.actor(Side.DESK), env.now()
    with Text(env, message, file, requests, Act.REOPEN, needed=False) as text:
        on_each(env, requests, text, lambda id: actions.reopen(env.store, id, text.body, by=by, at=at, post=env.post))
