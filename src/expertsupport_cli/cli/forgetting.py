"""Forgetting requests and people: `es db forget`."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence

from expertsupport_cli import wiring
from expertsupport_cli.actions import forgetting as actions
from expertsupport_cli.actions.forgetting import Found
from expertsupport_cli.cli.env import expand_references, readable
from expertsupport_cli.cli.listing import ME
from expertsupport_cli.cli.perform import changes
from expertsupport_cli.errors import BadUsage, StoreUnusable
from expertsupport_cli.model.people import Side
from expertsupport_cli.render.fields import REQUEST
from expertsupport_cli.steps import Step, Verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from expertsupport_cli.cli.env import Env
    from expertsupport_cli.cli.options import Argument, Option
    from expertsupport_cli.model.requests import Request

MAX_NAMED = 5  # requests in a question


@changes(REQUEST, asks=True)
def forget(
    env: Env,
    requests: Annotated[
        list[str] | None,
        Argument(
            metavar="[REQUEST...]",
            help="Closed requests: ES-1, 1, or a task's ID; repeatable; - reads one per line from stdin.",
        ),
    ] = None,
    initiator: Annotated[
        str | None,
        Option("--initiator", metavar="NAME", help="All requests of this person: a name, an email address, or @me."),
    ] = None,
) -> None:
    """Erase the personal data of closed requests, or of a person.

    Texts, names and addresses are overwritten, and the page of each request gets a new address. The history keeps what
    happened and when. Names of experts stay. With --initiator, the name and address of this person are erased wherever
    else they stand. All or nothing; then the store is rebuilt, as by es db vacuum.
    """
    if bool(requests) == (initiator is not None):
        raise BadUsage("Use either requests or --initiator.", hint="Try: es list")
    found = _find(env, requests or [], initiator)
    one = initiator is None and requests is not None and len(requests) == 1 and requests[0] != "-"
    if found.is_empty:
        _print(env, found.forgotten, found.forgotten, one=one)
        return
    what = _description(found, initiator)
    env.confirm(f"Forget {what}? This cannot be undone. Backups and exports keep the data.")
    if env.dry_run:
        env.printer.note(f"This would forget {what}.")
    now = actions.forget(env.store, found, by=env.actor(Side.OWNER), at=env.at)
    fault = _vacuum(env)
    _print(env, [*found.forgotten, *now], found.forgotten, one=one)
    if not env.dry_run:
        _say_what_is_left(env, found)
    if fault:
        raise fault


def _find(env: Env, requests: Sequence[str], initiator: str | None) -> Found:
    """Look up all that is to be forgotten, before anything is asked or done."""
    if initiator is not None:
        me = env.actor()
        return actions.find_person(env.store, (me.email or me.name) if initiator == ME else initiator)
    references = [readable(place, reference) for place, reference in expand_references(requests)]
    env.look_up(references, env.store.request)
    return actions.find_requests(env.store, references)


def _description(found: Found, initiator: str | None) -> str:
    """What is to be forgotten, for a question."""
    count = len(found.requests)
    if initiator is not None:
        return f"{count} request{'' if count == 1 else 's'} of {initiator}, and this person everywhere else"
    if count > MAX_NAMED:
        return f"{count} requests"
    return ", ".join(f"{request.id} ({request.task_name}, of {request.initiator})" for request in found.requests)


def _vacuum(env: Env) -> StoreUnusable | None:
    """Rebuild the store. If that fails, returns the fault, which says that the requests are forgotten all the same."""
    try:
        env.store.vacuum()
    except StoreUnusable as fault:
        fault.what, fault.why = (
            "The data was erased, but the store could not be rebuilt.",
            f"{fault.what} Traces of the data may be left in unused parts of {env.store.path}.",
        )
        fault.hint = Step(verb=Verb.VACUUM_STORE)
        return fault
    return None


def _print(env: Env, requests: Sequence[Request], unchanged: Sequence[Request], *, one: bool) -> None:
    """Print the requests, by number; a single one as a thing, not as a list of one."""
    for request in unchanged:
        env.printer.note(f"{request.id} is already forgotten; nothing was changed.")
    if one:
        env.printer.thing(REQUEST, requests[0], f"{requests[0].id}  forgotten")
        return
    with env.printer.many(REQUEST):
        for request in sorted(requests, key=lambda each: each.number):
            env.printer.thing(REQUEST, request, f"{request.id}  forgotten")


def _say_what_is_left(env: Env, found: Found) -> None:
    """Say where the data still is, and which requests may be the same person's."""
    place = wiring.store_path(env.settings)
    if wiring.is_in_database(env.settings):
        env.printer.note("Backups, exports, delivered mail, and the logs of the database server keep the data.")
        copies, mail = [], env.settings.get("mail.maildir") or ""
    else:
        env.printer.note("Backups, exports and delivered mail keep the data.")
        copies, mail = sorted(glob.glob(f"{glob.escape(place)}.*")), wiring.maildir_path(env.settings)
    if copies:
        env.printer.note(f"Copies beside the store: {', '.join(copies)}")
    if os.path.isdir(mail):
        env.printer.note(f"Delivered mail: {mail}")
    if found.others:
        ids = ", ".join(request.id for request in found.others)
        env.printer.note(f"The same person may have opened {ids}. Try: es show {found.others[0].id}")
