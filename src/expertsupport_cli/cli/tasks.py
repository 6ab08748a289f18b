"""Tasks: add, list, show, close, reopen, import; and the log of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, TypeVar

import typer

from expertsupport_cli.actions import tasks as actions
from expertsupport_cli.cli.env import Env
from expertsupport_cli.cli.listing import rows_wanted, tell_of_the_rest
from expertsupport_cli.cli.options import Changes, Limit, Reads, TaskId, TaskIds, chosen_state, group, prints
from expertsupport_cli.cli.taskfile import task_lines
from expertsupport_cli.errors import BadUsage
from expertsupport_cli.model.tasks import Task, TaskState
from expertsupport_cli.render.fields import LOG, TASK
from expertsupport_cli.render.pages import log_page, task_page
from expertsupport_cli.render.terminal.paint import log_lines
from expertsupport_cli.render.terminal.progress import watched
from expertsupport_cli.store import Wanted

top = group("")
task = group("The tasks that support is bought for.")

Item = TypeVar("Item")
Space = Annotated[str | None, typer.Option("--space", metavar="NAME", help="The space (or the setting space).")]


@task.command("add", cls=Changes)
@prints(TASK)
def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the task is called.")],
    space: Space = None,
    id: Annotated[str | None, typer.Option("--id", metavar="ID", help="Your own ID; else T-1, T-2, …")] = None,
    description: Annotated[str, typer.Option("--description", metavar="TEXT", help="What it is about.")] = "",
) -> None:
    """Add a task to a space; it expires as the space says."""
    env = Env.of(ctx)
    home = space or env.settings.get("space")
    if not home:
        raise BadUsage("No space is named.", hint="es task add NAME --space S, or: es config set space S")
    added = actions.add_task(env.store, name, home, id=id, description=description, by=env.actor(), at=env.now())
    _tell(env, added, True)


@task.command("list", cls=Reads)
@prints(TASK)
def list_tasks(
    ctx: typer.Context,
    space: Space = None,
    state: Annotated[
        str | None, typer.Option("--state", metavar="|".join(TaskState), help="Only in this state.")
    ] = None,
    limit: Limit = None,
) -> None:
    """List tasks, newest first."""
    env = Env.of(ctx)
    wanted = chosen_state(state, TaskState)
    home = space or env.settings.get("space")
    if home:
        env.store.space(home)
    shown = env.printer.list(TASK, env.store.tasks(env.now(), home, wanted, rows_wanted(env, limit)))
    tell_of_the_rest(env, shown, lambda: env.store.count_tasks(env.now(), home, wanted), "task", "No tasks.")


@task.command("show", cls=Reads)
@prints(TASK)
def show(ctx: typer.Context, task: TaskId) -> None:
    """Show a task, and the requests that were opened on it."""
    env = Env.of(ctx)
    found = env.store.task(task)
    requests = list(env.store.requests(Wanted(task=found.id), ascending=True))
    env.printer.page(TASK, found, lambda: task_page(found, requests, env.printer.view))


@task.command("close", cls=Changes)
@prints(TASK)
def close(ctx: typer.Context, tasks: TaskIds) -> None:
    """Close a task: support can no longer be activated on it. A request that it has goes on."""
    env = Env.of(ctx)
    env.each(TASK, tasks, lambda id: _tell(env, *actions.close_task(env.store, id, by=env.actor(), at=env.now())))


@task.command("reopen", cls=Changes)
@prints(TASK)
def reopen(ctx: typer.Context, tasks: TaskIds) -> None:
    """Reopen a closed or expired task; its time starts again."""
    env = Env.of(ctx)
    env.each(TASK, tasks, lambda id: _tell(env, *actions.reopen_task(env.store, id, by=env.actor(), at=env.now())))


@task.command("import", cls=Changes)
@prints(TASK)
def import_(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="CSV with a header, or JSON lines; - is stdin.")],
    space: Space = None,
) -> None:
    """Add many tasks from a file, all or none.

    The fields are id, name, space and description; id may be left out for T-1, T-2, …, and space for --space or the
    setting. Prints the new IDs, one a line.
    """
    env = Env.of(ctx)

    def bar(items: Iterable[Item], title: str, total: int | None = None) -> Iterator[Item]:
        return watched(items, title, show=env.shows_progress, colour=env.colour_on_stderr, total=total)

    lines = bar(task_lines(file, space or env.settings.get("space")), "Reading")

    def writing(tasks: Sequence[Task]) -> Iterator[Task]:
        return bar(tasks, "Writing", len(tasks))

    added = actions.import_tasks(env.store, lines, by=env.actor(), at=env.now(), writing=writing)
    env.printer.all(TASK, added, f"{len(added):,} tasks were imported.")


@top.command("log", cls=Reads)
@prints(LOG)
def log(
    ctx: typer.Context,
    task: TaskId,
    expand: Annotated[bool, typer.Option("--expand", help="Show each event's fields too.")] = False,
) -> None:
    """Show what happened on a task.

    Expanded, each event with its fields: where support was activated, the support ticket URL.
    """
    env = Env.of(ctx)
    found = env.store.task(task)
    entries = env.store.events_of_task(found.id)
    if expand and env.printer.as_page:
        env.printer.lines(log_lines(log_page(found, entries, env.printer.view)))
    elif env.printer.for_people:
        env.printer.list(LOG, entries)
        env.printer.hint(f"To see more of each: es log {task} --expand")
    else:
        env.printer.list(LOG, entries)


def _tell(env: Env, found: Task, changed: bool) -> None:
    state = found.state(env.now())
    if not changed:
        env.printer.note(f"Task {found.id} is {state} already; nothing was changed.")
    env.printer.thing(TASK, found, f"{found.id}  {state}" + (f", until {found.expires_at}" if found.expires_at else ""))
    if not changed or state is not TaskState.OPEN:
        return
    env.printer.hint(f"To get expert support on it: es activate {found.id}")
