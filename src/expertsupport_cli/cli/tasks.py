"""Tasks: add, list, show, close, reopen, import; and the log of one."""

from __future__ import annotations

from expertsupport_cli.actions import tasks as actions
from expertsupport_cli.cli.listing import chosen_state, rows_wanted, summarize
from expertsupport_cli.cli.perform import changes, reads
from expertsupport_cli.cli.taskfile import task_lines
from expertsupport_cli.errors import BadUsage, NotFound
from expertsupport_cli.ids import parse_request
from expertsupport_cli.model.tasks import Task, TaskState
from expertsupport_cli.render.fields import LOG, TASK
from expertsupport_cli.render.pages import log_page, task_page
from expertsupport_cli.render.terminal.paint import log_lines
from expertsupport_cli.render.terminal.progress import track
from expertsupport_cli.store import Wanted
from expertsupport_cli.text import unix_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from expertsupport_cli.cli.env import Env
    from expertsupport_cli.cli.options import Argument, InSpace, Limit, Option, TaskId, TaskIds


@changes(TASK)
def add(
    env: Env,
    name: Annotated[str, Argument(metavar="NAME", help="The task's name.")],
    space: InSpace = None,
    id: Annotated[
        str | None, Option("--id", metavar="ID", help="Your own ID, such as INC-4711 (default: T-N).")
    ] = None,
    description: Annotated[str, Option("--description", metavar="TEXT", help="What the task is about.")] = "",
) -> None:
    """Add a task to a space.

    The space decides when it expires.
    """
    space = env.space(space)
    if not space:
        from shlex import quote

        raise BadUsage("No space given.", hint=f"Try: es task add {quote(name)} --space SPACE")
    added = actions.add_task(
        env.store, name, space, id=id, description=unix_lines(description), by=env.actor(), at=env.at
    )
    _show(env, added, True)


@reads(TASK)
def list_tasks(
    env: Env,
    space: InSpace = None,
    state: Annotated[str | None, Option("--state", metavar="|".join(TaskState), help="Only in this state.")] = None,
    limit: Limit = None,
) -> None:
    """List tasks, newest first."""
    wanted = chosen_state(state, TaskState)
    space = env.space(space)
    if space:
        env.store.space(space)
    shown = env.printer.list(TASK, env.store.tasks(env.at, space, wanted, rows_wanted(env, limit)))
    summarize(env, shown, lambda: env.store.count_tasks(env.at, space, wanted), "task", "No tasks.")


@reads(TASK)
def show(env: Env, task: TaskId) -> None:
    """Show a task and its requests."""
    found = env.store.task(task)
    requests = list(env.store.requests(Wanted(task=found.id), ascending=True))
    env.printer.page(TASK, found, lambda: task_page(found, requests, env.printer.view))


@changes(TASK)
def close(env: Env, tasks: TaskIds) -> None:
    """Close tasks, so that no support can be activated on them.

    Open requests stay open.
    """
    env.look_up(tasks, env.store.task)
    env.for_each(TASK, tasks, lambda id: _show(env, *actions.close_task(env.store, id, by=env.actor(), at=env.at)))


@changes(TASK)
def reopen(env: Env, tasks: TaskIds) -> None:
    """Reopen closed or expired tasks.

    Their time to expiry starts again.
    """
    env.look_up(tasks, env.store.task)
    env.for_each(TASK, tasks, lambda id: _show(env, *actions.reopen_task(env.store, id, by=env.actor(), at=env.at)))


@changes(TASK)
def import_(
    env: Env,
    file: Annotated[str, Argument(metavar="FILE", help="A CSV file with a header, or JSON lines; - reads stdin.")],
    space: InSpace = None,
) -> None:
    """Add tasks from a file: all of them or none.

    The fields are id, name, space and description; only name is required. Without id, a task gets the next ID of the
    form T-1; without space, --space or the setting space is used. Prints the IDs of the new tasks.
    """
    lines = task_lines(file, env.space(space))
    read = list(track(lines, "Reading", show=env.shows_progress, colour=env.colour_on_stderr))
    if env.shows_progress:
        env.printer.note(f"Adding {len(read):,} tasks.")
    added = actions.import_tasks(env.store, read, by=env.actor(), at=env.at)
    env.printer.all(TASK, added, f"Imported {len(added):,} tasks.")


@reads(LOG)
def log(
    env: Env,
    task: Annotated[str, Argument(metavar="TASK", help="The task's ID, or a request on it.")],
    expand: Annotated[bool, Option("--expand", help="Show each event's fields too.")] = False,
) -> None:
    """Show a task's history.

    With --expand, each event is shown with its fields, such as the support ticket URL.
    """
    found = _task_of(env, task)
    entries = env.store.events_of_task(found.id)
    if expand and env.printer.as_page:
        env.printer.lines(log_lines(log_page(found, entries, env.printer.view)))
    elif env.printer.for_people:
        env.printer.list(LOG, entries)
        env.printer.hint(f"Try: es log {found.id} --expand")
    else:
        env.printer.list(LOG, entries)


def _task_of(env: Env, reference: str) -> Task:
    """The task with this ID, or that of a request. Raises NotFound."""
    try:
        return env.store.task(reference)
    except NotFound:
        if parse_request(reference) == (None, None):
            raise
        return env.store.task(env.store.request(reference).task)


def _show(env: Env, found: Task, changed: bool) -> None:
    state = found.state(env.at)
    if not changed:
        env.printer.note(f"Task {found.id} is already {state}; nothing was changed.")
    env.printer.thing(TASK, found, f"{found.id}  {state}" + (f", until {found.expires_at}" if found.expires_at else ""))
    if not changed or state is not TaskState.OPEN:
        return
    env.printer.hint(f"Try: es activate {found.id}")
