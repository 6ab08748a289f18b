"""Connections of people and programs that mean no good, or are slow: tricks, halves, many at once."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from conftest import Es
from web.serving import FORM, Server, a_request_in, path_of, state

from expertsupport_cli.model.requests import Status


@contextmanager
def connected(server: Server, *sent: bytes) -> Iterator[socket.socket]:
    """A connection over which this was sent."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        for part in sent:
            connection.sendall(part)
        yield connection


def all_of(connection: socket.socket) -> bytes:
    """What comes until the server closes."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def raw(server: Server, target: bytes, *, method: bytes = b"GET") -> bytes:
    """The answer to a request whose target is sent as it is."""
    host = f"127.0.0.1:{server.port}".encode()
    with connected(server, b"%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (method, target, host)) as it:
        return all_of(it)


def test_no_trick_in_a_path_opens_anything(server: Server, shared_es: Es) -> None:
    token = a_request_in(shared_es).token.encode()
    static = b"/static/"
    for target in (
        static + b"../app.py",
        static + b"..%2fapp.py",
        static + b"%2e%2e/app.py",
        static + b"%2e%2e%2f%2e%2e%2fapp.py",
        static + b"....//app.py",
        static + b"/etc/passwd",
        static + b"..\\app.py",
        b"//requests/" + token,
        b"/requests//" + token,
        b"/./requests/" + token,
        b"/x/../requests/" + token,
        b"/%2e%2e/requests/" + token,
        b"/requests/" + token + b"/",
        b"/requests/" + token + b"%00",
        b"/requests/%00" + token,
        b"/requests/" + token + b"%0a",
        b"/requests/" + token + b"%20",
        b"/requests/" + token + b"%2f",
        b"/requests/" + token + b";x",
        b"/requests/" + b"a" * 60_000,
        b"/%ff%fe",
        b"/%",
        b"/%zz",
        b"/spaces/%00/requests",
        b"/spaces/%2e%2e/requests/ES-1",
        b"/desk/requests/ES-%F0%9F%98%80",
        b"/hello/" + b"%00" * 32,
        b"http://evil.example/requests/" + token,
        b"*",
    ):
        answer = raw(server, target)
        assert answer.split(b"\r\n")[0] in (b"HTTP/1.1 404 Not Found", b"HTTP/1.1 303 See Other"), target
        if b" 303 " in answer[:20]:  # a page for who is signed in
            assert b"\r\nlocation: /sign-in\r\n" in answer, target
    assert raw(server, b"/requests/" + token.upper()).startswith(b"HTTP/1.1 200 ")


def test_what_is_not_http_is_refused(server: Server) -> None:
    for sent in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64,  # the hello of TLS
        b"GET\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: \0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnot a length\r\n",
        b"G" * 100_000,
        b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    ):
        with connected(server, sent) as connection:
            connection.shutdown(socket.SHUT_WR)
            answer = all_of(connection)
        assert answer == b"" or answer.split(b" ")[1] in (b"400", b"421", b"405"), sent[:40]
    assert server.get("/sign-in").status == 200


def test_half_a_form_changes_nothing_and_leaves_no_traceback(server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es)
    head = (
        f"POST {path_of(request)}/comment HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Content-Type: {FORM}\r\nContent-Length: 1000\r\n\r\n"
    ).encode()
    for _ in range(3):
        with connected(server, head, b"body=Half a"):
            pass
    assert server.get(path_of(request)).status == 200
    assert state(shared_es, request) == (Status.NEW, [])


def test_a_form_may_come_slowly_and_in_pieces(server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es)
    head = (
        f"POST {path_of(request)}/comment HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nConnection: close\r\n"
        f"Content-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n"
    ).encode()
    with connected(server, *[bytes([byte]) for byte in head]) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"body=H%C3%A9!":
            assert server.get("/sign-in").status == 200  # others are served meanwhile
            connection.sendall(b"1\r\n%c\r\n" % byte)
        connection.sendall(b"0\r\n\r\n")
        assert all_of(connection).startswith(b"HTTP/1.1 303 ")
    assert state(shared_es, request)[1] == ["Hé!"]


def test_many_who_wait_with_half_a_request_keep_nobody_from_the_pages(server: Server, shared_es: Es) -> None:
    page = path_of(a_request_in(shared_es))
    half = f"POST {page}/comment HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: 9\r\n\r\nbody".encode()
    waiting = [socket.create_connection(("127.0.0.1", server.port), timeout=60) for _ in range(100)]
    try:
        for connection in waiting:
            connection.sendall(half)
        with ThreadPoolExecutor(8) as threads:
            statuses = list(threads.map(lambda _: server.get(page).status, range(32)))
        assert statuses == [200] * 32
        assert server.post(f"{page}/comment", {"body": "x"}).status == 303
    finally:
        for connection in waiting:
            connection.close()


def test_sixty_four_at_once_are_all_answered(server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es)
    page = path_of(request)

    def visit(number: int) -> int:
        if number % 4 == 0:
            return server.post(f"{page}/comment", {"body": f"{number}"}).status
        return server.get(page).status

    with ThreadPoolExecutor(64) as threads:
        statuses = list(threads.map(visit, range(128)))
    assert statuses == [303 if number % 4 == 0 else 200 for number in range(128)]
    assert sorted(map(int, state(shared_es, request)[1])) == list(range(0, 128, 4))
