#!/usr/bin/env python3
"""How long does listing a hundred thousand requests to a pipe take, and how much memory, over listing a thousand?

    python bench/listing.py [ROWS]

Prints, for each format, the seconds, the rows a second, the peak memory, and the ratio of the memory to that of a
thousand rows: it should stay near 1. Nothing is asserted.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from many import fill


def main(rows: int) -> None:
    """Measure and print."""
    es = str(Path(sys.executable).with_name("es"))
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "ES_STORE": f"{folder}/store.db", "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder}
        fill(es, env, f"{folder}/store.db", rows)
        print(f"{'command':<34}{'seconds':>9}{'rows/s':>10}{'peak MiB':>10}{'/1,000':>8}")
        for command in ("list", "list --format csv", "list --format jsonl", "list --json", "list --sort task_name"):
            _, small = measured([es, *command.split(), "--limit", "1000"], env)
            seconds, peak = measured([es, *command.split()], env)
            print(f"es {command:<31}{seconds:>9.2f}{rows / seconds:>10.0f}{peak:>10.1f}{peak / small:>8.2f}")


def measured(command: list[str], env: dict[str, str]) -> tuple[float, float]:
    """The seconds that a command takes, and the MiB that it needs at most."""
    start = time.perf_counter()
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE)
    assert process.stdout
    while process.stdout.read(1 << 20):
        pass
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return time.perf_counter() - start, usage.ru_maxrss / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
