"""A real Chromium: what a test opens in it is watched, and must be quiet, at home, and fit for everybody."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Protocol

from axe_playwright_python.base import AXE_SCRIPT
from conftest import Es
from playwright.sync_api import Browser, Page, Playwright
from web.serving import Server, a_request_in, opened, path_of

from expertsupport_cli.model.requests import Status

PHONE, WIDE = 320, 1100
BETWEEN = (360, 500, 767, 780)  # on both sides of where tables become lists
ALL = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
LOOKS = [*COLOURS, "target-size", "scrollable-region-focusable"]  # what depends on the width or the light
LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitän" * 3


class Watched(NamedTuple):
    """A page, and what the browser had to say about it."""

    page: Page
    said: list[str]
    loaded: list[str]


def launch(playwright: Playwright) -> Browser:
    """The system's Chromium. It runs as root in a container, where it has no sandbox."""
    path = shutil.which("chromium")
    return playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])


class Addressed(Protocol):
    """What has the base URL of pages: a server, or a proxy in front of one."""

    url: str


@contextmanager
def watched(
    browser: Browser,
    server: Addressed,
    *,
    scripts: bool = True,
    width: int = 1100,
    cookie: str = "",
) -> Iterator[Watched]:
    """A page of a new profile. Nothing may go wrong in it, and nothing may come from elsewhere."""
    context = browser.new_context(
        java_script_enabled=scripts,
        viewport={"width": width, "height": 800},
        base_url=server.url,
    )
    try:
        if cookie:
            name, _, value = cookie.partition("=")
            context.add_cookies([{"name": name, "value": value, "url": server.url}])
        page = context.new_page()
        found = Watched(page, [], [])
        page.on("console", lambda message: found.said.append(message.text))
        page.on("pageerror", lambda error: found.said.append(str(error)))
        page.on("request", lambda request: found.loaded.append(request.url))
        yield found
        # the browser tells of each page that is an error on purpose
        assert [text for text in found.said if "the server responded with a status of" not in text] == []
        assert [url for url in found.loaded if not url.startswith(server.url + "/")] == []
    finally:
        context.close()


def start_from(page: Page) -> None:
    """A wide screen in the light."""
    page.set_viewport_size({"width": WIDE, "height": 800})
    page.emulate_media(color_scheme="light")


def wrong_at_any_size(page: Page) -> list[str]:
    """What is wrong with a page: on a wide screen in the light, and on a phone in the dark."""
    start_from(page)
    wrong = wrong_with(page)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": PHONE, "height": 800})
    wrong += wrong_with(page, LOOKS)
    for width in BETWEEN:
        page.set_viewport_size({"width": width, "height": 800})
        wrong += beyond_the_edge(page)
    return wrong


def wrong_with(page: Page, rules: Sequence[str] = ALL) -> list[str]:
    """What axe-core finds wrong with a page, and whether something of it is beyond the right edge."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    results = page.evaluate("options => axe.run(options)", {"runOnly": rules, "resultTypes": ["violations"]})
    found = [
        f"{violation['id']}: {violation['help']}: {node['html'][:120]}"
        for violation in results["violations"]
        for node in violation["nodes"]
    ]
    return found + beyond_the_edge(page)


def beyond_the_edge(page: Page) -> list[str]:
    """Whether something of a page is beyond the right edge."""
    width, shown = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    return [f"{width} pixels wide on {shown}"] if width > shown else []


class State(NamedTuple):
    """A page in one of its states: where it is, as whom, what is typed and what is pressed there."""

    name: str
    path: str
    cookie: str = ""
    press: str = ""
    types: str = ""
    fields: tuple[tuple[str, str], ...] = ()  # labels, and what is typed there
    in_new_tab: bool = False  # what the button opens

    def reach(self, page: Page) -> Page:
        """Go there. Everything that unfolds is unfolded."""
        page.goto(self.path)
        if self.types:
            page.get_by_role("textbox").fill(self.types)
        for label, text in self.fields:
            page.get_by_label(label, exact=True).fill(text)
        if self.press and self.in_new_tab:
            with page.expect_popup() as opened:
                page.get_by_role("button", name=self.press, exact=True).click()
            page = opened.value
        elif self.press:
            page.get_by_role("button", name=self.press, exact=True).click()
        for summary in page.locator("summary").all():
            summary.click()
        return page


def states(server: Server, es: Es) -> list[State]:
    """Each page, in each of its states. The store needs a space `empty` without requests."""
    desk, customer = server.sign_in("desk"), server.sign_in("customer")
    nobody = server.sign_in("customer", space="empty", who="eve")
    requests = {status: a_request_in(es, status) for status in Status}
    talk(es, requests[Status.WAITING].id)
    found = [
        State("sign-in needed", "/sign-in"),
        State("404", "/no-such-page"),
        State("sign-in", server.sign_in_link()),
    ]
    found += [State("sign-in of a customer", server.sign_in_link("customer")), State("queue", "/desk", desk)]
    found += [State("list", "/spaces/acme/requests", customer), State("empty list", "/spaces/empty/requests", nobody)]
    for status, request in requests.items():
        found.append(State(f"{status} by its address", path_of(request)))
        found.append(State(f"{status} for a customer", f"/spaces/acme/requests/{request.id}", customer))
        found.append(State(f"{status} for the desk", f"/desk/requests/{request.id}", desk))
    new = requests[Status.NEW]
    found.append(State("an error", path_of(new), "", "Comment"))
    found.append(State("an error at the desk", f"/desk/requests/{new.id}", desk, "Acknowledge", "A draft"))
    found.append(State("signed out", "/desk", server.sign_in("desk"), "Sign out"))
    used = server.sign_in_link()
    assert server.post(used).status == 303
    return [*found, State("a used link", used)]


def talk(es: Es, id: str) -> None:
    """A long conversation, with long words, by people with long names."""
    from builders import ANN, AT
    from web.serving import DESK

    from expertsupport_cli.actions import requests

    with opened(es) as store:
        ann, desk = ANN.replace(name="ann" + "a" * 60), DESK.replace(name="A Very Long Name Indeed " * 5)
        requests.comment(store, id, f"{LONG_WORD}\nhttps://example.org/{'path/' * 40}", by=ann, at=AT)
        requests.note(store, id, f"See\n    {LONG_WORD}", by=desk, at=AT)
        requests.reply(store, id, "Which version?\n\nAnd which printer?", asks=True, by=desk, at=AT)
