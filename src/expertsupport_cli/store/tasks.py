"""Tasks."""

from __future__ import annotations

from expertsupport_cli.checks import refuse_blanks
from expertsupport_cli.errors import NotFound
from expertsupport_cli.folding import fold_key
from expertsupport_cli.ids import task_count
from expertsupport_cli.model.tasks import Task, TaskState
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store.engine import Statements
from expertsupport_cli.text import did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_TASK = """SELECT t.number, t.id, t.name, t.description, s.name AS space, t.creator, t.created_at, t.closed_at,
    t.expires_at FROM tasks t JOIN spaces s ON s.number = t.space"""
_STATES = {
    TaskState.OPEN: "t.closed_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > :at)",
    TaskState.CLOSED: "t.closed_at IS NOT NULL",
    TaskState.EXPIRED: "t.closed_at IS NULL AND t.expires_at <= :at",
}


class Tasks(Statements):
    def task(self, id: str) -> Task:
        """By ID, in any case. Raises NotFound, which suggests similar IDs, or BadUsage for what is never an ID."""
        refuse_blanks(id, "a task")
        row = self.row(f"{_TASK} WHERE t.id_key = ?", fold_key(id))
        if row is None:
            raise NotFound(
                f"Task '{id[:80]}' not found.",
                did_you_mean(self._close_ids(id)),
                Step(verb=Verb.LIST_TASKS),
            )
        return Task(**row)

    def has_task(self, id: str) -> bool:
        return self.row("SELECT 1 FROM tasks WHERE id_key = ?", fold_key(id)) is not None

    def tasks(
        self,
        at: str,
        space: str | None = None,
        state: TaskState | None = None,
        limit: int | None = None,
        before: int | None = None,
    ) -> Iterator[Task]:
        """Tasks, newest first, in pages: no read is open while the caller works. `before` is the number of a task."""
        where = [_STATES[state] if state else "TRUE"]
        if space is not None:
            where.append("t.space = (SELECT number FROM spaces WHERE name_key = :space)")
        query = f"{_TASK} WHERE {' AND '.join(where)}"
        values = {"space": fold_key(space or ""), "at": at}
        return (Task(**row) for row in self.newest_first(query, "t.number", values, limit, before))

    def count_tasks(self, at: str, space: str | None = None, state: TaskState | None = None) -> int:
        where = [_STATES[state]] if state else ["TRUE"]
        if space is not None:
            where.append("t.space = (SELECT number FROM spaces WHERE name_key = :space)")
        return int(
            self.value(f"SELECT count(*) FROM tasks t WHERE {' AND '.join(where)}", space=fold_key(space or ""), at=at)
        )

    def next_task_number(self) -> int:
        """The n for the next automatic ID T-n: one more than the highest in use."""
        return int(self.value("SELECT coalesce(max(counted), 0) + 1 FROM tasks"))

    def taken_task_ids(self, ids: Sequence[str]) -> list[str]:
        """Those of the IDs that are in use, as they are written in the store."""
        taken: list[str] = []
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            marks = ", ".join("?" * len(part))
            rows = self.rows(f"SELECT id FROM tasks WHERE id_key IN ({marks})", *map(fold_key, part))
            taken += [row[0] for row in rows]
        return taken

    def add_task(self, task: Task) -> None:
        from expertsupport_cli.search import task_lexemes

        number = self.insert(
            "INSERT INTO tasks (id, id_key, counted, space, name, description, creator, created_at, closed_at,"
            " expires_at) VALUES (?, ?, ?, (SELECT number FROM spaces WHERE name_key = ?), ?, ?, ?, ?, ?, ?)"
            " RETURNING number",
            task.id,
            fold_key(task.id),
            task_count(task.id),
            fold_key(task.space),
            task.name,
            task.description,
            task.creator,
            task.created_at,
            task.closed_at,
            task.expires_at,
        )
        self.engine.index("tasks", number, task_lexemes(task.id, task.name))

    def load_tasks(self, tasks: Iterable[Task], event: dict[str, str]) -> None:
        """Add many tasks, each with an event, inside the caller's transaction."""
        from expertsupport_cli.search import task_lexemes

        spaces = {row["name_key"]: row["number"] for row in self.rows("SELECT name_key, number FROM spaces")}
        first = int(self.value("SELECT coalesce(max(number), 0) FROM tasks")) + 1
        self.engine.load(
            "tasks",
            (
                {
                    **vars(task),
                    "number": number,
                    "id_key": fold_key(task.id),
                    "counted": task_count(task.id),
                    "space": spaces[fold_key(task.space)],
                }
                for number, task in enumerate(tasks, first)
            ),
        )
        added = self.paged(
            "SELECT t.number, t.id, t.name FROM tasks t WHERE t.number >= :next",
            "TRUE",
            "t.number",
            {"next": first},
            None,
            lambda last: {"next": last["number"] + 1},
        )
        for row in added:
            self.engine.index("tasks", row["number"], task_lexemes(row["id"], row["name"]))
        columns = ", ".join(event)
        marks = ", ".join("?" * len(event))
        self.change(
            f"INSERT INTO events ({columns}, space, task) SELECT {marks}, space, number FROM tasks WHERE number >= ?"
            " ORDER BY number",
            *event.values(),
            first,
        )

    def save_task(self, task: Task) -> None:
        """Save what can change of a task: whether it is closed, and when it expires."""
        self.change(
            "UPDATE tasks SET closed_at = ?, expires_at = ? WHERE id_key = ?",
            task.closed_at,
            task.expires_at,
            fold_key(task.id),
        )

    def _close_ids(self, id: str) -> list[str]:
        """Similar IDs, searched among the alphabetical neighbours, so that the cost does not grow with the store."""
        from difflib import get_close_matches

        key = fold_key(id)
        after = self.rows("SELECT id_key, id FROM tasks WHERE id_key >= ? ORDER BY id_key LIMIT 200", key)
        before = self.rows("SELECT id_key, id FROM tasks WHERE id_key < ? ORDER BY id_key DESC LIMIT 200", key)
        known = {row["id_key"]: row["id"] for row in before + after}
        return [known[match] for match in get_close_matches(key, known, n=3, cutoff=0.6)]
