"""What other sites, and what is written on a page, can do in a browser that is signed in: nothing."""

from __future__ import annotations

from urllib.parse import quote

from builders import ANN
from conftest import Es
from playwright.sync_api import Browser, expect
from web.browser import watched
from web.serving import Server, a_request_in, opened, path_of, state

from expertsupport_cli.actions import requests
from expertsupport_cli.model.requests import Status


def test_a_form_on_another_site_acts_for_nobody(browser: Browser, server: Server, shared_es: Es) -> None:
    request, desk = a_request_in(shared_es), server.sign_in()
    context = browser.new_context()
    name, _, value = desk.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": server.url}])
    page = context.new_page()
    for path in (f"/desk/requests/{request.id}/close", f"{path_of(request)}/close"):
        form = f'<form method="post" action="{server.url}{path}"><button>Win a prize</button></form>'
        page.goto("data:text/html," + quote(form))
        page.get_by_role("button").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("This form was not sent from a page of this site.")
    context.close()
    assert state(shared_es, request) == (Status.NEW, [])


def test_no_page_is_shown_within_a_page_of_another_site(browser: Browser, server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es)
    context = browser.new_context()
    page = context.new_page()
    page.goto("data:text/html," + quote(f'<iframe src="{server.url}{path_of(request)}"></iframe>'))
    inside = page.frames[1]
    inside.wait_for_load_state()
    assert (inside.url, request.id in inside.content()) == ("chrome-error://chromewebdata/", False)
    context.close()


def test_a_script_in_a_message_does_not_run_and_no_script_reads_the_session(
    browser: Browser, server: Server, shared_es: Es
) -> None:
    request = a_request_in(shared_es)
    with opened(shared_es) as store:
        for text in ("<script>document.title = 'mine'</script>", "<img src=/x onerror=\"document.title = 'mine'\">"):
            requests.comment(store, request.id, text, by=ANN, at=request.created_at)
    with watched(browser, server) as (page, _, loaded):
        page.goto(server.sign_in_link())
        page.get_by_role("button", name="Sign in").click()
        page.goto(f"/desk/requests/{request.id}")
        page.wait_for_load_state("networkidle")
        assert page.title().startswith(request.id)
        assert page.evaluate("document.cookie") == ""
        assert page.context.cookies() != []
        assert server.url + "/x" not in loaded


def test_the_address_of_a_request_goes_to_no_other_site(browser: Browser, server: Server, shared_es: Es) -> None:
    request, other = a_request_in(shared_es), server.url.replace("127.0.0.1", "localhost")
    context = browser.new_context()
    page = context.new_page()
    page.goto(server.url + path_of(request))
    with page.expect_request(f"{other}/") as asked:
        page.evaluate("url => { location.href = url + '/' }", other)
    assert "referer" not in asked.value.all_headers()
    context.close()


def test_on_paper_there_is_the_conversation_and_no_button(browser: Browser, server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es, Status.WAITING)
    with watched(browser, server) as (page, _, _):
        page.goto(path_of(request))
        page.emulate_media(media="print")
        expect(page.get_by_text("A message of the desk.")).to_be_visible()
        expect(page.get_by_role("button")).to_have_count(0)
