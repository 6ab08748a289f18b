"""Senders that are killed at some moment, until so many have been. Run by test_senders, with the settings of a sender.

    python doomed.py KILLS READY

prints how many senders were killed before they had ended. Each round forks a few from here, where all is loaded, so
that the moments lie in their work and not in the start of Python; then it does what the passing of time does to the
leases of the dead, and queues READY more when fewer are left.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

from builders import a_store
from mail.box import let_leases_lapse, queue

from expertsupport_cli.cli import mail as _command  # what else the command would load once it has begun  # noqa: F401
from expertsupport_cli.cli.main import main
from expertsupport_cli.mail import smtp as _smtp  # noqa: F401

AT_A_TIME = 4


def send() -> int:
    """Start a sender; its process."""
    pid = os.fork()
    if not pid:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        os._exit(main(["mail", "send"]))
    return pid


def killed(chance: random.Random, longest: float) -> int:
    """Start senders and kill each at some moment; how many were killed before they had ended."""
    running = [send() for _ in range(AT_A_TIME)]
    for pid in running:
        time.sleep(chance.uniform(0.0, longest))
        os.kill(pid, signal.SIGKILL)
    ended = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in running]
    return ended.count(-signal.SIGKILL)


def doom(wanted: int, ready: int, path: Path) -> int:
    chance, kills = random.Random(7), 0  # noqa: S311 -- to be much the same every time
    longest, left = 0.04, -1  # seconds until a kill; more where a busy machine leaves them no time to deliver any
    while kills < wanted:
        killed_now = killed(chance, longest)
        kills += killed_now
        before, left = left, let_leases_lapse(path)
        if left == before:
            longest = longest * 1.5 if killed_now == AT_A_TIME else longest / 1.5
        if left < ready:
            store = a_store(path)
            queue(store, ready)
            store.close()
    return kills


if __name__ == "__main__":
    sys.stdout.write(str(doom(int(sys.argv[1]), int(sys.argv[2]), Path(os.environ["ES_STORE"]))))
