"""A request may be named by its ID, its number, its task, its address, or the token in it."""

from __future__ import annotations

import pytest
from builders import a_request
from conftest import Es
from sessions import as_json, filled, refusal


@pytest.fixture
def es(inside: Es) -> Es:
    return inside


@pytest.fixture
def two(es: Es) -> Es:
    with filled(es) as store:
        for _ in range(2):
            a_request(store)
    return es


def test_all_ways_to_name_a_request_lead_to_it_in_every_command(two: Es) -> None:
    url = as_json(two("show", "ES-2", "--json"))["url"]
    ways = ["ES-2", "es-2", "2", "#2", "T-2", "t-2", url, url.rpartition("/")[2], url.upper().replace("HTTP", "http")]
    for way in ways:
        assert as_json(two("show", way, "--json"))["id"] == "ES-2", way
    assert two("comment", *ways, "-m", "x").stdout == "ES-2\n" * len(ways)
    assert two("open", url).stdout == f"{url}\n"
    assert two("close", "-", stdin=f"{url}\n#1\n").stdout == "ES-2\nES-1\n"


def test_an_address_that_leads_nowhere_is_not_repeated(two: Es) -> None:
    token = "0" * 32
    for way in (token, f"https://es.example/requests/{token}"):
        result = two("show", way, "--json")
        assert refusal(result) == (3, "not_found")
        assert token not in result.stderr


def test_the_desk_is_shown_the_address_of_its_own_page(two: Es) -> None:
    token = as_json(two("show", "ES-1", "--json"))["url"].rpartition("/")[2]
    for words in (("desk", "show", "ES-1"), ("desk", "show", "ES-1", "--json")):
        shown = two(*words).stdout
        assert "http://127.0.0.1:8765/desk/requests/ES-1" in shown
        assert token not in shown


@pytest.mark.parametrize("command", ["show", "desk show", "wait", "watch", "open", "task close", "task show", "log"])
def test_what_has_a_blank_in_it_is_never_an_id(two: Es, command: str) -> None:
    result = two(*command.split(), "some words")
    assert (result.stdout, result.status) == ("", 2)
    assert "A message goes after -m." in result.stderr
