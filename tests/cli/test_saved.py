"""What was saved stays saved, and is said: whatever becomes of the output, of the mail, or of the program."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from builders import ANN, AT, a_certificate, a_request, a_space, a_task
from conftest import ES, Es, Result
from sessions import as_json, filled

from expertsupport_cli.actions import requests, spaces


def to_full(es: Es, *arguments: str, stdin: str = "") -> Result:
    """Run with stdout on a device that takes nothing."""
    done = subprocess.run(
        ["sh", "-c", 'exec "$0" "$@" >/dev/full', ES, *arguments],
        env=es.env,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Result(done.stdout, done.stderr, done.returncode)


@pytest.fixture
def whole(es: Es) -> Es:
    """ES-1 open on T-1, ES-2 closed on T-2, a task T-3, a serial C-3, a partner, a link L-1."""
    with filled(es) as store:
        a_space(store, lifetime=None)
        a_request(store)
        requests.close(store, a_request(store).id, None, by=ANN, at=AT)
        a_task(store)
        a_certificate(store)
        spaces.add_partner(store, "Zed", "https://zed.example", by=ANN, at=AT)
    es.inside("purchase-link", "T-3")
    return es


SAVES = {
    # the command: what it says was saved
    "activate T-3 {serial}": "ES-3",
    "comment ES-1 -m x": "ES-1",
    "close ES-1": "ES-1",
    "reopen ES-2": "ES-2",
    "desk acknowledge ES-1": "ES-1",
    "desk reply ES-1 -m x": "ES-1",
    "desk note ES-1 -m x": "ES-1",
    "desk close ES-1": "ES-1",
    "desk reopen ES-2": "ES-2",
    "comment ES-1 ES-1 -m x": "ES-1",
    "purchase-link T-3": "L-2",
    "task add x --space acme": "T-4",
    "task close T-1": "T-1",
    "space add other": "other",
    "space edit acme --title x": "acme",
    "partner add P https://p.example": "P",
    "partner remove Zed --yes": "Zed",
    "cert revoke C-3 --yes": "C-3",
    "link revoke L-1 --yes": "L-1",
    "follow ES-1 --email c@example.org": "ES-1",
    "task import -": "T-4, T-5",
    "task import - --json": "T-4, T-5",
    "cert import -": "C-4",
}


@pytest.mark.parametrize("command", SAVES)
def test_a_result_that_cannot_be_printed_is_said_to_be_saved(whole: Es, command: str) -> None:
    serial = whole.inside("cert", "issue").id if "{serial}" in command else ""
    stdin = {
        "task import - --json": "name,space\nA,acme\nB,acme\n",
        "task import -": "name,space\nA,acme\nB,acme\n",
        "cert import -": "AAAABBBBCCCCDDDD\n",
    }.get(command, "")
    with closing(sqlite3.connect(whole.store)) as db:
        (before,) = db.execute("SELECT count(*) FROM events").fetchone()
    result = to_full(whole, *command.format(serial=serial).split(), stdin=stdin)
    assert result.status == 1
    assert f"The change was saved: {SAVES[command]}." in result.stderr
    assert result.stderr.count("\n") <= 4  # with what comes next on a line of its own
    with closing(sqlite3.connect(whole.store)) as db:
        assert db.execute("SELECT count(*) FROM events").fetchone()[0] > before
    assert whole.inside("db", "check").status == 0


def test_what_changed_nothing_is_not_said_to_be_saved(whole: Es) -> None:
    for words in ("close ES-2", "task reopen T-1", "space edit acme --unblocked"):
        result = to_full(whole, *words.split())
        assert result.status == 1
        assert "The change was saved" not in result.stderr


def test_mail_whose_setting_is_wrong_is_sent_as_soon_as_it_is_right(whole: Es) -> None:
    wrong = {"ES_MAIL_TRANSPORT": "smtp", "ES_DESK_EMAIL": "desk@example.org"}
    said = whole("comment", "ES-1", "-m", "Hello", env=wrong).stderr
    assert "Try: es config set mail.from VALUE && es mail send" in said
    assert whole("mail", "send").stdout == "M-1\n"


def test_the_mail_of_a_result_that_cannot_be_printed_is_delivered(whole: Es) -> None:
    assert to_full(whole.as_("bob"), "desk", "reply", "ES-1", "-m", "Hello").status == 1
    assert [row["state"] for row in as_json(whole("mail", "list", "--json"))] == ["sent"]


def test_a_bad_setting_of_mail_changes_nothing_of_the_ending_of_a_command(whole: Es) -> None:
    config = whole.home / "config" / "expertsupport" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("[mail]\nkeep = 'soon'\n")
    result = whole.as_("bob")("desk", "reply", "ES-1", "-m", "Hello")
    assert (result.stdout, result.status) == ("ES-1\n", 0)


def test_an_unexpected_error_while_mail_is_delivered_changes_nothing_of_the_ending(whole: Es, tmp_path: Path) -> None:
    hook = tmp_path / "hook"
    hook.mkdir()
    hook.joinpath("sitecustomize.py").write_text(
        "import expertsupport_cli.mail.maildir as m\n"
        "def fail(self, letter): raise RuntimeError('no home \\udcff\\0')\n"
        "m.Maildir.deliver = fail\n"
    )
    result = whole("close", "ES-1", env={"PYTHONPATH": str(hook), "ES_DESK_EMAIL": "desk@example.org"})
    assert (result.stdout, result.status) == ("ES-1\n", 0)
    assert "1 email was not delivered (RuntimeError: no home" in result.stderr
    [row] = as_json(whole("mail", "list", "--json"))
    assert (row["state"], row["attempts"]) == ("failed", 1)


def test_an_error_after_the_commit_says_that_the_change_is_saved(whole: Es, tmp_path: Path) -> None:
    hook = tmp_path / "hook"
    hook.mkdir()
    hook.joinpath("sitecustomize.py").write_text(
        "import expertsupport_cli.render.terminal.printer as p\n"
        "def fail(self, *a, **k): raise RuntimeError('x')\n"
        "p.Printer.thing = fail\n"
    )
    result = whole("close", "ES-1", "--json", env={"PYTHONPATH": str(hook)})
    assert result.status == 1
    assert "What was already saved stays saved." in json.loads(result.stderr.splitlines()[-1])["error"]["message"]
    assert as_json(whole("show", "ES-1", "--json"))["status"] == "Closed"
