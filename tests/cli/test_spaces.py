"""Spaces and partners."""

from __future__ import annotations

import pytest
from conftest import Es
from sessions import as_json, dump, filled, refusal

from expertsupport_cli.times import seconds_between


@pytest.fixture
def es(inside: Es) -> Es:
    return inside


@pytest.fixture
def acme(es: Es) -> Es:
    """A store with the space acme, by default."""
    assert es("space", "add", "acme").id == "acme"
    return es


def test_a_space_is_added_with_all_that_can_be_said_of_it(es: Es) -> None:
    how = ("--title", "Acme Ltd", "--task-expiry", "12h", "--task-limit", "5", "--blocked")
    assert es("space", "add", "acme", *how).id == "acme"
    space = as_json(es("space", "show", "ACME", "--json"))
    del space["created_at"]
    assert space == {
        "name": "acme",
        "title": "Acme Ltd",
        "task_expiry": "12h",
        "task_limit": 5,
        "tasks": 0,
        "blocked": True,
    }


def test_tasks_live_for_ten_days_unless_told_otherwise(acme: Es) -> None:
    acme("space", "add", "week", "--task-expiry", "1w")
    acme("space", "add", "forever", "--task-expiry", "never")
    lives = {}
    for space in ("acme", "week", "forever"):
        task = as_json(acme("task", "add", "A", "--space", space, "--json"))
        lives[space] = task["expires_at"] and seconds_between(task["created_at"], task["expires_at"]) // 86400
    assert lives == {"acme": 10, "week": 7, "forever": None}
    assert as_json(acme("space", "show", "acme", "--json"))["task_expiry"] == "10d"


def test_spaces_are_listed_by_name_and_shown_as_a_page(acme: Es) -> None:
    acme("space", "add", "Abc", "--title", "First", "--task-limit", "3")
    assert acme("space", "list").stdout == "Abc\tFirst\t0\t10d\t3\tfalse\nacme\t\t0\t10d\t\tfalse\n"
    page = acme("space", "show", "abc").stdout
    assert page.startswith("Abc\nFirst\n\nTasks        0 of 3\nTask expiry  10d\nCreated ")


def test_editing_changes_what_is_named_and_again_is_a_note(acme: Es) -> None:
    assert acme("space", "edit", "acme", "--task-expiry", "never", "--task-limit", "1") == ("acme\n", "", 0)
    space = as_json(acme("space", "show", "acme", "--json"))
    assert (space["task_expiry"], space["task_limit"], space["blocked"]) == ("never", 1, False)
    again = acme("space", "edit", "acme", "--task-expiry", "never")
    assert again == ("acme\n", "Space acme already has these values; nothing was changed.\n", 0)
    assert acme("space", "edit", "acme", "--task-limit", "none", "--title", "X").id == "acme"
    space = as_json(acme("space", "show", "acme", "--json"))
    assert (space["task_limit"], space["title"]) == (None, "X")


def test_tasks_that_are_there_keep_the_expiry_they_have(acme: Es) -> None:
    acme("task", "add", "A", "--space", "acme")
    before = acme("task", "show", "T-1", "--json").stdout
    acme("space", "edit", "acme", "--task-expiry", "never")
    assert acme("task", "show", "T-1", "--json").stdout == before


def test_a_full_space_takes_no_more_tasks(acme: Es) -> None:
    acme("space", "edit", "acme", "--task-limit", "1")
    assert acme("task", "add", "A", "--space", "acme").id == "T-1"
    full = acme("task", "add", "B", "--space", "acme")
    assert full.status == 4
    assert "1 of 1 tasks" in full.stderr
    assert acme("task", "import", "-", "--space", "acme", stdin="name\nB\n").status == 4
    acme("space", "edit", "acme", "--task-limit", "2")
    assert refusal(acme("task", "import", "-", "--space", "acme", "--json", stdin="name\nB\nC\n")) == (4, "space_full")
    assert acme("task", "add", "B", "--space", "acme").id == "T-2"


def test_nothing_new_is_started_in_a_blocked_space(acme: Es) -> None:
    acme("task", "add", "A", "--space", "acme")
    acme("space", "edit", "acme", "--blocked")
    before = dump(acme)
    for words in (("task", "add", "B", "--space", "acme"), ("purchase-link", "T-1")):
        assert refusal(acme(*words, "--json")) == (4, "space_blocked")
    assert dump(acme) == before
    acme("space", "edit", "acme", "--unblocked")
    assert acme("purchase-link", "T-1").status == 0


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("add acme", 4),
        ("add ACME", 4),
        ("add two|words", 2),
        ("add -- -x", 2),
        ("add x --task-expiry 0d", 2),
        ("add x --task-expiry 10", 2),
        ("add x --task-expiry 10y", 2),
        ("add x --task-limit many", 2),
        ("add x --task-limit -1", 2),
        ("add x --title " + "b" * 1001, 2),
        ("edit acme", 2),
        ("edit acme --blocked --unblocked --task-expiry soon", 2),
        ("edit nowhere --blocked", 3),
        ("show nowhere", 3),
    ],
)
def test_what_cannot_be_a_space_is_refused(acme: Es, words: str, status: int) -> None:
    before = dump(acme)
    result = acme("space", *words.split())
    assert (result.status, result.stdout) == (status, "")
    assert 1 <= result.stderr.count("\n") <= 3
    assert dump(acme) == before


def test_partners_are_added_listed_by_name_and_removed(es: Es) -> None:
    assert es("partner", "add", "Zed & Sons", "https://zed.example/buy").id == "Zed & Sons"
    assert es("partner", "add", "amy", "http://amy.example").id == "amy"
    assert es("partner", "list").stdout == "amy\thttp://amy.example\nZed & Sons\thttps://zed.example/buy\n"
    assert es("partner", "remove", "ZED & sons", "--yes").id == "Zed & Sons"
    assert [partner["name"] for partner in as_json(es("partner", "list", "--json"))] == ["amy"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", "AMY", "https://x.example"), (4, "already_exists")),
        (("add", "x", "ftp://x.example"), (2, "usage")),
        (("add", "x", "javascript:alert(1)"), (2, "usage")),
        (("add", "x", "https://x.example/\x1b[31m"), (2, "usage")),
        (("add", " ", "https://x.example"), (2, "usage")),
        (("remove", "bob"), (3, "not_found")),
    ],
)
def test_what_cannot_be_a_partner_is_refused(es: Es, words: tuple[str, ...], told: tuple[int, str]) -> None:
    with filled(es):
        pass
    es("partner", "add", "amy", "http://amy.example")
    before = dump(es)
    assert refusal(es("partner", *words, "--json")) == told
    assert dump(es) == before
