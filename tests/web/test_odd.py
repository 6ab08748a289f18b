"""Odd values where a session, an ID, a name or a header is read: none is an internal error."""

from __future__ import annotations

import sqlite3
from contextlib import closing

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
        b"Cookie: es-%d=\xff\xfe" % port,
        b"Cookie: es-%d=" % port + b"a" * 5000,
        b"Cookie: es-%d" % port,
        b"Cookie: ;;;=;es-%d=;" % port,
        b'Cookie: es-%d="\\377\\000"' % port,
        b"Cookie: es-%d=1; es-%d=2" % (port, port),
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


def test_an_unexpected_error_shows_a_page_keeps_the_draft_and_repeats_nothing_in_the_log(es: Es) -> None:
    request, draft = a_request_in(es), "A draft of a hundred words."
    with closing(sqlite3.connect(es.store)) as db:
        db.execute("CREATE TRIGGER t BEFORE INSERT ON comments BEGIN SELECT raise(ABORT, 'secret words'); END")
    server = Server(es)
    answer = server.post(f"{path_of(request)}/comment", {"body": draft})
    assert server.stop() == 0
    assert (answer.status, "Something went wrong." in answer.text, draft in answer.text) == (500, True, True)
    assert answer.header("content-security-policy")
    assert "internal error: IntegrityError" in server.log
    assert "POST /requests/{token}/{act} 500" in server.log
    assert [text in server.log for text in (draft, request.token, "secret words")] == [False, False, False]


def test_a_damaged_store_is_named_in_the_log_and_not_on_the_page(es: Es) -> None:
    request = a_request_in(es)
    server = Server(es)
    with closing(sqlite3.connect(es.store)) as db:
        db.execute("ALTER TABLE comments RENAME COLUMN body TO words")
    for answer in (server.get(path_of(request)), server.post(f"{path_of(request)}/comment", {"body": "Hello"})):
        assert (answer.status, "The store is damaged." in answer.text) == (503, True)
        assert "Report it to the owner of this site." in answer.text
        assert str(es.store) not in answer.text
    assert server.stop() == 0
    assert f"The store is damaged. {es.store}" in server.log
