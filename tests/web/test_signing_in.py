"""Sign-in links, and the sessions that they open."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from conftest import Es
from web.serving import Answer, Server, a_request_in, cookie_of, mails_to, opened, path_of, serving, state, wait_for

from expertsupport_cli import times
from expertsupport_cli.model.requests import Request, Status

SPENT = "This sign-in link cannot be used."


def change(es: Es, table: str, **values: str) -> None:
    """Set columns of the newest row of a table, as time would have."""
    names = ", ".join(f"{name} = ?" for name in values)
    with closing(sqlite3.connect(es.store, timeout=10)) as db, db:
        db.execute(f"UPDATE {table} SET {names} WHERE number = (SELECT max(number) FROM {table})", [*values.values()])


def ago(seconds: int) -> str:
    """An instant so long before now."""
    return times.after(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), -seconds)


def attributes_of(answer: Answer) -> Mapping[str, str]:
    """The attributes of the cookie that an answer sets, by their names in lower case."""
    parts = str(answer.header("set-cookie")).split("; ")[1:]
    return {name.lower(): value for name, _, value in (part.partition("=") for part in parts)}


def can_see_the_queue(server: Server, cookie: str) -> bool:
    status = server.get("/desk", cookie=cookie).status
    assert status in (200, 303)
    return status == 200


def test_looking_at_a_link_does_not_use_it_and_its_button_does_once(server: Server) -> None:
    link = server.sign_in_link()
    for _ in range(5):
        answer = server.get(link)
        assert (answer.status, answer.header("set-cookie")) == (200, None)
        assert "dora" in answer.text
        assert server.ask("HEAD", link).status == 200
    used = server.post(link)
    assert (used.status, used.header("location")) == (303, "/")
    assert can_see_the_queue(server, cookie_of(used))
    for again in (server.get(link), server.post(link)):
        assert (again.status, again.header("set-cookie"), SPENT in again.text) == (409, None, True)


def test_of_any_number_of_attempts_at_once_exactly_one_wins(server: Server) -> None:
    link = server.sign_in_link()
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: server.post(link), range(8)))
    assert sorted(answer.status for answer in answers) == [303] + [409] * 7
    assert sum(answer.header("set-cookie") is not None for answer in answers) == 1


def test_a_link_that_has_expired_or_is_wrong_opens_nothing(server: Server, shared_es: Es) -> None:
    link = server.sign_in_link()
    change(shared_es, "sign_ins", expires_at=ago(0))
    for ask in (server.get, server.post):
        answer = ask(link)
        assert (answer.status, answer.header("set-cookie"), SPENT in answer.text) == (409, None, True)
        for wrong in (link[:-1], link + "0", link.upper(), "/sign-in/x", "/sign-in/%00", "/sign-in/" + "a" * 5000):
            assert ask(wrong).status == 404, wrong


def test_the_cookie_is_for_this_site_alone_and_no_script_reads_it(server: Server) -> None:
    answer = server.post(server.sign_in_link())
    name, _, value = cookie_of(answer).partition("=")
    assert (name, len(value)) == (f"es-{server.port}", 64)
    found = attributes_of(answer)
    assert found == {"httponly": "", "samesite": "lax", "path": "/", "max-age": str(7 * 86400)}


def test_under_https_the_cookie_is_secure_and_bound_to_the_host(es: Es) -> None:
    with opened(es), serving(es, ES_PAGE_URL="https://help.example/support") as server:
        answer = server.post(server.sign_in_link(), Host="help.example", Origin="https://help.example")
        assert (answer.status, answer.header("location")) == (303, "/support/")
        name, _, value = cookie_of(answer).partition("=")
        assert name == "__Host-es"
        assert attributes_of(answer).keys() == {"httponly", "samesite", "path", "max-age", "secure"}
        assert (attributes_of(answer)["path"], attributes_of(answer)["samesite"]) == ("/", "lax")
        page = server.get("/desk", cookie=f"__Host-es={value}", Host="help.example")
        assert (page.status, 'href="/support/static/' in page.text) == (200, True)
        assert server.get("/desk", cookie=f"es-{server.port}={value}", Host="help.example").status == 303
        assert server.get("/desk", Host="help.example:80").status == 421


def test_a_customer_sees_its_space_and_the_desk_and_the_owner_see_all(server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es)
    shared_es.inside("space", "add", "beta")
    sessions = {
        "ours": server.sign_in("customer", who="carl"),
        "other": server.sign_in("customer", space="beta", who="ben"),
        "desk": server.sign_in("desk"),
        "owner": server.sign_in("owner", who="olga"),
        "none": "",
        "forged": f"es-{server.port}=" + "0" * 64,
    }
    as_desk, as_customer = f"/desk/requests/{request.id}", f"/spaces/acme/requests/{request.id}"
    table = {
        "/desk": {"ours": 404, "other": 404, "desk": 200, "owner": 200},
        as_desk: {"ours": 404, "other": 404, "desk": 200, "owner": 200},
        f"{as_desk}/last": {"ours": 404, "other": 404, "desk": 200, "owner": 200},
        "/spaces/acme/requests": {"ours": 200, "other": 404, "desk": 200, "owner": 200},
        "/spaces/ACME/requests": {"ours": 200, "other": 404, "desk": 200, "owner": 200},
        as_customer: {"ours": 200, "other": 404, "desk": 303, "owner": 200},
        f"{as_customer}/last": {"ours": 200, "other": 404, "desk": 200, "owner": 200},
        f"/spaces/beta/requests/{request.id}": {"ours": 404, "other": 404, "desk": 404, "owner": 404},
        "/spaces/none/requests": {"ours": 404, "other": 404, "desk": 404, "owner": 404},
    }
    for path, row in table.items():
        for who, status in {**row, "none": 303, "forged": 303}.items():
            answer = server.get(path, cookie=sessions[who])
            assert answer.status == status, (path, who)
            if status == 303:
                assert answer.header("location") == (as_desk if who == "desk" else "/sign-in"), (path, who)


def test_a_browser_that_is_signed_in_acts_under_its_own_name_on_the_page_of_an_address(
    server: Server, shared_es: Es
) -> None:
    shared_es.inside("space", "add", "beta")
    request = a_request_in(shared_es)
    ways = {"carl": ("customer", "acme"), "ben": ("customer", "beta"), "ann": ("", "")}
    for who, (side, space) in ways.items():
        cookie = server.sign_in(side, space=space, who=who) if side else ""
        assert server.post(f"{path_of(request)}/comment", {"body": f"By {who}."}, cookie=cookie).status == 303
    with opened(shared_es) as store:
        comments = store.comments(request, notes=True)
    assert [(comment.author, comment.body) for comment in comments] == [(who, f"By {who}.") for who in ways]


def test_the_first_page_leads_where_a_session_belongs(server: Server) -> None:
    for side, place in (("customer", "/spaces/acme"), ("desk", "/desk"), ("owner", "/spaces")):
        answer = server.get("/", cookie=server.sign_in(side))
        assert (answer.status, answer.header("location")) == (303, place), side
    assert server.get("/").header("location") == "/sign-in"


def test_somebody_of_the_desk_is_led_from_the_customers_page_to_the_desks(server: Server, shared_es: Es) -> None:
    request, dora = a_request_in(shared_es), server.sign_in()
    answer = server.get(path_of(request), cookie=dora)
    assert (answer.status, answer.header("location")) == (303, f"/desk/requests/{request.id}")


@pytest.mark.parametrize(
    ("seconds", "column", "lives"),
    [
        (12 * 3600 - 60, "seen_at", True),
        (12 * 3600, "seen_at", False),
        (-60, "expires_at", True),
        (0, "expires_at", False),
    ],
)
def test_a_session_ends_when_it_was_idle_for_12_hours_or_after_7_days(
    server: Server, shared_es: Es, seconds: int, column: str, lives: bool
) -> None:
    cookie = server.sign_in()
    change(shared_es, "sessions", **{column: ago(seconds)})
    assert can_see_the_queue(server, cookie) is lives
    assert can_see_the_queue(server, cookie) is lives


def test_signing_out_ends_the_session_and_no_other(server: Server) -> None:
    first, second = server.sign_in(), server.sign_in()
    answer = server.post("/sign-out", cookie=first)
    assert (answer.status, "You are signed out." in answer.text) == (200, True)
    assert "max-age=0" in str(answer.header("set-cookie")).lower()
    assert (can_see_the_queue(server, first), can_see_the_queue(server, second)) == (False, True)
    assert server.post("/sign-out").status == 200


def test_sessions_are_listed_and_revoked_in_the_terminal(server: Server, shared_es: Es) -> None:
    es, cookie, other = shared_es.inside, server.sign_in(who="dave"), server.sign_in(who="dave")
    rows = [row for row in json.loads(es("session", "list", "--json").stdout) if row["name"] == "dave"]
    assert [row["side"] for row in rows] == ["desk", "desk"]
    older = rows[1]["id"]
    assert es("session", "revoke", older).status == 0
    assert (can_see_the_queue(server, cookie), can_see_the_queue(server, other)) == (False, True)
    again = es("session", "revoke", older)
    assert (again.status, "has ended already" in again.stderr) == (0, True)
    assert es("session", "revoke", "S-999").status == 3
    assert cookie.removeprefix("es=") not in es("session", "list", "--json").stdout


def test_the_store_keeps_neither_links_nor_sessions_but_their_digests(server: Server, shared_es: Es) -> None:
    link = server.sign_in_link()
    cookie = cookie_of(server.post(link))
    with closing(sqlite3.connect(shared_es.store)) as db:
        kept = "\n".join(db.iterdump())
    assert link.removeprefix("/sign-in/") not in kept
    assert cookie.removeprefix("es=") not in kept


def last_event(es: Es, request: Request) -> tuple[str, str, str]:
    with opened(es) as store:
        event = list(store.events_of_request(request, notes=True))[-1]
        return event.actor, str(event.side), str(event.via)


def test_who_is_signed_in_acts_under_that_name_and_by_the_web(server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es)
    carl, dora = server.sign_in("customer", who="carl"), server.sign_in("desk")
    for page, cookie, who in (
        (path_of(request), carl, ("carl", "customer", "web")),
        (f"/spaces/acme/requests/{request.id}", carl, ("carl", "customer", "web")),
        (path_of(request), "", ("ann", "customer", "web")),
    ):
        assert server.post(f"{page}/comment", {"body": "x"}, cookie=cookie).status == 303
        assert last_event(shared_es, request) == who, page
    assert server.post(f"/desk/requests/{request.id}/reply", {"body": "x"}, cookie=dora).status == 303
    assert last_event(shared_es, request) == ("dora", "desk", "web")
    for page in ("/requests/", "/spaces/acme/requests/"):
        shown = server.get(page + (request.token if page == "/requests/" else request.id), cookie=carl).text
        assert "carl" in shown
        assert "@" not in shown.split("<main")[1]


def test_on_the_customers_page_somebody_of_the_desk_speaks_for_the_customers_side(
    server: Server, shared_es: Es
) -> None:
    """The page was open before this browser was signed in."""
    request = a_request_in(shared_es, Status.WAITING)
    dora = server.sign_in("desk")
    assert server.post(f"{path_of(request)}/comment", {"body": "x"}, cookie=dora).status == 303
    assert last_event(shared_es, request) == ("dora", "customer", "web")


def test_the_owner_does_on_the_desks_page_what_the_desk_does(server: Server, shared_es: Es) -> None:
    request, olga = a_request_in(shared_es), server.sign_in("owner", who="olga")
    for button, body in (("reply", "An answer"), ("note", "A note"), ("close", "")):
        assert server.post(f"/desk/requests/{request.id}/{button}", {"body": body}, cookie=olga).status == 303
        assert last_event(shared_es, request) == ("olga", "desk", "web")
    with opened(shared_es) as store:
        comments = [(comment.author, str(comment.side)) for comment in store.comments(request, notes=True)]
        assert comments == [("olga", "desk")] * 2
        assert store.request(request.id).unanswered_since is None
    assert shared_es.inside("db", "check").status == 0


def test_the_initiator_is_mailed_what_the_holder_of_the_address_does(server: Server, shared_es: Es) -> None:
    """The address is no proof of who it was; a session of the initiator's is."""
    request = a_request_in(shared_es)
    assert server.post(f"{path_of(request)}/comment", {"body": "By whoever has the link"}).status == 303

    def mailed() -> list[str]:
        return [text for text in mails_to(shared_es, "ann@example.org") if f"[{request.id}]" in text]

    wait_for(lambda: len(mailed()) == 1, "a mail to ann")
    assert "By whoever has the link" in mailed()[0]
    es = shared_es.as_("ann")
    es.env["ES_EMAIL"] = "ann@example.org"
    url = json.loads(es.inside("sign-in", "--space", "acme", "--json", "--fields", "url").stdout)["url"]
    ann = cookie_of(server.post("/sign-in/" + url.rpartition("/")[2]))
    assert server.post(f"{path_of(request)}/comment", {"body": "By ann herself"}, cookie=ann).status == 303
    assert server.post(f"{path_of(request)}/close").status == 303
    wait_for(lambda: len(mailed()) == 2, "a second mail to ann")
    assert "By ann herself" not in "".join(mailed())
    assert state(shared_es, request)[0] is Status.CLOSED
