"""The customer's verbs on requests: activate, comment, close, reopen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from expertsupport_cli.actions import requests as actions
from expertsupport_cli.actions.requests import Outcome
from expertsupport_cli.cli.env import Env
from expertsupport_cli.cli.message import Text
from expertsupport_cli.cli.options import Changes, Message, MessageFile, RequestIds, TaskId, group, prints
from expertsupport_cli.errors import BadUsage, MalformedSerial
from expertsupport_cli.files import read_text
from expertsupport_cli.model.requests import Act
from expertsupport_cli.render.fields import REQUEST

top = group("")

SerialFile = Annotated[str | None, typer.Option("--serial-file", metavar="FILE", help="Read the serial from a file.")]
TRIES = 3


@top.command("activate", cls=Changes)
@prints(REQUEST)
def activate(
    ctx: typer.Context,
    task: TaskId,
    serial: Annotated[
        str | None, typer.Argument(metavar="[SERIAL]", help="The serial number; - reads it from stdin.")
    ] = None,
    serial_file: SerialFile = None,
) -> None:
    """Open a request on a task with a certificate.

    The task then never expires. Without SERIAL it is asked for, on a terminal; it can also come from stdin (-) or
    from a file, where other users of the machine do not see it. If anything is refused, the certificate stays unused.
    """
    env = Env.of(ctx)
    if serial is not None and serial_file is not None:
        raise BadUsage("The serial number is given twice.", hint="Leave out either SERIAL or --serial-file.")
    given = "-" if serial == "-" else serial_file
    if serial is None and serial_file is None:
        outcome = _ask_and_activate(env, task)
    else:
        outcome = _activate(env, task, read_text(given, "The serial number") if given else serial or "")
    _tell_activation(env, outcome)


@top.command("comment", cls=Changes)
@prints(REQUEST)
def comment(ctx: typer.Context, requests: RequestIds, message: Message = None, file: MessageFile = None) -> None:
    """Add a comment to a request.

    The text comes from -m, from a file with -F (- is stdin), or, on a terminal, from your editor. A request that
    waits for you goes back to the desk.
    """
    env = Env.of(ctx)
    by, at = env.actor(), env.now()
    with Text(env, message, file, requests, Act.COMMENT) as text:
        on_each(
            env,
            requests,
            text,
            lambda id: actions.comment(env.store, id, text.needed_body, by=by, at=at, post=env.post),
        )


@top.command("close", cls=Changes)
@prints(REQUEST)
def close(ctx: typer.Context, requests: RequestIds, message: Message = None, file: MessageFile = None) -> None:
    """Close a request, with a last comment if you like."""
    env = Env.of(ctx)
    by, at = env.actor(), env.now()
    with Text(env, message, file, requests, Act.CLOSE, needed=False) as text:
        on_each(env, requests, text, lambda id: actions.close(env.store, id, text.body, by=by, at=at, post=env.post))


@top.command("reopen", cls=Changes)
@prints(REQUEST)
def reopen(ctx: typer.Context, requests: RequestIds, message: Message = None, file: MessageFile = None) -> None:
    """Reopen a closed request, on the same certificate."""
    env = Env.of(ctx)
    by, at = env.actor(), env.now()
    with Text(env, message, file, requests, Act.REOPEN, needed=False) as text:
        on_each(env, requests, text, lambda id: actions.reopen(env.store, id, text.body, by=by, at=at, post=env.post))


def on_each(env: Env, requests: Sequence[str], text: Text | None, act: Callable[[str], Outcome]) -> None:
    """Do something to each request and tell what it is now; doing it again is a note."""

    def one(reference: str) -> None:
        outcome = act(reference)
        request = outcome.request
        if not outcome.changed:
            lost = " The message was not added." if text and text.body else ""
            env.printer.note(f"{request.id} is {request.status} already; nothing was changed.{lost}")
        env.printer.thing(REQUEST, request, f"{request.id}  {request.status}")

    env.each(REQUEST, requests, one)


def _activate(env: Env, task: str, serial: str) -> Outcome:
    return actions.activate(env.store, task, serial, by=env.actor(), at=env.now(), post=env.post)


def _ask_and_activate(env: Env, task: str) -> Outcome:
    """Ask for the serial; one that is not of the form is asked for again."""
    if not env.interactive:
        raise BadUsage(
            "No serial number is given.",
            "There is no terminal to ask for it.",
            f"es activate {task} SERIAL, or: es activate {task} --serial-file FILE",
        )
    env.store.task(task)
    for left in range(TRIES - 1, -1, -1):
        typed = env.ask("Serial number (empty: how to buy one): ")
        if not typed.strip():
            break
        try:
            return _activate(env, task, typed)
        except MalformedSerial as fault:
            if not left:
                raise
            env.printer.note(f"{fault.message} Try again.")
    _tell_ways_to_buy(env, task)
    raise BadUsage("No serial number was given.", hint=f"When you have one: es activate {task}")


def _tell_ways_to_buy(env: Env, task: str) -> None:
    env.printer.note(f"To buy one online: es purchase-link {task} --open")
    for partner in env.store.partners():
        env.printer.note(f"From a partner: {partner.name}, {partner.url}")


def _tell_activation(env: Env, outcome: Outcome) -> None:
    request = outcome.request
    if not outcome.changed:
        env.printer.note(f"This certificate opened {request.id} on {request.task} before; nothing was changed.")
    env.printer.thing(REQUEST, request, f"{request.id}  {request.status}\n{request.url(env.printer.view.page_url)}")
    if outcome.changed and not request.initiator_email:
        env.printer.note("No mail can reach you about this request: es config set user.email YOU@EXAMPLE.ORG")
    if outcome.changed:
        env.printer.hint(f"Task {request.task} no longer expires. To say more: es comment {request.id}")
    env.printer.hint(f"To follow it: es show {request.id}   All of them: es list   When done: es close {request.id}")
