"""The demo plays the whole story and leaves nothing behind; and the other names of the program."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from conftest import ES, Es
from sessions import Terminal


def test_the_demo_tells_the_whole_story_and_leaves_nothing_behind(es: Es, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    result = es("demo", env={"TMPDIR": str(tmp_path / "tmp")})
    assert (result.status, result.stderr) == (0, "")
    story = iter(result.stdout.splitlines())
    for told in (
        "owner $ es space add acme --title 'Acme Ltd'",
        "ann $ LINK=$(es purchase-link T-1)",
        "shop $ SERIAL=$(es link redeem $LINK)",
        "es: Purchase link L-1 was already used.",
        "ann $ es activate T-1 $SERIAL",
        "bob $ es desk reply ES-1 --waiting -m 'Is it still plugged in?'",
        "ann $ es close ES-1 -m 'Thank you.'",
        "es: ES-1 is closed.",
        "ES-1  Closed",
        "    Support ticket URL  http://127.0.0.1:8765/requests/",
        "owner $ es list --json",
    ):
        assert any(line.startswith(told) for line in story), told
    assert "The third one this week." not in result.stdout.partition("es show ES-1")[2]
    assert os.listdir(tmp_path) == ["tmp"]
    assert os.listdir(tmp_path / "tmp") == []


def test_the_demo_on_a_terminal_shows_tables_and_does_not_ask(es: Es) -> None:
    terminal = Terminal(es, "demo")
    assert terminal.ends() == 0
    assert "TASK NAME" in terminal.raw
    assert not es.store.exists()


def test_the_program_has_other_names(es: Es) -> None:
    version = es("--version").stdout
    for words in ([str(Path(ES).with_name("expertsupport"))], [sys.executable, "-m", "expertsupport_cli"]):
        done = subprocess.run([*words, "--version"], env=es.env, capture_output=True, text=True, check=True)
        assert done.stdout == version


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_is_served_with_a_link_for_each_side_until_it_is_interrupted(
    es: Es, tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "tmp").mkdir()
    with subprocess.Popen(
        [ES, "demo", "--serve"],
        env={**es.env, "TMPDIR": str(tmp_path / "tmp")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout
        lines = [running.stdout.readline() for _ in range(5)]
        address = re.search(r"http://127\.0\.0\.1:\d+", lines[0])
        assert address
        for side, line in zip(("customer", "desk", "owner"), lines[1:4], strict=True):
            name, link = line.split()
            assert (name, link.startswith(f"{address[0]}/sign-in/")) == (side, True)
            with urlopen(link) as answer:  # noqa: S310 -- http, on loopback
                assert "It works once." in answer.read().decode()
        assert re.fullmatch(r"A serial number to activate on T-3: \w{4}-\w{4}-\w{4}-\w{4}\n", lines[4])
        running.send_signal(number)
        rest, messages = running.communicate(timeout=60)
    assert (running.returncode, rest) == (0, "")
    assert messages == "Preparing the demo.\nServing until Ctrl-C. Nothing of this is kept.\n"
    assert os.listdir(tmp_path / "tmp") == []
    assert not es.store.exists()
