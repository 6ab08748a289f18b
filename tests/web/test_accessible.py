"""Every page in every state, light and dark, from a small phone to a wide screen: axe-core finds nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import Es
from playwright.sync_api import Browser
from web.browser import COLOURS, State, start_from, states, watched, wrong_at_any_size, wrong_with
from web.room_states import room_states
from web.serving import Server, a_request_in, path_of

from expertsupport_cli.model.requests import Status


@pytest.mark.parametrize("table", [states, room_states])
def test_axe_finds_nothing_and_nothing_is_beyond_the_edge(
    browser: Browser, server: Server, shared_es: Es, table: Callable[[Server, Es], list[State]]
) -> None:
    a_request_in(shared_es)
    shared_es.inside("space", "add", "empty")
    everything, wrong = table(server, shared_es), []
    for cookie in dict.fromkeys(state.cookie for state in everything):
        with watched(browser, server, cookie=cookie) as (first, _, _):
            for state in everything:
                if state.cookie == cookie:
                    start_from(first)
                    wrong += [f"{state.name}: {what}" for what in wrong_at_any_size(state.reach(first))]
    assert wrong == []


def test_colours_that_are_wrong_in_the_dark_alone_would_be_found(browser: Browser, server: Server) -> None:
    with watched(browser, server) as (page, _, _):
        page.goto("/sign-in")
        page.evaluate("document.querySelector('h1').style.color = '#222'")
        assert wrong_with(page) == []
        page.emulate_media(color_scheme="dark")
        assert "color-contrast: " in "\n".join(wrong_with(page, COLOURS))


def test_what_is_wrong_with_a_page_would_be_found(browser: Browser, server: Server, shared_es: Es) -> None:
    defects = {
        "document.querySelector('label').remove()": "label: ",
        "document.querySelector('h1').style.color = '#bbb'": "color-contrast: ",
        "document.documentElement.lang = ''": "html-has-lang: ",
        "document.querySelector('.thing').style.width = '2000px'": "pixels wide on 320",
    }
    with watched(browser, server, width=320) as (page, _, _):
        for defect, what in defects.items():
            page.goto(path_of(a_request_in(shared_es)))
            page.evaluate(defect)
            assert what in "\n".join(wrong_with(page)), defect


def test_an_empty_queue_and_pages_of_errors_are_as_good(browser: Browser, own_server: Server, es: Es) -> None:
    desk = own_server.sign_in()
    with watched(browser, own_server, width=320, cookie=desk) as (page, _, _):
        page.goto("/desk")
        assert page.get_by_text("No requests are waiting for the desk.").is_visible()
        assert wrong_with(page) == []
        page.goto("/spaces")
        assert page.get_by_text("No spaces yet.").is_visible()
        assert wrong_with(page) == []
        request = a_request_in(es)
        page.goto(f"/desk/requests/{request.id}")
        page.context.clear_cookies()
        page.get_by_role("textbox").fill("A draft")
        page.get_by_role("button", name="Reply", exact=True).click()
        assert page.get_by_role("heading", name="You are not signed in.").is_visible()
        assert page.get_by_role("textbox").input_value() == "A draft"
        assert wrong_with(page) == []
    with watched(browser, own_server, width=320, cookie=own_server.sign_in("owner")) as (page, _, _):
        page.goto("/partners")
        assert page.get_by_text("No partners yet.").is_visible()
        assert wrong_with(page) == []
    with watched(browser, own_server, width=320) as (page, _, _):
        page.goto(path_of(a_request_in(es, Status.NEW)))
        es.store.rename(es.home / "away")
        page.get_by_role("textbox").fill("A draft")
        page.get_by_role("button", name="Comment").click()
        assert page.get_by_role("textbox").input_value() == "A draft"
        assert wrong_with(page) == []


def test_pages_can_be_used_with_the_keyboard_alone(browser: Browser, server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es)
    with watched(browser, server) as (page, _, _):
        page.goto(path_of(request))
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        box = page.locator(":focus").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "body"
        page.keyboard.type("By keyboard")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Comment"
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        page.get_by_text("By keyboard").wait_for()


def test_no_word_of_a_list_is_broken_letter_by_letter_on_a_phone(
    browser: Browser, server: Server, shared_es: Es
) -> None:
    request, desk = a_request_in(shared_es), server.sign_in()
    for path in ("/desk", "/spaces/acme/requests"):
        with watched(browser, server, width=320, cookie=desk) as (page, _, _):
            page.goto(path)
            link = page.get_by_role("link", name=request.id, exact=True).bounding_box()
            assert link is not None
            assert link["height"] < 40
