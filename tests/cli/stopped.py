"""`es db share` and `es db unshare`, stopped at every change by a kill, at some by an error. Run by test_sharing.

    python stopped.py FOLDER GROUP

prints how often each was killed, and how often it failed. Every process is forked from here, where all is loaded.
"""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from expertsupport_cli.cli import mail as _mail  # noqa: F401
from expertsupport_cli.cli import sharing as _sharing  # noqa: F401
from expertsupport_cli.cli.main import main

Stop = Callable[[], None]


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def failed() -> None:
    raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))


def es(store: Path, words: list[str], stop: Stop | None = None, at: int = -1) -> tuple[int, str]:
    """Run a command, which is stopped at this change; how it ended, and what it said."""
    reads, writes = os.pipe()
    pid = os.fork()
    if not pid:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(writes, 2)
        if stop:
            sys.addaudithook(counting(stop, at))
        os._exit(main(["--store", str(store), *words]))
    os.close(writes)
    with open(reads) as said:
        text = said.read()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), text


def counting(stop: Stop, at: int) -> Callable[[str, tuple[object, ...]], None]:
    left = [at]

    def hook(event: str, _: tuple[object, ...]) -> None:
        if event in ("os.chmod", "os.chown"):
            left[0] -= 1
            if left[0] == -1:
                stop()

    return hook


def check(done: bool, *about: object) -> None:
    if not done:
        raise AssertionError(about)


def is_closed_to_strangers(path: Path, group: int) -> bool:
    """Whether nobody but the owner and the group gets at a file."""
    found = path.stat()
    return not found.st_mode & stat.S_IRWXO and (not found.st_mode & stat.S_IRWXG or found.st_gid == group)


def stop_at_each(folder: Path, words: list[str], before: Path, stop: Stop, group: int) -> int:
    """Stop a command at one change after the other, each on a store of its own. Returns how often it was stopped."""
    for stopped, at in enumerate(range(0, 100, 1 if stop is killed else 5)):
        store = folder / f"{words[1]}-{stop.__name__}-{at}" / "store.db"
        subprocess.run(["cp", "-a", before, store.parent], check=True)
        status, said = es(store, words, stop, at)
        for line in (["space", "edit", "acme", "--title", f"{at}"], ["mail", "test", "a@x.org"]):
            check(es(store, line)[0] == 0, words, at, line)
        if status == 0:
            return stopped
        check(status == (-signal.SIGKILL if stop is killed else 1), status, said)
        check(is_closed_to_strangers(store, group), words, at)
        if stop is failed:
            check(("Nothing was changed." if at == 0 else "Run the command again") in said, said)
        check(es(store, words)[0] == 0, words, at)
        wanted = 0o2770 if words[1] == "share" else 0o700
        found = {stat.S_IMODE(path.stat().st_mode) for path in (store.parent, *store.parent.rglob("*"))}
        check(found == {wanted, wanted & 0o660}, words, at, found)
    raise AssertionError("never ended")


def run(folder: Path, group: str) -> list[int]:
    """How often the commands were killed, and how often they failed."""
    share, unshare = ["db", "share", "--group", group], ["db", "unshare"]
    private, shared = folder / "private", folder / "shared"
    folder.chmod(0o755)
    private.mkdir(mode=0o755)
    for line in (["space", "add", "acme"], ["mail", "test", "a@x.org"]):
        check(es(private / "store.db", line)[0] == 0, line)
    subprocess.run(["cp", "-a", private, shared], check=True)
    check(es(shared / "store.db", share)[0] == 0)
    return [
        stop_at_each(folder, share, private, stop, int(group)) + stop_at_each(folder, unshare, shared, stop, int(group))
        for stop in (killed, failed)
    ]


if __name__ == "__main__":
    sys.stdout.write(" ".join(map(str, run(Path(sys.argv[1]), sys.argv[2]))))
