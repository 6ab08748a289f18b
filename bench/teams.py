"""How a store in PostgreSQL compares with one in a file, on this machine and its disk.

    python bench/teams.py [ACTIVATIONS] [REQUESTS]

Activations by 1, 8 and 32 processes at once, each its own task and certificate: so many in a second, as a ratio to
SQLite (1.0: as many). The CPU time of `es list` and `es comment` as processes, as a ratio to the same on SQLite. The
time of a page, a search and an activation in a store of REQUESTS (1,000 and more). A server of its own is started,
with its defaults for durability; it needs PostgreSQL, and `cluster.py` of the tests.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from builders import a_certificate, a_request, a_task  # noqa: E402 -- after the path to it
from cluster import Cluster, binaries, running  # noqa: E402

from expertsupport_cli.actions import requests  # noqa: E402
from expertsupport_cli.model.people import Actor, Side  # noqa: E402
from expertsupport_cli.store import Store, Wanted, open_store  # noqa: E402

AT = "2026-01-31T09:30:00Z"
ANN = Actor(name="ann", side=Side.CUSTOMER)
ES = str(Path(sys.executable).with_name("es"))


def opened(place: str) -> Store:
    return open_store(place, timeout=600, writes=True, notify=lambda _: None)


def activations(place: str, writers: int, count: int) -> float:
    """Activations in a second, by so many processes at once."""
    with closing(opened(place)) as store:
        work = [(a_task(store).id, a_certificate(store)[0]) for _ in range(count)]
    gate, start = os.pipe()
    children = []
    for number in range(writers):
        child = os.fork()
        if not child:
            os.close(start)
            with closing(opened(place)) as store:
                os.read(gate, 1)
                for task, serial in work[number::writers]:
                    requests.activate(store, task, serial, by=ANN, at=AT)
            os._exit(0)
        children.append(child)
    os.close(gate)
    time.sleep(0.5)  # until each has opened the store
    begun = time.perf_counter()
    os.close(start)
    for child in children:
        os.waitpid(child, 0)
    return count / (time.perf_counter() - begun)


def cpu(place: str, *command: str, times: int = 5) -> float:
    """CPU seconds of a command as a process, the least of several."""
    env = {**os.environ, "ES_STORE": place, "ES_USER": "ann", "ES_MAIL_TRANSPORT": "off"}
    found = []
    for _ in range(times):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([ES, *command], env=env, check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found)


def least(run: Callable[[], object], times: int = 7) -> float:
    """Milliseconds of a call, the least of several."""
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        run()
        found.append(time.perf_counter() - begun)
    return min(found) * 1000


def grow(place: str, number: int) -> None:
    """Copy the requests of a store until there are so many."""
    with closing(opened(place)) as store:
        a_request(store)
        table = store.engine
        with store.transaction():
            rows = range(2, number + 1)
            task = dict(_row(store, "tasks"))
            table.load("tasks", ({**task, "number": n, "id": f"T-{n}", "id_key": f"t-{n}", "counted": n} for n in rows))
            paid = dict(_row(store, "certificates"))
            table.load("certificates", ({**paid, "number": n, "digest": f"{n:064}"} for n in rows))
            request = dict(_row(store, "requests"))
            table.load(
                "requests",
                (
                    {**request, "number": n, "token": f"{n:032}", "task": n, "task_key": f"t-{n}", "certificate": n}
                    for n in rows
                ),
            )
            for n in rows:
                table.index("tasks", n, ["the", "printer", str(n)])


def _row(store: Store, table: str) -> dict[str, object]:
    (row,) = store.rows(f"SELECT * FROM {table} WHERE number = 1")
    return {name: row[name] for name in row.keys()}  # noqa: SIM118 -- a row is no mapping


def flat(place: str, number: int) -> list[float]:
    """Milliseconds of the first page, a search for a rare word, and an activation."""
    with closing(opened(place)) as store:
        found = [least(lambda: list(store.requests(Wanted(), limit=50)))]
        found.append(least(lambda: list(store.requests(Wanted(words=[str(number // 2)]), limit=50))))
        ready = [(a_task(store).id, a_certificate(store)[0]) for _ in range(7)]
        found.append(least(lambda: requests.activate(store, *ready.pop(), by=ANN, at=AT)))
        return found


def compare(cluster: Cluster, folder: Path, count: int, largest: int) -> None:
    for writers in (1, 8, 32):
        file = activations(str(folder / f"{writers}.db"), writers, count)
        database = activations(cluster.new_database(), writers, count)
        figures = f"{file:5.0f}/s SQLite, {database:5.0f}/s PostgreSQL, ratio {database / file:.2f}"
        print(f"activations, {writers:2} writers: {figures}")
    places = str(folder / "cpu.db"), cluster.new_database()
    for place in places:
        with closing(opened(place)) as store:
            a_request(store)
    for command in (["list"], ["show", "ES-1"], ["comment", "ES-1", "-m", "x"]):
        file, database = (cpu(place, *command) for place in places)
        figures = f"{file * 1000:3.0f} ms SQLite, {database * 1000:3.0f} ms PostgreSQL, ratio {database / file:.2f}"
        print(f"CPU of es {command[0]:8}: {figures}")
    number = 1_000
    while number <= largest:
        place = cluster.new_database()
        grow(place, number)
        cluster.execute("ANALYZE", database=place.partition("@/")[2].partition("?")[0])
        page, search, activation = flat(place, number)
        print(f"{number:9,} requests: page {page:.1f} ms, search {search:.1f} ms, activation {activation:.1f} ms")
        number *= 10


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 640
    largest = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000
    programs = binaries()
    if programs is None:
        print("0: PostgreSQL is not installed")
        return
    with tempfile.TemporaryDirectory() as folder, running(programs, durable=True) as cluster:
        compare(cluster, Path(folder), count, largest)


if __name__ == "__main__":
    main()
