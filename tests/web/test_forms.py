"""What is typed into forms: hostile, too long, broken; a draft comes back, with the error above it."""

from __future__ import annotations

import html
import re
from urllib.parse import quote

from conftest import Es
from web.serving import FORM, Answer, Server, a_request_in, opened, path_of, state

from expertsupport_cli.model.requests import Request, Status

LONGEST = 1_000_000  # characters of a message
LARGEST = 12_000_000  # bytes of a form
HOSTILE = (
    "<script>alert(1)</script>",
    "</textarea><img src=x onerror=alert(1)>",
    "\"'><svg/onload=alert(1)>",
    "{{ 7 * 7 }} {% include 'x' %} ${7*7} #{7*7}",
    "'; DROP TABLE requests; --",
    "\x1b[31mred\x1b[0m \x07 \x7f \x9b",
    "tab\tand\nline\n\nend",
    "\u202etxt.exe \u200b\u2066x\u2069",
    "😀 \U0001f468\u200d\U0001f469 ﷽ e\u0301 \uffff",
    " leading and trailing ",
    "a&amp;b=c+d%20e;f",
)


def draft_in(answer: Answer) -> str:
    """What a browser shows in the form's field: it drops the first line break."""
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", answer.text, re.DOTALL)
    assert found, answer.text
    return html.unescape(found[1])


def send(server: Server, request: Request, body: bytes) -> Answer:
    """Send bytes as a comment's form."""
    return server.ask("POST", f"{path_of(request)}/comment", body, {"Content-Type": FORM})


def test_whatever_is_typed_is_kept_as_it_is_and_shown_as_text(server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es)
    for text in HOSTILE:
        answer = server.post(f"{path_of(request)}/comment", {"body": text.replace("\n", "\r\n")})
        assert (answer.status, answer.header("location")) == (303, path_of(request)), text
    assert state(shared_es, request)[1] == list(HOSTILE)
    page = server.get(path_of(request)).text
    shown = re.findall(r'<div class="text">(.*?)</div>', page, re.DOTALL)
    assert [html.unescape(text) for text in shown] == list(HOSTILE)
    assert len(re.findall(r"<(script|img|svg)", page)) == 1  # our own script


def test_names_of_tasks_spaces_and_people_are_shown_as_text(server: Server, shared_es: Es) -> None:
    with opened(shared_es) as store:
        from builders import a_request, a_task

        from expertsupport_cli.model.people import Actor, Side

        task = a_task(store, "<b>bold</b> & </title><script>", description="<i>x</i>\n</section>")
        request = a_request(store, by=Actor(name="<u>ann</u>", side=Side.CUSTOMER), task=task.id)
    desk, customer = server.sign_in(), server.sign_in("customer")
    for path, cookie in (
        (path_of(request), ""),
        (f"/desk/requests/{request.id}", desk),
        ("/desk", desk),
        ("/spaces/acme/requests", customer),
    ):
        page = server.get(path, cookie=cookie).text
        assert "&lt;b&gt;bold" in page, path
        assert not re.search("<b>|<u>|<i>|</title><script>", page), path


def test_a_message_that_cannot_be_kept_is_refused_and_stays_in_the_form(server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es)
    cases = [
        (b"body=", "", "The message is empty."),
        (b"", "", "The message is empty."),
        (b"body=+%0D%0A%09+", " \n\t ", "The message is empty."),
        (b"text=hello", "", "The message is empty."),
        (b"body=before%00after", "before\0after", "contains a NUL character at position 7."),
        (b"body=one%FFtwo", "one\ufffdtwo", "is not valid UTF-8."),
        (b"body=one\xfftwo", "one\ufffdtwo", "is not valid UTF-8."),
        (b"body=%ED%A0%80x", "\ufffd\ufffd\ufffdx", "is not valid UTF-8."),
        (b"body=%C3", "\ufffd", "is not valid UTF-8."),
    ]
    for form, draft, why in cases:
        answer = send(server, request, form)
        assert answer.status == 400, form
        assert why in html.unescape(answer.text), form
        assert draft_in(answer) == draft, form
    assert state(shared_es, request) == (Status.NEW, [])


def test_a_message_has_at_most_a_million_characters_however_many_bytes_they_take(server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es)
    longest = "😀" * (LONGEST - 5) + "\r\n" * 5
    assert len("body=" + quote(longest)) > LARGEST - 5 * 12
    assert server.post(f"{path_of(request)}/comment", {"body": longest}).status == 303
    kept = longest.replace("\r\n", "\n")
    assert state(shared_es, request)[1] == [kept]
    longer = "x" * LONGEST + "y"
    answer = server.post(f"{path_of(request)}/comment", {"body": longer})
    assert (answer.status, draft_in(answer)) == (400, longer)
    assert "It has 1,000,001 characters; the maximum is 1,000,000." in answer.text


def test_a_form_that_is_too_large_or_has_too_many_fields_is_refused(server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es)
    assert send(server, request, b"body=" + b"x" * (LARGEST - 5)).status == 400
    assert send(server, request, b"body=" + b"x" * (LARGEST - 4)).status == 413
    answer = send(server, request, b"&".join(b"f%d=x" % number for number in range(21)) + b"&body=Hello")
    assert (answer.status, "The form has too many fields." in answer.text) == (400, True)
    assert state(shared_es, request) == (Status.NEW, [])


def test_a_form_of_another_kind_has_no_message(server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es)
    for kind, body in (
        ("application/json", b'{"body": "Hello"}'),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="body"\r\n\r\nHi\r\n--x--'),
        ("text/plain", b"Hello"),
    ):
        answer = server.ask("POST", f"{path_of(request)}/comment", body, {"Content-Type": kind})
        assert answer.status == 400, kind
    assert state(shared_es, request) == (Status.NEW, [])


def test_what_was_typed_is_not_lost_when_the_session_has_ended_meanwhile(server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es)
    for path in (f"/desk/requests/{request.id}/reply", f"/spaces/acme/requests/{request.id}/comment"):
        answer = server.post(path, {"body": "An <hour's> work"})
        assert (answer.status, draft_in(answer)) == (403, "An <hour's> work"), path
    assert state(shared_es, request) == (Status.NEW, [])
