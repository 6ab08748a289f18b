"""Real accounts of the machine: programs that run as them, in an environment of their own. Only the superuser can."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from conftest import ES, Es, Result

import expertsupport_cli

SOURCE = Path(expertsupport_cli.__file__).parents[1]
GROUP = 12_000
ANN, BOB, EVE = 12_001, 12_002, 12_003  # accounts that the machine does not know: only their numbers count


def account(place: Path, uid: int, name: str) -> Es:
    """Somebody with a home of their own, and nothing in the environment but that and the store."""
    home = place / name
    home.mkdir()
    os.chown(home, uid, uid)
    es = Es(home, ES_USER=name, ES_EMAIL=f"{name}@example.org", ES_STORE=str(place / "shared" / "store.db"))
    es.store = place / "shared" / "store.db"
    return es


# In a mount namespace of its own, where the folders that only the superuser may enter are replaced by ones with nothing
# in them but what the program needs.
ENTER = """
set -eu
blocked=$1; shift
spare=$(mktemp -d)
paths=""
while [ "$1" != -- ]; do paths="$paths $1"; mkdir -p "$spare$1"; mount --bind "$1" "$spare$1"; shift; done
shift
mount --rbind "$spare" /mnt
mount -t tmpfs -o mode=755 tmpfs "$blocked"
for path in $paths; do mkdir -p "$path"; mount --bind "/mnt$path" "$path"; done
exec "$@"
"""


def as_account(uid: int, groups: Sequence[int] = (GROUP,)) -> list[str]:
    """What comes before a command that this account runs, as a member of these groups."""
    member = f"--groups={','.join(map(str, groups))}" if groups else "--clear-groups"
    setpriv = ["setpriv", f"--reuid={uid}", f"--regid={uid}", member]
    needed = [Path(sys.base_prefix), Path(sys.prefix), SOURCE]
    blocked = {
        folder for path in needed for folder in path.resolve().parents if not folder.stat().st_mode & stat.S_IXOTH
    }
    if not blocked:
        return setpriv
    outermost = min(blocked, key=lambda folder: len(folder.parts))
    inside = [str(path) for path in needed if outermost in path.resolve().parents]
    return ["unshare", "--mount", "sh", "-c", ENTER, "sh", str(outermost), *inside, "--", *setpriv]


def run(es: Es, uid: int, *arguments: str, umask: int = 0o077, groups: Sequence[int] = (GROUP,)) -> Result:
    """Run a command as an account."""
    return run_as(uid, [ES, *arguments], es.env, umask=umask, groups=groups)


def run_as(
    uid: int, command: Sequence[str], env: dict[str, str], *, umask: int = 0o077, groups: Sequence[int] = (GROUP,)
) -> Result:
    """Run any program as an account."""
    done = subprocess.run(
        [*as_account(uid, groups), *command],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        umask=umask,
        timeout=120,
        check=False,
    )
    return Result(done.stdout, done.stderr, done.returncode)
