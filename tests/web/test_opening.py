"""`es open` and `es activate --open` at a terminal with the default page.url: who serves the page, and who opens it.

The port is always 8765, so these tests take turns, also with those of other test runs of the same user.
"""

from __future__ import annotations

import fcntl
import functools
import os
import re
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Thread

import pytest
from builders import a_certificate
from conftest import Es, unavailable
from sessions import Terminal, filled, open_task
from web.serving import Server, a_request_in, opened, path_of, serving, wait_for

from expertsupport_cli.model.requests import Request

PORT = 8765
BASE = f"http://127.0.0.1:{PORT}"
VIEWER = """
import os, sys, urllib.request
with urllib.request.urlopen(sys.argv[2], timeout=60) as answer:
    shown = f"{answer.status} {sys.argv[2]}"
with open(sys.argv[1] + ".part", "w") as file:
    file.write(shown)
os.rename(sys.argv[1] + ".part", sys.argv[1])
"""


@functools.cache
def end_of_patience() -> float:
    """Whoever has the port may be about to end: all of these tests together wait a minute for that."""
    return time.monotonic() + 60


@pytest.fixture(autouse=True)
def _free_port() -> Iterator[None]:
    lock = Path(tempfile.gettempdir()) / f"es-tests-{os.getuid()}-{PORT}"
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        while listens():
            if time.monotonic() > end_of_patience():
                unavailable(f"port {PORT}, which another program uses")
            time.sleep(0.1)
        yield


class Viewer:
    """A command for BROWSER, which fetches the page itself, and writes down what it was given."""

    def __init__(self, es: Es) -> None:
        script, self._seen = es.home / "viewer.py", es.home / "seen"
        script.write_text(VIEWER)
        self.command = f"{sys.executable} {script} {self._seen} %s"

    @property
    def shown(self) -> str:
        """The status and the URL of the page that it shows."""
        wait_for(self._seen.exists, "a page in the browser")
        return self._seen.read_text()

    @property
    def is_unused(self) -> bool:
        return not self._seen.exists()


@pytest.fixture
def viewer(es: Es) -> Viewer:
    return Viewer(es)


@pytest.fixture
def request_(es: Es) -> Request:
    return a_request_in(es)


def url_of(request: Request) -> str:
    return f"{BASE}{path_of(request)}"


def listens() -> bool:
    try:
        socket.create_connection(("127.0.0.1", PORT), timeout=10).close()
    except OSError:
        return False
    return True


def test_open_serves_the_page_itself_if_nothing_does_until_ctrl_c(es: Es, viewer: Viewer, request_: Request) -> None:
    terminal = Terminal(es, "open", request_.id, BROWSER=viewer.command).sees("Serving until Ctrl-C.")
    assert viewer.shown == f"200 {url_of(request_)}"
    assert terminal.presses_ctrl_c().ends() == 0
    assert terminal.raw.count(url_of(request_)) == 1
    assert "Traceback" not in terminal.raw
    assert not listens()


def test_activate_serves_the_page_too_and_what_it_did_stays_done(es: Es, viewer: Viewer) -> None:
    with filled(es) as store:
        task, (serial, _) = open_task(store), a_certificate(store)
    terminal = Terminal(es, "activate", task, serial, "--open", BROWSER=viewer.command).sees("Serving until Ctrl-C.")
    with opened(es) as store:
        request = store.request("ES-1")
    assert viewer.shown == f"200 {url_of(request)}"
    assert terminal.presses_ctrl_c().ends() == 0


def test_a_purchase_link_to_the_demo_shop_is_served_too(es: Es, viewer: Viewer) -> None:
    with filled(es) as store:
        task = open_task(store)
    terminal = Terminal(es, "purchase-link", task, "--open", BROWSER=viewer.command).sees("Serving until Ctrl-C.")
    assert viewer.shown.startswith(f"200 http://127.0.0.1:{PORT}/buy/")
    assert terminal.presses_ctrl_c().ends() == 0


def test_a_browser_that_stays_in_the_foreground_does_not_keep_the_page_from_being_served_or_ended(
    es: Es, request_: Request
) -> None:
    stays = f'{sys.executable} -c "import time; time.sleep(600)" %s'
    terminal = Terminal(es, "open", request_.id, BROWSER=stays).sees("Serving until Ctrl-C.")
    with closing(socket.create_connection(("127.0.0.1", PORT), timeout=60)) as connection:
        connection.sendall(f"GET /sign-in HTTP/1.1\r\nHost: 127.0.0.1:{PORT}\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
    assert terminal.presses_ctrl_c().ends() == 0


def test_open_lets_a_server_of_this_store_serve(es: Es, viewer: Viewer, request_: Request) -> None:
    with serving(es, "--port", str(PORT)) as server:
        terminal = Terminal(es, "open", request_.id, BROWSER=viewer.command)
        assert terminal.ends() == 0
        assert viewer.shown == f"200 {url_of(request_)}"
        assert "Serving" not in terminal.raw
        assert server.log.count("GET /hello/{nonce} 200") == 1


@contextmanager
def another_program(answer: bytes) -> Iterator[list[bytes]]:
    """A program that listens on the port; all that was sent to it."""
    got: list[bytes] = []
    with socket.create_server(("127.0.0.1", PORT)) as listening:

        def take() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.settimeout(60)
                if answer != b"drop":
                    got.append(connection.recv(65536))
                    connection.sendall(answer)
                while answer == b"" and connection.recv(65536):  # silent until the other hangs up
                    pass

        thread = Thread(target=take)
        thread.start()
        try:
            yield got
        finally:
            thread.join(60)


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


ANSWERS = {
    "JSON with a wrong proof": ok(b'{"proof": "%s"}' % (b"0" * 64)),
    "JSON without one": ok(b"[1]"),
    "nested JSON": ok(b"[" * 1000),
    "a page": ok(b"<h1>It works!</h1>"),
    "bytes": ok(b"\xff\xfe"),
    "a redirect": b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n" % PORT,
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "silence": b"",
    "an end": b"drop",
}


def test_another_program_on_the_port_does_not_get_the_address(es: Es, viewer: Viewer, request_: Request) -> None:
    for what, answer in ANSWERS.items():
        with another_program(answer) as got:
            terminal = Terminal(es, "open", request_.id, BROWSER=viewer.command)
            assert terminal.ends() == 4, (what, terminal.raw)
        assert f"es: Port {PORT} is used by another program.\r\n" in terminal.raw, what
        assert "Traceback" not in terminal.raw
        assert all(sent.startswith(b"GET /hello/") and request_.token.encode() not in sent for sent in got), what
    assert viewer.is_unused


def test_a_server_of_another_store_does_not_get_it_either(es: Es, viewer: Viewer, request_: Request) -> None:
    other = Es(es.home, ES_STORE=str(es.home / "other.db"))
    other.store = es.home / "other.db"
    with opened(other), serving(other, "--port", str(PORT)) as server:
        terminal = Terminal(es, "open", request_.id, BROWSER=viewer.command)
        assert terminal.ends() == 4
        assert f"Port {PORT} is used by another program." in terminal.raw
        assert re.findall(r"^[A-Z]+ (/\S*) \d", server.log, re.MULTILINE) == ["/hello/{nonce}"]
    assert viewer.is_unused


def test_activate_tells_of_another_program_after_it_has_opened_the_request(es: Es, viewer: Viewer) -> None:
    with filled(es) as store:
        task, (serial, _) = open_task(store), a_certificate(store)
    with another_program(ANSWERS["a page"]):
        terminal = Terminal(es, "activate", task, serial, "--open", BROWSER=viewer.command)
        assert terminal.ends() == 4
    assert "/requests/" in terminal.raw
    assert viewer.is_unused
    with opened(es) as store:
        assert store.request("ES-1").id == "ES-1"


def test_off_a_terminal_nothing_is_started_and_nobody_is_asked(es: Es, viewer: Viewer, request_: Request) -> None:
    with filled(es) as store:
        task, (serial, _) = open_task(store, "T-2"), a_certificate(store)
    with socket.create_server(("127.0.0.1", PORT)) as listening:
        env = {"BROWSER": viewer.command}
        assert es("open", request_.id, env=env).id == url_of(request_)
        assert es("activate", task, serial, "--open", env=env).status == 0
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()
    assert es("open", request_.id, env=env).id == url_of(request_)
    assert not listens()
    assert viewer.is_unused


def test_serve_opens_the_page_that_signs_in(es: Es, viewer: Viewer) -> None:
    terminal = Terminal(es, "serve", "--port", "0", "--open", BROWSER=viewer.command).sees("Serving until Ctrl-C.")
    assert viewer.shown.startswith("200 http://127.0.0.1:")
    assert "/sign-in/" in viewer.shown
    assert terminal.presses_ctrl_c().ends() == 0


def test_after_a_kill_the_same_port_is_served_again_at_once(es: Es, request_: Request) -> None:
    for _ in range(2):
        server = Server(es, "--port", str(PORT))
        assert server.get(path_of(request_)).status == 200
        server.process.send_signal(signal.SIGKILL)
        assert server.ended() == -signal.SIGKILL


def test_a_store_that_has_proved_nothing_yet_is_not_changed_for_a_stranger(es: Es, request_: Request) -> None:
    with opened(es) as store:
        assert store.key("hello") is None
    with another_program(ANSWERS["JSON with a wrong proof"]):
        assert Terminal(es, "open", request_.id).ends() == 4
    with opened(es) as store:
        assert store.key("hello") is None
