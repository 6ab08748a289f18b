"""Spaces and partners."""

from __future__ import annotations

import json

import pytest
from builders import ANN, AT, OLGA, a_space, a_task, dump, later

from expertsupport_cli.actions import spaces, tasks
from expertsupport_cli.errors import AlreadyExists, BadUsage, NotFound, SpaceBlocked, SpaceFull
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store import Store


def test_tasks_live_ten_days_unless_the_space_says_otherwise(store: Store) -> None:
    spaces.add_space(store, "acme", by=OLGA, at=AT)
    a_space(store, "short", lifetime=60)
    a_space(store, "endless", lifetime=None)
    expiries = [a_task(store, space=space).expires_at for space in ("acme", "short", "endless")]
    assert expiries == [later(10), later(seconds=60), None]


@pytest.mark.parametrize("name", ["", "a b", "-a", "ä", "a/b", "x" * 65, "a\n", "."])
def test_the_name_of_a_space_is_an_identifier(name: str, store: Store) -> None:
    with pytest.raises(BadUsage, match="Invalid space name"):
        spaces.add_space(store, name, by=OLGA, at=AT)
    assert store.spaces() == []


def test_there_is_one_space_of_a_name_in_any_case(store: Store) -> None:
    a_space(store, "acme")
    before = dump(store)
    with pytest.raises(AlreadyExists) as refusal:
        a_space(store, "ACME")
    assert refusal.value.hint == Step(verb=Verb.SHOW_SPACE, reference="ACME")
    assert dump(store) == before
    assert store.space("Acme").name == "acme"


def test_an_unknown_space_names_those_there_are(store: Store) -> None:
    with pytest.raises(NotFound) as refusal:
        spaces.edit_space(store, "acme", {"title": "x"}, by=OLGA, at=AT)
    assert refusal.value.why == "There are no spaces yet. Try: es space add NAME"
    assert refusal.value.hint == Step(verb=Verb.ADD_SPACE, reference="acme")
    a_space(store, "beta")
    a_space(store, "acme")
    with pytest.raises(NotFound) as refusal:
        tasks.add_task(store, "A task", "gamma", by=ANN, at=AT)
    assert refusal.value.why == "Choose one of: acme, beta."


def test_editing_records_what_was_different(store: Store) -> None:
    a_space(store)
    after, changed = spaces.edit_space(
        store, "ACME", {"title": "Acme Ltd", "task_limit": 5, "blocked": False}, by=OLGA, at=later(1)
    )
    assert changed
    assert after == store.space("acme", counted=True)
    assert (after.title, after.task_limit, after.blocked) == ("Acme Ltd", 5, False)
    old, new = dump(store)["events"][-1][7:9]
    assert json.loads(str(old)) == {"title": "", "task_limit": None}
    assert json.loads(str(new)) == {"title": "Acme Ltd", "task_limit": 5}
    before = dump(store)
    assert not spaces.edit_space(store, "acme", {"title": "Acme Ltd"}, by=OLGA, at=later(2))[1]
    assert dump(store) == before


def test_tasks_keep_the_expiry_they_have_when_the_space_is_edited(store: Store) -> None:
    task = a_task(store)
    spaces.edit_space(store, "acme", {"task_lifetime": None}, by=OLGA, at=AT)
    assert store.task(task.id).expires_at == later(10)
    assert a_task(store).expires_at is None


def test_a_space_takes_as_many_tasks_as_its_limit(store: Store) -> None:
    a_space(store, limit=2)
    a_task(store)
    a_task(store)
    before = dump(store)
    with pytest.raises(SpaceFull) as refusal:
        a_task(store)
    assert "2 of 2" in refusal.value.why
    assert dump(store) == before
    spaces.edit_space(store, "acme", {"task_limit": 3}, by=OLGA, at=AT)
    assert a_task(store).id == "T-3"
    spaces.edit_space(store, "acme", {"task_limit": 0}, by=OLGA, at=AT)
    with pytest.raises(SpaceFull):
        a_task(store)


def test_nothing_is_started_in_a_blocked_space_until_it_is_unblocked(store: Store) -> None:
    task = a_task(store)
    tasks.close_task(store, task.id, by=ANN, at=AT)
    spaces.edit_space(store, "acme", {"blocked": True}, by=OLGA, at=AT)
    before = dump(store)
    with pytest.raises(SpaceBlocked):
        a_task(store)
    with pytest.raises(SpaceBlocked):
        tasks.reopen_task(store, task.id, by=ANN, at=AT)
    assert dump(store) == before
    spaces.edit_space(store, "acme", {"blocked": False}, by=OLGA, at=AT)
    assert tasks.reopen_task(store, task.id, by=ANN, at=AT)[1]


def test_a_space_counts_its_own_tasks(store: Store) -> None:
    a_space(store, "beta")
    a_task(store)
    a_task(store)
    assert [(space.name, space.tasks) for space in store.spaces()] == [("acme", 2), ("beta", 0)]


def test_a_title_that_cannot_be_kept_is_refused(store: Store) -> None:
    with pytest.raises(BadUsage, match="NUL"):
        spaces.add_space(store, "acme", title="\0", by=OLGA, at=AT)
    a_space(store)
    with pytest.raises(BadUsage, match="too long"):
        spaces.edit_space(store, "acme", {"title": "x" * 1001}, by=OLGA, at=AT)


def test_partners_are_added_once_and_removed(store: Store) -> None:
    first = spaces.add_partner(store, "Zoë & Sons", "https://zoe.example", by=OLGA, at=AT)
    spaces.add_partner(store, "Abc", "http://abc.example/", by=OLGA, at=AT)
    assert [partner.name for partner in store.partners()] == ["Abc", "Zoë & Sons"]
    before = dump(store)
    with pytest.raises(AlreadyExists):
        spaces.add_partner(store, "abc", "https://other.example", by=OLGA, at=AT)
    with pytest.raises(NotFound, match="Partner 'Nobody' not found"):
        spaces.remove_partner(store, "Nobody", by=OLGA, at=AT)
    assert dump(store) == before
    assert spaces.remove_partner(store, "Zoë & Sons", by=OLGA, at=AT) == first
    assert [partner.name for partner in store.partners()] == ["Abc"]


@pytest.mark.parametrize(
    ("name", "url"),
    [
        (" ", "https://a.example"),
        ("A", "ftp://a.example"),
        ("A", "javascript:alert(1)"),
        ("A", "https://a b"),
        ("A", "https:///"),
    ],
)
def test_a_partner_has_a_name_and_a_web_address(name: str, url: str, store: Store) -> None:
    with pytest.raises(BadUsage):
        spaces.add_partner(store, name, url, by=OLGA, at=AT)
    assert store.partners() == []
