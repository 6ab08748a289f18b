"""The examples in README.md and docs/, run for real.

The convention: in a ```console block a line that starts with `$ ` is a command, typed on a terminal, and the lines
below it are what it prints; a ```sh block is a script and must end with status 0 under `bash -eu -o pipefail`. All
blocks of a document run in one session, in order, in an empty home. A block below `<!-- ci: NAME -->` installs things;
`.ci/run` takes it from the document and runs it.

What differs from run to run (times, random tokens, serial numbers) is made alike before it is compared, and a serial
or an address that a document shows may be used in its later commands: the session puts the real one in its place.

    python tests/examples.py README.md docs/*.md     writes what has changed into the documents
"""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
HOME = "/home/ann"
END = b"\x1e"
PATIENCE = 60  # seconds

_RANDOM = re.compile(
    r"\b(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32}|(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4})\b"
)
_DIFFERS = [
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(Z| UTC)"), "<time>"),
    (re.compile(r"\d{8}T\d{6}Z"), "<stamp>"),
    (re.compile(r"(?<= )now\b|\b\d+[sm] ago"), "<ago>"),
    (re.compile(r"\bin (10d|1d|24h)\b"), "<ahead>"),
    (re.compile(r"\*{4}-\*{4}-\*{4}-\w{4}"), "<certificate>"),
    (_RANDOM, "<random>"),
    (re.compile(r" {2,}"), "  "),  # columns are as wide as what is in them
]


class Block(NamedTuple):
    """A fenced block: its language, its text, the line it begins in, and its name for .ci/run, if it has one."""

    language: str
    text: str
    line: int
    ci: str | None


class Example(NamedTuple):
    """A command, or a script, and what the document says that it prints (None: nothing is said)."""

    command: str
    shown: str | None
    line: int


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a document."""
    fence = re.compile(r"(?:<!-- ci: (\w+) -->\n)?```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    return [
        Block(found[2], found[3], text.count("\n", 0, found.start(3)) + 1, found[1]) for found in fence.finditer(text)
    ]


def examples(text: str) -> list[Example]:
    """What a document tells its reader to type, but for what installs things."""
    found = []
    for block in blocks(text):
        if block.ci:
            continue
        if block.language == "sh":
            found.append(Example(block.text, None, block.line))
        elif block.language == "console":
            parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
            line = block.line + parts[0].count("\n")
            for part in parts[1:]:
                command, _, shown = part.partition("\n")
                found.append(Example(command, shown, line))
                line += part.count("\n")
    return found


def alike(text: str) -> str:
    """The text without what differs from run to run."""
    for pattern, stand_in in _DIFFERS:
        text = pattern.sub(stand_in, text)
    return "\n".join(line.rstrip() for line in text.splitlines())


class Session:
    """One shell at one terminal, in an empty home. `es` is the one beside the Python that runs this."""

    def __init__(self, folder: Path, **more: str) -> None:
        self.folder = folder
        self._real: dict[str, str] = {}  # by what the document shows
        self._terminal, theirs = pty.openpty()
        modes = termios.tcgetattr(theirs)
        modes[1] &= ~termios.OPOST  # \n stays \n
        termios.tcsetattr(theirs, termios.TCSANOW, modes)
        script, self._commands = os.pipe()
        work = folder / "work"
        work.mkdir(parents=True)
        env = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "LOGNAME": "ann",
            "BROWSER": "true",
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "COLUMNS": "140",
            **more,
        }
        self._shell = subprocess.Popen(
            ["bash", f"/dev/fd/{script}"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            pass_fds=[script],
            cwd=work,
            env=env,
            start_new_session=True,
        )
        os.close(script)
        os.close(theirs)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._commands)
        os.close(self._terminal)
        self._shell.wait(timeout=60)

    def run(self, example: Example) -> str:
        """What the example really prints, with the names that the document has for what is random."""
        command = example.command
        for shown, real in self._real.items():
            command = command.replace(shown, real)
        if example.shown is None:
            script = self.folder / "script.sh"
            script.write_text(command, encoding="utf-8")
            command = f"bash -eu -o pipefail {script} < /dev/null"
        # the status of the command before is what `$?` says in this one
        line = f"(exit ${{status:-0}})\n{command}\nstatus=$?; printf '\\036'\n"
        os.write(self._commands, line.encode())
        printed = self._printed().replace(str(self.folder), HOME)
        return self._as_shown(printed, example.shown or "")

    def status(self) -> str:
        """The exit status of the last command."""
        return self.run(Example("echo $?", "", 0)).strip()

    def _printed(self) -> str:
        got = b""
        while not got.endswith(END):
            waiting, _, _ = select.select([self._terminal], [], [], PATIENCE)
            try:
                got += os.read(self._terminal, 65536) if waiting else b""
            except OSError as error:
                raise AssertionError(f"the shell ended: {got.decode()}") from error
            assert waiting, f"still waiting: {got.decode()}"
        return got.removesuffix(END).decode()

    def _as_shown(self, printed: str, shown: str) -> str:
        theirs, ours = _RANDOM.findall(shown), _RANDOM.findall(printed)
        if len(theirs) == len(ours):
            self._real |= dict(zip(theirs, ours, strict=True))
        for name, real in self._real.items():
            printed = printed.replace(real, name).replace(f"****-{real[-4:]}", f"****-{name[-4:]}")
        return printed


@contextmanager
def session_for(text: str, folder: Path) -> Iterator[Session]:
    """The session for a document; for one about databases there is a server, which `postgresql:///NAME` finds."""
    with ExitStack() as stack:
        more: dict[str, str] = {}
        if "postgresql:///" in text:
            from cluster import USER, binaries, running

            programs = binaries()
            assert programs is not None, "PostgreSQL is not installed"
            cluster = stack.enter_context(running(programs))
            path = f"{Path(sys.executable).parent}:{programs}:{os.environ['PATH']}"
            more = {"PGHOST": str(cluster.folder), "PGUSER": USER, "PATH": path}
        yield stack.enter_context(Session(folder, **more))


def rewritten(text: str, folder: Path) -> str:
    """The document, with what its examples really print; lines that are as good as the real ones stay."""
    lines = text.splitlines(keepends=True)
    with session_for(text, folder) as session:
        changes = [(example, session.run(example)) for example in examples(text)]
    for example, printed in reversed(changes):
        if example.shown is not None and alike(printed) != alike(example.shown):
            written = [line.rstrip() + "\n" for line in printed.splitlines()]
            lines[example.line : example.line + example.shown.count("\n")] = written
    return "".join(lines)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        document = Path(name)
        with tempfile.TemporaryDirectory() as home:
            document.write_text(rewritten(document.read_text(encoding="utf-8"), Path(home)), encoding="utf-8")
