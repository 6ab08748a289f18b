"""What a page is for programs: JSON, the number of the last event, a delay for who guesses; and what is logged."""

from __future__ import annotations

import json
import re
import time

from conftest import Es
from web.serving import Server, a_request_in, opened, path_of, serving

from expertsupport_cli.actions import requests
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.model.requests import Status

JSON = "application/json"


def test_a_page_is_in_json_what_es_show_prints_without_the_initiators_address(server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es, Status.WAITING)
    server.post(f"{path_of(request)}/comment", {"body": "By the web"})
    desk, customer = server.sign_in(), server.sign_in("customer")
    for command, path, cookie in (
        (("show",), path_of(request), ""),
        (("show",), path_of(request), desk),
        (("show",), f"/spaces/acme/requests/{request.id}", customer),
        (("desk", "show"), f"/desk/requests/{request.id}", desk),
    ):
        printed = shared_es.inside(*command, request.id, "--json", env={"ES_PAGE_URL": server.url}).stdout
        expected = json.loads(printed)
        assert expected["initiator_email"] == "ann@example.org"
        if command == ("show",):
            expected["initiator_email"] = None
        answer = server.get(path, cookie=cookie, Accept=JSON)
        assert (answer.status, answer.header("content-type")) == (200, JSON)
        assert answer.json == expected, path
        assert answer.json["events"][-1]["via"] == "web"


def test_errors_are_json_for_who_asks_for_it(server: Server) -> None:
    answer = server.get("/requests/" + "0" * 32, Accept=JSON)
    assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")
    answer = server.get(server.sign_in_link() + "0", Accept=JSON)
    assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")


def test_the_last_event_is_told_with_an_etag_and_not_told_again(server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es)
    path = f"{path_of(request)}/last"
    first = server.get(path)
    last = first.json["last"]
    assert first.json == {"last": last}
    assert f'data-last="{last}"' in server.get(path_of(request)).text
    etag = str(first.header("etag"))
    again = server.get(path, If_None_Match=etag)
    assert (again.status, again.body, again.header("etag")) == (304, b"", etag)
    with opened(shared_es) as store:
        ben = Actor(name="ben", side=Side.CUSTOMER)
        requests.comment(store, request.id, "News", by=ben, at=request.created_at)
    after = server.get(path, If_None_Match=etag)
    assert (after.status, after.json["last"] > last) == (200, True)
    assert server.get(path, If_None_Match="nonsense").status == 200


def test_it_proves_which_store_it_serves(server: Server, es: Es) -> None:
    nonce = "a1" * 16
    proof = server.get(f"/hello/{nonce}").json["proof"]
    assert server.get(f"/hello/{nonce}").json == {"proof": proof}
    assert server.get(f"/hello/{'b2' * 16}").json["proof"] != proof
    with opened(es), serving(es) as other:
        assert other.get(f"/hello/{nonce}").json["proof"] != proof
    for wrong in ("x", "a" * 31, "a" * 33, "%C3%A9" * 32, "-" * 32):
        assert server.get(f"/hello/{wrong}").status == 404, wrong


def test_after_ten_wrong_tokens_more_come_late_and_a_right_one_opens_at_once(server: Server, shared_es: Es) -> None:
    page, wrong, address = path_of(a_request_in(shared_es)), "/requests/" + "0" * 32, "127.9.9.9"
    link = server.sign_in_link()

    def seconds(path: str, source: str = address) -> tuple[int, float]:
        started = time.monotonic()
        return server.ask("GET", path, source=source).status, time.monotonic() - started

    for number in range(5):
        assert seconds(wrong)[0] == seconds(f"/sign-in/{number}")[0] == 404
    status, late = seconds(wrong)
    assert (status, late >= 1) == (404, True)
    status, late = seconds("/sign-in/wrong")
    assert (status, late >= 1) == (404, True)
    assert seconds(page)[0] == seconds(link)[0] == 200
    assert seconds(wrong, "127.9.9.8")[0] == 404
    order: list[str] = []
    # the right one overtakes a wrong one that was sent before it
    from threading import Thread

    guessing = Thread(target=lambda: order.append(f"{seconds(wrong)[0]}"))
    guessing.start()
    order.append(f"{seconds(page)[0]}")
    guessing.join()
    assert order == ["200", "404"]


def test_the_log_has_routes_and_no_tokens_names_or_words(es: Es) -> None:
    with opened(es):
        pass
    with serving(es) as server:
        request, dora = a_request_in(es), server.sign_in()
        link = server.sign_in_link()
        server.get(f"{path_of(request)}?secret=query", User_Agent="agent\x7f", Referer="http://x/requests/secret")
        server.post(f"{path_of(request)}/comment", {"body": "secret words"})
        server.get(link)
        server.get("/requests/secret%0AGET%20forged")
        server.get("/secret\\n")
        server.get("/desk", cookie=dora)
        server.ask("SECRET", "/")
    lines = [re.sub(r"\d+ ms$", "N ms", line) for line in server.log.splitlines()]
    assert lines[2:] == [
        "POST /sign-in/{token} 303 N ms",
        "GET /requests/{token} 200 N ms",
        "POST /requests/{token}/{act} 303 N ms",
        "GET /sign-in/{token} 200 N ms",
        "GET /requests/{token} 404 N ms",
        "GET - 404 N ms",
        "GET /desk 200 N ms",
        "SECRET - 405 N ms",
    ]
    assert "secret" not in server.log
