"""The whole story, as a script would tell it."""

from __future__ import annotations

import json

from conftest import Es


def test_the_whole_story_from_a_link_to_a_closed_request(es: Es) -> None:
    assert es("space", "add", "acme").id == "acme"
    task = es("task", "add", "The printer is on fire", "--space", "acme").id
    serial = es("link", "redeem", es("purchase-link", task).id).id
    request = es("activate", task, serial).id
    assert es.as_("bob")("desk", "reply", request, "--waiting", "-m", "Is it plugged in?").id == request
    assert es("comment", request, "-m", "Not any more.").id == request
    assert es("close", request, "-m", "Thank you.").id == request
    page = json.loads(es("show", request, "--json").stdout)
    assert page["status"] == "Closed"
    assert [comment["body"] for comment in page["comments"]] == ["Is it plugged in?", "Not any more.", "Thank you."]
