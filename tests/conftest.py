"""Fixtures: a store, and the installed program."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, NoReturn

import pytest
from builders import a_store
from cluster import Cluster, binaries, running

from expertsupport_cli.store import Store

pytest_plugins = ["tiers"]

# Whoever starts the tests in the background may have them ignore SIGINT, and every program that they start as well.
signal.signal(signal.SIGINT, signal.default_int_handler)


def needs(program: str) -> None:
    """Skip the test, with a reason, where a program of the system is missing; in CI that is a failure."""
    if shutil.which(program) is None:
        unavailable(f"the program {program}: .ci/run installs it")


def unavailable(what: str) -> NoReturn:
    """Skip the test, with a reason, since the machine does not have what it takes; in CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"needs {what}")
    pytest.skip(f"needs {what}")


ES = str(Path(sys.executable).with_name("es"))


class Result(NamedTuple):
    """What a command printed, and how it ended."""

    stdout: str
    stderr: str
    status: int

    @property
    def id(self) -> str:
        """What was printed alone."""
        assert self.status == 0, self
        assert self.stdout.count("\n") == 1, self
        return self.stdout.rstrip("\n")


class Es:
    """The installed program, run as a subprocess where nothing of the machine's own user is seen."""

    def __init__(self, home: Path, **more: str) -> None:
        self.home = home
        self.store = home / "store.db"
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_STATE_HOME": str(home / "state"),
            "ES_STORE": str(self.store),
            "ES_USER": "ann",
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "TERM": "dumb",
            "COLUMNS": "100",
            **more,
        }

    def __call__(self, *arguments: str, stdin: str | bytes = "", env: Mapping[str, str] | None = None) -> Result:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [ES, *arguments],
            input=given,
            capture_output=True,
            env={**self.env, **(env or {})},
            timeout=120,
            check=False,
        )
        return Result(done.stdout.decode(), done.stderr.decode(), done.returncode)

    def as_(self, who: str) -> Es:
        """The same store, used by somebody else."""
        other = type(self)(self.home)
        other.env = {**self.env, "ES_USER": who}
        return other

    @property
    def inside(self) -> Es:
        """The same store and settings without a process, for what is beside the point of a test of the program."""
        from inside import Inside

        other = Inside(self.home)
        other.store, other.env = self.store, self.env
        return other


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the proofs with all their processes, kills and bit flips")


@pytest.fixture(scope="session")
def long(request: pytest.FixtureRequest) -> bool:
    """Whether a proof is to take hours instead of seconds."""
    return bool(request.config.getoption("--long"))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server of this session's own. Skips the test where there is none; in CI that is a failure."""
    programs = binaries()
    if programs is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is missing: .ci/run should have installed it")
        pytest.skip("PostgreSQL is not installed")
    import tiers  # which pytest has loaded as a plugin

    with ExitStack() as stack:
        with tiers.allowed():
            started = stack.enter_context(running(programs))
        yield started
        with tiers.allowed():
            stack.close()


@pytest.fixture(scope="session")
def program() -> str:
    """The path of the installed program. Whatever test has this among its fixtures is of the tier `program`."""
    return ES


@pytest.fixture
def es(tmp_path: Path, program: str) -> Es:
    return Es(tmp_path)


@pytest.fixture
def inside(tmp_path: Path) -> Es:
    """The program without a process. A module of rules, not of processes, has this for its fixture `es`."""
    return Es(tmp_path).inside


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = a_store(tmp_path / "store.db")
    yield opened
    opened.close()
