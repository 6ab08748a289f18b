"""Whatever goes wrong around it, a command ends with the right status, and it has done all of its work or nothing."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from builders import a_request, a_space, a_task
from conftest import ES, Es, needs
from sessions import as_json, dump, filled, wait_until_asleep
from writing import DRY, for_each_command

pytestmark = pytest.mark.program

IN_THE_STORE = [name for name in DRY if not name.startswith("config")]
PLACES = Path(__file__).with_name("places.py")
SERIALS = ("cert issue", "cert replace", "link redeem")  # what could not be printed is taken back


def words(command: str) -> list[str]:
    return [*command.split(), *DRY[command][0].split()]


def put_back(es: Es, kept: bytes) -> None:
    for path in es.home.glob("store.db*"):
        path.unlink()
    es.store.write_bytes(kept)


def test_output_that_cannot_be_written_is_status_1_and_the_error_says_what_was_saved(es: Es) -> None:
    _, secrets = for_each_command(es)
    kept, before = es.store.read_bytes(), dump(es)
    for command in IN_THE_STORE:
        put_back(es, kept)
        given = DRY[command][1].format(**secrets).encode()
        with open("/dev/full", "wb") as full:
            done = subprocess.run(
                [ES, *words(command)], env=es.env, input=given, stdout=full, stderr=subprocess.PIPE, check=False
            )
        told = done.stderr.decode()
        assert (done.returncode, "could not be written" in told) == (1, True), (command, told)
        saved = "The change was saved" in told
        assert saved == (command not in SERIALS), (command, told)
        assert dump(es) != before, command
        assert es.inside("db", "check").status == 0, command


def test_a_store_that_another_process_holds_is_status_5_and_nothing_is_done(es: Es) -> None:
    _, secrets = for_each_command(es)
    before = dump(es)
    with closing(sqlite3.connect(es.store, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for command in IN_THE_STORE:
            given = DRY[command][1].format(**secrets)
            result = es.inside(*words(command), stdin=given, env={"ES_STORE_TIMEOUT": "1s"})
            assert (result.status, result.stdout) == (5, ""), (command, result)
            assert result.stderr.startswith("es: The store is busy.\n"), command
        other.execute("COMMIT")
    assert dump(es) == before


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_command_quietly_with_all_or_nothing_done(es: Es, number: int, status: int, long: bool) -> None:
    _, secrets = for_each_command(es)
    kept, before = es.store.read_bytes(), dump(es)
    began = time.monotonic()
    es("task", "list")
    start = time.monotonic() - began  # seconds that a command takes here and now
    for at, command in enumerate(IN_THE_STORE * (100 if long else 1)):
        put_back(es, kept)
        given = DRY[command][1].format(**secrets).encode()
        with subprocess.Popen(
            [ES, *words(command)], env=es.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdin is not None
            process.stdin.write(given)
            process.stdin.close()
            time.sleep(start * (0.5 + at % 9 * 0.1))
            process.send_signal(number)
            told = process.stderr.read() if process.stderr else b""
            ended = process.wait()
        if b"KeyboardInterrupt" in told and b"expertsupport_cli" not in told:  # Python itself was still starting
            continue
        assert ended in (0, status, -number), (command, told)  # before Python has begun, the system ends it
        assert b"Traceback" not in told, (command, told)
        assert es.inside("db", "check").status == 0, command
        if ended == 0:
            assert dump(es) != before, command


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_python_ends_is_quiet(es: Es, number: signal.Signals) -> None:
    """A thread that goes on keeps Python in its own end for as long as it takes to send one."""
    script = (
        "import sys, threading; from expertsupport_cli.__main__ import run\n"
        "threading.Thread(target=sys.stdin.read).start(); sys.argv[:] = ['es', '--version']; run()"
    )
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", script], env=es.env, **streams) as process:  # type: ignore[call-overload]
        assert process.stdout.readline()
        wait_until_asleep(process.pid, "futex")
        process.send_signal(number)
        told = process.stderr.read()
    assert (told, process.returncode) == (b"", -number)


def in_a_place(es: Es, how: str, room: int = 0) -> list[dict[str, object]]:
    """How each command ends in a folder that is read-only, or on a disk with hardly any room."""
    if os.geteuid() != 0:
        if os.environ.get("CI"):
            pytest.fail("only the superuser can mount a folder")
        pytest.skip("only the superuser can mount a folder")
    needs("unshare")
    done = subprocess.run(
        ["unshare", "-m", sys.executable, str(PLACES), str(es.home), how, str(room)],
        env={**es.env, "PYTHONPATH": str(PLACES.parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    ended: list[dict[str, object]] = json.loads(done.stdout)
    assert {each["command"] for each in ended} == set(IN_THE_STORE) - {"mail send"}  # which writes elsewhere too
    return ended


def test_in_a_folder_that_cannot_be_written_nothing_is_done(es: Es) -> None:
    for ended in in_a_place(es, "read-only"):
        assert (ended["status"], ended["stdout"], ended["unchanged"]) == (5, "", True), ended
        assert str(ended["stderr"]).startswith("es: The store cannot be written."), ended


def test_on_a_full_disk_all_is_done_or_nothing(es: Es, long: bool) -> None:
    statuses = set()
    for room in range(0, 64, 4) if long else (0, 20):  # KiB
        disk = Es(es.home / str(room))
        disk.home.mkdir()
        for ended in in_a_place(disk, "full", room):
            statuses.add(ended["status"])
            assert ended["intact"], ended
            if ended["status"] != 0:
                assert (ended["status"], ended["unchanged"]) == (5, True), ended
                assert "The disk is full." in str(ended["stderr"]), ended
    assert statuses == {0, 5}


@pytest.mark.parametrize(
    "zone", ["UTC", "Pacific/Kiritimati", "America/St_Johns", "nowhere/at/all", "", ":bad", "XXX-99"]
)
def test_times_are_utc_in_every_zone(es: Es, zone: str) -> None:
    env = {"TZ": zone, "ES_SPACE": "acme"}
    es("space", "add", "acme", env=env)
    es("task", "add", "A", env=env)
    [task] = as_json(es("task", "list", "--json", env=env))
    age = datetime.now(UTC) - datetime.fromisoformat(task["created_at"])
    assert 0 <= age.total_seconds() < 60
    lasts = datetime.fromisoformat(task["expires_at"]) - datetime.fromisoformat(task["created_at"])
    assert lasts.total_seconds() == 10 * 86400


def test_no_secret_is_left_in_any_file_or_output(es: Es) -> None:
    es.env.update(ES_SMTP_PASSWORD="canary-password", ES_DESK_EMAIL="desk@example.org", ES_EMAIL="ann@example.org")  # noqa: S106
    with filled(es) as store:
        a_space(store, lifetime=None)
        for _ in range(3):
            a_task(store)
    link = es("purchase-link", "T-1").id
    serials = [es("cert", "issue").id, es("link", "redeem", link).id]
    secrets = [*serials, *(serial.replace("-", "") for serial in serials), link.rpartition("/")[2], "canary-password"]
    said = [es("activate", "T-1", serials[0]), es("activate", "T-2", serials[0]), es("activate", serials[0], "T-9")]
    said += [es("cert", "check", serials[1]), es("cert", "show", serials[0]), es("show", serials[0]), es("show", link)]
    said += [es("comment", "ES-1", "-m", "Hello"), es.as_("bob")("desk", "reply", "ES-1", "-m", "Hi")]
    said += [es("link", "redeem", link), es("log", "T-1", "--json"), es("cert", "list", "--json"), es("link", "list")]
    said += [es("db", "backup", str(es.home / "backup.db")), es("db", "export", str(es.home / "export.jsonl"))]
    said += [es("--debug", "activate", "T-1", serials[0].lower() + "x"), es("list", "--task", serials[0])]
    for result in said:
        assert not [secret for secret in secrets if secret in result.stdout + result.stderr], result
    files = [path for path in es.home.rglob("*") if path.is_file()]
    assert len(files) > 4
    for path in files:
        data = path.read_bytes().upper()
        assert not [secret for secret in secrets if secret.upper().encode() in data], path


def test_the_token_of_a_page_is_in_the_mail_of_the_initiator_alone(es: Es) -> None:
    es.env.update(ES_DESK_EMAIL="desk@example.org", ES_EMAIL="ann@example.org")
    with filled(es) as store:
        token = a_request(store).token
    es("follow", "ES-1", "--email", "zoe@example.org")
    es.as_("bob")("desk", "reply", "ES-1", "-m", "Hi")
    es("comment", "ES-1", "-m", "Hello")
    found = {
        path.relative_to(es.home / "mail").parts[0] for path in (es.home / "mail").rglob("*") if holds(path, token)
    }
    assert found == {"ann@example.org"}


def holds(path: Path, text: str) -> bool:
    return path.is_file() and text.encode() in path.read_bytes()
