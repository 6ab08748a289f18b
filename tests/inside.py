"""The program without a process: its `main`, called here with streams that are files. For tables of cases."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryFile
from typing import IO

from conftest import Es, Result

from expertsupport_cli.cli.main import main


class Inside(Es):
    """As Es, and ten times as fast. What is about a process (streams, signals, terminals, imports) needs a real one."""

    def __call__(self, *arguments: str, stdin: str | bytes = "", env: Mapping[str, str] | None = None) -> Result:
        with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
            given.write(stdin.encode() if isinstance(stdin, str) else stdin)
            given.seek(0)
            with surroundings({**self.env, **(env or {})}), streams(given, out, err):
                status = main(list(arguments))
            return Result(text_of(out), text_of(err), status)


def text_of(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


@contextmanager
def surroundings(env: Mapping[str, str]) -> Iterator[None]:
    """The environment of a command, which leaves behind what was there before, also the way that SIGTERM went."""
    before, terminate = dict(os.environ), signal.getsignal(signal.SIGTERM)
    try:
        set_environment(env)
        yield
    finally:
        set_environment(before)
        signal.signal(signal.SIGTERM, terminate)


def set_environment(env: Mapping[str, str]) -> None:
    os.environ.clear()
    os.environ.update(env)
    time.tzset()


@contextmanager
def streams(*files: IO[bytes]) -> Iterator[None]:
    """These files as stdin, stdout and stderr, opened as Python opens those of a process."""
    before = sys.stdin, sys.stdout, sys.stderr
    with ExitStack() as stack:
        sys.stdin, sys.stdout, sys.stderr = (
            stack.enter_context(open(os.dup(file.fileno()), mode, encoding="utf-8"))
            for file, mode in zip(files, "rww", strict=True)
        )
        try:
            yield
        finally:
            sys.stdin, sys.stdout, sys.stderr = before
