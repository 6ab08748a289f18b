"""Who may see the pages of spaces, tasks, certificates and partners, and who may send their forms."""

from __future__ import annotations

import pytest
from conftest import Es
from web.rooms import Rooms, furnish, kept, send
from web.serving import Server, opened
from web.test_who_may_ask import without_date

from expertsupport_cli.model.tasks import TaskState


@pytest.fixture(scope="module")
def rooms(server: Server, shared_es: Es) -> Rooms:
    return furnish(shared_es)


@pytest.fixture(scope="module")
def sessions(server: Server, rooms: Rooms) -> dict[str, str]:
    """The cookies of a customer of the space, one of another, the desk, the owner, and nobody."""
    return {
        "ours": server.sign_in("customer", who="carl"),
        "other": server.sign_in("customer", space="beta", who="ben"),
        "desk": server.sign_in("desk"),
        "owner": server.sign_in("owner", who="olga"),
        "nobody": "",
        "forged": f"es-{server.port}=" + "0" * 64,
    }


ALL = (200, 404, 200, 200)
ACTING = (200, 404, 404, 200)
OWNER = (404, 404, 404, 200)
NONE = (404, 404, 404, 404)


def test_each_page_is_shown_to_whom_it_concerns(server: Server, rooms: Rooms, sessions: dict[str, str]) -> None:
    task = f"/tasks/{rooms.open}"
    table = {
        "/spaces": (404, 404, 200, 200),
        "/spaces/acme": ALL,
        "/spaces/ACME": ALL,
        "/spaces/acme?state=closed": ALL,
        "/spaces/acme?state=none": NONE,
        "/spaces/acme?before=x": NONE,
        "/spaces/acme/requests": ALL,
        "/spaces/none": NONE,
        "/spaces/none/requests": NONE,
        task: ALL,
        task.lower(): ALL,
        f"{task}/log": ALL,
        f"{task}/expert-support": ACTING,
        f"/tasks/{rooms.closed}": ALL,
        "/tasks/none": NONE,
        "/tasks/T-99999": NONE,
        "/tasks/none/log": NONE,
        "/tasks/none/expert-support": NONE,
        "/certificates": OWNER,
        "/certificates?state=used": OWNER,
        "/certificates?state=none": NONE,
        f"/certificates/{rooms.unused}": OWNER,
        "/certificates/C-999": NONE,
        "/certificates/none": NONE,
        "/partners": OWNER,
    }
    missing = without_date(server.get("/no-such-page"))
    as_json = without_date(server.get("/no-such-page", Accept="application/json"))
    assert as_json.status == 404
    known: set[bytes] = set()
    for path, row in table.items():
        for who, status in zip(sessions, (*row, 303, 303), strict=True):
            answer = server.get(path, cookie=sessions[who])
            assert answer.status == status, (path, who)
            if status == 404:
                assert without_date(answer) == missing, (path, who)
                known.add(server.get(path, cookie=sessions[who], Accept="application/json").body)
            if status == 303:
                assert answer.header("location") == "/sign-in"
    assert len(known) == 1, "what is unknown and what is of others is not told apart"


def test_each_form_is_taken_from_whom_it_concerns_and_nothing_is_changed_by_others(
    server: Server, shared_es: Es, rooms: Rooms, sessions: dict[str, str]
) -> None:
    task, certificate = f"/tasks/{rooms.open}", f"/certificates/{rooms.unused}"
    partner = {"name": "Tools & Co", "url": "https://tools.example"}
    table: list[tuple[str, dict[str, str], tuple[int, ...]]] = [
        ("/spaces", {"name": "new"}, (404, 404, 404, 303)),
        ("/spaces/acme/tasks", {"name": "New"}, (404, 404, 404, 303)),
        ("/spaces/none/tasks", {"name": "New"}, (404, 404, 404, 404)),
        (f"{task}/activate", {"serial": "x"}, (400, 404, 404, 400)),
        (f"{task}/purchase-link", {}, (200, 404, 404, 200)),
        (f"/tasks/{rooms.closed}/reopen", {}, (303, 404, 404, 303)),
        ("/tasks/none/activate", {"serial": rooms.serial}, NONE),
        ("/tasks/none/purchase-link", {}, NONE),
        ("/tasks/none/reopen", {}, NONE),
        (f"{task}/erase", {}, NONE),
        ("/certificates", {"count": "1"}, (404, 404, 404, 200)),
        (f"{certificate}/erase", {}, (404, 404, 404, 404)),
        (f"{certificate}/replace", {}, (404, 404, 404, 200)),
        (f"/certificates/{rooms.unused}/revoke", {}, (404, 404, 404, 303)),
        ("/certificates/C-999/revoke", {}, (404, 404, 404, 404)),
        ("/partners", {"name": "Another", "url": "https://x.example"}, (404, 404, 404, 303)),
        ("/partners/remove", partner, (404, 404, 404, 303)),
    ]
    before = kept(shared_es)
    for forbidden in (True, False):  # first all that is refused
        for path, fields, row in table:
            signed = path.count("/") != 3 or not path.endswith("erase") or "certificates" in path
            nobody = 403 if signed else 404
            for who, status in zip(sessions, (*row, nobody, nobody), strict=True):
                if (status in (403, 404)) is forbidden:
                    assert send(server, path, fields, sessions[who]).status == status, (path, who)
        assert (kept(shared_es) == before) is forbidden
    with opened(shared_es) as store:
        assert store.task(rooms.closed).state("2026-02-01T00:00:00Z") is TaskState.OPEN
        assert store.has_space("new")
        assert [partner.name for partner in store.partners()] == ["Another"]


def test_a_customer_does_not_learn_of_the_tasks_of_others(
    server: Server, rooms: Rooms, sessions: dict[str, str]
) -> None:
    """Whether they exist, or what the similar ones are called."""
    said = set()
    for id in (rooms.open, rooms.open + "9", "T-99999", "ES-1", "no such task", "\u202e", "x" * 5000, "é"):
        answer = send_query(server, "/spaces/beta", id, sessions["other"])
        assert answer[0] == 404, id
        said.add(answer[1].replace(f"'{id[:80]}'", "'ID'"))
    assert said == {"Task 'ID' not found. It is not in this space."}
    assert send_query(server, "/spaces/acme", f" {rooms.open.lower()} ", sessions["ours"]) == (303, "")


def send_query(server: Server, path: str, task: str, cookie: str) -> tuple[int, str]:
    from urllib.parse import urlencode

    from web.rooms import error_in

    answer = server.get(f"{path}?{urlencode({'task': task})}", cookie=cookie)
    return answer.status, error_in(answer)
