"""The picture in the README: the page of a request, as a browser shows it.

    python tests/picture.py docs/request-page.png     takes it anew

A real `es serve` serves a temporary store, and Chromium takes the picture. The variable CHROMIUM names another program
than `chromium`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from builders import ANN, BOB, a_certificate, a_store

from expertsupport_cli.actions import requests, spaces, tasks
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.store import Store

WIDTH, HEIGHT = 640, 880
MAX_SIZE = 60_000  # bytes: everybody who reads the README loads it
PATIENCE = 60  # seconds
OLGA = Actor(name="olga", side=Side.OWNER)


def a_conversation(store: Store) -> str:
    """A request that is waiting for its initiator. Returns its token."""
    spaces.add_space(store, "acme", task_lifetime=None, task_limit=None, by=OLGA, at=ago(hours=30))
    description = "Smoke comes out of the printer on the third floor."
    task = tasks.add_task(store, "The printer is on fire", "acme", description=description, by=ANN, at=ago(hours=29))
    serial, _ = a_certificate(store, at=ago(hours=28))
    first = "It started when I printed page 404."
    request = requests.activate(store, task.id, serial, message=first, by=ANN, at=ago(hours=27)).request
    question = "Is it still plugged in?"
    requests.reply(store, request.id, question, asks=True, by=BOB, at=ago(minutes=20))
    return request.token


def ago(**long: float) -> str:
    """The instant so long ago."""
    return (datetime.now(UTC) - timedelta(**long)).strftime("%Y-%m-%dT%H:%M:%SZ")


def take(picture: Path, folder: Path) -> None:
    """Take the picture. The folder is for the store, and for what the browser keeps."""
    with closing(a_store(folder / "store.db")) as store:
        token = a_conversation(store)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ES_")}
    own = {f"XDG_{kind}_HOME": str(folder) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    server = subprocess.Popen(
        [sys.executable, "-m", "expertsupport_cli", "--store", str(folder / "store.db"), "serve", "--port", "0"],
        env=clean | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with server:
        try:
            assert server.stdout
            address = server.stdout.readline().strip()
            subprocess.run(
                [
                    os.environ.get("CHROMIUM", "chromium"),
                    "--headless",
                    "--no-sandbox",  # the page is our own, and in a container there is no sandbox
                    "--hide-scrollbars",
                    "--disable-lcd-text",  # a picture is for any screen
                    "--blink-settings=preferredColorScheme=1",  # light
                    f"--user-data-dir={folder / 'browser'}",
                    f"--window-size={WIDTH},{HEIGHT}",
                    f"--screenshot={picture.absolute()}",
                    f"{address}/requests/{token}",
                ],
                env=clean | own,
                capture_output=True,
                check=True,
                timeout=PATIENCE,
            )
        finally:
            server.terminate()


if __name__ == "__main__":
    target = Path(sys.argv[1])
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        take(target, Path(home))
    if target.stat().st_size > MAX_SIZE:
        sys.exit(f"{target} has {target.stat().st_size} bytes; the limit is {MAX_SIZE}.")
