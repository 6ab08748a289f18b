"""The two tiers of tests: a quick one starts no program, and needs no mark to be quick."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest
import tiers

WAYS: dict[str, Callable[[], object]] = {
    "subprocess.Popen": lambda: subprocess.run(["true"], check=True),
    "os.fork": os.fork,
    "os.forkpty": pty.fork,
    "os.system": lambda: os.system("true"),  # noqa: S605
    "os.posix_spawn": lambda: os.posix_spawn("/bin/true", ["true"], os.environ),
    "os.exec": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606
}


def test_a_quick_test_that_starts_a_process_fails_whatever_it_does_with_the_error() -> None:
    for way, start in WAYS.items():
        with pytest.raises(
            pytest.fail.Exception, match=rf"started a process \({way}\): mark it with pytest.mark.program"
        ):
            start()
    assert tiers.started == list(WAYS)  # for which it fails once more in the end
    tiers.started.clear()


@pytest.mark.program
def test_a_test_of_the_tier_program_may_start_one() -> None:
    assert subprocess.run(["true"], check=True).returncode == 0


@pytest.mark.program
def test_a_program_can_be_interrupted_however_the_tests_were_started() -> None:
    code = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"True\n"
