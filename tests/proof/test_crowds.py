"""Many processes on one thing: one of them gets it, the others are refused by name, and nobody hears of a busy store.

Short here; `pytest --long tests/proof` starts 64 processes a hundred times, and 32 first uses twenty times.
"""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence

import pytest
from builders import a_certificate, a_request, a_space, a_task
from conftest import ES, Es
from released import released_store
from sessions import as_json, filled

pytestmark = pytest.mark.program


@pytest.fixture
def size(long: bool) -> tuple[int, int]:
    """How many processes, how many times."""
    return (64, 100) if long else (8, 2)


def crowd(es: Es, commands: Sequence[Sequence[str]]) -> Counter[int]:
    """Run all of these at once. Returns how often there was which exit status."""
    env = {**es.env, "ES_STORE_TIMEOUT": "60s"}
    running = [
        subprocess.Popen([ES, *words], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for words in commands
    ]
    return Counter(process.wait() for process in running)


def check(es: Es) -> None:
    assert es.inside("db", "check").status == 0


def test_one_serial_opens_one_request(es: Es, size: tuple[int, int]) -> None:
    processes, times = size
    with filled(es) as store:
        a_space(store, lifetime=None)
        tasks = [a_task(store).id for _ in range(processes * times)]
        serials = [a_certificate(store)[0] for _ in range(times)]
    for round, serial in enumerate(serials):
        own = tasks[round * processes : (round + 1) * processes]
        assert crowd(es, [("activate", task, serial) for task in own]) == {0: 1, 4: processes - 1}
    assert len(as_json(es("list", "--json"))) == times
    check(es)


def test_one_link_is_redeemed_once(es: Es, size: tuple[int, int]) -> None:
    processes, times = size
    with filled(es) as store:
        a_space(store, lifetime=None)
        a_task(store)
    for _ in range(times):
        link = es("purchase-link", "T-1").id
        assert crowd(es, [("link", "redeem", link)] * processes) == {0: 1, 4: processes - 1}
    check(es)


def test_one_task_gets_one_request(es: Es, size: tuple[int, int]) -> None:
    processes, times = size
    with filled(es) as store:
        a_space(store, lifetime=None)
        tasks = [a_task(store).id for _ in range(times)]
        serials = [a_certificate(store)[0] for _ in range(processes * times)]
    for round, task in enumerate(tasks):
        own = serials[round * processes : (round + 1) * processes]
        assert crowd(es, [("activate", task, serial) for serial in own]) == {0: 1, 4: processes - 1}
    unused = as_json(es("cert", "list", "--state", "unused", "--json"))
    assert len(unused) == (processes - 1) * times
    check(es)


def test_no_message_on_one_request_is_lost(es: Es, size: tuple[int, int]) -> None:
    processes, times = size
    with filled(es) as store:
        a_request(store)
    for _ in range(times):
        assert crowd(es, [("comment", "ES-1", "-m", f"Message {n}") for n in range(processes)]) == {0: processes}
    comments = [comment["body"] for comment in as_json(es("show", "ES-1", "--json"))["comments"]]
    assert Counter(comments) == {f"Message {n}": times for n in range(processes)}
    check(es)


def test_all_who_are_the_first_to_use_a_store_succeed(es: Es, long: bool) -> None:
    processes, times = (32, 20) if long else (8, 2)
    for _ in range(times):
        es.store.unlink(missing_ok=True)
        assert crowd(es, [("space", "add", f"s-{n}") for n in range(processes)]) == {0: processes}
        assert len(as_json(es("space", "list", "--json"))) == processes
        check(es)


def test_all_who_are_the_first_to_use_an_old_store_succeed(es: Es, long: bool) -> None:
    processes, times = (32, 20) if long else (8, 2)
    for _ in range(times):
        for path in es.home.glob("store.db*"):
            path.unlink()
        shutil.rmtree(es.home / "mail", ignore_errors=True)
        released_store(es.store)
        spaces = len(as_json(es("space", "list", "--json")))
        assert crowd(es, [("space", "add", f"s-{n}") for n in range(processes)]) == {0: processes}
        assert len(as_json(es("space", "list", "--json"))) == spaces + processes
        check(es)
