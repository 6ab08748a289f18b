#!/usr/bin/env python3
"""What does a page cost, over the smallest answer of the same server, and does it grow with the store?

    python bench/serve.py [REQUESTS]

Serves a store with a few requests, one with many, and a bare application; asks each for pages in turn, round by round,
and prints the CPU time of an answer, and the median of its ratios to the bare answer within the rounds. Then 64 clients
ask at once, and pages are asked for while another process holds the lock for writing. Nothing is asserted.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

from many import fill

ES = str(Path(sys.executable).with_name("es"))
BARE = """
import socket, uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
def hello(request): return Response("hello", media_type="text/html")
listening = socket.socket(proto=socket.IPPROTO_TCP)  # without it, asyncio does not set TCP_NODELAY: 40 ms an answer
listening.bind(("127.0.0.1", 0))
listening.listen()
print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
config = uvicorn.Config(Starlette(routes=[Route("/", hello)]), http="h11", ws="none", lifespan="off", loop="asyncio",
                        access_log=False, log_level="warning")
uvicorn.Server(config).run(sockets=[listening])
"""
ROUNDS, ANSWERS = 5, 60
LISTS = {
    "list": "/spaces/acme/requests",
    "its middle": "/spaces/acme/requests?after={middle}&key=",
    "by initiator": "/spaces/acme/requests?sort=initiator",
    "open ones": "/spaces/acme/requests?status=open",
    "searched": "/spaces/acme/requests?search=printer",
    "tasks": "/spaces/acme",
}
TICKS = os.sysconf("SC_CLK_TCK")


class Served(NamedTuple):
    """A server, and a path that it answers, with the cookie of a session."""

    process: subprocess.Popen[str]
    port: int
    path: str
    cookie: str

    def cpu(self) -> float:
        """The seconds of CPU that the process has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def ask(self, connection: HTTPConnection) -> None:
        connection.request("GET", self.path, headers={"Cookie": self.cookie})
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, (self.path, answer.status)


def main(requests: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder, "ES_MAIL_TRANSPORT": "off"}
        bare = started([sys.executable, "-c", BARE], env, "/", "")
        pages = {"bare": bare}
        for count in (50, requests):
            store = f"{folder}/{count}.db"
            fill(ES, env, store, count)
            for text in ("Hello", "Still burning"):
                run(env, store, "comment", "ES-1", "-m", text)
                run(env, store, "desk", "reply", "ES-1", "-m", text)
            server = started([ES, "--store", store, "serve", "--port", "0"], env, f"/requests/{1:032d}", "")
            pages[f"request of {count:,}"] = server
            cookie = signed_in(env, store, server)
            for name, path in LISTS.items():
                path = path.format(middle=count // 2)
                pages[f"{name} of {count:,}"] = server._replace(path=path, cookie=cookie)
        try:
            report(pages)
            crowd(pages[f"request of {requests:,}"])
            while_locked(pages[f"request of {requests:,}"], f"{folder}/{requests}.db")
        finally:
            for process in {each.process.pid: each.process for each in pages.values()}.values():
                process.terminate()
                process.wait()


def run(env: dict[str, str], store: str, *words: str) -> str:
    done = subprocess.run([ES, "--store", store, *words], env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def started(command: list[str], env: dict[str, str], path: str, cookie: str) -> Served:
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    port = int(process.stdout.readline().rsplit(":", 1)[1])
    return Served(process, port, path, cookie)


def signed_in(env: dict[str, str], store: str, server: Served) -> str:
    """The cookie of a session."""
    token = run(env, store, "sign-in", "--space", "acme").rsplit("/", 1)[1]
    connection = HTTPConnection("127.0.0.1", server.port)
    connection.request("POST", f"/sign-in/{token}", headers={"Content-Length": "0"})
    return str(connection.getresponse().headers["Set-Cookie"]).partition(";")[0]


def report(pages: dict[str, Served]) -> None:
    """Ask for each page in turn, and print what an answer costs."""
    costs: dict[str, list[float]] = {name: [] for name in pages}
    for _ in range(ROUNDS):
        for name, page in pages.items():
            connection = HTTPConnection("127.0.0.1", page.port)
            page.ask(connection)
            before = page.cpu()
            for _ in range(ANSWERS * (10 if name == "bare" else 1)):
                page.ask(connection)
            costs[name].append((page.cpu() - before) / (ANSWERS * (10 if name == "bare" else 1)))
            connection.close()
    print(f"{'page':<22}{'CPU ms':>8}{'/bare':>8}")
    for name, each in costs.items():
        ratios = [cost / bare for cost, bare in zip(each, costs["bare"], strict=True) if bare]
        print(f"{name:<22}{statistics.median(each) * 1000:>8.2f}{statistics.median(ratios or [0]):>8.1f}")


def crowd(page: Served) -> None:
    """Ask with 64 clients at once."""

    def client(_: int) -> int:
        connection = HTTPConnection("127.0.0.1", page.port, timeout=60)
        for _ in range(5):
            page.ask(connection)
        return 5

    with ThreadPoolExecutor(64) as pool:
        answered = sum(pool.map(client, range(64)))
    print(f"64 clients at once: {answered} answers, no error")


def while_locked(page: Served, store: str) -> None:
    """Ask while another process holds the lock for writing, and print the slowest answer over the slowest without."""
    connection = HTTPConnection("127.0.0.1", page.port)

    def slowest() -> float:
        times = []
        for _ in range(30):
            start = time.perf_counter()
            page.ask(connection)
            times.append(time.perf_counter() - start)
        return max(times)

    free = slowest()
    with closing(sqlite3.connect(store, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        held = slowest()
        db.execute("ROLLBACK")
    print(f"slowest page while a writer holds the lock, over without: {held / free:.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
