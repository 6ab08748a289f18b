"""What a proxy says is believed of the visitor's address alone, and only if `serve.trusted-proxies` names the proxy."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed

import pytest
from conftest import Es
from web.serving import Answer, Server, a_request_in, opened, path_of, serving

from expertsupport_cli.model.requests import Status

PROXY, OTHER, THIRD = "127.8.8.8", "127.8.8.9", "127.8.8.10"  # the first is trusted
ANN, BEN = "203.0.113.1", "2001:db8::2"
WRONG = "/requests/" + "0" * 32
FREE = 10  # wrong tokens within a minute that are answered at once


@pytest.fixture(scope="module")
def server(shared_es: Es) -> Iterator[Server]:
    with serving(shared_es, ES_SERVE_TRUSTED_PROXIES=f"{PROXY}, 10.0.0.1") as running:
        yield running


def guess(server: Server, peer: str, visitor: str, path: str = WRONG) -> Answer:
    """Ask through a peer that says for whom it asks."""
    return server.ask("GET", path, headers={"X-Forwarded-For": visitor} if visitor else {}, source=peer)


def is_late(server: Server, peer: str, visitor: str) -> bool:
    """Whether the next wrong token is answered a second late."""
    started = time.monotonic()
    assert guess(server, peer, visitor).status == 404
    return time.monotonic() - started >= 1


def is_overtaken(server: Server, late: tuple[str, str], quick: tuple[str, str]) -> bool:
    """Whether a visitor who is slowed down is answered after another one, who asks at the same time."""
    with ThreadPoolExecutor(2) as threads:
        names = {threads.submit(guess, server, *asks): asks for asks in (late, quick)}
        return [names[each] for each in as_completed(names)] == [quick, late]


def test_behind_a_trusted_proxy_only_the_visitor_who_guesses_is_slowed_down(server: Server, shared_es: Es) -> None:
    for _ in range(FREE):
        guess(server, PROXY, ANN)
    assert is_late(server, PROXY, ANN)
    assert is_late(server, PROXY, f"{BEN}, {ANN}"), "what the visitor has sent stands before what the proxy adds"
    assert is_late(server, PROXY, f"{ANN}, 10.0.0.1"), "a trusted proxy behind a trusted proxy"
    assert is_overtaken(server, (PROXY, ANN), (PROXY, BEN))
    assert is_overtaken(server, (PROXY, ANN), (PROXY, ""))
    request = a_request_in(shared_es)
    assert guess(server, PROXY, ANN, path_of(request)).status == 200


def test_a_peer_that_is_not_trusted_gains_nothing_and_slows_down_nobody_else(server: Server) -> None:
    for number in range(FREE):
        guess(server, OTHER, f"198.51.100.{number}")
    assert is_late(server, OTHER, "198.51.100.99")
    assert is_late(server, OTHER, "")
    victim = "198.51.100.200"
    for _ in range(FREE):
        guess(server, THIRD, victim)
    assert is_overtaken(server, (THIRD, ""), (PROXY, victim))


def test_without_the_setting_all_visitors_of_a_proxy_count_as_one(shared_es: Es) -> None:
    with serving(shared_es) as server:
        for number in range(FREE):
            guess(server, "127.0.0.1", f"198.51.100.{number}")
        assert is_late(server, "127.0.0.1", "198.51.100.99")


def test_nonsense_about_the_visitor_is_endured(server: Server) -> None:
    for visitor in (",", "unknown", "[::1]:80", "[", "a" * 5000, ", ,", "127.0.0.1:x", "é", f"{PROXY}"):
        assert guess(server, PROXY, visitor).status == 404, visitor


def test_nothing_that_a_proxy_says_changes_links_hosts_origins_or_cookies(shared_es: Es) -> None:
    with opened(shared_es):
        pass
    request = a_request_in(shared_es, Status.NEW)
    with serving(shared_es, ES_SERVE_TRUSTED_PROXIES="127.0.0.1") as server:
        says = {
            "X-Forwarded-For": ANN,
            "X-Forwarded-Host": "evil.example",
            "X-Forwarded-Port": "443",
            "X-Forwarded-Prefix": "/evil",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Server": "evil.example",
            "Forwarded": f"for={ANN};host=evil.example;proto=https",
            "X-Original-URL": "/desk",
        }

        def ask(method: str, path: str, **more: str) -> Answer:
            return server.ask(method, path, headers={**says, **more}, source="127.0.0.1")

        plain, told = server.get(path_of(request)), ask("GET", path_of(request))
        assert (told.status, told.body) == (200, plain.body)
        shown = ask("GET", path_of(request), Accept="application/json").json
        assert shown["url"] == f"{server.url}{path_of(request)}"
        assert ask("GET", "/desk").header("location") == "/sign-in"
        assert ask("POST", f"{path_of(request)}/close").header("location") == path_of(request)
        for origin in ("https://evil.example", server.url.replace("http:", "https:")):
            assert ask("POST", f"{path_of(request)}/reopen", Origin=origin).status == 403, origin
        assert ask("GET", path_of(request), Host="evil.example").status == 421
        cookie = str(ask("POST", server.sign_in_link()).header("set-cookie"))
        assert not cookie.startswith("__Host-")
        assert "secure" not in cookie.lower()
