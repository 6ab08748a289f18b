"""Many processes at once: one wins, nobody hears of a busy store, and nothing is done by halves."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from builders import ANN, AT, a_certificate, a_request, a_store, a_task, dump

from expertsupport_cli.actions import links
from expertsupport_cli.databases import is_url
from expertsupport_cli.model.certificates import CertificateState
from expertsupport_cli.model.requests import Status
from expertsupport_cli.serial import mask
from expertsupport_cli.store import Store, Wanted, check

pytestmark = pytest.mark.program
CROWD = Path(__file__).with_name("crowd.py")


def crowd(manner: str, count: int, path: Path | str, *words: str) -> list[str]:
    """What came of each process."""
    done = subprocess.run(
        [sys.executable, str(CROWD), manner, str(count), str(path), *words],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def assert_whole(store: Store) -> None:
    assert {rule: found for rule, found in check.findings(store) if found} == {}


def many(store: Store) -> int:
    """How many processes: on a server, which has an own process for each, fewer say as much."""
    return 24 if is_url(store.path) else 64


@pytest.fixture
def store(opener: Callable[[], Store]) -> Iterator[Store]:
    with closing(opener()) as opened:
        yield opened


def test_of_many_who_activate_one_serial_on_one_task_one_opens_the_request(store: Store) -> None:
    task, (serial, _) = a_task(store).id, a_certificate(store)
    assert Counter(crowd("activate", many(store), store.path, serial, task)) == {
        "opened ES-1": 1,
        "found ES-1": many(store) - 1,
    }
    assert store.count_requests(Wanted()) == 1
    assert_whole(store)


def test_of_many_who_activate_one_serial_on_different_tasks_one_opens_a_request(store: Store) -> None:
    tasks = [a_task(store).id for _ in range(many(store))]
    serial, _ = a_certificate(store)
    assert Counter(crowd("activate", len(tasks), store.path, serial, *tasks)) == {
        "opened ES-1": 1,
        "CertificateUsed": len(tasks) - 1,
    }
    assert store.count_requests(Wanted()) == 1
    assert_whole(store)


def test_of_16_who_activate_their_own_serials_on_one_task_one_opens_a_request(store: Store) -> None:
    serials = [a_certificate(store)[0] for _ in range(16)]
    told = crowd("activate_each", 16, store.path, a_task(store).id, *serials)
    assert Counter(told) == {"opened ES-1": 1, "RequestOpen": 15}
    assert store.count_certificates(AT, CertificateState.UNUSED) == 15
    assert_whole(store)


def test_of_many_who_redeem_one_link_one_gets_the_certificate(store: Store) -> None:
    token, link = links.create_link(store, a_task(store).id, lifetime=60, by=ANN, at=AT)
    told = crowd("redeem", many(store), store.path, token)
    (won,) = [line for line in told if line.startswith("redeemed ")]
    assert Counter(told) == {won: 1, "LinkSpent": many(store) - 1}
    assert [certificate.id for certificate in store.certificates(AT)] == ["C-1"]
    assert store.link(link.id).certificate == mask(won[-4:])
    assert_whole(store)


def test_all_32_who_are_the_first_to_use_a_store_succeed(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "store.db"
    told = crowd("first_use", 32, path)
    assert sorted(told) == sorted(f"added space-{number}" for number in range(32))
    with closing(a_store(path)) as store:
        assert len(store.spaces()) == 32
        assert_whole(store)
    assert [child.name for child in path.parent.iterdir()] == ["store.db"]


def test_24_who_close_reopen_and_comment_at_once_leave_a_history_that_fits(store: Store) -> None:
    request = a_request(store)
    assert Counter(crowd("move", 24, store.path)) == {"done": 24}
    assert store.request(request.id).status in (Status.CLOSED, Status.ACKNOWLEDGED)
    assert_whole(store)


def test_certificates_that_8_issue_at_once_are_all_there(store: Store) -> None:
    assert Counter(crowd("issue", 8, store.path)) == {"issued": 8}
    assert store.count_certificates(AT) == 40
    assert_whole(store)


def test_whoever_is_killed_at_any_statement_leaves_a_store_that_is_whole(tmp_path: Path) -> None:
    store = a_store(tmp_path / "store.db")
    task, (serial, _) = a_task(store).id, a_certificate(store)
    before = dump(store)
    moments = 60  # more than there are statements
    for moment in range(moments):
        shutil.copy(store.path, tmp_path / f"copy-{moment}.db")
    told = crowd("killed", moments, tmp_path / "copy-{}.db", task, serial)
    assert set(told) == {"survived"}
    left = []
    for moment in range(moments):
        with closing(a_store(tmp_path / f"copy-{moment}.db")) as after:
            assert_whole(after)
            requests = list(after.requests(Wanted()))
            left.append([len(after.comments(request, notes=True)) for request in requests])
            assert requests or dump(after) == before
    # first nothing was done, from some moment on the one transaction, and then both
    assert left == sorted(left)
    assert left.count([]) > 5
    assert left.count([0]) > 5
    assert left.count([1]) == len(told)
    store.close()
