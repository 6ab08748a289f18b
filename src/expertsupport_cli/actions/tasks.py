"""Actions on tasks."""

from __future__ import annotations

from expertsupport_cli.actions.repeating import repeatable
from expertsupport_cli.checks import prose, prose_or_empty, task_id
from expertsupport_cli.errors import AlreadyExists, BadUsage, Fault, not_imported
from expertsupport_cli.folding import fold_key
from expertsupport_cli.ids import task_count
from expertsupport_cli.model.history import Event, Kind
from expertsupport_cli.model.people import Actor
from expertsupport_cli.model.tasks import Space, Task, TaskState
from expertsupport_cli.record import Record
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_DESCRIPTION_LENGTH = 100_000  # characters


class TaskLine(Record):
    """A task from a line of a file. `line` counts from 1; with an empty `id`, the task gets an automatic one."""

    line: int
    id: str
    name: str
    space: str
    description: str = ""


@repeatable
def add_task(
    store: Store, name: str, space_name: str, *, id: str | None = None, description: str = "", by: Actor, at: str
) -> Task:
    """Add a task, which expires as its space says. Without `id` it gets the next automatic one.

    Raises BadUsage, NotFound, AlreadyExists, SpaceBlocked, SpaceFull.
    """
    line = TaskLine(line=1, id=id or "", name=name, space=space_name, description=description)
    if id is not None:
        task_id(id)
    _check_text(line)
    with store.transaction():
        space = store.space(space_name, counted=True)
        space.refuse_if_full(1)
        if id and store.has_task(id):
            raise AlreadyExists(f"Task {id} already exists.", hint=Step(verb=Verb.SHOW_TASK, reference=id))
        task = _task(line, id or f"T-{store.next_task_number()}", space, by, at)
        store.add_task(task)
        store.record(Event.by(by, at, Kind.TASK_ADDED).replace(task=task.id, space=space.name))
    return task


def import_tasks(
    store: Store,
    lines: Iterable[TaskLine],
    *,
    by: Actor,
    at: str,
) -> list[Task]:
    """Add many tasks, all or none. Raises as `add_task` does, naming the line.

    All lines are read and checked before the transaction, so that it waits for no input and prints nothing.
    """
    return _import(store, list(_checked(lines)), by=by, at=at)


@repeatable
def _import(store: Store, checked: Sequence[TaskLine], *, by: Actor, at: str) -> list[Task]:
    with store.transaction():
        spaces = _spaces(store, checked)
        _refuse_taken(store, checked)
        number = max([store.next_task_number(), *(1 + (task_count(line.id) or 0) for line in checked)])
        tasks = []
        for line in checked:
            tasks.append(_task(line, line.id or f"T-{number}", spaces[fold_key(line.space)], by, at))
            number += not line.id
        event = {"at": at, "actor": by.name, "side": by.side, "via": by.via, "kind": Kind.TASK_IMPORTED}
        store.load_tasks(tasks, event)
    return tasks


@repeatable
def close_task(store: Store, id: str, *, by: Actor, at: str) -> tuple[Task, bool]:
    """Close a task. Returns it, and whether it was open before. Its request stays open. Raises NotFound."""
    with store.transaction():
        task = store.task(id)
        if task.closed_at:
            return task, False
        after = task.replace(closed_at=at)
        store.save_task(after)
        store.record(Event.by(by, at, Kind.TASK_CLOSED).replace(task=task.id, space=task.space))
    return after, True


@repeatable
def reopen_task(store: Store, id: str, *, by: Actor, at: str) -> tuple[Task, bool]:
    """Reopen a closed or expired task. Returns it, and whether it was closed or expired.

    Its lifetime, if it has one, starts again. Raises NotFound, SpaceBlocked.
    """
    with store.transaction():
        task = store.task(id)
        if task.state(at) is TaskState.OPEN:
            return task, False
        space = store.space(task.space)
        space.refuse_if_blocked()
        expires_at = space.expiry(at) if task.expires_at else None
        after = task.replace(closed_at=None, expires_at=expires_at)
        store.save_task(after)
        store.record(
            Event.by(by, at, Kind.TASK_REOPENED).replace(
                task=task.id, space=task.space, old=task.expires_at, new=expires_at
            )
        )
    return after, True


def _task(line: TaskLine, id: str, space: Space, by: Actor, at: str) -> Task:
    return Task(
        id=id,
        name=line.name,
        description=line.description,
        space=space.name,
        creator=by.name,
        created_at=at,
        closed_at=None,
        expires_at=space.expiry(at),
    )


def _check_text(line: TaskLine) -> None:
    prose(line.name, "The name")
    prose_or_empty(line.description, "The description", max_length=MAX_DESCRIPTION_LENGTH)


def _checked(lines: Iterable[TaskLine]) -> Iterable[TaskLine]:
    """Yield the lines, each checked by itself, and no ID used twice. Raises BadUsage, naming the line."""
    seen: dict[str, int] = {}
    for line in lines:
        try:
            _check_text(line)
            if line.id:
                first = seen.setdefault(fold_key(task_id(line.id)), line.line)
                if first != line.line:
                    raise BadUsage(f"ID {line.id} is already in line {first}.")
        except Fault as fault:
            raise not_imported(fault, line.line) from None
        yield line


def _spaces(store: Store, lines: Sequence[TaskLine]) -> dict[str, Space]:
    """The spaces of the lines, by folded name. Raises NotFound, SpaceBlocked or SpaceFull, naming the line."""
    spaces: dict[str, Space] = {}
    counts: dict[str, int] = {}
    for line in lines:
        name = fold_key(line.space)
        counts[name] = counts.get(name, 0) + 1
        try:
            if name not in spaces:
                spaces[name] = store.space(line.space, counted=True)
            if counts[name] == 1 or spaces[name].task_limit is not None:
                spaces[name].refuse_if_full(counts[name])
        except Fault as fault:
            raise not_imported(fault, line.line) from None
    return spaces


def _refuse_taken(store: Store, lines: Sequence[TaskLine]) -> None:
    by_id = {fold_key(line.id): line for line in lines if line.id}
    taken = store.taken_task_ids([line.id for line in by_id.values()])
    if taken:
        first = min((by_id[fold_key(id)] for id in taken), key=lambda line: line.line)
        raise not_imported(AlreadyExists(f"Task {first.id} already exists."), first.line)
