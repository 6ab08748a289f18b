"""Every button on every status, on the customer's page and on the desk's: as the table of statuses says."""

from __future__ import annotations

import re

from conftest import Es
from web.serving import Server, a_request_in, opened, path_of, state
from web.test_forms import draft_in

from expertsupport_cli.model.requests import Request, Status

NEW, ACKNOWLEDGED, WAITING, CLOSED = Status
STAYS, REFUSED, NOTHING = "stays", "refused", "nothing"

# the table of DESIGN, section 2, by the buttons of the pages
CUSTOMER: dict[str, tuple[Status | str, ...]] = {
    "comment": (STAYS, STAYS, ACKNOWLEDGED, REFUSED),
    "close": (CLOSED, CLOSED, CLOSED, NOTHING),
    "reopen": (NOTHING, NOTHING, NOTHING, ACKNOWLEDGED),
}
DESK: dict[str, tuple[Status | str, ...]] = {
    "acknowledge": (ACKNOWLEDGED, NOTHING, ACKNOWLEDGED, REFUSED),
    "reply": (ACKNOWLEDGED, STAYS, STAYS, REFUSED),
    "ask": (WAITING, WAITING, STAYS, REFUSED),
    "note": (STAYS, STAYS, STAYS, STAYS),
    "close": (CLOSED, CLOSED, CLOSED, NOTHING),
    "reopen": (NOTHING, NOTHING, NOTHING, ACKNOWLEDGED),
}
NEEDS_MESSAGE = ("comment", "reply", "ask", "note")


def press(server: Server, page: str, button: str, body: str, cookie: str) -> tuple[int, str]:
    """Press a button below a page; the status of the answer, and what it shows or leads to."""
    fields = {"body": body, **({"waiting": "1"} if button == "ask" else {})}
    answer = server.post(f"{page}/{'reply' if button == 'ask' else button}", fields, cookie=cookie)
    return answer.status, answer.header("location") or answer.text


def offered(page: str) -> set[str]:
    """The buttons below a page."""
    form = re.search(r'<form method="post" action="[^"]*/(\w+)">(?:(?!</form>).)*</form>\s*</section>', page, re.DOTALL)
    if form is None:
        return set()
    found = set()
    for attributes in re.findall(r"<button([^>]*)>", form[0]):
        goes = re.search(r'formaction="[^"]*/(\w+)"', attributes)
        found.add("ask" if 'name="waiting"' in attributes else goes[1] if goes else form[1])
    return found


def page_of(request: Request, *, desk: bool) -> str:
    return f"/desk/requests/{request.id}" if desk else path_of(request)


def test_every_button_on_every_status_does_what_the_table_says(server: Server, shared_es: Es) -> None:
    dora = server.sign_in()
    for table, cookie in ((CUSTOMER, ""), (DESK, dora)):
        for button, row in table.items():
            for before, move in zip(Status, row, strict=True):
                request = a_request_in(shared_es, before)
                page = page_of(request, desk=bool(cookie))
                said = state(shared_es, request)[1]
                body = "Here it is." if button in NEEDS_MESSAGE else ""
                status, led = press(server, page, button, body, cookie)
                case = (button, before)
                assert status == (409 if move == REFUSED else 303), case
                assert move == REFUSED or led == page, case
                after = move if isinstance(move, Status) else before
                more = [body] if body and move != REFUSED else []
                assert state(shared_es, request) == (after, said + more), case


def test_a_page_offers_what_would_do_something_and_nothing_else(server: Server, shared_es: Es) -> None:
    dora = server.sign_in()
    for table, cookie in ((CUSTOMER, ""), (DESK, dora)):
        for number, status in enumerate(Status):
            page = page_of(a_request_in(shared_es, status), desk=bool(cookie))
            possible = {button for button, row in table.items() if row[number] not in (REFUSED, NOTHING)}
            assert offered(server.get(page, cookie=cookie).text) == possible, (page, status)


def test_what_was_typed_goes_with_closing_and_reopening(server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es)
    assert press(server, path_of(request), "close", "Solved.", "")[0] == 303
    assert press(server, path_of(request), "reopen", "Not quite.", "")[0] == 303
    assert state(shared_es, request) == (ACKNOWLEDGED, ["Solved.", "Not quite."])


def test_a_message_is_never_lost_where_a_button_does_nothing(server: Server, shared_es: Es) -> None:
    """Somebody else was quicker: had the message been dropped, its author would believe that it was sent."""
    dora = server.sign_in()
    for desk, button, status, code in (
        (False, "comment", CLOSED, 409),
        (False, "close", CLOSED, 409),
        (False, "reopen", NEW, 409),
        (True, "reply", CLOSED, 409),
        (True, "ask", CLOSED, 409),
        (True, "close", CLOSED, 409),
        (True, "reopen", WAITING, 409),
        (True, "acknowledge", ACKNOWLEDGED, 400),
        (True, "acknowledge", NEW, 400),  # which has no message, and must not publish what may be a note
    ):
        request = a_request_in(shared_es, status)
        before = state(shared_es, request)
        path = f"{page_of(request, desk=desk)}/{'reply' if button == 'ask' else button}"
        fields = {"body": "An hour's work\n", **({"waiting": "1"} if button == "ask" else {})}
        answer = server.post(path, fields, cookie=dora if desk else "")
        case = (button, status)
        assert (answer.status, draft_in(answer)) == (code, "An hour's work\n"), case
        assert 'role="alert"' in answer.text, case
        assert state(shared_es, request) == before, case


def test_after_a_refusal_the_page_shows_the_request_as_it_is_now(server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es, CLOSED)
    answer = server.post(f"{path_of(request)}/comment", {"body": "Too late"})
    assert f"{request.id} is closed. Closed requests accept no messages." in re.sub(r"</?strong>", "", answer.text)
    assert "reopen" in offered(answer.text)
    assert "comment" not in offered(answer.text)


def test_reopening_is_refused_while_the_task_has_another_open_request(server: Server, shared_es: Es) -> None:
    from builders import a_request

    first = a_request_in(shared_es, CLOSED)
    with opened(shared_es) as store:
        second = a_request(store, task=first.task)
    answer = server.post(f"{path_of(first)}/reopen")
    assert answer.status == 409
    assert f"has an open request: {second.id} (New)" in answer.text
    assert state(shared_es, first)[0] is CLOSED


def test_notes_are_on_the_desks_page_alone(server: Server, shared_es: Es) -> None:
    request, dora, ann = a_request_in(shared_es), server.sign_in(), server.sign_in("customer", who="ann")
    before = server.get(f"{path_of(request)}/last").json
    assert server.post(f"/desk/requests/{request.id}/note", {"body": "Top secret"}, cookie=dora).status == 303
    assert "Top secret" in server.get(f"/desk/requests/{request.id}", cookie=dora).text
    for page in (path_of(request), f"/spaces/acme/requests/{request.id}"):
        for answer in (server.get(page, cookie=ann), server.get(page, cookie=ann, Accept="application/json")):
            assert answer.status == 200
            assert "secret" not in answer.text
            assert "noted" not in answer.text
    assert server.get(f"{path_of(request)}/last").json == before
