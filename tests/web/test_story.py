"""The whole story in a browser, with and without JavaScript."""

from __future__ import annotations

import re

import pytest
from builders import ANN
from conftest import Es
from playwright.sync_api import Browser, Page, expect
from web.browser import watched
from web.serving import Server, a_request_in, opened, path_of

from expertsupport_cli.actions import requests


def press(page: Page, button: str, text: str = "") -> None:
    """Type, if there is something to be typed, and press a button below a request."""
    if text:
        page.get_by_role("textbox").fill(text)
    page.get_by_role("button", name=button, exact=True).click()


def shows(page: Page, status: str, *texts: str) -> None:
    expect(page.locator(".thing .badge")).to_have_text(status)
    for text in texts:
        expect(page.locator(".entries .text", has_text=re.compile(f"^{re.escape(text)}$"))).to_have_count(1)
    expect(page.get_by_role("alert")).to_have_count(0)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_story_of_a_request(browser: Browser, server: Server, shared_es: Es, scripts: bool) -> None:
    request = a_request_in(shared_es)
    with watched(browser, server, scripts=scripts, width=360) as (page, _, loaded):
        page.goto(path_of(request))
        assert page.title() == f"{request.id} The printer is on fire - Expert Support"
        shows(page, "New")
        press(page, "Comment", "It <b>burns</b>!\nReally.")
        shows(page, "New", "It <b>burns</b>!\nReally.")
        assert page.url == server.url + path_of(request)
        page.reload()  # which sends no form again
        shows(page, "New", "It <b>burns</b>!\nReally.")
        press(page, "Close", "It is out.")
        shows(page, "Closed", "It is out.")
        press(page, "Reopen")
        shows(page, "Acknowledged")
        press(page, "Comment")
        expect(page.get_by_role("alert")).to_contain_text("The message is empty.")
        assert any(url.endswith(".js") for url in loaded) is scripts
    with watched(browser, server, scripts=scripts) as (page, _, _):
        page.goto(f"/desk/requests/{request.id}")
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        page.goto(server.sign_in_link())
        press(page, "Sign in")
        expect(page.get_by_role("heading", level=1)).to_have_text("Queue")
        page.get_by_role("link", name=request.id, exact=True).click()
        press(page, "Reply", "Is there smoke?")
        shows(page, "Acknowledged", "Is there smoke?")
        press(page, "Reply and ask", "And where?")
        shows(page, "Waiting", "And where?")
        press(page, "Add a note (desk only)", "It is always this printer.")
        shows(page, "Waiting", "It is always this printer.")
        press(page, "Acknowledge")
        shows(page, "Acknowledged")
        page.goto(path_of(request))
        assert page.url == f"{server.url}/desk/requests/{request.id}"
        press(page, "Sign out")
        expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out.")
        page.goto("/desk")
        assert page.url == f"{server.url}/sign-in"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_customer_finds_the_request_in_the_list(browser: Browser, server: Server, es: Es, scripts: bool) -> None:
    request = a_request_in(server.es)
    with watched(browser, server, scripts=scripts) as (page, _, _):
        page.goto(server.sign_in_link("customer", who="carl"))
        press(page, "Sign in")
        expect(page.get_by_role("heading", level=1)).to_have_text("acme")
        page.get_by_role("link", name="Expert support requests").click()
        page.get_by_role("link", name=request.id, exact=True).click()
        press(page, "Comment", "Mine too.")
        shows(page, "New", "Mine too.")
        expect(page.locator(".entries li").last).to_contain_text("carl")
        page.get_by_role("link", name="Requests", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Expert support requests")


def test_a_page_says_when_something_has_changed_and_leaves_alone_what_is_typed(
    browser: Browser, server: Server, shared_es: Es
) -> None:
    request = a_request_in(shared_es)
    with watched(browser, server) as (page, _, _):
        page.clock.install()
        page.goto(path_of(request))
        page.get_by_role("textbox").press_sequentially("Half a sent")
        with page.expect_response("**/last") as first:
            page.clock.run_for(6000)
        assert first.value.status == 304
        notice = page.get_by_role("status")
        expect(notice).to_have_text("")
        assert "has changed" not in page.content(), "a text browser would show it"
        with opened(shared_es) as store:
            requests.comment(store, request.id, "Meanwhile", by=ANN, at=request.created_at)
        with page.expect_response("**/last") as second:
            page.clock.run_for(6000)
        assert second.value.status == 200
        expect(page.get_by_text("Something has changed")).to_be_visible()
        page.get_by_role("textbox").press_sequentially("ence")
        assert page.get_by_role("textbox").input_value() == "Half a sentence"
        assert page.evaluate("document.activeElement.id") == "body"
        page.get_by_role("link", name="Reload the page").click()
        shows(page, "New", "Meanwhile")
        expect(page.get_by_text("Something has changed")).to_be_hidden()


def test_a_form_that_was_refused_is_sent_again_as_it_was(browser: Browser, server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es)
    with watched(browser, server) as (page, _, _):
        page.goto(path_of(request))
        with opened(shared_es) as store:
            requests.close(store, request.id, None, by=ANN, at=request.created_at)
        draft = '\n  An <hour\'s> work,\n\n\twith "tabs" & more \n'
        press(page, "Comment", draft)
        expect(page.get_by_role("alert")).to_contain_text(f"{request.id} is closed.")
        assert page.get_by_role("textbox").input_value() == draft
        press(page, "Reopen")
        expect(page.locator(".thing .badge")).to_have_text("Acknowledged")
    with opened(shared_es) as store:
        assert [comment.body for comment in store.comments(request, notes=False)] == [draft]
