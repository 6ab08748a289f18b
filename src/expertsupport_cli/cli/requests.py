"""The customer's verbs on requests: activate, comment, close, reopen."""

from __future__ import annotations

from expertsupport_cli import wiring
from expertsupport_cli.actions import requests as actions
from expertsupport_cli.checks import refuse_blanks
from expertsupport_cli.cli.env import EarlyExit
from expertsupport_cli.cli.message import Text, given_message
from expertsupport_cli.cli.perform import changes, deliver
from expertsupport_cli.errors import BadUsage, MalformedSerial, Refused
from expertsupport_cli.model.people import Side
from expertsupport_cli.model.requests import Act, Status
from expertsupport_cli.reading import read_secret
from expertsupport_cli.render.fields import REQUEST
from expertsupport_cli.serial import is_serial
from expertsupport_cli.store import Wanted
from expertsupport_cli.text import one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Annotated

    from expertsupport_cli.actions.requests import Outcome
    from expertsupport_cli.cli.env import Env
    from expertsupport_cli.cli.options import Argument, Message, MessageFile, Option, RequestIds, TaskId
    from expertsupport_cli.model.requests import Request

ATTEMPTS = 3  # to type a serial


@changes(REQUEST)
def activate(
    env: Env,
    task: TaskId,
    serial: Annotated[
        str | None, Argument(metavar="[SERIAL]", help="The serial number; - reads it from stdin.")
    ] = None,
    serial_file: Annotated[
        str | None, Option("--serial-file", metavar="FILE", help="Read the serial from a file.")
    ] = None,
    message: Message = None,
    file: MessageFile = None,
    open_: Annotated[bool, Option("--open", help="Also open the request's page in the browser.")] = False,
) -> None:
    """Open a request on a task with a certificate.

    The task then never expires. Without SERIAL, es prompts for it on a terminal; with - it reads stdin, with
    --serial-file a file. Other users of the machine can see arguments, but not stdin or the file. If anything is
    refused, the certificate stays unused. If the task already has an open request, that request is shown. -m or -F adds
    a first message.
    """
    task, serial = _in_order(env, task, serial)
    if serial is not None and serial_file is not None:
        raise BadUsage("The serial number was given twice.", hint="Use either SERIAL or --serial-file.")
    source = "-" if serial == "-" else serial_file
    is_read = source == "-" or (serial is None and serial_file is None and env.interactive)
    body = given_message(message, file, stdin="the serial number" if is_read else None)
    if serial is None and serial_file is None:
        request = _ask_and_activate(env, task, body)
    else:
        request = _activate(env, task, read_secret(source, "The serial number") if source else serial or "", body)
    if wiring.mail_goes_nowhere(env.settings):
        env.printer.note(
            "No mail is sent: mail.maildir or an SMTP server is not set. Try: es config set mail.maildir DIR"
        )
    if open_ and not env.dry_run:
        from expertsupport_cli.cli.browsing import open_page

        deliver(env)  # before this command serves the page, maybe for hours
        open_page(env, request.url(env.settings["page.url"]))


@changes(REQUEST)
def comment(env: Env, requests: RequestIds, message: Message = None, file: MessageFile = None) -> None:
    """Add a comment to a request.

    The text comes from -m, from a file with -F (- reads stdin), or, on a terminal, from your editor. A request that
    waits for you goes back to the desk.
    """
    act_on_each(env, requests, Act.COMMENT, message, file)


@changes(REQUEST)
def close(env: Env, requests: RequestIds, message: Message = None, file: MessageFile = None) -> None:
    """Close a request, optionally with a last comment."""
    act_on_each(env, requests, Act.CLOSE, message, file)


@changes(REQUEST)
def reopen(env: Env, requests: RequestIds, message: Message = None, file: MessageFile = None) -> None:
    """Reopen a closed request on the same certificate."""
    act_on_each(env, requests, Act.REOPEN, message, file)


def act_on_each(
    env: Env,
    requests: Sequence[str],
    act: Act,
    message: str | None = None,
    file: str | None = None,
    side: Side = Side.CUSTOMER,
) -> None:
    """Do something to each request, with a message if the act takes one, and print its new status.

    If nothing changed, a note says so.
    """
    by = env.actor(side)
    look_up_requests(env, requests)
    with Text(env, message, file, requests, act) as text:

        def act_on(reference: str) -> None:
            outcome = actions.act(env.store, reference, act, text.body, by=by, at=env.at, post=env.post)
            request = outcome.request
            if not outcome.changed:
                warning = " Your message was not saved." if text.body else ""
                env.printer.note(f"{request.id} is already {request.status}; nothing was changed.{warning}")
            env.printer.thing(REQUEST, request, f"{request.id}  {request.status}")

        env.for_each(REQUEST, requests, act_on)


def look_up_requests(env: Env, references: Sequence[str]) -> None:
    """Look up the requests that were named. Raises NotFound, or BadUsage for text that cannot be a reference."""
    for reference in references:
        refuse_blanks(reference, "a request")
    env.look_up(references, env.store.request)


def _in_order(env: Env, task: str, serial: str | None) -> tuple[str, str | None]:
    """Task and serial, also if they were given the other way round. Raises BadUsage for a serial without a task."""
    if not is_serial(task) or (serial and is_serial(serial)) or env.store.has_task(task):
        return task, serial
    if serial in (None, "-"):
        raise BadUsage("The task is missing: only a serial number was given.", hint="Try: es activate TASK SERIAL")
    return serial, task


def _activate(env: Env, task: str, serial: str, body: str | None) -> Request:
    outcome = actions.activate(env.store, task, serial, message=body, by=env.actor(), at=env.at, post=env.post)
    if not outcome.changed:
        request = outcome.request
        warning = _not_added(request, body)
        env.printer.note(
            f"This certificate already opened {request.id} on {request.task}; nothing was changed.{warning}"
        )
    _show_activation(env, outcome)
    return outcome.request


def _ask_and_activate(env: Env, task: str, body: str | None) -> Request:
    """Ask for the serial, again if it is malformed, and activate. An open request is shown instead."""
    current = actions.ready_to_activate(env.store, task, at=env.at)
    if current is not None:
        _show_open(env, current, body)
        return current
    if not env.interactive:
        raise BadUsage(
            "No serial number given.",
            "There is no terminal to prompt on.",
            f"Try: es activate {task} SERIAL",
        )
    for closed in env.store.requests(Wanted(task=task)):
        env.printer.note(f"{closed.id} on this task is closed. Try: es reopen {closed.id}")
    for attempts_left in range(ATTEMPTS - 1, -1, -1):
        typed = env.ask("Serial number (empty: how to buy one): ")
        if not typed.strip():
            break
        try:
            return _activate(env, task, typed, body)
        except MalformedSerial as fault:
            if not attempts_left:
                raise
            env.printer.note(f"{fault.message} Try again.")
    _show_ways_to_buy(env, task)
    raise BadUsage("No serial number given.", hint=f"Try: es activate {task}")


def _show_open(env: Env, request: Request, body: str | None) -> None:
    """Show the open request instead of opening one. Raises EarlyExit if a message was to be added."""
    env.printer.note(f"Task {request.task} has an open request; you need no certificate.{_not_added(request, body)}")
    _show_activation(env, actions.Outcome(request=request, changed=False))
    if body is not None:
        raise EarlyExit(Refused.exit_status)


def _not_added(request: Request, body: str | None) -> str:
    return "" if body is None else f" Your message was not saved. Try: es comment {request.id} -m TEXT"


def _show_ways_to_buy(env: Env, task: str) -> None:
    env.printer.note(f"Buy one online: es purchase-link {task} --open")
    for partner in env.store.partners():
        env.printer.note(f"From a partner: {partner.name}, {partner.url}")


def _show_activation(env: Env, outcome: Outcome) -> None:
    request = outcome.request
    state = f"{request.id}  {request.status}"
    if env.dry_run and outcome.changed:  # there will be no such request
        env.printer.thing(REQUEST, request, state)
        return
    env.printer.thing(REQUEST, request, f"{state}\n{one_line(request.url(env.printer.view.page_url))}")
    if outcome.changed and not request.initiator_email:
        env.printer.note(
            "No mail can reach you about this request, because your email address is not set."
            f" Try: es follow {request.id} --email YOU@EXAMPLE.ORG && es config set user.email YOU@EXAMPLE.ORG"
        )
    if outcome.changed:
        env.printer.hint(f"Task {request.task} no longer expires. Try: es comment {request.id}")
    is_closed = request.status is Status.CLOSED
    next_act = f"Reopen it: es reopen {request.id}" if is_closed else f"Close it: es close {request.id}"
    env.printer.hint(f"Show it: es show {request.id}   List all: es list   {next_act}")
