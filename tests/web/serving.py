"""A real `es serve` on loopback, and what asks it: one connection per request, as curl has."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from builders import a_request, a_store
from conftest import ES, Es

from expertsupport_cli.actions import requests
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.model.requests import Act, Request, Status
from expertsupport_cli.store import Store

FORM = "application/x-www-form-urlencoded"
DESK = Actor(name="dora", side=Side.DESK, email="dora@desk.example")
ADDRESSES = count(2)  # each request comes from another address, or failed ones would be answered late

# the acts that bring a new request into a status
WAYS: dict[Status, tuple[Act, ...]] = {
    Status.NEW: (),
    Status.ACKNOWLEDGED: (Act.ACKNOWLEDGE,),
    Status.WAITING: (Act.ASK,),
    Status.CLOSED: (Act.CLOSE,),
}


class Answer(NamedTuple):
    """What came back. Names of headers are in lower case."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key == name]
        assert len(found) <= 1, self.headers
        return found[0] if found else None


class Server:
    """`es serve --port 0` with a store. What it writes to stderr goes to a file."""

    def __init__(self, es: Es, *arguments: str, **env: str) -> None:
        self.es = es
        self._log = es.home / f"serve-{time.monotonic_ns()}.log"
        with self._log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [ES, "serve", "--port", "0", *arguments],
                env={**es.env, **env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().decode().strip()
        assert re.fullmatch(r"http://(127\.0\.0\.1|\[::1\]|0\.0\.0\.0):\d+", self.url), self.log
        self.port = int(self.url.rpartition(":")[2])

    @property
    def log(self) -> str:
        """What it has written to stderr."""
        return self._log.read_text(encoding="utf-8")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it by a signal, in good order; its exit status."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Wait for the end; the exit status."""
        assert self.process.stdout is not None
        with self.process.stdout:
            rest = self.process.stdout.read()
        status = self.process.wait(timeout=60)
        assert rest == b"", "the address is the only line on stdout"
        return status

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        source: str | None = None,
    ) -> Answer:
        """Send a request over a connection of its own, from another address each time unless one is given."""
        number = next(ADDRESSES)
        source = source or f"127.1.{number // 250 % 250}.{number % 250 + 1}"
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60, source_address=(source, 0))) as connection:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            found = [(name.lower(), value) for name, value in answer.getheaders()]
            return Answer(answer.status, found, answer.read())

    def get(self, path: str, *, cookie: str = "", **headers: str) -> Answer:
        return self.ask("GET", path, headers=_headers(cookie, headers))

    def post(self, path: str, fields: Mapping[str, str] | None = None, *, cookie: str = "", **headers: str) -> Answer:
        """Send a form."""
        given = {"Content-Type": FORM, **_headers(cookie, headers)}
        return self.ask("POST", path, urlencode(fields or {}).encode(), given)

    def sign_in(self, side: str = "desk", *, space: str = "acme", who: str = "dora") -> str:
        """The cookie of a new session."""
        return cookie_of(self.post(self.sign_in_link(side, space=space, who=who)))

    def sign_in_link(
        self, side: str = "desk", *, space: str = "acme", who: str = "dora", valid_for: str = "10m"
    ) -> str:
        """The path of a new link that signs in."""
        more = ("--space", space) if side == "customer" else ()
        es = self.es.as_(who).inside
        url = es("sign-in", "--side", side, "--valid-for", valid_for, *more, "--json", "--fields", "url").stdout
        return "/sign-in/" + str(json.loads(url)["url"]).rpartition("/")[2]


def cookie_of(answer: Answer) -> str:
    """The cookie that an answer sets, as a browser sends it back."""
    assert answer.status == 303, answer
    value = answer.header("set-cookie")
    assert value is not None
    return value.split(";")[0]


def _headers(cookie: str, headers: Mapping[str, str]) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {**named, **({"Cookie": cookie} if cookie else {})}


@contextmanager
def serving(es: Es, *arguments: str, **env: str) -> Iterator[Server]:
    """A server for the length of the block. It must end well, and write neither a traceback nor a secret."""
    server = Server(es, *arguments, **env)
    try:
        yield server
        if server.process.poll() is None:
            assert server.stop() == 0, server.log
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
        if server.process.stdout is not None:
            server.process.stdout.close()
    assert "Traceback" not in server.log, server.log
    assert not re.search(r"[0-9a-f]{24}", server.log), server.log


@contextmanager
def opened(es: Es) -> Iterator[Store]:
    """The store that a server uses, for the builders and actions of another process."""
    store = a_store(es.store)
    try:
        yield store
    finally:
        store.close()


def a_request_in(es: Es, status: Status = Status.NEW) -> Request:
    """A new request of ann's, brought into a status by the desk."""
    with opened(es) as store:
        request = a_request(store)
        for act in WAYS[status]:
            body = "A message of the desk." if act.needs_message else None
            requests.act(store, request.id, act, body, by=DESK, at=request.created_at)
        return store.request(request.id)


def state(es: Es, request: Request) -> tuple[Status, list[str]]:
    """The status of a request, and its messages."""
    with opened(es) as store:
        now = store.request(request.id)
        return now.status, [comment.body for comment in store.comments(now, notes=True)]


def path_of(request: Request) -> str:
    """The path of the page of whoever holds its address."""
    return f"/requests/{request.token}"


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"{what}: has not happened"
        time.sleep(0.01)


def mails_to(es: Es, address: str) -> list[str]:
    """The texts of the mail that was delivered to an address."""
    folder: Path = es.home / "mail" / address / "new"
    return [file.read_text(encoding="utf-8") for file in sorted(folder.glob("*"))]
