#!/usr/bin/env python3
"""How much of a processor does `es watch` use while nothing happens, and how soon does it notice?

    python bench/watch.py [SECONDS]

Prints the processor time of a watching process as a share of the time that it watched, its start left out, and how long
after a command had ended its event was printed. Nothing is asserted.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from startup import prepare


def main(wanted: float) -> None:
    """Measure and print."""
    es = str(Path(sys.executable).with_name("es"))
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "ES_STORE": f"{folder}/store.db", "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder}
        prepare(es, env)
        with subprocess.Popen([es, "watch"], env=env, stdout=subprocess.PIPE, text=True) as watching:
            time.sleep(2)
            before, start = used(watching.pid), time.monotonic()
            time.sleep(wanted)
            share = (used(watching.pid) - before) / (time.monotonic() - start)
            delays = []
            for _ in range(10):
                subprocess.run([es, "comment", "ES-1", "-m", "x"], env=env, check=True, stdout=subprocess.DEVNULL)
                done = time.monotonic()
                assert watching.stdout
                assert watching.stdout.readline()
                delays.append(time.monotonic() - done)
            watching.terminate()
    print(f"es watch uses {share:.2%} of a processor, and prints an event {statistics.median(delays):.2f} s after it")
    print(f"(at most {max(delays):.2f} s, of {len(delays)} events; watched for {wanted:g} s)")


def used(pid: int) -> float:
    """The seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 20)
