"""The store is held by another process, or is gone: pages are shown meanwhile, and a form is not lost."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

from conftest import Es
from web.serving import Server, a_request_in, path_of, state
from web.test_forms import draft_in

from expertsupport_cli.model.requests import Status

DRAFT = "An hour's work"


@contextmanager
def held(es: Es, how: str = "BEGIN IMMEDIATE") -> Iterator[None]:
    """Another writer has begun and does not end."""
    with closing(sqlite3.connect(es.store, isolation_level=None)) as db:
        db.execute(how)
        yield
        db.execute("ROLLBACK")


def test_a_writer_that_has_begun_makes_no_reader_wait(own_server: Server, es: Es) -> None:
    request, desk = a_request_in(es), own_server.sign_in()
    customer, link = own_server.sign_in("customer", who="ann"), own_server.sign_in_link()
    pages = [
        (path_of(request), ""),
        (path_of(request), customer),
        (f"{path_of(request)}/last", ""),
        (f"/spaces/acme/requests/{request.id}", customer),
        (f"/desk/requests/{request.id}", desk),
        ("/desk", desk),
        ("/spaces/acme/requests", customer),
        (link, ""),
        (f"/hello/{'a' * 32}", ""),
    ]
    for path, cookie in pages:  # each thread of the server has the store open
        assert own_server.get(path, cookie=cookie).status == 200, path
    assert own_server.post(f"/desk/requests/{request.id}/reply", {"body": "News"}, cookie=desk).status == 303
    with closing(sqlite3.connect(es.store)) as db, db:  # now each page has something to note
        db.execute("UPDATE sessions SET seen_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-1 hour')")

    def overtake_a_form() -> bool:
        """Whether all pages are shown before a form that waits for its turn; never if a page waits as well."""
        with ThreadPoolExecutor(1) as threads:
            form = threads.submit(own_server.post, f"{path_of(request)}/close")
            for path, cookie in pages:
                assert own_server.get(path, cookie=cookie).status == 200, path
            overtaken = not form.done()
            assert form.result().status == 503
            return overtaken

    with held(es):
        assert any(overtake_a_form() for _ in range(5)), "not once on a machine that is busy"


def test_a_server_proves_itself_for_the_first_time_while_another_program_holds_the_store(
    own_server: Server, es: Es
) -> None:
    with held(es):
        assert own_server.get(f"/hello/{'a' * 32}").status == 200


def test_a_form_that_cannot_be_kept_now_comes_back_with_what_was_typed(own_server: Server, es: Es) -> None:
    request, desk, link = a_request_in(es), own_server.sign_in(), own_server.sign_in_link()
    forms = [
        (f"{path_of(request)}/comment", ""),
        (f"/desk/requests/{request.id}/reply", desk),
        (f"{path_of(request)}/close", ""),
    ]
    with held(es), ThreadPoolExecutor(len(forms)) as threads:
        answers = list(threads.map(lambda form: own_server.post(form[0], {"body": DRAFT}, cookie=form[1]), forms))
    for answer in answers:
        assert (answer.status, answer.header("retry-after")) == (503, "2")
        assert draft_in(answer) == DRAFT
        assert "Try again in a moment." in answer.text
        assert str(es.home) not in answer.text
    assert state(es, request) == (Status.NEW, [])
    assert own_server.post(link).status == 303
    assert own_server.post(f"{path_of(request)}/comment", {"body": DRAFT}).status == 303
    assert state(es, request)[1] == [DRAFT]


def test_what_was_typed_comes_back_even_if_the_store_is_gone(own_server: Server, es: Es) -> None:
    request = a_request_in(es)
    away = es.store.with_suffix(".away")
    os.rename(es.store, away)
    for path in (path_of(request), f"{path_of(request)}/last", "/desk", "/", f"/hello/{'a' * 32}"):
        assert own_server.get(path).status == 503, path
    answer = own_server.post(f"{path_of(request)}/comment", {"body": DRAFT})
    assert (answer.status, draft_in(answer)) == (503, DRAFT)
    answers = [answer, own_server.get(path_of(request), Accept="application/json")]
    assert not any(str(es.home) in answer.text for answer in answers)
    assert answers[1].json["error"]["code"] == "store_missing"
    assert not es.store.exists()  # no new store in the place of the old
    os.rename(away, es.store)
    assert own_server.get(path_of(request)).status == 200
    assert own_server.post(f"{path_of(request)}/comment", {"body": DRAFT}).status == 303


def test_another_store_in_its_place_is_served_from_then_on(own_server: Server, es: Es) -> None:
    backup = es.home / "backup.db"
    request = a_request_in(es)
    assert es.inside("db", "backup", str(backup)).status == 0
    assert own_server.post(f"{path_of(request)}/close").status == 303
    desk = own_server.sign_in()
    assert own_server.get("/desk", cookie=desk).status == 200
    assert es.inside("db", "restore", str(backup), "--yes").status == 0
    assert 'class="badge new"' in own_server.get(path_of(request)).text
    assert own_server.get("/desk", cookie=desk).status == 303  # this session is not in the backup
    assert own_server.post(f"{path_of(request)}/comment", {"body": "After"}).status == 303
    assert state(es, request) == (Status.NEW, ["After"])
    other = es.home / "other.db"
    other_es = Es(es.home, ES_STORE=str(other))
    other_es.store = other
    there = a_request_in(other_es)
    for suffix in ("-wal", "-shm"):
        assert not other.with_name(other.name + suffix).exists()
    os.replace(other, es.store)
    for suffix in ("-wal", "-shm"):
        es.store.with_name(es.store.name + suffix).unlink(missing_ok=True)
    assert own_server.get(path_of(request)).status == 404
    assert own_server.get(path_of(there)).status == 200


def test_a_file_that_is_no_store_is_named_as_such_and_left_alone(own_server: Server, es: Es) -> None:
    request = a_request_in(es)
    junk = es.home / "junk"
    junk.write_bytes(b"no database " * 1000)
    os.replace(junk, es.store)
    assert own_server.get(path_of(request)).status == 503
    answer = own_server.post(f"{path_of(request)}/comment", {"body": "x"})
    assert (answer.status, draft_in(answer)) == (503, "x")
    assert es.store.read_bytes() == b"no database " * 1000


def test_while_a_commit_takes_place_a_page_waits_for_it(own_server: Server, es: Es) -> None:
    request = a_request_in(es)
    with ThreadPoolExecutor(1) as threads:
        with held(es, "BEGIN EXCLUSIVE"):
            answer = own_server.get(path_of(request))
            assert (answer.status, answer.header("retry-after")) == (503, "2")
            waiting = threads.submit(own_server.get, path_of(request))
        assert waiting.result().status == 200
