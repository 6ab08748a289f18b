"""Checks of names, paths and IDs."""

from __future__ import annotations

import pytest

from expertsupport_cli import checks
from expertsupport_cli.errors import BadUsage
from expertsupport_cli.ids import parse_id

UNSEEN = ("", " ", "\t\n", "\ufeff", "\u200b\u200d", "\u202e \u2066", "\u00ad", "\u3164", "\u2800", "\U000e0020")


def test_what_cannot_be_seen_is_no_text() -> None:
    for text in UNSEEN:
        with pytest.raises(BadUsage, match="The message is empty"):
            checks.prose(text, "The message")
        with pytest.raises(BadUsage, match="A name is empty"):
            checks.actor_name(text)
        with pytest.raises(BadUsage, match="The path is empty"):
            checks.file_path(text)
        assert checks.prose(f"{text}x", "The message") == f"{text}x"


def test_text_of_any_alphabet_and_with_pictures_can_be_seen() -> None:
    for text in ("x", "表", "é", "👩‍👩‍👧", "\ue000", "\x1b", "1\ufe0f\u20e3"):
        assert checks.prose(text, "The message") == text


def test_a_name_is_one_line_of_text_without_control_characters() -> None:
    for name in ("Ann", "Ann Other", "José", "山田", "می\u200cخواهم"):
        assert checks.actor_name(name) == name
    for name, told in (
        ("ann\xe9\udce9", "not valid UTF-8"),
        ("a\0b", "NUL"),
        ("a\nb", "control character at position 2"),
        ("ab\x1b[31m", "control character at position 3"),
        ("a\x85b", "control character"),
        ("a\u2028b", "control character"),
        ("x" * 201, "too long"),
    ):
        with pytest.raises(BadUsage, match=told):
            checks.actor_name(name)
        with pytest.raises(BadUsage, match=f"{told}|not an address with a name"):
            checks.person(f"{name} <ann@example.org>")


def test_a_path_may_be_any_bytes() -> None:
    assert checks.file_path("/tmp/\udcff\n") == "/tmp/\udcff\n"  # noqa: S108 -- only named
    with pytest.raises(BadUsage, match="NUL"):
        checks.file_path("a\0b")


def test_the_automatic_id_after_the_highest_that_may_be_given_is_an_id() -> None:
    highest = f"T-{'9' * checks.MAX_TASK_DIGITS}"
    assert checks.task_id(highest) == highest
    number = parse_id(highest, "T")
    assert number is not None
    assert parse_id(f"T-{number + 1_000_000}", "T") == number + 1_000_000


def test_what_looks_like_an_automatic_id_keeps_the_rule_for_ids() -> None:
    for id in ("T-1", "t-7", "T-007", "T-0000000000000000001", "INC-1000000000000", "T-1-2", "ES", "ES-x", "C-1"):
        assert checks.task_id(id) == id
    for id in ("T-1000000000000", "t-9999999999999999", "ES-1", "es-1", "ES-9999999999999999", "1", "9" * 20):
        with pytest.raises(BadUsage, match="Invalid task ID"):
            checks.task_id(id)
