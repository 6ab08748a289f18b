"""The states of the pages of spaces, tasks, certificates and partners."""

from __future__ import annotations

from builders import ANN, AT, OLGA, a_task
from conftest import Es
from web.browser import LONG_WORD, State
from web.rooms import furnish
from web.serving import Server, opened

from expertsupport_cli.actions import spaces


def room_states(server: Server, es: Es) -> list[State]:
    """Each page, in each of its states. The store needs the space `empty`."""
    owner, desk = server.sign_in("owner", who="olga"), server.sign_in("desk")
    carl = server.sign_in("customer", who="carl" + "x" * 60)
    rooms = furnish(es)
    with opened(es) as store:
        long = a_task(store, LONG_WORD, id="L" + "O" * 60 + "NG", description=f"{LONG_WORD}\n" * 3).id
        spaces.edit_space(store, "acme", {"title": f"The {LONG_WORD}"}, by=OLGA, at=AT)
        spaces.add_partner(store, LONG_WORD, f"https://example.org/{'path/' * 40}", by=ANN, at=AT)
    task = f"/tasks/{rooms.open}"
    serial = (("Serial number", rooms.used_serial), ("First message (optional)", LONG_WORD))
    return [
        State("spaces", "/spaces", owner, "Add the space", fields=(("Name", LONG_WORD),)),
        State("spaces for the desk", "/spaces", desk),
        State("space", "/spaces/acme", carl),
        State("next page of a space", "/spaces/acme?before=9", owner, "Add the task", fields=(("Name", "\u200b"),)),
        State("space, empty", "/spaces/empty", owner),
        State("space, blocked", "/spaces/blocked", owner),
        State("space, unknown task", f"/spaces/acme?state=expired&task={LONG_WORD}", carl),
        State("task", task, carl),
        State("task, long", f"/tasks/{long}", desk),
        State("task, started", f"/tasks/{rooms.started}", carl),
        State("task, closed", f"/tasks/{rooms.closed}", owner),
        State("task, blocked", f"/tasks/{rooms.blocked}", owner),
        State("log", f"/tasks/{rooms.closed}/log", carl),
        State("support", f"{task}/expert-support", carl),
        State("serial refused", f"{task}/expert-support", carl, "Activate", fields=serial, in_new_tab=True),
        State("purchase", f"{task}/expert-support", carl, "Create a purchase link"),
        State(
            "certificates", "/certificates", owner, "Issue", fields=(("How many", "0"), ("Note (optional)", LONG_WORD))
        ),
        State("no certificates", "/certificates?state=expired", owner),
        State("serials", "/certificates", owner, "Issue"),
        State("certificate", f"/certificates/{rooms.unused}", owner),
        State("certificate, used", f"/certificates/{rooms.used}", owner),
        State(
            "partners",
            "/partners",
            owner,
            "Add the partner",
            fields=(("Name", "x"), ("Where to buy from it", "http:x")),
        ),
        State("list, filtered", f"/spaces/acme/requests?status=open&search={LONG_WORD}", carl),
        State("list, refused", "/spaces/acme/requests?status=x", carl),
        State("list, sorted", "/spaces/acme/requests?sort=task_name&reverse=1", carl),
    ]
