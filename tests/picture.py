"""The pictures in the README: pages as a browser shows them.

    python tests/picture.py docs     takes all of them anew, into a folder

A real `es serve` serves a temporary store, and Chromium takes the pictures. The variable CHROMIUM names another program
than `chromium`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from builders import ANN, BOB, a_certificate, a_store
from playwright.sync_api import sync_playwright

from expertsupport_cli.actions import requests, sessions, spaces, tasks
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.model.requests import Act

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expertsupport_cli.store import Store

MAX_SIZE = 60_000  # bytes: everybody who reads the README loads them
OLGA = Actor(name="olga", side=Side.OWNER)
CARL = Actor(name="carl", side=Side.CUSTOMER, email="carl@example.org")
# task, description, first message, who asks, what the desk has done, hours ago
STORY: tuple[tuple[str, str, str, Actor, tuple[tuple[Act, str | None], ...], int], ...] = (
    ("Invoices are late", "", "Since the update.", CARL, ((Act.REPLY, "Fixed in 2.1."), (Act.CLOSE, None)), 90),
    ("The scanner hums a tune", "", "Only on Fridays.", ANN, ((Act.ACKNOWLEDGE, None),), 52),
    (
        "The printer is on fire",
        "Smoke comes out of the printer on the third floor.",
        "It started when I printed page 404.",
        ANN,
        ((Act.ASK, "Is it still plugged in?"),),
        27,
    ),
    ("The lights flicker", "", "In all rooms to the north.", CARL, (), 1),
)


def fill(store: Store) -> str:
    """Four requests, one in each status. Returns the token of the one in the first picture."""
    spaces.add_space(store, "acme", title="Acme Ltd", task_lifetime=None, task_limit=None, by=OLGA, at=ago(100))
    tokens = {}
    for name, description, message, who, acts, hours in STORY:
        task = tasks.add_task(store, name, "acme", description=description, by=who, at=ago(hours + 2))
        serial, _ = a_certificate(store, at=ago(hours + 1))
        request = requests.activate(store, task.id, serial, message=message, by=who, at=ago(hours)).request
        for number, (act, text) in enumerate(acts):
            requests.act(store, request.id, act, text, by=BOB, at=ago(0.3 - number / 10))
        tokens[name] = request.token
    return tokens["The printer is on fire"]


def ago(hours: float) -> str:
    """The instant so many hours ago."""
    return (datetime.now(UTC) - timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server of the store in a folder, for the length of the block."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ES_")}
    own = {f"XDG_{kind}_HOME": str(folder) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    with subprocess.Popen(
        [sys.executable, "-m", "expertsupport_cli", "--store", str(folder / "store.db"), "serve", "--port", "0"],
        env=clean | own,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        try:
            assert server.stdout
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def take(pictures: Path, folder: Path) -> list[Path]:
    """Take the pictures. `folder` is for the store."""
    with closing(a_store(folder / "store.db")) as store:
        token = fill(store)
        sign_in, _ = sessions.create_sign_in(store, Side.CUSTOMER, "acme", lifetime=600, by=ANN, at=ago(0))
    taken = [pictures / "request-page.png", pictures / "requests-page.png"]
    with served(folder) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
            args=["--no-sandbox", "--disable-lcd-text"],  # the pages are our own; a picture is for any screen
        )
        page = browser.new_page(viewport={"width": 640, "height": 880}, color_scheme="light")
        page.goto(f"{address}/requests/{token}")
        page.screenshot(path=taken[0])
        page.set_viewport_size({"width": 900, "height": 470})
        page.goto(f"{address}/sign-in/{sign_in}")
        page.click("main button")
        page.goto(f"{address}/spaces/acme/requests")
        page.screenshot(path=taken[1])
        browser.close()
    return taken


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        for picture in take(Path(sys.argv[1]), Path(home)):
            if picture.stat().st_size > MAX_SIZE:
                sys.exit(f"{picture} has {picture.stat().st_size} bytes; the limit is {MAX_SIZE}.")
