"""How the server starts and ends: ports, hosts, signals, a disk that is full."""

from __future__ import annotations

import os
import re
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from conftest import ES, Es
from sessions import Terminal
from web.serving import FORM, Server, a_request_in, opened, path_of, serving, state, wait_for
from web.test_busy import held
from web.test_connections import all_of, connected
from web.test_forms import draft_in

from expertsupport_cli.model.requests import Status


def test_its_address_is_all_that_it_prints_and_the_store_is_created(es: Es) -> None:
    with serving(es) as server:
        assert es.store.stat().st_mode & 0o777 == 0o600
        assert server.get("/sign-in").status == 200
        assert "es sign-in" in server.log
        assert server.stop() == 0


def test_a_port_in_use_is_named(es: Es) -> None:
    with opened(es), socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = es("serve", "--port", str(port))
    assert (done.status, done.stdout) == (1, "")
    assert f"port {port} of 127.0.0.1" in done.stderr
    assert "Address already in use" in done.stderr
    assert "Try: es serve --port 0" in done.stderr


def test_a_dry_run_says_whether_the_address_can_be_used(es: Es) -> None:
    done = es("serve", "--port", "0", "--dry-run")
    assert (done.status, done.stdout.startswith("http://127.0.0.1:")) == (0, True)
    assert not es.store.exists()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert es("serve", "--port", str(taken.getsockname()[1]), "--dry-run").status == 1


def test_what_cannot_be_served_is_said_before_anything_is_created(es: Es) -> None:
    for arguments, status, said in (
        (["--host", "0.0.0.0"], 2, "needs the setting page.url"),  # noqa: S104 -- which is the point
        (["--host", "::"], 2, "needs the setting page.url"),
        (["--host", "127.0.0.1.example.org"], 2, "needs the setting page.url"),
        (["--host", "192.0.2.1"], 2, "needs the setting page.url"),
        (["--host", ""], 2, ""),
        (["--port", "65536"], 2, "from 0 to 65535"),
        (["--port", "-1"], 2, "from 0 to 65535"),
        (["--port", "http"], 2, "from 0 to 65535"),
    ):
        done = es("serve", *(arguments if "--port" in arguments else [*arguments, "--port", "0"]))
        assert (done.status, done.stdout, said in done.stderr) == (status, "", True), (arguments, done)
        assert "Traceback" not in done.stderr
    assert not es.store.exists()


def test_a_host_that_others_can_reach_is_served_with_a_base_url(es: Es) -> None:
    with opened(es):
        pass
    url = {"ES_PAGE_URL": "http://help.example:8080/support"}
    with serving(es, "--host", "0.0.0.0", **url) as server:  # noqa: S104
        request = a_request_in(es)
        page = server.get(path_of(request), Host="help.example:8080")
        assert page.status == 200
        assert f'action="/support{path_of(request)}/comment"' in page.text
        for host in (f"127.0.0.1:{server.port}", f"localhost:{server.port}", "help.example", "help.example:80"):
            assert server.get(path_of(request), Host=host).status == 421, host
        answer = server.post(f"{path_of(request)}/close", Host="help.example:8080", Origin="http://help.example:8080")
        assert (answer.status, answer.header("location")) == (303, f"/support{path_of(request)}")
        shown = server.get(path_of(request), Host="help.example:8080", Accept="application/json").json
        assert shown["url"] == f"http://help.example:8080/support{path_of(request)}"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_signal_ends_it_after_what_it_has_begun(es: Es, number: int) -> None:
    with opened(es):
        pass
    with serving(es) as server:
        request = a_request_in(es)
        with half_a_form(server, path_of(request)) as connection:
            server.process.send_signal(number)
            wait_for(lambda: not listens(server), "the end of listening")
            connection.sendall(b" at last")
            assert all_of(connection).startswith(b"HTTP/1.1 303 ")
        assert server.ended() == 0
    assert state(es, request)[1] == ["Sent at last"]


def test_connections_that_ask_for_nothing_do_not_keep_it(es: Es) -> None:
    with opened(es):
        pass
    with serving(es) as server, connected(server) as idle, connected(server, b"GET / HT") as half:
        server.get("/sign-in")  # after which both are known to it
        assert server.stop() == 0
        assert all_of(idle) == all_of(half) == b""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_a_second_signal_ends_it_at_once(es: Es, number: int) -> None:
    with opened(es):
        pass
    with serving(es) as server:
        request = a_request_in(es)
        with half_a_form(server, path_of(request)):
            server.process.send_signal(number)
            wait_for(lambda: not listens(server), "the end of listening")
            server.process.send_signal(number)
            assert server.ended() == -number
    assert state(es, request) == (Status.NEW, [])


@contextmanager
def half_a_form(server: Server, page: str) -> Iterator[socket.socket]:
    """A connection on which a comment has begun to come, and the server works on it."""
    head = (
        f"POST {page}/comment HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: {FORM}\r\n"
        "Expect: 100-continue\r\nConnection: close\r\nContent-Length: 17\r\n\r\n"
    ).encode()
    with connected(server, head) as connection:
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")  # it waits for the rest
        connection.sendall(b"body=Sent")
        yield connection


def listens(server: Server) -> bool:
    try:
        socket.create_connection(("127.0.0.1", server.port), timeout=10).close()
    except OSError:
        return False
    return True


def test_a_kill_in_the_middle_of_a_form_loses_nothing_and_keeps_nothing(es: Es) -> None:
    with opened(es):
        pass
    with serving(es) as server:
        request = a_request_in(es)
        with held(es), connected(server, whole_form(server, path_of(request))):
            server.process.kill()
            server.process.wait()
    assert state(es, request) == (Status.NEW, [])
    assert es.inside("db", "check").status == 0
    with serving(es) as server:
        assert server.post(f"{path_of(request)}/comment", {"body": "Again"}).status == 303


def whole_form(server: Server, page: str) -> bytes:
    return (
        f"POST {page}/comment HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Type: {FORM}\r\n"
        "Content-Length: 9\r\n\r\nbody=Sent"
    ).encode()


def test_on_a_full_disk_pages_are_shown_and_forms_come_back(es: Es) -> None:
    with opened(es):
        pass
    with serving(es) as server:
        request, text = a_request_in(es), "x" * 900_000
        size = es.store.stat().st_size
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size + 100_000, resource.RLIM_INFINITY))
        answer = server.post(f"{path_of(request)}/comment", {"body": text})
        assert (answer.status, draft_in(answer)) == (503, text)
        assert server.get(path_of(request)).status == 200
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert server.post(f"{path_of(request)}/comment", {"body": text}).status == 303
    assert state(es, request) == (Status.NEW, [text])
    assert es.inside("db", "check").status == 0


def test_on_a_terminal_it_offers_a_session_and_ends_with_ctrl_c(es: Es) -> None:
    with opened(es):
        pass
    terminal = Terminal(es, "serve", "--port", "0").sees("Serving until Ctrl-C.")
    assert "/sign-in/" in terminal.raw
    assert terminal.presses_ctrl_c().ends() == 0
    assert "Traceback" not in terminal.raw


def test_on_the_store_of_a_team_the_session_is_for_the_desk(es: Es) -> None:
    with opened(es):
        pass
    es.home.chmod(0o2770)
    es.store.chmod(0o660)
    terminal = Terminal(es, "serve", "--port", "0").sees("Serving until Ctrl-C.")
    link = re.search(r"http://\S+/sign-in/\w+", terminal.raw)
    assert link
    with urlopen(link[0]) as answer:  # noqa: S310 -- http, on loopback
        assert "for the desk" in answer.read().decode()
    assert terminal.presses_ctrl_c().ends() == 0


def test_it_serves_on_when_nobody_reads_what_it_logs(es: Es) -> None:
    with opened(es):
        pass
    reading, writing = os.pipe()
    process = subprocess.Popen([ES, "serve", "--port", "0"], env=es.env, stdout=subprocess.PIPE, stderr=writing)
    try:
        os.close(writing)
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(b":")[2])
        os.close(reading)
        for _ in range(3):
            with closing(socket.create_connection(("127.0.0.1", port), timeout=60)) as connection:
                connection.sendall(b"GET /sign-in HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n\r\n" % port)
                assert all_of(connection).startswith(b"HTTP/1.1 200 ")
    finally:
        process.terminate()
        process.wait(timeout=60)
        if process.stdout:
            process.stdout.close()
    assert process.returncode == 0


def test_a_command_that_serves_nothing_loads_nothing_for_it(es: Es, tmp_path: Path) -> None:
    code = "import sys; import expertsupport_cli.cli.main, expertsupport_cli.cli.requests; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert {"starlette", "uvicorn", "jinja2", "anyio"}.isdisjoint(done.stdout.split())
