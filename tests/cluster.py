"""A PostgreSQL server for the tests: a cluster of its own in a temporary folder, on a Unix socket, without a network.

`running()` starts it; each test gets a database from a template. Root cannot run PostgreSQL, and so becomes the user
`postgres` for it.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import psycopg2

from expertsupport_cli.store import open_store
from expertsupport_cli.store.postgres.schema import NUMBERED, TABLES, VERSION

MEMORY = "/dev/shm"  # noqa: S108 -- the cluster has a folder of its own in it
USER = "es"
TEMPLATE = "es_template"
EMPTY = f"INSERT INTO expertsupport VALUES (TRUE, {VERSION}, 0, {', '.join('0' for _ in NUMBERED)})"
CONFIGURATION = """
listen_addresses = ''
wal_level = minimal
max_wal_senders = 0
shared_buffers = 16MB
max_connections = 100
autovacuum = off
jit = off
deadlock_timeout = 20ms
log_min_messages = fatal
lc_messages = 'C'
"""

FORGETFUL = """
fsync = off
synchronous_commit = off
full_page_writes = off
"""


def binaries() -> str | None:
    """The folder of the programs of the newest PostgreSQL, None if it is not installed."""
    found = shutil.which("initdb")
    debian = glob.glob("/usr/lib/postgresql/*/bin/initdb")
    newest = max(debian, key=lambda path: int(path.split("/")[4]), default=found)
    return None if newest is None else str(Path(newest).resolve().parent)


class Cluster:
    """A server that runs. `url` gives the address of one of its databases."""

    def __init__(self, folder: Path, programs: str) -> None:
        self.folder = folder
        self.programs = programs
        self._numbers = count(1)
        self._free: list[str] = []

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as whoever may."""
        command = [f"{self.programs}/{program}", *arguments]
        if os.geteuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        log = self.folder / "log"
        with open(log, "ab") as output:  # no pipe, which the server would keep open
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.folder, check=False
            )
        assert done.returncode == 0, log.read_text(errors="replace")

    def start(self) -> None:
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-s", "start")

    def stop(self, how: str = "immediate") -> None:
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-s", "-m", how, "stop")

    def url(self, database: str, user: str = USER) -> str:
        return f"postgresql://{user}@/{database}?host={self.folder}"

    def execute(self, *statements: str, database: str = "postgres") -> None:
        with closing(psycopg2.connect(self.url(database))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)

    def new_database(self, template: str = TEMPLATE) -> str:
        """The URL of a database with an empty store, or a copy of another."""
        name = f"es_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    @contextmanager
    def lent_database(self) -> Iterator[str]:
        """As `new_database`, for tests that leave the tables as they are: emptied and used again, which is quicker."""
        url = self._free.pop() if self._free else self.new_database()
        yield url
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
            for table in reversed(TABLES):
                cursor.execute(f"DELETE FROM {table}")
            cursor.execute(EMPTY)
            connection.commit()
        self._free.append(url)


@contextmanager
def running(programs: str, *, durable: bool = False) -> Iterator[Cluster]:
    """A cluster, until the block ends: in memory, unless it is `durable`, as one of a team is."""
    in_memory = not durable and os.access(MEMORY, os.W_OK)
    folder = Path(tempfile.mkdtemp(prefix="es-pg-", dir=MEMORY if in_memory else None))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        cluster = Cluster(folder, programs)
        cluster.run(
            "initdb", "-D", f"{folder}/data", "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"
        )
        settings = folder / "data" / "postgresql.conf"
        with open(settings, "a") as file:
            file.write(f"{CONFIGURATION}unix_socket_directories = '{folder}'\n{'' if durable else FORGETFUL}")
        cluster.start()
        try:
            cluster.execute(f"CREATE DATABASE {TEMPLATE} IS_TEMPLATE true")
            make_store(cluster.url(TEMPLATE))
            yield cluster
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                cluster.stop()
    finally:
        shutil.rmtree(folder)


POOL = """
[databases]
* = host={folder}
[pgbouncer]
unix_socket_dir = {folder}
listen_port = 6432
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 2
server_reset_query =
"""


@contextmanager
def pooled(cluster: Cluster) -> Iterator[Callable[[str], str]]:
    """PgBouncer in front of a cluster, in transaction mode; gives the URL through it for a URL of the cluster."""
    configuration = cluster.folder / "pgbouncer.ini"
    configuration.write_text(POOL.format(folder=cluster.folder))
    (cluster.folder / "users").write_text(f'"{USER}" ""\n')
    command = ["pgbouncer", "-q", str(configuration)]
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    pool = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=cluster.folder)
    try:
        deadline = time.monotonic() + 30
        while not (cluster.folder / ".s.PGSQL.6432").exists():
            assert pool.poll() is None, "PgBouncer ended"
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield lambda url: f"{url}&port=6432"
    finally:
        pool.terminate()
        pool.wait()


def make_store(url: str) -> None:
    """Create the tables of a store in an empty database."""
    store = open_store(url, timeout=10, writes=True, notify=lambda _: None, prepare="create")
    with closing(store), store.transaction():
        pass


def dump_database(url: str) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, as another program reads them: to see that nothing was changed."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        found: dict[str, list[tuple[object, ...]]] = {}
        for (name,) in cursor.fetchall():
            cursor.execute(f"SELECT * FROM {name} ORDER BY 1, 2")
            found[name] = cursor.fetchall()
        return found
