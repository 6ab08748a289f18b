#!/usr/bin/env python3
"""What does a command cost with the Maildir transport, over the same command with mail switched off?

    python bench/mail.py [ROUNDS]

Runs `es desk reply`, which mails one recipient, with `mail.transport` off and maildir in turn, each on a store of its
own, and prints the median of the ratios within each round. Nothing is asserted.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

from startup import prepare, ratio, seconds


def main(rounds: int) -> None:
    """Measure and print."""
    es = str(Path(sys.executable).with_name("es"))
    with tempfile.TemporaryDirectory() as folder:
        envs = {}
        for transport in ("off", "again off", "maildir"):
            home = f"{folder}/{transport}"
            clean = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
            own = {"ES_STORE": f"{home}/store.db", "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home}
            mail = {"ES_EMAIL": "ann@example.org", "ES_MAIL_TRANSPORT": transport.removeprefix("again ")}
            envs[transport] = {**clean, **own, **mail}
            prepare(es, envs[transport])
            envs[transport]["ES_EMAIL"] = "bob@example.org"
        reply = [es, "desk", "reply", "ES-1", "-m", "Have you tried to turn it off and on again?"]
        for env in envs.values():
            seconds(reply, env)
        measured: dict[str, list[float]] = {transport: [] for transport in envs}
        for _ in range(rounds):
            for transport, env in envs.items():
                measured[transport].append(seconds(reply, env))
        delivered = len(list(Path(folder, "maildir", "mail", "ann@example.org", "new").iterdir()))
    print(f"{'mail.transport':<16}{'median ms':>10}{'/off':>8}   ({delivered} mails in the Maildir)")
    for transport, times in measured.items():
        print(f"{transport:<16}{statistics.median(times) * 1000:>10.1f}{ratio(times, measured['off']):>8.3f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 25)
