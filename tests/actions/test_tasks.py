"""Tasks: added, imported, closed, reopened; their expiry."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from builders import ANN, AT, OLGA, a_space, a_store, a_task, dump, later

from expertsupport_cli.actions import spaces, tasks
from expertsupport_cli.actions.tasks import TaskLine
from expertsupport_cli.errors import AlreadyExists, BadUsage, Fault, NotFound, SpaceBlocked, SpaceFull
from expertsupport_cli.store import Store
from expertsupport_cli.store.engine import RowRefused


def a_line(line: int, id: str = "", *, name: str = "A task", space: str = "acme", description: str = "") -> TaskLine:
    return TaskLine(line=line, id=id, name=name, space=space, description=description)


def imported(store: Store, *lines: TaskLine) -> list[str]:
    return [task.id for task in tasks.import_tasks(store, lines, by=ANN, at=AT)]


def test_tasks_are_numbered_unless_they_bring_their_own_id(store: Store) -> None:
    assert [a_task(store).id, a_task(store, id="INC-4711").id, a_task(store).id] == ["T-1", "INC-4711", "T-2"]


def test_a_number_that_somebody_took_is_counted(store: Store) -> None:
    assert [a_task(store, id="t-7").id, a_task(store).id] == ["t-7", "T-8"]


def test_zeros_in_front_make_another_id(store: Store) -> None:
    assert [a_task(store, id=id).id for id in ("T-007", "T-7", "t-07")] == ["T-007", "T-7", "t-07"]
    assert imported(store, a_line(1, "T-09"), a_line(2, "T-9"), a_line(3)) == ["T-09", "T-9", "T-10"]
    assert a_task(store).id == "T-11"


def test_a_task_is_found_in_any_case_and_its_id_is_taken_in_any_case(store: Store) -> None:
    a_task(store, id="Inc-1")
    assert store.task("INC-1").id == "Inc-1"
    before = dump(store)
    with pytest.raises(AlreadyExists):
        a_task(store, id="inc-1")
    assert dump(store) == before


@pytest.mark.parametrize("id", ["", "7", "ES-7", "es-07", "a b", "-a", "ä", "x" * 65, "a\tb"])
def test_an_id_that_could_be_taken_for_something_else_is_refused(id: str, store: Store) -> None:
    a_space(store)
    with pytest.raises(BadUsage):
        tasks.add_task(store, "A task", "acme", id=id, by=ANN, at=AT)
    assert store.count_tasks(AT) == 0


@pytest.mark.parametrize(("name", "description"), [("", ""), (" ", ""), ("\0", ""), ("x" * 1001, ""), ("a", "\0")])
def test_a_name_that_says_nothing_or_cannot_be_kept_is_refused(name: str, description: str, store: Store) -> None:
    a_space(store)
    with pytest.raises(BadUsage):
        tasks.add_task(store, name, "acme", description=description, by=ANN, at=AT)


def test_a_task_expires_to_the_second_and_can_then_be_read(store: Store) -> None:
    task = a_task(store)
    assert task.expires_at == later(10)
    assert [task.state(at) for at in (AT, later(10, seconds=-1), later(10))] == ["open", "open", "expired"]
    assert store.task(task.id).name == "The printer is on fire"


def test_a_task_is_closed_once(store: Store) -> None:
    task = a_task(store)
    closed, changed = tasks.close_task(store, task.id.lower(), by=ANN, at=later(1))
    assert (closed.closed_at, closed.state(later(20)), changed) == (later(1), "closed", True)
    before = dump(store)
    again, changed = tasks.close_task(store, task.id, by=ANN, at=later(2))
    assert (again, changed) == (store.task(task.id), False)
    assert dump(store) == before


@pytest.mark.parametrize("closed", [True, False])
def test_reopening_restarts_the_expiry(closed: bool, store: Store) -> None:
    task = a_task(store)
    if closed:
        tasks.close_task(store, task.id, by=ANN, at=later(1))
    reopened, changed = tasks.reopen_task(store, task.id, by=ANN, at=later(12))
    assert changed
    assert reopened == store.task(task.id)
    assert (reopened.closed_at, reopened.expires_at, reopened.state(later(12))) == (None, later(22), "open")


def test_reopening_goes_by_what_the_space_says_now(store: Store) -> None:
    task = a_task(store)
    spaces.edit_space(store, "acme", {"task_lifetime": None}, by=OLGA, at=AT)
    assert tasks.reopen_task(store, task.id, by=ANN, at=later(12))[0].expires_at is None


def test_reopening_an_open_task_changes_nothing(store: Store) -> None:
    task = a_task(store)
    before = dump(store)
    assert not tasks.reopen_task(store, task.id, by=ANN, at=later(5))[1]
    assert dump(store) == before


def test_the_log_of_a_task_tells_what_was_done_to_it(store: Store) -> None:
    task = a_task(store)
    tasks.close_task(store, task.id, by=ANN, at=later(1))
    tasks.reopen_task(store, task.id, by=OLGA, at=later(2))
    found = [(entry.kind, entry.actor, entry.at) for entry in store.events_of_task(task.id)]
    assert found == [("task_added", "ann", AT), ("task_closed", "ann", later(1)), ("task_reopened", "olga", later(2))]


def test_an_unknown_task_suggests_ids_that_are_close(store: Store) -> None:
    a_task(store, id="INC-4711")
    for act in (tasks.close_task, tasks.reopen_task):
        with pytest.raises(NotFound, match="Task 'INC-4712' not found") as refusal:
            act(store, "INC-4712", by=ANN, at=AT)
        assert "INC-4711" in refusal.value.why


def test_imported_tasks_are_as_added_ones(store: Store) -> None:
    a_space(store)
    a_space(store, "endless", lifetime=None)
    a_task(store)
    ids = imported(store, a_line(2), a_line(3, "INC-1", space="ENDLESS", description="long"), a_line(5, "T-8"))
    assert ids == ["T-9", "INC-1", "T-8"]
    assert a_task(store).id == "T-10"
    found = store.task("INC-1")
    assert (found.space, found.description, found.creator, found.expires_at) == ("endless", "long", "ann", None)
    assert store.task("T-9").expires_at == later(10)
    assert [(entry.kind, entry.actor) for entry in store.events_of_task("T-8")] == [("task_imported", "ann")]


def test_no_line_is_read_while_the_store_is_held(store: Store) -> None:
    a_space(store)

    def lines() -> Iterator[TaskLine]:
        for number in range(3):
            with closing(a_store(Path(store.path))) as other, other.transaction():
                yield a_line(number)

    assert len(tasks.import_tasks(store, lines(), by=ANN, at=AT)) == 3


BAD: list[tuple[list[TaskLine], int, type[Fault], str]] = [
    ([a_line(2), a_line(3, name=" ")], 3, BadUsage, "The name is empty"),
    ([a_line(2), a_line(3, description="\0")], 3, BadUsage, "NUL"),
    ([a_line(2), a_line(9, "a b")], 9, BadUsage, "Invalid task ID"),
    ([a_line(2), a_line(3, "12")], 3, BadUsage, "Invalid task ID"),
    ([a_line(2, "A"), a_line(3), a_line(4, "a")], 4, BadUsage, "is already in line 2"),
    ([a_line(2), a_line(3, "taken"), a_line(4, "TAKEN-2")], 3, AlreadyExists, "Task taken already exists"),
    ([a_line(2), a_line(3, space="gamma")], 3, NotFound, "Space 'gamma' not found"),
    ([a_line(2, space="blocked")], 2, SpaceBlocked, "Space blocked is blocked"),
    ([a_line(2, space="small"), a_line(3), a_line(4, space="Small")], 4, SpaceFull, "is full"),
]


@pytest.mark.parametrize(("lines", "line", "kind", "told"), BAD)
def test_tasks_are_imported_all_or_none_and_the_line_is_named(
    lines: list[TaskLine], line: int, kind: type[Fault], told: str, store: Store
) -> None:
    a_space(store)
    a_space(store, "blocked")
    spaces.edit_space(store, "blocked", {"blocked": True}, by=OLGA, at=AT)
    a_space(store, "small", limit=1)
    a_task(store, id="Taken")
    a_task(store, id="Taken-2")
    before = dump(store)
    with pytest.raises(kind) as refusal:
        imported(store, *lines)
    assert refusal.value.what.startswith(f"Line {line}: ")
    assert told in refusal.value.what
    assert "Nothing was imported" in str(refusal.value.hint)
    assert dump(store) == before


def test_an_import_that_fails_while_it_writes_leaves_nothing(store: Store) -> None:
    a_space(store)
    with closing(sqlite3.connect(store.path)) as db, db:
        db.execute(
            "CREATE TRIGGER broken BEFORE INSERT ON tasks WHEN NEW.number = 2500"  # after two batches
            " BEGIN SELECT RAISE(ABORT, 'broken'); END"
        )
    before = dump(store)
    with pytest.raises(RowRefused, match="broken"):
        tasks.import_tasks(store, map(a_line, range(3_000)), by=ANN, at=AT)
    assert dump(store) == before


def test_an_empty_import_is_no_error(store: Store) -> None:
    assert imported(store) == []
