"""The message of a command: from -m, from a file or stdin, or from the editor, whose draft survives a failure."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress

from expertsupport_cli.actions.requests import MAX_MESSAGE_LENGTH
from expertsupport_cli.checks import prose
from expertsupport_cli.cli.env import Env
from expertsupport_cli.cli.report import PROGRAM
from expertsupport_cli.errors import BadUsage, NotFound
from expertsupport_cli.files import make_folder
from expertsupport_cli.model.requests import Act
from expertsupport_cli.reading import read_prose
from expertsupport_cli.text import is_blank, unix_lines

SCISSORS = "# ------------------------ >8 ------------------------"
_INSTRUCTIONS = f"""{SCISSORS}
# Write your message above this line; everything below it is ignored.
# To send it, save and close the editor. To send nothing, leave it empty.
"""


def given_message(message: str | None, file: str | None, *, stdin: str | None) -> str | None:
    """The message of `-m` or `-F`, None if neither is given. `stdin` names what else is to be read from stdin.

    Raises BadUsage, NotFound.
    """
    if message is not None and file is not None:
        raise BadUsage("The message was given twice.", hint="Use either -m or -F.")
    if file == "-" and stdin is not None:
        raise BadUsage(f"stdin cannot be read for both the message and {stdin}.", hint="Give the message with -m.")
    if file is not None:
        message = read_prose(file, "The message").removesuffix("\n")
    return None if message is None else prose(unix_lines(message), "The message", max_length=MAX_MESSAGE_LENGTH)


class Text:
    """`with Text(...) as text:` gives the message as `text.body`; None if none was given and the act needs none.

    If the block fails, a message from the editor is kept in a file, and a note says where.
    """

    def __init__(self, env: Env, message: str | None, file: str | None, requests: Sequence[str], act: Act) -> None:
        self._env = env
        self._draft: str | None = None
        self._requests = requests
        self.body = given_message(message, file, stdin="the requests" if "-" in requests else None)
        if self.body is None and act.needs_message:
            self._read_from_editor(act)

    def __enter__(self) -> Text:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self._draft is None:
            return
        if (error is None and not self._env.dry_run) or _is_empty(self._draft):
            with suppress(FileNotFoundError):
                os.unlink(self._draft)
        else:
            again = [argument for argument in self._env.arguments if argument != "--dry-run"]
            command = shlex.join([PROGRAM, *again, "-F", self._draft])
            self._env.printer.note(f"Your text was kept in {self._draft}. Try: {command}")

    def _read_from_editor(self, act: Act) -> None:
        if not self._env.interactive:
            raise BadUsage("No message given.", hint="Use -m TEXT, or -F FILE (- reads stdin).")
        for reference in self._requests if "-" not in self._requests else ():
            # refuse before the user writes a message
            self._env.store.request(reference).after(act, self._env.at)
        self._draft = _new_draft(self._requests)
        try:
            _edit(self._draft)
            self.body = self._finish_draft()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        self._env.refresh_time()

    def _finish_draft(self) -> str:
        """Cut what is below the scissors off the draft, and return the rest. Raises BadUsage if there is none."""
        assert self._draft is not None
        text = _written(self._draft)
        if is_blank(text):
            raise BadUsage("The message is empty.", "Nothing was sent.")
        with open(self._draft, "w", encoding="utf-8") as draft:
            draft.write(text + "\n")
        return prose(text, "The message", max_length=MAX_MESSAGE_LENGTH)


def _written(draft: str) -> str:
    """What stands above the scissors in a draft. Raises NotFound, BadUsage."""
    return read_prose(draft, "The draft").split(SCISSORS, 1)[0].strip("\n")


def _is_empty(draft: str) -> bool:
    """Whether nothing was written into a draft, or it is gone; one that cannot be read is not empty."""
    try:
        return is_blank(_written(draft))
    except NotFound:
        return True
    except BadUsage:
        return False


def _new_draft(requests: Sequence[str]) -> str:
    """Create an empty draft that only the user can read. Returns its path."""
    import tempfile

    from expertsupport_cli.settings.account import user_folder

    folder = os.path.join(user_folder("state", "XDG_STATE_HOME"), "drafts")
    make_folder(folder)
    handle, path = tempfile.mkstemp(prefix="message-", suffix=".md", dir=folder)
    with os.fdopen(handle, "w", encoding="utf-8") as draft:
        draft.write(f"\n{_INSTRUCTIONS}# For: {', '.join(requests)}\n")
    return path


def _edit(path: str) -> None:
    """Open the draft in the editor, to which Ctrl-C belongs meanwhile. Raises BadUsage if the editor fails."""
    names = ("ES_EDITOR", "VISUAL", "EDITOR")
    editor = next((os.environ[name] for name in names if os.environ.get(name, "").strip()), "vi")
    previous_handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        status = subprocess.run([*shlex.split(editor), path], check=False).returncode
    except (OSError, ValueError) as error:
        raise BadUsage(
            f"The editor '{editor}' cannot be started.",
            f"{error}.",
            "Set ES_EDITOR to another editor, or use -m or -F.",
        ) from error
    finally:
        signal.signal(signal.SIGINT, previous_handler)
    if status:
        raise BadUsage(f"The editor ended with status {status}.", "Nothing was sent.")
