"""Every link of the site, also below the path of a proxy: it leads to a page, and the path is kept."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from builders import a_certificate, a_task
from conftest import Es
from starlette.routing import compile_path
from web.rooms import Rooms, Seen, furnish, send
from web.serving import Answer, Server, mails_to, opened, serving, wait_for

from expertsupport_cli.web.app import ROUTES

SITE = "http://help.example/support"
SHOP = "https://shop.example/buy/"
OTHERS = (SHOP, "https://tools.example/")  # addresses of other sites on the pages


@pytest.fixture(scope="module")
def below(shared_es: Es) -> Iterator[Server]:
    """A server below a path."""
    shared_es.env |= {"ES_PAGE_URL": SITE, "ES_SHOP_URL": SHOP, "ES_DESK_EMAIL": "desk@example.org"}
    with serving(shared_es) as server:
        yield server


@pytest.fixture(scope="module")
def rooms(below: Server, shared_es: Es) -> Rooms:
    made = furnish(shared_es)
    with opened(shared_es) as store:
        for number in range(51):
            a_task(store, f"Task {number}")
    return made


class Crawl:
    """Follows all links from a page, as the holder of a cookie."""

    def __init__(self, server: Server, cookie: str) -> None:
        self._server, self._cookie = server, cookie
        self.seen: dict[str, int] = {}
        self.posts: set[str] = set()

    def visit(self, path: str, from_: str = "") -> None:
        """Go to an address of the site, and on from there."""
        waiting = [(path, from_)]
        while waiting:
            path, from_ = waiting.pop()
            if path in self.seen:
                continue
            assert path.startswith("/support/"), (path, from_)
            answer = self._server.get(path.removeprefix("/support"), cookie=self._cookie)
            self.seen[path] = answer.status
            assert answer.status in (200, 303), (path, from_)
            if answer.status == 303:
                waiting.append((str(answer.header("location")), path))
            elif str(answer.header("content-type")).startswith("text/html"):
                waiting += [(link, path) for link in self.links(answer, path)]

    def links(self, answer: Answer, path: str) -> list[str]:
        """The addresses on a page, as a browser resolves them there; forms that only ask are links, too."""
        page = Seen(answer.text)
        found = []
        for link in [*page.links, *(form.action or "" for form in page.forms if form.method == "get")]:
            address = urljoin(f"http://help.example{path}", link)
            if link != "#main" and not address.startswith(OTHERS):
                assert address.startswith(f"{SITE}/"), (link, path)
                found.append(address.removeprefix("http://help.example"))
        for form in page.forms:
            if form.method == "post":
                assert str(form.action).startswith("/support/"), (form, path)
                self.posts.add(str(form.action).removeprefix("/support"))
        return found


def test_every_link_leads_to_a_page_and_keeps_the_path(below: Server, shared_es: Es, rooms: Rooms) -> None:
    routes = [(template, compile_path(template)[0]) for method, template, _ in ROUTES if method == "POST"]
    sides = {side: Crawl(below, below.sign_in(side, who="sam")) for side in ("owner", "desk", "customer")}
    task = f"/tasks/{rooms.open}"
    forms: dict[str, tuple[str, ...]] = {
        "owner": ("/spaces", "/spaces/acme/tasks", "/certificates", "/partners", f"{task}/activate"),
        "customer": (f"{task}/activate", f"{task}/purchase-link"),
    }
    reached = {}
    for side, crawl in sides.items():
        crawl.visit("/support/")
        for path in forms.get(side, ()):  # the answers to forms, which are pages at other addresses
            answer = send(below, path, {}, crawl._cookie)
            assert answer.status in (200, 400), path
            for link in crawl.links(answer, f"/support{path}"):
                crawl.visit(link, path)
        reached[side] = {template for path in crawl.posts for template, shape in routes if shape.match(path)}
        assert all(any(shape.match(path) for _, shape in routes) for path in crawl.posts)
    everywhere = {template for template, _ in routes if not template.startswith(("/sign-in", "/buy"))}
    assert reached["owner"] == everywhere
    for_customers = {"activate", "purchase-link", "reopen"}
    assert reached["customer"] == {
        "/sign-out",
        "/requests/{token}/{act}",
        "/spaces/{space}/requests/{id}/{act}",
        *(f"/tasks/{{id}}/{act}" for act in for_customers),
    }
    assert reached["desk"] == {"/sign-out", "/desk/requests/{id}/{act}"}
    assert any("before=" in path for path in sides["customer"].seen)


def test_forms_lead_below_the_path_and_the_desk_is_mailed_of_a_new_request(
    below: Server, shared_es: Es, rooms: Rooms
) -> None:
    olga = below.sign_in("owner", who="olga")
    with opened(shared_es) as store:
        spare = f"/certificates/{a_certificate(store)[1].id}"
    for path, fields, place in (
        ("/spaces", {"name": "moon"}, "/support/spaces/moon"),
        ("/spaces/moon/tasks", {"name": "x", "id": "M-1"}, "/support/tasks/M-1"),
        ("/partners", {"name": "x", "url": "https://x.example"}, "/support/partners"),
        (f"/tasks/{rooms.closed}/reopen", {}, f"/support/tasks/{rooms.closed}"),
        (f"{spare}/revoke", {}, f"/support{spare}"),
        ("/tasks/M-1/activate", {"serial": rooms.serial, "body": "Help"}, "/support/spaces/moon/requests/ES-3"),
    ):
        answer = send(below, path, fields, olga)
        assert answer.header("location") == place, path
    wait_for(lambda: len(mails_to(shared_es, "desk@example.org")) == 1, "a mail to the desk")
    assert f"{SITE}/desk/requests/ES-3" in mails_to(shared_es, "desk@example.org")[0]
    for path in ("/", "/spaces", "/tasks/M-1", "/certificates"):
        assert below.get(path).header("location") == "/support/sign-in", path
