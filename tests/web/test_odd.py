"""Odd values where a session, an ID, a name or a header is read: none is an internal error."""

from __future__ import annotations

import pytest
from conftest import Es
from web.serving import Server, a_request_in, path_of
from web.test_connections import all_of, connected

ODD = (
    "ES-0",
    "ES-99999999999999999999999999",
    "ES-" + "9" * 5000,
    "ES-%D9%A1",
    "es-1%20",
    "%00",
    "%ED%A0%80",
    "%F0%9F%98%80",
    "%E2%80%AE",
    "-1",
    "1e3",
    "1%0A2",
    "a%2Fb%2Fc",
    "'%20OR%201=1--",
    "%25s%25n",
    "{{7*7}}",
    "A" * 20_000,
)


@pytest.mark.parametrize("side", ["desk", "customer", "owner"])
def test_no_odd_part_of_a_path_is_an_internal_error(server: Server, shared_es: Es, side: str) -> None:
    a_request_in(shared_es)
    cookie = server.sign_in(side)
    for odd in ODD:
        for path in (
            f"/requests/{odd}",
            f"/desk/requests/{odd}",
            f"/desk/requests/{odd}/last",
            f"/spaces/{odd}/requests",
            f"/spaces/acme/requests/{odd}",
            f"/spaces/{odd}/requests/ES-1",
            f"/sign-in/{odd}",
            f"/{odd}",
            f"/static/{odd}",
        ):
            assert server.get(path, cookie=cookie).status == 404, path
        for path in (f"/desk/requests/{odd}/close", f"/requests/{odd}/close", f"/spaces/acme/requests/{odd}/close"):
            assert server.post(path, cookie=cookie).status == 404, path


def test_no_odd_header_is_an_internal_error(server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es)
    page, port = path_of(request).encode(), server.port
    for header in (
        b"Cookie: es=\xff\xfe",
        b"Cookie: es=" + b"a" * 5000,
        b"Cookie: es",
        b"Cookie: ;;;=;es=;",
        b'Cookie: es="\\377\\000"',
        b"Cookie: es=1; es=2",
        b"Accept: application/json;q=0, \xff",
        b'If-None-Match: \xff, W/"1", *',
        b"Accept-Encoding: gzip;q=\xff",
        b"Content-Type: \xff",
        b"X-Forwarded-For: \xff",
        b"X-Forwarded-Proto: javascript",
        b"Range: bytes=0-1",
        b"Upgrade: websocket\r\nConnection: Upgrade",
        b"Expect: 100-continue",
    ):
        for path in (page, page + b"/last"):
            sent = b"GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n%s\r\n\r\n" % (path, port, header)
            with connected(server, sent) as connection:
                status = all_of(connection).split(b" ")[1]
            assert status == b"200", header
