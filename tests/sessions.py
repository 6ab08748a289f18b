"""What whole sessions need: a filled store and what is in it, many programs at once, a terminal and who types at it."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pexpect
import pyte
from builders import ANN, AT, BOB, OLGA, a_certificate, a_request, a_space, a_store, a_task
from conftest import ES, Es, Result

from expertsupport_cli.actions import links, requests, spaces
from expertsupport_cli.actions import sessions as signing_in
from expertsupport_cli.actions.notices import Post
from expertsupport_cli.model.people import Side
from expertsupport_cli.render.notice import notice_text
from expertsupport_cli.store import Store

COLUMNS, LINES = 100, 40
# what a terminal may obey, or what turns the direction of what stands around it
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
OURS = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;[^\x1b\x07]*\x1b\\|\r\n")  # colours, links, ends of lines


@contextmanager
def filled(es: Es) -> Iterator[Store]:
    """The store that `es` uses, for the builders to fill; closed before the program looks at it."""
    store = a_store(es.store)
    try:
        yield store
    finally:
        store.close()


def dump(es: Es) -> list[str]:
    """Everything that is in the store, as SQL; but for the count of wrong serials."""
    with closing(sqlite3.connect(es.store)) as db:
        return [line for line in db.iterdump() if not line.startswith('INSERT INTO "counters"')]


def as_json(result: Result) -> Any:
    """What a command printed as JSON, after it ended well."""
    assert result.status == 0, result
    return json.loads(result.stdout)


def refusal(result: Result) -> tuple[int, str]:
    """The exit status and the code of an error told as JSON; nothing was printed."""
    assert result.stdout == "", result
    return result.status, json.loads(result.stderr.splitlines()[-1])["error"]["code"]


def at_once(es: Es, commands: Sequence[Sequence[str]]) -> list[Result]:
    """Run commands all at the same time; how each ended."""
    started = [
        subprocess.Popen(
            [ES, *command], env=es.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for command in commands
    ]
    ended = []
    for process in started:
        stdout, stderr = process.communicate(timeout=240)
        ended.append(Result(stdout.decode(), stderr.decode(), process.returncode))
    return ended


def wait_until_asleep(pid: int, call: str = "nanosleep") -> None:
    """Wait until a process sleeps for a while of its own will: it polls, or waits for a store that others hold.

    With another system call, until it waits in that: in `futex`, for a thread of its own.
    """
    deadline, where = time.monotonic() + 60, ""
    while time.monotonic() < deadline:
        where = Path(f"/proc/{pid}/wchan").read_text()
        if call in where:
            return
        time.sleep(0.01)
    raise AssertionError(f"process {pid} does not sleep, but is in {where!r}")


class Terminal:
    """The program on a terminal of 100 columns and 40 lines. `raw` is all that it wrote, `screen` what one sees."""

    def __init__(self, es: Es, *arguments: str, **env: str) -> None:
        surroundings = {**es.env, "TERM": "xterm-256color", **env}
        surroundings.pop("COLUMNS", None)
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.Stream(self._screen)
        self.raw = ""
        self._child = pexpect.spawn(
            ES, list(arguments), env=surroundings, dimensions=(LINES, COLUMNS), encoding="utf-8", timeout=60
        )
        self._child.delaybeforesend = None

    def sees(self, text: str) -> Terminal:
        """Wait until the program has written this."""
        self._child.expect_exact(text)
        self._take(self._child.before + self._child.after)
        return self

    def types(self, text: str) -> Terminal:
        """Type a line."""
        self._child.send(text + "\r")
        return self

    def presses_ctrl_c(self) -> Terminal:
        self._child.sendintr()
        return self

    def ends(self) -> int:
        """Wait for the end; the exit status, as a shell tells it."""
        self._child.expect(pexpect.EOF)
        self._take(self._child.before)
        self._child.close()
        if self._child.signalstatus is not None:
            return 128 + int(self._child.signalstatus)
        return int(self._child.exitstatus)

    @property
    def lines(self) -> list[str]:
        """What one sees, without the empty lines at the end."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip("\n").split("\n")

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def colour_of(self, word: str) -> str:
        """The colour in which a word is first shown."""
        for row in range(LINES):
            cells = [self._screen.buffer[row][column] for column in range(COLUMNS)]
            text = "".join(cell.data or "\0" for cell in cells)  # nothing stands behind a wide character
            if word in text:
                return str(cells[text.index(word)].fg)
        raise AssertionError(f"{word} is not on the screen:\n{self.text}")

    def _take(self, text: str) -> None:
        self.raw += text
        # pyte does not know hyperlinks
        self._stream.feed(re.sub(r"\x1b\]8;[^\x1b]*\x1b\\", "", text))


def an_editor(folder: Path, body: str) -> str:
    """The command of an editor that runs this Python with `path` being the file it is to edit."""
    script = folder / "editor.py"
    script.write_text(f"import pathlib, sys\npath = pathlib.Path(sys.argv[1])\n{body}\n", encoding="utf-8")
    return f"{sys.executable} {script}"


def open_task(store: Store, id: str = "T-1") -> str:
    """A task that has not expired by now."""
    if not store.has_space("forever"):
        a_space(store, "forever", lifetime=None)
    return a_task(store, id=id, space="forever").id


def a_whole_store(es: Es) -> dict[str, str]:
    """One of everything; the serial and the link that can still be used."""
    with filled(es) as store:
        request = a_request(store)
        requests.comment(store, request.id, "Help!", by=ANN, at=request.created_at)
        post = Post(compose=notice_text)
        requests.reply(store, request.id, "Where?", asks=False, by=BOB, at=request.created_at, post=post)
        a_space(store, "forever", lifetime=None)
        a_task(store, id="FREE", space="forever")
        serial, _ = a_certificate(store)
        link, _ = links.create_link(store, "FREE", lifetime=1000 * 86400, by=ANN, at=AT)
        spaces.add_partner(store, "Zed", "https://zed.example", by=OLGA, at=AT)
        token, _ = signing_in.create_sign_in(store, Side.DESK, None, lifetime=60, by=BOB, at=AT)
        signing_in.sign_in(store, token, at=AT)
    es.env["ES_SPACE"] = "acme"
    return {"serial": serial, "link": link}


def many_requests(es: Es, count: int) -> None:
    """So many requests, each on a task of its own, put into the store quickly."""
    with filled(es) as store:
        a_space(store, lifetime=None)
    numbers = f"WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count})"
    with closing(sqlite3.connect(es.store)) as db, db:
        db.execute(
            f"INSERT INTO tasks (id, id_key, counted, space, name, description, creator, created_at) {numbers}"
            " SELECT 'T-' || n, 't-' || n, n, 1, 'The printer is on fire, again: ' || n, '', 'ann', ? FROM n",
            (AT,),
        )
        db.execute(
            f"INSERT INTO certificates (digest, last_group, origin, note, created_at, used_at) {numbers}"
            " SELECT printf('%064d', n), printf('%04d', n % 10000), 'issued', '', ?, ? FROM n",
            (AT, AT),
        )
        db.execute(
            "INSERT INTO requests (token, task, task_key, task_name_key, space, space_key, certificate, status,"
            f" initiator, initiator_key, created_at, updated_at, turn_since, last_by, last_side, last_at,"
            f" unanswered_since) {numbers}"
            " SELECT printf('%032d', n), n, 't-' || n, 'the printer is on fire, again: ' || n, 1, 'acme', n, 'New',"
            " 'ann', 'ann', ?, ?, ?, 'ann', 'customer', ?, ? FROM n",
            (AT, AT, AT, AT, AT),
        )
