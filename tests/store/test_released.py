"""A store of version 0.1.0 answers after the upgrade as it did before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from builders import a_store
from released import FOLDER, NOW, PAGE_URL, printed, released_store

from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.render import fields
from expertsupport_cli.render.conversation import SHOW, RequestPage
from expertsupport_cli.render.shapes import Shape, View
from expertsupport_cli.store import Store, Wanted, check

VIEW = View(page_url=PAGE_URL, now=NOW)
RENAMED = {"valid_until": "expires_at", "lapses_at": "expires_at"}
ALL_CLI = {"via": "cli"}
LAST = [("ann", "customer"), ("bob", "desk"), ("bob", "desk")]

# 0.1.0 printed the inbox before it showed the requests
NOT_SHOWN_YET = ("DELETE FROM readings", "INSERT INTO readings VALUES ('Ann', 3, 49)")

# each file: the shape of what is in it, and how the store gives it
LISTS: dict[str, tuple[Shape, Callable[[Store], Iterable[object]]]] = {
    "list": (fields.REQUEST, lambda store: store.requests(Wanted())),
    "list---search-printer": (fields.REQUEST, lambda store: store.requests(Wanted(words=["printer"]))),
    "list---sort-task-name": (fields.REQUEST, lambda store: store.requests(Wanted(), "task_name", ascending=True)),
    "desk-queue": (fields.QUEUE, lambda store: store.queue()),
    "task-list": (fields.TASK, lambda store: store.tasks(NOW)),
    "space-list": (fields.SPACE, lambda store: store.spaces()),
    "partner-list": (fields.PARTNER, lambda store: store.partners()),
    "cert-list": (fields.CERTIFICATE, lambda store: store.certificates(NOW)),
    "link-list": (fields.LINK, lambda store: store.links()),
    "mail-list": (fields.MAIL, lambda store: store.mails()),
    "inbox": (fields.NEWS, lambda store: store.unread(Actor(name="ann", email="Ann@Example.org", side=Side.CUSTOMER))),
    "log-T-1": (fields.LOG, lambda store: store.events_of_task("T-1")),
    "log-INC-4711": (fields.LOG, lambda store: store.events_of_task("inc-4711")),
}
SHOWN = {
    f"{command}-{number}": (number, command == "desk-show")
    for command in ("show", "desk-show")
    for number in range(1, 7)
}


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = released_store(tmp_path_factory.mktemp("released") / "store.db", *NOT_SHOWN_YET)
    with closing(a_store(path)) as store:
        yield store


def as_now(thing: Any, *, events: bool = False) -> Any:
    """What 0.1.0 printed, with the names of today; events say which way they came."""
    if isinstance(thing, list):
        return [as_now(one, events=events) for one in thing]
    now = {
        RENAMED.get(key, key): as_now(value, events=True) if key == "events" else value for key, value in thing.items()
    }
    if now.get("state") == "lapsed":
        now["state"] = "expired"
    return now | (ALL_CLI if events else {})


def test_everything_that_was_printed_is_looked_at() -> None:
    assert {file.stem for file in FOLDER.glob("*.json")} == {*LISTS, *SHOWN}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_as_it_was(name: str, upgraded: Store) -> None:
    shape, things = LISTS[name]
    expected = as_now(printed(name), events=name.startswith("log"))
    assert expected
    now = [shape.as_json(thing, VIEW, []) for thing in things(upgraded)]
    if name == "desk-queue":  # what nobody has answered comes first now, and it is said who spoke last
        assert [row["id"] for row in now] == ["ES-6", "ES-2", "ES-3"]
        assert [(row.pop("last_by"), row.pop("last_side")) for row in now] == LAST
        assert [bool(row.pop("unanswered_since")) for row in now] == [True, False, False]
        assert all(row.pop("last_at") for row in now)
        now.sort(key=lambda row: [one["id"] for one in expected].index(row["id"]))
    assert now == expected


@pytest.mark.parametrize("name", SHOWN)
def test_a_request_and_its_history_are_as_they_were(name: str, upgraded: Store) -> None:
    number, notes = SHOWN[name]
    request = upgraded.request(f"ES-{number}")
    page = RequestPage(
        request=request,
        for_desk=False,
        description=upgraded.task(request.task).description,
        comments=upgraded.comments(request, notes=notes),
        events=upgraded.events_of_request(request, notes=notes),
    )
    now = SHOW.as_json(page, VIEW, [])
    assert now.pop("task_description") == upgraded.task(request.task).description
    assert now == as_now(printed(name))


def test_it_is_whole_and_the_copy_is_beside(upgraded: Store) -> None:
    assert {rule: found for rule, found in check.findings(upgraded) if found} == {}
    assert Path(f"{upgraded.path}.v2.bak").stat().st_mode & 0o777 == 0o600


def test_what_was_never_found_is_found_now(upgraded: Store) -> None:
    def found(word: str) -> list[str]:
        return [request.id for request in upgraded.requests(Wanted(words=[word]))]

    assert found("打印机") == ["ES-3", "ES-1"]
    assert found("燃え") == found("c#") == ["ES-5"]
    assert found("ไฟไหม้") == found("thai.1") == ["ES-4"]
    assert found("inc-47") == ["ES-3"]
    assert found("秘密") == []  # which is in a note
    assert [request.id for request in upgraded.requests(Wanted(initiator="ZOË"))] == ["ES-4"]
