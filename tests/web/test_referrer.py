"""All that Chromium asks for, seen by a proxy in front: our pages and files, and an address is told to nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple

import pytest
from conftest import Es
from playwright.sync_api import Browser, Page
from web.browser import watched
from web.serving import a_request_in, opened, path_of, serving

PAGES = re.compile(
    r"/((sign-in(/[0-9a-f]{32})?|sign-out|desk(/requests/ES-1)?|requests/[0-9a-f]{32}(/comment|/last)?|missing)?)"
)
FILES = re.compile(r"/static/[\w.-]+")


class Asked(NamedTuple):
    """A request that the browser made, and the answer's status."""

    path: str
    referrer: str
    status: int


class Proxy(ThreadingHTTPServer):
    """Passes on what is below a path, as a web server in front does. It writes down everything."""

    def __init__(self, prefix: str) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        self.prefix = prefix
        self.url = f"http://127.0.0.1:{self.server_address[1]}{prefix}"
        self.port_behind = 0
        self.asked: list[Asked] = []


class Passing(BaseHTTPRequestHandler):
    server: Proxy

    def do_GET(self) -> None:
        status = self._pass_on() if self.path.startswith(f"{self.server.prefix}/") else 404
        self.server.asked.append(Asked(self.path, self.headers.get("Referer", ""), status))
        if status == 404 and not self.path.startswith(f"{self.server.prefix}/"):
            self.send_error(404)

    do_POST = do_GET  # noqa: N815

    def _pass_on(self) -> int:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with closing(HTTPConnection("127.0.0.1", self.server.port_behind, timeout=60)) as behind:
            behind.request(self.command, self.path.removeprefix(self.server.prefix), body, dict(self.headers))
            answer = behind.getresponse()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.read())
            return answer.status

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def proxied(es: Es, prefix: str) -> Iterator[tuple[Proxy, str]]:
    """A server behind a proxy, and the path of a link that signs in the desk."""
    with opened(es), Proxy(prefix) as proxy, serving(es, ES_PAGE_URL=proxy.url) as server:
        proxy.port_behind = server.port
        thread = Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield proxy, server.sign_in_link()
        finally:
            proxy.shutdown()
            thread.join()


def visit_everything(page: Page, base: str, request: str, link: str) -> None:
    """Go to each kind of page, by addresses that are secret, and send forms."""
    page.goto(base + request)
    page.get_by_role("textbox").fill("By the browser")
    page.get_by_role("button", name="Comment").click()
    page.get_by_text("By the browser").wait_for()
    page.get_by_role("button", name="Comment").click()  # without a message: an error
    page.get_by_role("alert").wait_for()
    page.goto(base + "/missing")
    page.goto(base + link)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="ES-1").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_load_state("networkidle")


@pytest.mark.parametrize("prefix", ["", "/support"], ids=["at the root", "below a path"])
def test_a_browser_asks_for_our_pages_and_files_alone_and_tells_no_secret_address(
    browser: Browser, es: Es, prefix: str
) -> None:
    with proxied(es, prefix) as (proxy, link):
        request = a_request_in(es)
        with watched(browser, proxy) as (page, _, _):
            visit_everything(page, proxy.url, path_of(request), link)
    inside = [each.path.removeprefix(prefix) for each in proxy.asked if each.path.startswith(f"{prefix}/")]
    assert [each.path for each in proxy.asked if not each.path.startswith(f"{prefix}/")] == [], "nothing outside"
    assert [path for path in inside if not PAGES.fullmatch(path) and not FILES.fullmatch(path)] == []
    told = [each for each in proxy.asked if request.token in each.referrer or link[-32:] in each.referrer]
    assert [each for each in told if not each.referrer.startswith(f"{proxy.url}/")] == []
    assert {each.status for each in proxy.asked if FILES.fullmatch(each.path.removeprefix(prefix))} == {200}
    assert len(inside) > 8, "each page was asked for"
