"""Reads text that comes from outside: from files that the user names, from stdin, from the editor.

All of it is UTF-8. A byte order mark is dropped; text of another encoding, and text with a NUL character, is refused
with a message that names the place. No more is read than the use allows, so that an endless input ends at once.
Messages never repeat what was read: it may be a serial number or a password.
"""

from __future__ import annotations

import codecs
import os
import stat
import sys
from contextlib import ExitStack, contextmanager, nullcontext

from expertsupport_cli.errors import BadUsage, NotFound
from expertsupport_cli.files import access_denied
from expertsupport_cli.text import is_blank, unix_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from typing import BinaryIO

STDIN = "-"

# in bytes
MAX_SECRET = 4 << 10  # a serial number, a purchase link, a password
MAX_REFERENCE = 1 << 10  # a line with an ID
MAX_MESSAGE = 4 << 20  # a million characters of four bytes
MAX_SETTINGS = 1 << 20
MAX_LINE = 16 << 20  # of a file to import
MAX_IMPORT = 1 << 30

_OTHER_ENCODINGS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def read_text(path: str, what: str, *, limit: int) -> str:
    """The text of a file, or of stdin for `-`, with its own line ends. `what` names it in messages.

    Raises NotFound, or BadUsage if it cannot be read, has more than `limit` bytes, or is not UTF-8.
    """
    with _reading(path, what), _opened(path) as file:
        data = file.read(limit + 1) or b""
    _refuse_more_than(limit, len(data), path, what)
    return _decode(data, path, what)


def read_prose(path: str, what: str) -> str:
    """A message from a file, or from stdin for `-`: all line ends are line feeds. Raises as `read_text` does."""
    return unix_lines(read_text(path, what, limit=MAX_MESSAGE))


def read_secret(path: str, what: str) -> str:
    """A serial number or a link, from a file or from stdin; empty if there is nothing to see in it.

    Raises as `read_text` does.
    """
    text = read_text(path, what, limit=MAX_SECRET)
    return "" if is_blank(text) else text


def typed_or_on_stdin(typed: str, what: str) -> str:
    """A serial number or a link as it was typed; that on stdin for `-`. Raises as `read_text` does."""
    return read_secret(STDIN, what) if typed == STDIN else typed


def read_settings(path: str) -> str:
    """The text of the settings file. Raises FileNotFoundError, or BadUsage, also for what is not a file of text."""
    what = "The settings file"
    try:
        with _reading(path, what), _without_waiting(path) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode) and os.path.realpath(path) != os.devnull:
                raise BadUsage(f"{what} cannot be read.", f"{path} is not a regular file.")
            data = file.read(MAX_SETTINGS + 1)
    except NotFound as fault:
        raise FileNotFoundError(path) from fault
    _refuse_more_than(MAX_SETTINGS, len(data), path, what)
    return _decode(data, path, what)


def read_lines(path: str, what: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of a file to import, or of stdin for `-`, without their ends, with their numbers from 1.

    Raises as `read_text` does, naming the line.
    """
    number, size = 0, 0
    for data in _raw_lines(path, what, MAX_LINE):
        size += len(data)
        _refuse_more_than(MAX_IMPORT, size, path, what)
        text = unix_lines(_decode(data, path, what, number + 1))
        for line in text.removesuffix("\n").split("\n"):
            number += 1
            yield number, line


def read_references() -> Iterator[tuple[str, str | BadUsage]]:
    """Yield what is on each line of stdin, as it comes, after the name of its place; lines of blanks are left out.

    A line that is not text is given as its fault, because others may follow; after one that is too long, none does.
    """
    lines, number = _raw_lines(STDIN, "The list", MAX_REFERENCE), 0
    while True:
        place = f"Line {number + 1} of {source_name(STDIN)}"
        try:
            data = next(lines, None)
        except BadUsage as fault:
            yield place, fault
            return
        if data is None:
            return
        number += 1
        try:
            text = _decode(data, STDIN, "The ID", number).strip()
        except BadUsage as fault:
            yield place, fault
            continue
        if not is_blank(text):
            yield place, text


def open_twice(path: str, what: str) -> BinaryIO:
    """A file, or stdin for `-`, that can be read from its beginning more than once.

    What can be read only once, as a pipe, is written to a private, temporary file first. Raises NotFound, BadUsage.
    """
    with _reading(path, what), ExitStack() as opened:
        source = opened.enter_context(_opened(path))
        if path != STDIN and source.seekable():
            opened.pop_all()
            return source
        from shutil import copyfileobj
        from tempfile import TemporaryFile

        spool: BinaryIO = TemporaryFile()  # noqa: SIM115 -- the caller closes it
        copyfileobj(source, spool, 1 << 20)
        return spool


def _raw_lines(path: str, what: str, limit: int) -> Iterator[bytes]:
    """Yield the lines of a file with their ends. Raises NotFound, or BadUsage for a line of more than `limit` bytes."""
    with _reading(path, what), _opened(path) as file:
        while data := file.readline(limit + 1):
            if len(data) > limit:
                raise BadUsage("The line is too long.", f"At most {limit:,} bytes are read.")
            yield data


def read_answer() -> str:
    """A line that a person types, without its end; empty at the end of the input. Raises BadUsage."""
    with _reading(STDIN, "The answer"), _opened(STDIN) as file:
        data = file.readline(MAX_SECRET + 1)
    return _decode(data, STDIN, "The answer").rstrip("\r\n")


def _refuse_more_than(limit: int, size: int, path: str, what: str) -> None:
    """Raises BadUsage for text of more than `limit` bytes."""
    if size > limit:
        raise BadUsage(f"{what} is too long.", f"At most {limit:,} bytes are read from {source_name(path)}.")


def source_name(path: str) -> str:
    """What a message calls the place that text comes from."""
    return "standard input" if path == STDIN else path


def _opened(path: str) -> AbstractContextManager[BinaryIO]:
    if path == STDIN:
        return nullcontext(sys.stdin.buffer)
    return open(path, "rb")


def _without_waiting(path: str) -> BinaryIO:
    """Open a file; the end of a pipe to which nobody writes is opened too."""
    return os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


@contextmanager
def _reading(path: str, what: str) -> Iterator[None]:
    """Turn errors of the system into faults. Raises NotFound, BadUsage."""
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound(f"{what} cannot be read.", f"File not found: {path}.") from error
    except PermissionError as error:
        why = access_denied(path, os.R_OK) or f"{path}: {error.strerror}."
        raise BadUsage(f"{what} cannot be read.", why) from error
    except OSError as error:
        raise BadUsage(f"{what} cannot be read.", f"{source_name(path)}: {error.strerror}.") from error


def _decode(data: bytes, path: str, what: str, line: int | None = None) -> str:
    """The text in UTF-8 bytes, without a byte order mark. `line` is the number of the line that they are, None for all.

    Raises BadUsage, naming the place.
    """
    if line in (None, 1):
        for mark, encoding in _OTHER_ENCODINGS:
            if data.startswith(mark):
                raise BadUsage(
                    f"{what} is {encoding}, not UTF-8.", f"It came from {source_name(path)}.", "Convert it first."
                )
        data = data.removeprefix(codecs.BOM_UTF8)
    try:
        text = data.decode(_encoding(path))
    except UnicodeDecodeError as error:
        raise BadUsage(f"{what} is not valid UTF-8.", _place(data, error.start, path, line)) from error
    if "\0" in text:
        raise BadUsage(f"{what} contains a NUL character.", _place(data, data.find(b"\0"), path, line))
    return text


def _encoding(path: str) -> str:
    """UTF-8, except for what is typed at a terminal that has another encoding."""
    return sys.stdin.encoding if path == STDIN and sys.stdin.isatty() else "utf-8"


def _place(data: bytes, position: int, path: str, line: int | None) -> str:
    byte = position - data.rfind(b"\n", 0, position)
    if line is not None:
        return f"Byte {byte} of the line."
    number = data.count(b"\n", 0, position) + 1
    return f"Line {number} of {source_name(path)}, byte {byte} of the line."
