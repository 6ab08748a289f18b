"""Runs each command that changes something in a folder that is read-only, or on a disk that is nearly full.

    unshare -m python places.py FOLDER read-only|full KIB

prints as JSON how each ended. FOLDER is where the environment says that the store is.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from conftest import ES, Es
from sessions import dump
from writing import DRY, for_each_command


def mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def ended(es: Es, command: str, kept: Path, how: str, room: int, secrets: dict[str, str]) -> dict[str, object]:
    """How a command ends in the place, which is there for it alone."""
    folder = es.home
    if how == "full":
        size = -(-kept.stat().st_size // 1024) + room + 4
        mount("-t", "tmpfs", "-o", f"size={size}k,mode=700", "tmpfs", str(folder))
        shutil.copy(kept, es.store)
    else:
        mount("--bind", str(folder), str(folder))
        mount("-o", "remount,bind,ro", str(folder))
    try:
        arguments, given = DRY[command]
        before = dump(es)
        done = subprocess.run(
            [ES, *command.split(), *arguments.split()],
            input=given.format(**secrets),
            env={**os.environ, "ES_MAIL_TRANSPORT": "off"},
            capture_output=True,
            text=True,
            check=False,
        )
        return {
            "command": command,
            "status": done.returncode,
            "stdout": done.stdout,
            "stderr": done.stderr,
            "unchanged": dump(es) == before,
            "intact": es.inside("db", "check").status == 0,
        }
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def main(folder: str, how: str, room: str) -> None:
    es = Es(Path(folder))
    _, secrets = for_each_command(es)
    commands = [name for name in DRY if not name.startswith(("config", "mail send"))]
    with TemporaryDirectory() as elsewhere:
        kept = Path(elsewhere) / "kept.db"
        shutil.copy(es.store, kept)
        print(json.dumps([ended(es, command, kept, how, int(room), secrets) for command in commands]))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
