"""Reports errors: at most three plain lines on stderr, or a JSON object if JSON was asked for."""

from __future__ import annotations

import errno
import shlex
from itertools import pairwise

from expertsupport_cli.databases import mask_passwords
from expertsupport_cli.errors import BadUsage, Fault, InternalError, NotFound, OutputLost, SystemRefused
from expertsupport_cli.ids import mask_tokens
from expertsupport_cli.render.terminal.printer import talk, talk_raw
from expertsupport_cli.serial import mask_serials
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.text import to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = "es"
# the options that go before the command; whether each takes a value
GLOBAL_OPTIONS = {"--store": True, "--as": True, "--color": True, "--no-input": False, "--debug": False}

STEPS = {
    Verb.ACTIVATE: "Try: es activate {}",
    Verb.ADD_SPACE: "Try: es space add {}",
    Verb.ASK_TO_SHARE: "Ask {} to run: es db share --group GROUP",
    Verb.BUY: "Try: es purchase-link {}",
    Verb.CHECK_STORE: "Try: es db check",
    Verb.CREATE_TABLES: "Try: es db init",
    Verb.CLOSE_REQUEST: "Try: es close {}",
    Verb.SHOW_SPACE: "Try: es space show {}",
    Verb.LEARN_TO_BUY: "Try: es purchase-link --help",
    Verb.LIST_CERTIFICATES: "Try: es cert list",
    Verb.LIST_LINKS: "Try: es link list",
    Verb.LIST_MAIL: "Try: es mail list",
    Verb.LIST_PARTNERS: "Try: es partner list",
    Verb.LIST_REQUESTS: "Try: es list",
    Verb.LIST_SESSIONS: "Try: es session list",
    Verb.SIGN_IN: "Try: es sign-in",
    Verb.LIST_SETTINGS: "Try: es config list",
    Verb.LIST_SPACES: "Try: es space list",
    Verb.LIST_TASKS: "Try: es task list",
    Verb.NAME_STORE: "Try: es --store PATH list",
    Verb.RAISE_TASK_LIMIT: "Try: es space edit {} --task-limit N",
    Verb.REOPEN_REQUEST: "Try: es reopen {}",
    Verb.REOPEN_TASK: "Try: es task reopen {}",
    Verb.SET_SETTING: "Try: es config set {} VALUE",
    Verb.SHOW_LINK: "Try: es link show {}",
    Verb.SHOW_REQUEST: "Try: es show {}",
    Verb.SHOW_TASK: "Try: es task show {}",
    Verb.TURN_MAIL_ON: "Try: es config set mail.transport maildir",
    Verb.UNBLOCK_SPACE: "Try: es space edit {} --unblocked",
    Verb.UPGRADE_STORE: "Try: es db upgrade",
    Verb.VACUUM_STORE: "Try: es db vacuum",
    Verb.WAIT_LONGER: "Try: es config set store.timeout 60s",
}


def report(fault: Fault, arguments: Sequence[str], *, as_json: bool) -> None:
    """Report the fault of a command line on stderr. Control characters in it are escaped, and secrets masked."""
    next_step = completed(hint_text(fault.hint), arguments)
    what, why, hint = (_without_secrets(fault, text) for text in (fault.what, fault.why, next_step))
    if as_json:
        error = {"code": fault.code, "message": f"{what} {why}".rstrip(), "hint": hint or None}
        talk_raw(to_json({"error": error}))
        return
    talk(f"{PROGRAM}: {what}")
    for line in (why, hint):
        if line:
            talk(line, indent="  ")


def _without_secrets(fault: Fault, text: str) -> str:
    """The text with serials and passwords masked.

    Tokens are masked too where the message repeats what was typed and not understood.
    """
    text = mask_passwords(text)
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
        return SystemRefused("The operating system refused an operation.", f"{name}{error.strerror or error}.")
    return InternalError(
        f"Internal error: {type(error).__name__}.",
        f"This is a bug in es. {'What was already saved stays saved.' if saved else 'Nothing was saved.'}",
        "Run the command again with --debug before it for the details.",
    )


def hint_text(hint: str | Step) -> str:
    """The hint as text; a step becomes a command."""
    if isinstance(hint, str):
        return hint
    if hint.verb is Verb.ADD_SPACE and not hint.reference.isascii():  # not a valid space name
        return "Try: es space add --help"
    return STEPS[hint.verb].format(hint.reference or "TASK")


def completed(text: str, arguments: Sequence[str]) -> str:
    """A text with the commands that it suggests as they have to be after this command line.

    They use the same store and act as the same person, and on the same side: `es --store s.db desk show ES-1`. Settings
    have nothing to do with either.
    """
    options, words = _split(arguments)
    if words[:1] == ["desk"]:
        for verb in ("show", "reopen", "close"):
            text = text.replace(f": {PROGRAM} {verb} ", f": {PROGRAM} desk {verb} ")
    if options and f"{PROGRAM} --" not in text:
        for before in (": ", "&& "):
            text = text.replace(f"{before}{PROGRAM} ", f"{before}{shlex.join([PROGRAM, *options])} ")
        text = text.replace(f"{shlex.join([PROGRAM, *options])} config ", f"{PROGRAM} config ")
    return text


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The options before the command that name the store and who acts, with their values; the command and the rest."""
    found: list[str] = []
    at = 0
    while at < len(arguments) and arguments[at].startswith("-"):
        size = 2 if GLOBAL_OPTIONS.get(arguments[at]) else 1
        if arguments[at].startswith(("--store", "--as")):
            found += arguments[at : at + size]
        at += size
    return found, list(arguments[at:])


def asks_for_json(arguments: list[str]) -> bool:
    """Whether the command line asks for JSON, even if it cannot be parsed."""
    formats = {"json", "jsonl"}
    pairs = pairwise(arguments)
    return (
        "--json" in arguments
        or any(argument.startswith("--format=") and argument[9:] in formats for argument in arguments)
        or any(flag == "--format" and value in formats for flag, value in pairs)
    )
