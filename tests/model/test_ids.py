"""IDs: what is read as one, and what is not."""

from __future__ import annotations

import pytest

from expertsupport_cli import ids


@pytest.mark.parametrize("prefix", [ids.REQUEST, ids.CERTIFICATE, ids.LINK, ids.MAIL, ids.TASK])
def test_an_id_that_was_written_is_read_in_any_case(prefix: str) -> None:
    written = ids.write_id(prefix, 12)
    assert ids.parse_id(written, prefix) == ids.parse_id(written.lower(), prefix) == 12


@pytest.mark.parametrize(
    "text", ["", "ES", "ES-", "ES-x", "ES--1", "ES-1-2", "C-1", "12", "ES-١", "ES-9999999999999999"]
)
def test_what_is_not_of_the_form_is_no_id(text: str) -> None:
    assert ids.parse_id(text, ids.REQUEST) is None


@pytest.mark.parametrize(
    ("text", "number"), [("7", 7), ("007", 7), ("", None), ("-7", None), ("٧", None), ("7 ", None)]
)
def test_a_number_is_spelled_with_ascii_digits(text: str, number: int | None) -> None:
    assert ids.parse_number(text) == number


@pytest.mark.parametrize(("task", "count"), [("T-5", 5), ("t-5", 5), ("T-05", None), ("INC-5", None), ("T-", None)])
def test_only_the_stores_own_task_ids_are_counted(task: str, count: int | None) -> None:
    assert ids.task_count(task) == count


A_TOKEN = "cb0076620a56b80c0ebbbac456a9015d"  # noqa: S105 -- of no request


@pytest.mark.parametrize(
    ("typed", "number", "token"),
    [
        ("ES-12", 12, None),
        ("es-12", 12, None),
        ("12", 12, None),
        ("#12", 12, None),
        ("#ES-12", 12, None),
        (" 12 ", 12, None),
        (A_TOKEN, None, A_TOKEN),
        (A_TOKEN.upper(), None, A_TOKEN),
        (f"https://es.example/requests/{A_TOKEN}", None, A_TOKEN),
        (f"http://127.0.0.1:8765/requests/{A_TOKEN}/", None, A_TOKEN),
        ("https://es.example/desk/requests/ES-12", 12, None),
        ("https://es.example/spaces/acme/requests/ES-12", 12, None),
        ("ES-12.", 12, None),
        (f"<https://es.example/requests/{A_TOKEN}?x=1#c3>,", None, A_TOKEN),
        ("INC-4711", None, None),
        ("T-12", None, None),
        (A_TOKEN[:-1], None, None),
        (A_TOKEN[:-1] + "g", None, None),
        ("https://es.example/", None, None),
        ("", None, None),
    ],
)
def test_a_request_is_named_in_the_ways_that_people_type(typed: str, number: int | None, token: str | None) -> None:
    assert ids.parse_request(typed) == (number, token)
