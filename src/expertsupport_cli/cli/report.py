"""Reports errors: at most three plain lines on stderr, or a JSON object if JSON was asked for."""

from __future__ import annotations

import errno
from itertools import pairwise

from expertsupport_cli.errors import BadUsage, Fault, InternalError, NotFound, OutputLost, SystemRefused
from expertsupport_cli.ids import mask_tokens
from expertsupport_cli.render.terminal.printer import talk, talk_raw
from expertsupport_cli.serial import mask_serials
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.text import to_json

PROGRAM = "es"

STEPS = {
    Verb.ACTIVATE: "To open one: es activate {}",
    Verb.ADD_SPACE: "To make it: es space add {}",
    Verb.BUY: "To buy another: es purchase-link {}",
    Verb.CHECK_STORE: "To see what is wrong with it: es db check",
    Verb.EDIT_SPACE: "To change it: es space edit {}",
    Verb.LEARN_TO_BUY: "Ask where you bought it, or see how to buy one: es purchase-link --help",
    Verb.LIST_CERTIFICATES: "To see those there are: es cert list",
    Verb.LIST_LINKS: "To see those there are: es link list",
    Verb.LIST_MAIL: "To see those there are: es mail list",
    Verb.LIST_PARTNERS: "To see the partners: es partner list",
    Verb.LIST_REQUESTS: "To see the requests there are: es list",
    Verb.LIST_SETTINGS: "es config list",
    Verb.LIST_SPACES: "es space list",
    Verb.LIST_TASKS: "To see the tasks there are: es task list",
    Verb.NAME_STORE: "Name another: es --store PATH …",
    Verb.RAISE_TASK_LIMIT: "Its owner can: es space edit {} --task-limit N",
    Verb.REOPEN_REQUEST: "To go on: es reopen {}",
    Verb.REOPEN_TASK: "To reopen it: es task reopen {}",
    Verb.SET_SETTING: "Try: es config set {} VALUE",
    Verb.SHOW_REQUEST: "To see it: es show {}",
    Verb.SHOW_TASK: "To see it: es task show {}",
    Verb.TURN_MAIL_ON: "es config set mail.transport maildir",
    Verb.UNBLOCK_SPACE: "Its owner can: es space edit {} --unblocked",
    Verb.UPGRADE_STORE: "Try: es db upgrade",
    Verb.WAIT_LONGER: "Try again, or wait longer: es config set store.timeout 60s",
}


def report(fault: Fault, *, as_json: bool) -> None:
    """Report a fault on stderr. Control characters in it are escaped, and secrets masked."""
    what, why, hint = (_without_secrets(fault, text) for text in (fault.what, fault.why, hint_text(fault.hint)))
    if as_json:
        error = {"code": fault.code, "message": f"{what} {why}".rstrip(), "hint": hint or None}
        talk_raw(to_json({"error": error}))
        return
    talk(f"{PROGRAM}: {what}")
    for line in (why, hint):
        if line:
            talk(f"  {line}")


def _without_secrets(fault: Fault, text: str) -> str:
    """The text with serials masked, and tokens too where the message repeats what was typed and not understood."""
    return mask_tokens(mask_serials(text)) if isinstance(fault, (BadUsage, NotFound)) else mask_serials(text)


def as_fault(error: Exception, *, saved: bool = False) -> Fault:
    """The fault to report for an exception: itself, SystemRefused or OutputLost for an OSError, else InternalError.

    `saved` says whether anything was saved before it.
    """
    if isinstance(error, Fault):
        return error
    if isinstance(error, OSError):
        if error.errno == errno.ENOSPC and error.filename is None:  # raised while Typer prints help
            return OutputLost("The output could not be written.", f"{error.strerror}.")
        name = f"{error.filename}: " if error.filename else ""
        return SystemRefused("The system refused something.", f"{name}{error.strerror or error}.")
    return InternalError(
        f"A fault in this program: {type(error).__name__}.",
        f"It is ours, not yours. {'What was saved before it stays saved.' if saved else 'Nothing was saved.'}",
        f"To see where: {PROGRAM} --debug …",
    )


def hint_text(hint: str | Step) -> str:
    """The hint as text; a step becomes a command."""
    if isinstance(hint, str):
        return hint
    if hint.verb is Verb.ADD_SPACE and not hint.reference.isascii():  # not a valid space name
        return "es space add --help"
    return STEPS[hint.verb].format(hint.reference or "TASK")


def asks_for_json(arguments: list[str]) -> bool:
    """Whether the command line asks for JSON, even if it cannot be parsed."""
    formats = {"json", "jsonl"}
    pairs = pairwise(arguments)
    return (
        "--json" in arguments
        or any(argument.startswith("--format=") and argument[9:] in formats for argument in arguments)
        or any(flag == "--format" and value in formats for flag, value in pairs)
    )
