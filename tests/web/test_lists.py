"""Lists of requests, tasks and certificates: filtered, searched, sorted, and followed page by page to the end."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import Callable, Iterator
from urllib.parse import urlencode, urljoin

import pytest
from builders import ANN, AT, OLGA, a_certificate, a_task, later, raw
from conftest import Es
from web.rooms import Seen, error_in, rows_in, send
from web.serving import DESK, Server, opened

from expertsupport_cli.actions import certificates, requests, tasks
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.model.requests import Act

COUNT = 120
NAMES = ("Printer", "printer", "Scanner ß", "扫描仪坏了", "x" * 900)
PEOPLE = (ANN, Actor(name="Bea", side=Side.CUSTOMER, email="bea@example.org"), Actor(name="<carl>", side=Side.CUSTOMER))
ACTS = ((), (Act.ACKNOWLEDGE,), (Act.ASK,), (Act.CLOSE,), (Act.REPLY,))
SORTS = ("id", "created_at", "task_name", "task_id", "initiator", "status")


@pytest.fixture(scope="module")
def acme(server: Server, shared_es: Es) -> str:
    """The cookie of a customer of a space with 120 requests on 120 tasks: few names, people, statuses and times."""
    with opened(shared_es) as store:
        raw(store).execute("PRAGMA synchronous=OFF")
        for number in range(COUNT):
            at, by = later(number // 40), PEOPLE[number % 3]
            task = a_task(store, NAMES[number % 5])
            request = requests.activate(store, task.id, a_certificate(store)[0], by=by, at=at).request
            for act in ACTS[number % 7 % 5]:
                body = "Is it 灰色的?" if act.needs_message else None
                requests.act(store, request.id, act, body, by=DESK, at=at)
            if number % 3 == 0:
                tasks.close_task(store, task.id, by=OLGA, at=AT)
            if number % 4 == 0:
                certificates.revoke_certificate(store, a_certificate(store)[1].id, by=OLGA, at=AT)
        requests.activate(store, a_task(store, space="beta").id, a_certificate(store)[0], by=ANN, at=AT)
    return server.sign_in("customer", who="carl")


def everything(server: Server, path: str, cookie: str, meanwhile: Callable[[], object] = lambda: None) -> list[str]:
    """The IDs on a page and on all that follow it, as somebody sees them who presses Next page until there is none."""
    found: list[str] = []
    for pages in itertools.count(1):
        answer = server.get(path, cookie=cookie)
        assert answer.status == 200, path
        rows = rows_in(answer)
        found += rows
        further = re.search(r'<a href="([^"]+)" rel="next">', answer.text)
        assert ("First page" in answer.text) is (pages > 1)
        if not further:
            return found
        assert len(rows) == 50
        assert "There are more." in answer.text
        path = urljoin(path, html.unescape(further[1]))
        meanwhile()
    raise AssertionError


def asked(**query: str) -> str:
    return f"/spaces/acme/requests?{urlencode(query)}"


def printed(es: Es, *options: str) -> list[str]:
    """The IDs that `es list` prints."""
    return es.inside("list", "--space", "acme", "--fields", "id", *options).stdout.split()


def test_each_column_sorts_both_ways_and_all_pages_have_each_request_once(
    server: Server, shared_es: Es, acme: str
) -> None:
    for sort in SORTS:
        natural = "descending" if sort in ("id", "created_at") else "ascending"
        turned = "ascending" if natural == "descending" else "descending"
        page = server.get(asked(sort="initiator" if sort == "id" else "id"), cookie=acme)
        for order, options in ((natural, ()), (turned, ("--reverse",)), (natural, ())):  # a press on the title each
            (link,) = (link for link in Seen(page.text).links if f"sort={sort}" in link and "after=" not in link)
            path = urljoin("/spaces/acme/requests", link)
            page = server.get(path, cookie=acme)
            assert page.text.count("aria-sort=") == page.text.count(f'aria-sort="{order}"') == 1
            found = everything(server, path, acme)
            assert found == printed(shared_es, "--sort", sort, *options), path
            assert len(set(found)) == COUNT, path
    assert everything(server, asked(), acme) == printed(shared_es)


def test_filters_find_what_the_command_finds_alone_and_together(server: Server, shared_es: Es, acme: str) -> None:
    closed = ["--status", "Closed"]
    table: list[tuple[dict[str, str], list[str]]] = [
        ({"status": "open"}, ["--open"]),
        ({"status": "CLOSED"}, closed),
        ({"status": "new"}, ["--status", "New"]),
        ({"turn": "desk"}, ["--turn", "desk"]),
        ({"turn": "Customer"}, ["--turn", "customer"]),
        ({"initiator": " ANN "}, ["--initiator", "ann"]),
        ({"initiator": "bea@example.org"}, ["--initiator", "Bea"]),
        ({"initiator": "nobody"}, ["--initiator", "nobody"]),
        ({"since": "2026-02-01"}, ["--since", "2026-02-01"]),
        ({"until": "2026-02-01"}, ["--until", "2026-02-01"]),
        ({"since": "2026-02-01T00:00:00+02:00", "until": "9999-12-31"}, ["--since", "2026-01-31T22:00:00Z"]),
        ({"since": "30d"}, ["--since", "30d"]),
        ({"search": "printer"}, ["--search", "printer"]),
        ({"search": "SCANNER  ss"}, ["--search", "scanner ß"]),
        ({"search": "扫描"}, ["--search", "扫描"]),
        ({"search": "灰色"}, ["--search", "灰色"]),
        ({"search": "描扫"}, ["--search", "描扫"]),
        ({"search": "T-11"}, ["--search", "T-11"]),
        ({"search": "print", "status": "closed", "initiator": "ann", "turn": ""}, [*closed, "--initiator", "ann"]),
        ({"status": "waiting", "turn": "desk"}, ["--status", "Waiting", "--turn", "desk"]),
    ]
    for query, options in table:
        more = ["--search", "print"] if query.get("search") == "print" else []
        found = everything(server, asked(**query), acme)
        assert found == printed(shared_es, *options, *more), query
        page = server.get(asked(**query), cookie=acme).text
        fields = next(form.fields for form in Seen(page).forms if "search" in form.fields)
        shown = {name: value.lower() if name in ("status", "turn") else value for name, value in query.items()}
        assert {name: fields[name] for name in shown} == shown, query
        assert ("No requests match." in page) is (not found), query
    assert len(everything(server, asked(search="printer", sort="task_name"), acme)) == 48
    filtered = server.get(asked(turn="desk", after="1"), cookie=acme).text
    assert "?turn=desk" in Seen(filtered).links, "the first page of the same list"


def test_a_filter_that_cannot_be_says_so_and_stays(server: Server, acme: str) -> None:
    words = " ".join(f"w{number}" for number in range(51))
    for query, says in (
        ({"status": "old", "search": "<b>"}, "Unknown status or turn. Choose one from the list."),
        ({"turn": "mine"}, "Unknown status or turn."),
        ({"since": "yesterday"}, "Invalid time 'yesterday'."),
        ({"since": "2026-02-30"}, "Invalid time '2026-02-30'."),
        ({"until": "0000-00-00"}, "Invalid time '0000-00-00'."),
        ({"until": "9999-12-31T23:00:00-05:00"}, "The time '9999-12-31T23:00:00-05:00' is out of range."),
        ({"search": "... !"}, "The search contains no word."),
        ({"search": words}, "Too many search words: 51. Use at most 50."),
    ):
        answer = server.get(asked(**query), cookie=acme)
        assert (answer.status, error_in(answer)[: len(says)]) == (400, says)
        fields = next(form.fields for form in Seen(answer.text).forms if "search" in form.fields)
        kept = {name: value for name, value in query.items() if name not in ("status", "turn")}
        assert {name: fields[name] for name in kept} == kept
        assert rows_in(answer) == []
    assert server.get(asked(search=words.rpartition(" ")[0]), cookie=acme).status == 200
    for query in (
        {"sort": "space"},
        {"sort": "token"},
        {"sort": "\u202e'; --"},
        {"search": " \t"},
        {"key": "x", "unanswered": "1"},
        {"search": "x" * 5000},
        {"initiator": "\ud83d".encode("utf-8", "surrogatepass").decode("latin-1"), "since": ""},
    ):
        assert server.get(asked(**query), cookie=acme).status == 200, query
    for place in ("x", "-1", "1.5", "٣", "9" * 19, "", "1 OR 1"):
        for path in (asked(after=place), f"/spaces/acme?{urlencode({'before': place})}"):
            assert server.get(path, cookie=acme).status == 404, path
    for odd in ("search=%FF%00", "status=%00", "initiator=%ED%A0%80", "after=1&key=%FF%00&sort=status", "&&=&a"):
        assert server.get(f"/spaces/acme/requests?{odd}", cookie=acme).status in (200, 400), odd
    assert server.get(asked(after="1" * 18), cookie=acme).status == 200


def test_tasks_and_certificates_are_followed_to_the_end_in_each_state(server: Server, shared_es: Es, acme: str) -> None:
    es, olga = shared_es.inside, server.sign_in("owner", who="olga")
    for state in ("", "open", "closed", "expired"):
        options = ("--state", state) if state else ()
        found = everything(server, f"/spaces/acme?state={state}", acme)
        assert found == es("task", "list", "--space", "acme", "--fields", "id", *options).stdout.split(), state
        assert len(set(found)) == {"": 120, "open": 80, "closed": 40, "expired": 0}[state]
    for state in ("", "unused", "used", "revoked", "expired"):
        options = ("--state", state) if state else ()
        found = everything(server, f"/certificates?state={state}", olga)
        assert found == es("cert", "list", "--fields", "id", *options).stdout.split(), state
    refused = send(server, "/spaces/acme/tasks", {"name": ""}, olga)
    (further,) = (link for link in Seen(refused.text).links if "before=" in link)
    assert rows_in(server.get(further, cookie=olga))[0] == everything(server, "/spaces/acme", olga)[50]


def test_the_queue_is_followed_to_the_end(server: Server, shared_es: Es, acme: str) -> None:
    found = everything(server, "/desk", server.sign_in())
    assert found == shared_es.inside("desk", "queue", "--fields", "id").stdout.split()
    assert len(set(found)) > 50


def test_what_stays_as_it_is_is_on_the_pages_once_although_other_rows_change(
    server: Server, shared_es: Es, acme: str
) -> None:
    """The row at which a page ended may itself move away, or change its key, before the next page is asked for."""
    desk = server.sign_in()
    for path, cookie, options in (
        (asked(sort="status"), acme, ("--sort", "status")),
        (asked(), acme, ()),
        ("/desk", desk, ()),
        (asked(turn="desk", sort="initiator"), acme, ("--turn", "desk", "--sort", "initiator")),
    ):
        command = ("desk", "queue") if path == "/desk" else ("list", "--space", "acme")
        before = shared_es.inside(*command, "--fields", "id", *options).stdout.split()
        changed: set[str] = set()
        ends: Iterator[tuple[int, int]] = iter(((49, 10), (60, 3)))

        def meanwhile(
            before: list[str] = before, changed: set[str] = changed, ends: Iterator[tuple[int, int]] = ends
        ) -> None:
            with opened(shared_es) as store:
                for position in next(ends, ()):
                    if position < len(before):
                        changed.add(before[position])
                        now = store.request(before[position])
                        act = Act.REOPEN if now.closed_at else Act.CLOSE
                        requests.act(store, now.id, act, by=DESK, at=later(5))
                requests.activate(store, a_task(store).id, a_certificate(store)[0], by=ANN, at=later(5))

        found = everything(server, path, cookie, meanwhile)
        stayed = [id for id in found if id in before and id not in changed]
        assert sorted(stayed) == sorted({*before} - changed), path
        assert changed
