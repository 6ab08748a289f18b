"""What an online store reports after payment: signed events, of which each counts once, and forged ones never."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException

import pytest
from builders import ANN, AT, OLGA, a_certificate
from conftest import Es
from web.serving import Server, mails_to, opened, serving, wait_for
from web.shop import KEY, a_token, body_of, certificate_of, code, event, is_unused, key_file, link_of, redeem
from web.test_busy import held

from expertsupport_cli.actions import certificates, links, requests, tasks
from expertsupport_cli.serial import mask
from expertsupport_cli.store.check import findings

KEYS = ["certificate", "serial", "request", "url", "refused"]


@pytest.fixture(scope="module")
def server(shared_es: Es) -> Iterator[Server]:
    """A server with an online store, which has a desk."""
    with serving(shared_es, ES_SHOP_SECRET_FILE=key_file(shared_es), ES_DESK_EMAIL="desk@example.org") as running:
        yield running


@pytest.fixture
def own_server(es: Es) -> Iterator[Server]:
    with opened(es):
        pass
    with serving(es, ES_SHOP_SECRET_FILE=key_file(es)) as running:
        yield running


def test_a_purchase_gets_a_serial_that_activates(server: Server, shared_es: Es) -> None:
    token = a_token(shared_es)
    answer = redeem(server, token, "order-1")
    assert (answer.status, list(answer.json)) == (200, KEYS)
    assert [answer.json[key] for key in ("request", "url", "refused")] == [None] * 3
    with opened(shared_es) as store:
        found = certificates.check_certificate(store, answer.json["serial"], at=AT)
    assert (found.id, found.origin) == (answer.json["certificate"], "bought")
    assert certificate_of(shared_es, token) == found
    again = redeem(server, token, "order-1")
    assert (again.status, again.json) == (200, {**answer.json, "serial": None})
    assert code(redeem(server, token, "order-2")) == (409, "link_used")


def test_with_activate_the_request_is_opened_and_mailed_and_repeating_it_changes_nothing(
    server: Server, shared_es: Es
) -> None:
    token = a_token(shared_es)
    answer = redeem(server, token, "order-3", True)
    bought = answer.json
    assert (answer.status, bought["serial"], bought["refused"]) == (200, None, None)
    assert bought["url"].startswith(f"{server.url}/requests/")
    page = server.get(bought["url"].removeprefix(server.url), Accept="application/json").json
    assert (page["id"], page["initiator"], page["events"][0]["via"]) == (bought["request"], "ann", "web")

    def are_mailed() -> bool:
        mailed = [mails_to(shared_es, address) for address in ("ann@example.org", "desk@example.org")]
        return all(any(f"[{bought['request']}]" in text for text in texts) for texts in mailed)

    wait_for(are_mailed, "mails to ann and the desk")
    with opened(shared_es) as store:
        last = store.last_event()
    for activate in (True, False, None):
        assert redeem(server, token, "order-3", activate).json == bought
    with opened(shared_es) as store:
        assert store.last_event() == last
        assert [rule for rule, found in findings(store) if found] == []


def test_if_the_request_cannot_be_opened_the_serial_is_sold(server: Server, shared_es: Es) -> None:
    closed, busy = a_token(shared_es), a_token(shared_es)
    with opened(shared_es) as store:
        tasks.close_task(store, links.link_by_address(store, closed).task, by=ANN, at=AT)
        task = links.link_by_address(store, busy).task
        requests.activate(store, task, a_certificate(store)[0], by=ANN, at=AT)
    for token, refused in ((closed, "task_closed"), (busy, "request_open")):
        answer = redeem(server, token, refused, True)
        assert answer.status == 200
        assert (answer.json["request"], answer.json["url"], answer.json["refused"]) == (None, None, refused)
        assert mask(answer.json["serial"][-4:]) == link_of(shared_es, token).certificate
        assert redeem(server, token, refused, True).json == {**answer.json, "serial": None}


def test_what_is_not_signed_with_the_key_just_now_spends_nothing(server: Server, shared_es: Es) -> None:
    token, other = a_token(shared_es), a_token(shared_es)
    body = body_of(token)
    good = event("order-4", body)
    forged = {
        "no header": {},
        "no signature": {**good, "webhook-signature": ""},
        "another key": event("order-4", body, key=KEY[::-1]),
        "another ID": {**good, "webhook-id": "order-5"},
        "another body": event("order-4", body_of(other)),
        "five minutes late": event("order-4", body, late=310),
        "five minutes early": event("order-4", body, late=-310),
        "another time": {**good, "webhook-timestamp": str(int(good["webhook-timestamp"]) - 1)},
        "no time": {**good, "webhook-timestamp": "now"},
    }
    answers = {name: server.ask("POST", "/api/redeem", body, headers) for name, headers in forged.items()}
    assert {code(answer) for answer in answers.values()} == {(401, "unauthorized")}
    assert len({answer.body for answer in answers.values()}) == 1, "nobody learns what was wrong"
    assert is_unused(shared_es, token)
    assert server.ask("POST", "/api/redeem", body, event("order-4", body, late=290)).status == 200


def test_an_event_that_was_overheard_is_of_no_use(server: Server, shared_es: Es) -> None:
    """Its body says which link it is for, and its ID has counted; the serial is not given again."""
    token, other = a_token(shared_es), a_token(shared_es)
    body = body_of(token)
    overheard = event("order-6", body)
    assert server.ask("POST", "/api/redeem", body, overheard).json["serial"]
    assert server.ask("POST", "/api/redeem", body, overheard).json["serial"] is None
    assert code(server.ask("POST", "/api/redeem", body_of(other), overheard)) == (401, "unauthorized")
    assert is_unused(shared_es, other)


def test_the_same_event_for_another_link_is_refused(server: Server, shared_es: Es) -> None:
    token, other = a_token(shared_es), a_token(shared_es)
    assert redeem(server, token, "order-7").status == 200
    assert code(redeem(server, other, "order-7")) == (409, "already_exists")
    assert is_unused(shared_es, other)


def test_links_that_cannot_be_redeemed(server: Server, shared_es: Es) -> None:
    expired, revoked = a_token(shared_es, lifetime=1), a_token(shared_es)
    with opened(shared_es) as store:
        links.revoke_link(store, revoked, by=OLGA, at=AT)
    assert code(redeem(server, expired, "order-8")) == (409, "link_expired")
    assert code(redeem(server, revoked, "order-8")) == (409, "link_revoked")
    for unknown in ("0" * 40, "L-1", "x"):
        assert code(redeem(server, unknown, "order-8")) == (404, "not_found")
    token = a_token(shared_es)
    assert redeem(server, token, "order-8").status == 200  # what failed has not used the ID


BODIES = [b"", b"{", b"[]", b"null", b"{}", b"[" * 50_000, b'{"link": 1}', b'{"link": "", "activate": true}']
BODIES += [b'{"link": "x", "activate": "true"}', b'{"link": "x", "activte": true}', b"\xff", b'{"link": "\\ud800"}']


def test_a_body_that_is_no_event_is_refused(server: Server, shared_es: Es) -> None:
    for body in [*BODIES, json.dumps({"link": "x" * 5_000}).encode()]:
        assert code(server.ask("POST", "/api/redeem", body, event("order-9", body))) == (400, "usage"), body[:40]
    big = body_of(a_token(shared_es)).ljust(65_537)
    assert code(server.ask("POST", "/api/redeem", big, event("order-9", big))) == (413, "usage")
    fits = big[:-1]
    for id in ("a b", "x" * 201):
        assert code(server.ask("POST", "/api/redeem", fits, event(id, fits))) == (400, "usage")
    assert server.ask("POST", "/api/redeem", fits, event("order-9", fits)).status == 200


def test_who_may_ask_and_how(server: Server, shared_es: Es) -> None:
    token = a_token(shared_es)
    body = body_of(token)
    signed = event("order-10", body)
    foreign = server.ask("POST", "/api/redeem", body, {**signed, "Host": "evil.example"})
    assert code(foreign) == (421, "misdirected")
    for method in ("GET", "PUT", "DELETE"):
        assert code(server.ask(method, "/api/redeem")) == (405, "usage")
    assert code(server.ask("POST", "/api/other", body, signed)) == (404, "not_found")
    assert is_unused(shared_es, token)
    # no browser sends these, and the signature is proof enough
    answer = server.ask(
        "POST", "/api/redeem", body, {**signed, "Origin": "https://shop.example", "Accept": "text/html"}
    )
    assert (answer.status, answer.header("cache-control")) == (200, "no-store")


def test_without_a_key_there_is_no_api(es: Es) -> None:
    with opened(es):
        pass
    with serving(es) as server:
        assert code(redeem(server, a_token(es), "order-1")) == (404, "not_found")


def test_of_64_reports_of_one_event_all_get_the_same_answer_and_one_the_serial(server: Server, shared_es: Es) -> None:
    token = a_token(shared_es)
    with ThreadPoolExecutor(64) as threads:
        answers = list(threads.map(lambda _: redeem(server, token, "order-11"), range(64)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.json["certificate"] for answer in answers}) == 1
    assert len([answer for answer in answers if answer.json["serial"]]) == 1


def test_of_64_events_for_one_link_one_is_taken(server: Server, shared_es: Es) -> None:
    token = a_token(shared_es)
    with ThreadPoolExecutor(64) as threads:
        answers = list(threads.map(lambda n: redeem(server, token, f"of-64-{n}", True), range(64)))
    won = [answer for answer in answers if answer.status == 200]
    assert len(won) == 1
    assert {code(answer) for answer in answers if answer.status != 200} == {(409, "link_used")}
    with opened(shared_es) as store:
        assert store.request(won[0].json["request"]).task == links.link_by_address(store, token).task
        assert [rule for rule, found in findings(store) if found] == []


def test_a_busy_store_is_tried_again_with_the_same_event(own_server: Server, es: Es) -> None:
    token = a_token(es)
    with held(es):
        answer = redeem(own_server, token, "order-1", True)
    assert code(answer) == (503, "store_busy")
    assert answer.header("retry-after") == "2"
    assert str(es.home) not in answer.text
    assert redeem(own_server, token, "order-1", True).json["request"] == "ES-1"


def test_wrong_signatures_are_answered_late_but_not_a_right_one(own_server: Server, es: Es) -> None:
    token = a_token(es)
    body = body_of(token)
    wrong = event("order-1", body, key=KEY[::-1])
    for _ in range(11):
        assert own_server.ask("POST", "/api/redeem", body, wrong, source="127.0.0.9").status == 401
    took = [int(line.split()[3]) for line in own_server.log.splitlines() if line.startswith("POST /api/redeem 401")]
    assert len(took) == 11
    right = own_server.ask("POST", "/api/redeem", body, event("order-1", body), source="127.0.0.9")
    assert right.status == 200
    (milliseconds,) = (int(line.split()[3]) for line in own_server.log.splitlines() if " 200 " in line)
    assert max(took[:10]) < took[10]
    assert took[10] >= 1000
    assert milliseconds < took[10]


def test_a_store_that_hangs_up_before_the_answer_gets_it_with_the_same_event(own_server: Server, es: Es) -> None:
    token = a_token(es)
    body = body_of(token)

    def hang_up() -> bool:
        """Send the event and hang up before it can be answered. Returns whether it was read in time."""
        before = own_server.log.count("POST /api")
        with held(es), socket.create_connection(("127.0.0.1", own_server.port)) as connection:
            headers = {"Host": f"127.0.0.1:{own_server.port}", "Content-Length": len(body), **event("order-1", body)}
            lines = ["POST /api/redeem HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
            connection.sendall("\r\n".join(lines).encode() + body)
            for _ in range(10):  # others are answered meanwhile
                own_server.get("/sign-in")
        wait_for(lambda: own_server.log.count("POST /api") > before, "the end of the event")
        assert is_unused(es, token)
        return "POST /api/redeem 500" in own_server.log

    wait_for(hang_up, "an event that is read")
    answer = redeem(own_server, token, "order-1")
    assert (answer.status, answer.json["certificate"]) == (200, "C-2")
    assert answer.json["serial"]


def test_a_server_that_is_killed_has_opened_the_request_or_sold_nothing(es: Es) -> None:
    """Wherever it is killed, the store of the shop reports the same event again, and gets its request."""
    with opened(es):
        pass
    key = key_file(es)
    for round_ in range(6):
        token = a_token(es)
        server = Server(es, ES_SHOP_SECRET_FILE=key)
        with ThreadPoolExecutor(1) as threads, server.process:
            journal = es.store.with_name(f"{es.store.name}-journal")
            answer = threads.submit(redeem, server, token, f"order-{round_}", True)
            while not journal.exists() and not answer.done():
                pass
            for _ in range(round_ * 2_000):
                pass
            server.process.send_signal(signal.SIGKILL)
            with suppress(OSError, HTTPException):
                answer.result()
        with serving(es, ES_SHOP_SECRET_FILE=key) as again:
            first = redeem(again, token, f"order-{round_}", True)
            assert (first.status, first.json["request"]) == (200, f"ES-{round_ + 1}")
            assert redeem(again, token, f"order-{round_}", True).json == first.json
    assert es.inside("db", "check").status == 0


def test_a_bad_key_is_refused_when_the_server_starts_and_one_that_others_can_read_is_named(es: Es) -> None:
    for text in ("", "whsec_", "0123456789", "whsec_c2hvcnQ="):
        result = es("serve", "--port", "0", env={"ES_SHOP_SECRET_FILE": key_file(es, text)})
        assert (result.status, result.stdout) == (2, ""), text
        assert not text or text == "whsec_" or text not in result.stderr
    result = es("serve", "--port", "0", env={"ES_SHOP_SECRET_FILE": "/no/such/file"})
    assert (result.status, result.stdout) == (2, "")
    assert "Try: es config set shop.secret-file" in result.stderr
    assert not es.store.exists()
    path = key_file(es)
    (es.home / "shop.key").chmod(0o640)
    with opened(es):
        pass
    with serving(es, ES_SHOP_SECRET_FILE=path) as server:
        assert f"Others can access the key file {path}." in server.log
        assert redeem(server, a_token(es), "order-1").status == 200
