"""`main`: runs a command and turns its outcome into messages and an exit status. All errors are caught here."""

from __future__ import annotations

import codecs
import os
import signal
import sys
import traceback
from types import FrameType

from expertsupport_cli.cli.report import as_fault, asks_for_json, report
from expertsupport_cli.databases import mask_passwords
from expertsupport_cli.errors import BadUsage, Fault, OutputLost
from expertsupport_cli.ids import mask_tokens
from expertsupport_cli.render.terminal.capabilities import is_plain_locale
from expertsupport_cli.render.terminal.printer import flush_stdout, talk_raw
from expertsupport_cli.serial import mask_serials
from expertsupport_cli.text import ascii_instead, lines

INTERRUPTED, PIPE_CLOSED, TERMINATED = 130, 141, 143


class Terminated(BaseException):
    """Raised when SIGTERM arrives."""


def main(arguments: list[str]) -> int:
    """Run one command and return its exit status. A traceback is printed only with --debug."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        _prepare_streams()
        _refuse_bad_bytes(arguments)
        from expertsupport_cli.cli.app import run

        status = run(arguments)
        flush_stdout()
    except KeyboardInterrupt:
        return INTERRUPTED
    except Terminated:
        return TERMINATED
    except BrokenPipeError:
        _discard_stdout()
        return PIPE_CLOSED
    except Exception as error:
        if "--debug" in arguments:
            talk_raw("\n".join(lines(mask_passwords(mask_tokens(mask_serials(traceback.format_exc().rstrip()))))))
        fault = as_fault(error)
        report(fault, arguments, as_json=asks_for_json(arguments))
        _flush_after_failure(fault)
        return fault.exit_status
    return status


def _prepare_streams() -> None:
    """Set encodings and replace closed streams. Raises OutputLost if stdout is closed.

    Descriptors 0 to 2 are occupied first, so that no file that is opened later can become stdin, stdout or stderr.
    Streams are UTF-8, unless they are a terminal with another encoding; on one in the locale C they are ASCII.
    """
    closed = sys.stdout is None
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(handle)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115 -- stays open as long as the process
    if sys.stdin is None:
        sys.stdin = open(os.devnull)  # noqa: SIM115
    if closed:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        raise OutputLost("The output could not be written.", "stdout is closed. Nothing was done.")
    # invalid UTF-8 is refused where the input is used
    sys.stdin.reconfigure(encoding=None if sys.stdin.isatty() else "utf-8", errors="surrogateescape")  # type: ignore[union-attr]
    codecs.register_error("ascii_instead", ascii_instead)
    for stream in (sys.stdout, sys.stderr):
        if stream.isatty():
            encoding = "ascii" if is_plain_locale(os.environ) else None
            stream.reconfigure(encoding=encoding, errors="ascii_instead")  # type: ignore[union-attr]
        else:
            stream.reconfigure(encoding="utf-8", errors="surrogateescape", newline="\n")  # type: ignore[union-attr]


def _refuse_bad_bytes(arguments: list[str]) -> None:
    for number, argument in enumerate(arguments, start=1):
        if any("\ud800" <= character <= "\udfff" for character in argument):
            raise BadUsage(f"Argument {number} is not valid UTF-8.")


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


def _flush_after_failure(fault: Fault) -> None:
    """Flush what stdout still holds, unless writing to stdout is what failed."""
    try:
        if isinstance(fault, OutputLost):
            _discard_stdout()
        else:
            flush_stdout()
    except (OutputLost, OSError):
        _discard_stdout()


def _discard_stdout() -> None:
    """Send Python's last flush to /dev/null, so that it cannot fail."""
    if sys.stdout is not None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
