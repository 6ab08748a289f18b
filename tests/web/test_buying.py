"""The page of a purchase link and the demo shop: looking spends nothing, and a button spends a link once."""

from __future__ import annotations

import re
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from builders import ANN, AT, OLGA, a_certificate
from conftest import Es
from playwright.sync_api import Browser
from web.browser import watched, wrong_at_any_size
from web.serving import FORM, Answer, Server, opened, wait_for
from web.shop import a_token, certificate_of, is_unused, link_of
from web.test_busy import held

from expertsupport_cli.actions import links, tasks
from expertsupport_cli.model.certificates import Origin
from expertsupport_cli.store.check import findings

SERIAL = re.compile(r"(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}")


def serial_in(answer: Answer) -> str:
    """The serial number on a page: shown once, and once more in the field."""
    assert answer.status == 200
    (serial,) = set(SERIAL.findall(answer.text))
    return str(serial)


def kinds(es: Es, token: str) -> list[str]:
    with opened(es) as store:
        return [entry.kind for entry in store.events_of_link(links.link_by_address(store, token))]


def test_looking_at_a_link_spends_nothing_whoever_looks(server: Server, shared_es: Es) -> None:
    token = a_token(shared_es)
    scanner = {"User-Agent": "Mail scanner", "Accept": "*/*"}
    for _ in range(3):
        for method in ("GET", "HEAD"):
            assert server.ask(method, f"/buy/{token}?utm_source=mail", headers=scanner).status == 200
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"):
            assert server.ask(method, f"/buy/{token}").status == 405
        assert server.ask("GET", f"/buy/{token}/activate").status == 405
    assert is_unused(shared_es, token)
    assert kinds(shared_es, token) == ["link_made"]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_browser_that_opens_a_link_and_runs_its_scripts_spends_nothing(
    browser: Browser, server: Server, shared_es: Es, scripts: bool
) -> None:
    token = a_token(shared_es)
    with watched(browser, server, scripts=scripts) as (page, _, _):
        for _ in range(3):
            page.goto(f"/buy/{token}", wait_until="networkidle")
            assert page.get_by_text("This is a demo shop: it takes no payment.").is_visible()
    assert is_unused(shared_es, token)


def test_a_form_of_another_site_spends_nothing(server: Server, shared_es: Es) -> None:
    token = a_token(shared_es)
    for headers in ({"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}, {"Origin": "null"}):
        assert server.post(f"/buy/{token}", {}, **headers).status == 403
    assert is_unused(shared_es, token)


def test_of_64_forms_on_one_link_one_gets_the_serial(server: Server, shared_es: Es) -> None:
    token = a_token(shared_es)
    with ThreadPoolExecutor(64) as threads:
        answers = list(threads.map(lambda _: server.post(f"/buy/{token}"), range(64)))
    assert Counter(answer.status for answer in answers) == {200: 1, 409: 63}
    won = [answer for answer in answers if answer.status == 200]
    assert all(not SERIAL.search(answer.text) for answer in answers if answer.status != 200)
    assert certificate_of(shared_es, token).masked[-4:] == serial_in(won[0])[-4:]
    assert kinds(shared_es, token) == ["link_made", "link_redeemed"]
    with opened(shared_es) as store:
        assert [rule for rule, found in findings(store) if found] == []


def test_the_serial_is_shown_once_and_its_certificate_is_marked_as_a_demo(server: Server, shared_es: Es) -> None:
    token = a_token(shared_es)
    bought = server.post(f"/buy/{token}")
    serial = serial_in(bought)
    assert bought.header("cache-control") == "no-store"
    certificate = certificate_of(shared_es, token)
    assert certificate.origin is Origin.DEMO
    for answer in (server.get(f"/buy/{token}"), server.post(f"/buy/{token}")):
        assert answer.status == 409
        assert "This link was already used" in answer.text
        assert f"es cert replace {certificate.id}" in answer.text
        assert serial not in answer.text
    es, link = shared_es.inside, link_of(shared_es, token)
    assert (
        f"{certificate.masked} ({certificate.id}, demo) is unused"
        in es("cert", "check", serial, "--format", "table").stdout
    )
    answer = server.post(f"/buy/{token}/activate", {"serial": serial})
    assert answer.status == 303
    where = answer.header("location")
    assert where is not None
    for shown in (
        server.get(where).text,
        es("cert", "show", certificate.id).stdout,
        es("show", link.task).stdout,
        es("link", "show", link.id).stdout,
    ):
        assert "demo" in shown
    assert "es cert replace" not in server.get(f"/buy/{token}").text  # it is used


def test_it_is_activated_on_the_task_of_the_link_and_repeating_that_leads_to_the_same_page(
    server: Server, shared_es: Es
) -> None:
    token = a_token(shared_es)
    serial = serial_in(server.post(f"/buy/{token}"))
    first, again = (server.post(f"/buy/{token}/activate", {"serial": f" {serial.lower()} "}) for _ in range(2))
    assert first.status == again.status == 303
    assert first.header("location") == again.header("location")
    with opened(shared_es) as store:
        request = store.request(link_of(shared_es, token).task)
        assert first.header("location") == f"/requests/{request.token}"
        assert (request.initiator, request.initiator_email) == ("ann", "ann@example.org")
        assert [event.via for event in store.events_of_request(request, notes=True)] == ["web"]


def test_whoever_is_signed_in_and_sees_the_task_is_the_initiator(server: Server, shared_es: Es) -> None:
    a_token(shared_es)
    shared_es.inside("space", "add", "elsewhere")
    people = {"zoe": ("customer", "acme"), "dora": ("desk", ""), "eve": ("customer", "elsewhere")}
    for who, (side, space) in people.items():
        token, cookie = a_token(shared_es), server.sign_in(side, space=space, who=who)
        serial = serial_in(server.post(f"/buy/{token}", cookie=cookie))
        assert server.post(f"/buy/{token}/activate", {"serial": serial}, cookie=cookie).status == 303
        with opened(shared_es) as store:
            assert store.request(link_of(shared_es, token).task).initiator == ("ann" if who == "eve" else who)


def test_a_refused_serial_is_not_shown_again(server: Server, shared_es: Es) -> None:
    token = a_token(shared_es)
    server.post(f"/buy/{token}")
    with opened(shared_es) as store:
        revoked, certificate = a_certificate(store)
        with store.transaction():
            store.revoke_certificate(certificate.number, AT)
    cases = {"0" * 16: 422, "ABCD-EFGH-JKMN-PQRS": 422, "<b>": 400, "": 400, revoked: 409}
    for serial, status in cases.items():
        answer = server.post(f"/buy/{token}/activate", {"serial": serial})
        assert answer.status == status, serial
        assert 'name="serial" value=""' in answer.text
        assert 'role="alert"' in answer.text
        assert not serial or serial not in answer.text.replace("<strong>", "")


def test_a_serial_that_cannot_be_used_now_is_kept_in_the_form(own_server: Server, es: Es) -> None:
    """Nothing is wrong with it, and nobody may have another copy."""
    token = a_token(es)
    serial = serial_in(own_server.post(f"/buy/{token}"))
    other = a_token(es)
    with held(es):
        answer = own_server.post(f"/buy/{token}/activate", {"serial": serial})
        bought = own_server.post(f"/buy/{other}")
    assert (answer.status, bought.status) == (503, 503)
    assert f'value="{serial}"' in answer.text
    assert "Try again in a moment." in answer.text
    assert "Try again in a moment." in bought.text
    assert is_unused(es, other)
    assert own_server.post(f"/buy/{token}/activate", {"serial": serial}).status == 303


def test_a_page_says_why_nothing_can_be_activated_now(server: Server, shared_es: Es) -> None:
    token = a_token(shared_es)
    with opened(shared_es) as store:
        tasks.close_task(store, links.link_by_address(store, token).task, by=ANN, at=AT)
    assert "is closed." in server.get(f"/buy/{token}").text
    bought = server.post(f"/buy/{token}")
    assert "Until then, keep the serial number." in bought.text
    assert server.post(f"/buy/{token}/activate", {"serial": serial_in(bought)}).status == 409
    with opened(shared_es) as store:
        tasks.reopen_task(store, link_of(shared_es, token).task, by=ANN, at=AT)
    assert server.post(f"/buy/{token}/activate", {"serial": serial_in(bought)}).status == 303
    other = a_token(shared_es, task=link_of(shared_es, token).task)
    assert "has an open request" in server.get(f"/buy/{other}").text


def test_a_link_that_expired_or_was_revoked_says_how_to_get_another(server: Server, shared_es: Es) -> None:
    expired, revoked = a_token(shared_es, lifetime=1), a_token(shared_es)
    with opened(shared_es) as store:
        links.revoke_link(store, revoked, by=OLGA, at=AT)
    for token, text in ((expired, "This link has expired."), (revoked, "This link was revoked.")):
        for answer in (server.get(f"/buy/{token}"), server.post(f"/buy/{token}")):
            assert answer.status == 409
            assert text in answer.text
            assert f"es purchase-link {link_of(shared_es, token).task}" in answer.text
        signed_in = server.get(f"/buy/{token}", cookie=server.sign_in("customer", who="carl")).text
        assert f'href="/tasks/{link_of(shared_es, token).task}/expert-support"' in signed_in
        assert "es purchase-link" not in signed_in


def test_an_unknown_address_is_the_common_404(server: Server, shared_es: Es) -> None:
    token, unknown = a_token(shared_es), server.get("/requests/" + "0" * 32).body
    for wrong in ("0" * 40, "L-1", token[:-1], f"x{token}", f"0{token}", "0" * 32, "%00" * 40):
        for answer in (
            server.get(f"/buy/{wrong}"),
            server.post(f"/buy/{wrong}"),
            server.post(f"/buy/{wrong}/activate"),
        ):
            assert (answer.status, answer.body) == (404, unknown), wrong
    assert server.get(f"/buy/{token.upper()}").status == 200


def test_wrong_serials_and_wrong_links_are_answered_late(own_server: Server, es: Es) -> None:
    token = a_token(es)
    serial = serial_in(own_server.post(f"/buy/{token}"))

    def took(path: str, fields: dict[str, str]) -> int:
        """The milliseconds that a form took, which comes from the same address each time."""
        own_server.ask("POST", path, urlencode(fields).encode(), {"Content-Type": FORM}, source="127.0.0.8")
        return int(own_server.log.splitlines()[-1].split()[3])

    times = [took(f"/buy/{token}/activate", {"serial": f"{number:016}"}) for number in range(1, 6)]
    times += [took("/buy/" + "0" * 40, {}) for _ in range(6)]
    assert max(times[:10]) < times[10]
    assert times[10] >= 1000
    assert took(f"/buy/{token}/activate", {"serial": serial}) < times[10]


def test_a_browser_that_has_hung_up_has_bought_nothing(own_server: Server, es: Es) -> None:
    token = a_token(es)

    def hang_up() -> bool:
        """Send the form and hang up before it can be answered. Returns whether it was read in time."""
        before = own_server.log.count("POST /buy")
        with held(es), socket.create_connection(("127.0.0.1", own_server.port)) as connection:
            lines = (f"POST /buy/{token} HTTP/1.1", f"Host: 127.0.0.1:{own_server.port}", "Content-Length: 0", "", "")
            connection.sendall("\r\n".join(lines).encode())
            for _ in range(10):  # others are answered meanwhile
                own_server.get("/sign-in")
        wait_for(lambda: own_server.log.count("POST /buy") > before, "the end of the form")
        assert is_unused(es, token)
        return "POST /buy/{token} 500" in own_server.log

    wait_for(hang_up, "a form that is read")
    assert kinds(es, token) == ["link_made", "link_redeemed", "link_restored"]
    assert es.inside("cert", "list", "--fields", "state,origin").stdout == "revoked\tdemo\n"
    assert serial_in(own_server.post(f"/buy/{token}"))
    assert es.inside("db", "check").status == 0


def test_buying_and_activating_needs_no_script_and_no_mouse(browser: Browser, server: Server, shared_es: Es) -> None:
    token = a_token(shared_es)
    with watched(browser, server, scripts=False) as (page, _, _):
        page.goto(f"/buy/{token}")
        page.get_by_role("button", name="Get a demo certificate").focus()
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Your demo certificate").wait_for()
        assert page.get_by_label("Serial number").input_value() == page.locator(".serial").inner_text()
        page.get_by_label("Serial number").focus()
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="The printer is on fire").wait_for()
        assert "/requests/" in page.url
        assert "(demo)" in page.get_by_role("main").inner_text()


def test_axe_finds_nothing_in_any_state_of_a_link(browser: Browser, server: Server, shared_es: Es) -> None:
    expired = a_token(shared_es, lifetime=1)
    wrong: list[str] = []

    def look(state: str) -> None:
        wrong.extend(f"{state}: {what}" for what in wrong_at_any_size(page))

    with watched(browser, server) as (page, _, _):
        page.goto(f"/buy/{expired}")
        look("expired")
        page.goto(f"/buy/{a_token(shared_es)}")
        look("unused")
        page.get_by_role("button", name="Get a demo certificate").click()
        look("bought")
        page.get_by_label("Serial number").fill("ABCD-EFGH-JKMN-PQRS")
        page.get_by_role("button", name="Activate").click()
        look("refused")
        page.goto(page.url.removesuffix("/activate"))
        look("used")
    assert wrong == []
