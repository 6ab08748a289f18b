#!/usr/bin/env python3
"""How much does `es` cost over starting Python, and over the smallest Typer program?

    python bench/startup.py [ROUNDS]

Runs the installed program (of the virtual environment that runs this file) and the two yardsticks in turn, round by
round, and prints the median of the ratios within each round: machines are noisy, ratios within a round much less so.
Byte code is written and warm, as it is for users. Nothing is asserted.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HELLO = """\
import typer

app = typer.Typer()


@app.command()
def one(name: str = "x"):
    print(name)


@app.command()
def two(name: str = "y"):
    print(name)


app()
"""


def main(rounds: int) -> None:
    """Measure and print."""
    es = str(Path(sys.executable).with_name("es"))
    with tempfile.TemporaryDirectory() as folder:
        hello = Path(folder, "hello.py")
        hello.write_text(HELLO)
        clean = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
        env = {**clean, "ES_STORE": f"{folder}/store.db", "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder}
        prepare(es, env)
        commands = {
            "pass": [sys.executable, "-c", "pass"],
            "typer": [sys.executable, str(hello), "one"],
            "es --version": [es, "--version"],
            "es list": [es, "list"],
            "es list --json": [es, "list", "--json"],
            "es show ES-1": [es, "show", "ES-1"],
            "es comment": [es, "comment", "ES-1", "-m", "x"],
            "es desk queue": [es, "desk", "queue"],
        }
        measured = {name: [seconds(command, env) for _ in range(2)] for name, command in commands.items()}
        measured = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                measured[name].append(seconds(command, env))
    print(f"{'command':<16}{'median ms':>10}{'/pass':>8}{'/typer':>8}")
    for name, times in measured.items():
        ratios = "".join(f"{ratio(times, measured[base]):>8.2f}" for base in ("pass", "typer"))
        print(f"{name:<16}{statistics.median(times) * 1000:>10.1f}{ratios}")


def prepare(es: str, env: dict[str, str]) -> None:
    """A store with one request."""

    def run(*words: str) -> str:
        return subprocess.run([es, *words], env=env, check=True, capture_output=True, text=True).stdout.strip()

    run("space", "add", "acme")
    run("activate", run("task", "add", "One", "--space", "acme"), run("cert", "issue"))


def seconds(command: list[str], env: dict[str, str]) -> float:
    """How long one run takes, wall clock."""
    start = time.perf_counter()
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - start


def ratio(ours: list[float], theirs: list[float]) -> float:
    """The median of the ratios, round by round."""
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
