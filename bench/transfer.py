#!/usr/bin/env python3
"""How do backup, export, import and copy grow with the store?

    python bench/transfer.py [REQUESTS]

Runs each on a store with a tenth of the requests, and on one with all of them, and prints the seconds of CPU, the peak
memory, and the ratios: about 10 for the time, and near 1 for the memory, since they work on one row after the other.
The last line compares the export of the imported store, byte by byte. Nothing is asserted.
"""

from __future__ import annotations

import filecmp
import os
import sys
import tempfile
from pathlib import Path
from subprocess import DEVNULL, Popen

from many import fill


def main(requests: int) -> None:
    """Measure and print."""
    es = str(Path(sys.executable).with_name("es"))
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder}
        columns = (run(es, env, Path(folder, str(count)), count) for count in (requests // 10, requests))
        print(f"{'command':<14}{'CPU s':>9}{'ratio':>8}{'peak MiB':>10}{'ratio':>8}")
        for name, few, many in ((name, few, many) for (name, few), (_, many) in zip(*columns, strict=True)):
            print(f"{name:<14}{many[0]:>9.2f}{many[0] / few[0]:>8.2f}{many[1]:>10.1f}{many[1] / few[1]:>8.2f}")
        where = Path(folder, str(requests))
        print(
            "the same bytes" if filecmp.cmp(where / "a.jsonl", where / "b.jsonl", shallow=False) else "different bytes"
        )


def run(es: str, env: dict[str, str], folder: Path, requests: int) -> list[tuple[str, tuple[float, float]]]:
    """The CPU seconds and the peak MiB of each command."""
    folder.mkdir()
    store, other = str(folder / "store.db"), str(folder / "other.db")
    fill(es, env, store, requests)
    commands = {
        "backup": ["--store", store, "db", "backup", str(folder / "backup.db")],
        "export": ["--store", store, "db", "export", str(folder / "a.jsonl")],
        "import": ["--store", other, "db", "import", str(folder / "a.jsonl")],
        "export again": ["--store", other, "db", "export", str(folder / "b.jsonl")],
        "copy": ["db", "copy", store, str(folder / "copy.db")],
    }
    return [(name, measured([es, *words], env)) for name, words in commands.items()]


def measured(command: list[str], env: dict[str, str]) -> tuple[float, float]:
    """The seconds of CPU that a command takes, and the MiB that it needs at most."""
    process = Popen(command, env=env, stdout=DEVNULL, stderr=DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
