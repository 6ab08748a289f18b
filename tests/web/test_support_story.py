"""The story of expert support by clicking alone: owner, customer and expert, each in a browser of their own."""

from __future__ import annotations

import re

import pytest
from builders import AT, OLGA
from conftest import Es
from playwright.sync_api import Browser, Page, expect
from web.browser import watched
from web.serving import Server, opened
from web.test_story import press, shows

from expertsupport_cli.actions import tasks


def follow(page: Page, link: str) -> None:
    page.get_by_role("link", name=link, exact=True).first.click()


def fill(page: Page, **fields: str) -> None:
    """Type into fields by the beginnings of their labels."""
    for label, text in fields.items():
        page.get_by_label(re.compile(f"^{label.replace('_', ' ')}")).fill(text)


def headed(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def signed_in(page: Page, server: Server, side: str, who: str, space: str = "acme") -> None:
    page.goto(server.sign_in_link(side, who=who, space=space))
    press(page, "Sign in")


def prepare(page: Page, server: Server, space: str) -> str:
    """What the owner does: a space, a task, a certificate. Returns its serial."""
    signed_in(page, server, "owner", "olga")
    headed(page, "Spaces")
    fill(page, Name=space, Title="The <big> one", Tasks_expire_after="3d")
    press(page, "Add the space")
    headed(page, "The <big> one")
    fill(page, Name="The printer is on fire", ID=f"{space}-1", Description="It burns.")
    press(page, "Add the task")
    headed(page, f"{space}-1 The printer is on fire")
    expect(page.get_by_text("No expert support was activated")).to_be_visible()
    follow(page, "Certificates")
    press(page, "Issue")
    return page.locator("code.serial").inner_text()


def activate(page: Page, serial: str) -> Page:
    """What the customer does on the page of the task. Returns the new tab, with the page of the request."""
    follow(page, "Expert Support")
    headed(page, "Expert Support")
    fill(page, Serial=serial[:-1], First_message="Help!")
    with page.expect_popup() as refused:
        press(page, "Activate")
    expect(refused.value.get_by_role("alert")).to_contain_text("Too short: 15 of 16")
    assert refused.value.get_by_label("Serial number").input_value() == ""
    assert refused.value.get_by_label("First message").input_value() == "Help!"
    refused.value.close()
    fill(page, Serial=f" {serial.lower()} ", First_message="Help!")
    with page.expect_popup() as opened:
        press(page, "Activate")
    return opened.value


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_story_of_expert_support(browser: Browser, server: Server, shared_es: Es, scripts: bool) -> None:
    space = "office" if scripts else "workshop"
    with (
        watched(browser, server, scripts=scripts) as (owner, _, _),
        watched(browser, server, scripts=scripts, width=360) as (customer, _, _),
        watched(browser, server, scripts=scripts) as (expert, _, _),
    ):
        serial = prepare(owner, server, space)
        signed_in(customer, server, "customer", "carl", space)
        headed(customer, "The <big> one")
        follow(customer, f"{space}-1")
        request = activate(customer, serial)
        shows(request, "New", "Help!")
        id = request.locator(".thing .id").inner_text()
        assert request.url.endswith(f"/spaces/{space}/requests/{id}")

        signed_in(expert, server, "desk", "dora")
        headed(expert, "Queue")
        follow(expert, id)
        press(expert, "Reply and ask", "Is there smoke?")
        shows(expert, "Waiting", "Is there smoke?")
        request.reload()
        press(request, "Comment", "A lot.")
        shows(request, "Acknowledged", "Is there smoke?", "A lot.")
        expert.reload()
        press(expert, "Close", "Call the fire brigade.")
        shows(expert, "Closed", "A lot.", "Call the fire brigade.")

        customer.reload()
        follow(customer, f"{space}-1 The printer is on fire")
        headed(customer, f"{space}-1 The printer is on fire")
        expect(customer.get_by_role("link", name=id)).to_be_visible()
        follow(customer, "Log of the task")
        row = customer.get_by_text("Expert support activated")
        expect(customer.get_by_text("Support ticket URL")).to_be_hidden()
        row.click()
        expect(customer.get_by_text("Support ticket URL")).to_be_visible()
        customer.get_by_role("link", name=f"{server.url}/requests/").click()
        shows(customer, "Closed", "Call the fire brigade.")
        follow(customer, "Tasks")
        follow(customer, "Expert support requests")
        cells = customer.locator("tbody tr").locator("th, td").all_inner_texts()
        assert [cells[n].strip() for n in (0, 1, 2, 3, 5, 6)] == [
            id,
            "The printer is on fire",
            f"{space}-1",
            "carl",
            "Closed",
            "nobody",
        ]
        if scripts:
            _obstacles(customer, owner, shared_es, space)


def _obstacles(customer: Page, owner: Page, es: Es, space: str) -> None:
    """A closed task and a blocked space say so, and offer what is possible."""
    with opened(es) as store:
        tasks.close_task(store, f"{space}-1", by=OLGA, at=AT)
    follow(customer, f"{space}-1")
    notice = customer.locator(".notice")
    expect(notice).to_contain_text(f"No expert support can be started. Task {space}-1 is closed.")
    expect(customer.get_by_role("link", name="Expert Support", exact=True)).to_have_count(0)
    press(customer, "Reopen the task")
    expect(notice).to_have_count(0)
    follow(customer, "Expert Support")
    press(customer, "Create a purchase link")
    headed(customer, "Purchase online")
    expect(customer.locator(".address a")).to_have_attribute("target", "_blank")
    es.inside("space", "edit", space, "--blocked")
    follow(customer, f"{space}-1 The printer is on fire")
    expect(notice).to_contain_text(f"Space {space} is blocked.")
    expect(customer.get_by_role("button", name="Reopen the task")).to_have_count(0)
    follow(owner, "Spaces")
    follow(owner, space)
    expect(owner.locator(".notice")).to_contain_text("This space is blocked:")
    expect(owner.get_by_role("button", name="Add the task")).to_have_count(0)
