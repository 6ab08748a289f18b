"""Staying informed in the terminal: inbox, wait, watch; and following by mail."""

from __future__ import annotations

import json
import mailbox
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from builders import ANN, BOB, a_request, a_task
from conftest import ES, Es
from sessions import as_json, filled, wait_until_asleep

from expertsupport_cli.actions import requests


@pytest.fixture
def request_id(es: Es) -> str:
    """A request of ann's."""
    with filled(es) as store:
        return a_request(store, by=ANN).id


@contextmanager
def running(es: Es, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A command that goes on meanwhile, and is ended if it does not end itself."""
    process = subprocess.Popen(
        [ES, *arguments],
        env=es.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_inbox_has_what_others_did_until_it_is_shown(es: Es, request_id: str) -> None:
    assert es("inbox").stdout == ""
    es.as_("bob")("desk", "reply", request_id, "-m", "Have you tried turning it off?")
    es("comment", request_id, "-m", "Yes.")
    [news] = as_json(es("inbox", "--json"))
    assert (news["request"], news["event"], news["actor"]) == (request_id, "replied", "bob")
    assert (news["from"], news["to"], news["text"]) == ("New", "Acknowledged", "Have you tried turning it off?")
    assert es.as_("carl")("inbox").stdout == ""
    es("show", request_id)
    assert es("inbox", "--json").stdout == "[]\n"


def test_the_inbox_can_be_marked_as_read(es: Es, request_id: str) -> None:
    es.as_("bob")("desk", "acknowledge", request_id)
    assert es("inbox", "--mark-read").stdout.count("\n") == 1
    assert es("inbox").stdout == ""
    es.as_("bob")("desk", "reply", request_id, "-m", "Next")
    assert "Next" in es("inbox").stdout


def test_notes_are_no_news(es: Es, request_id: str) -> None:
    es.as_("bob")("desk", "note", request_id, "-m", "Between us")
    assert es("inbox").stdout == ""


def received(es: Es) -> list[str]:
    """To whom the letters are that were delivered."""
    boxes = (es.home / "mail").iterdir()
    return sorted(message["To"] for box in boxes for message in mailbox.Maildir(str(box), create=False))


def test_a_request_that_one_follows_is_in_the_inbox_and_comes_by_mail(es: Es, request_id: str) -> None:
    carl = es.as_("carl")
    carl.env["ES_EMAIL"] = "carl@example.org"
    assert carl("follow", request_id).id == request_id
    again = carl("follow", request_id)
    assert (again.status, again.stderr) == (
        0,
        f"{request_id}: carl@example.org follows it already; nothing was changed.\n",
    )
    es.as_("bob")("desk", "reply", request_id, "-m", "Hello")
    assert "Hello" in carl("inbox").stdout
    assert received(es) == ["ann@example.org", "carl@example.org"]
    assert carl("unfollow", request_id).stderr == ""
    told = carl("unfollow", request_id).stderr
    assert told == f"{request_id}: carl@example.org does not follow it anyway; nothing was changed.\n"
    es.as_("bob")("desk", "reply", request_id, "-m", "Again")
    assert received(es) == ["ann@example.org", "ann@example.org", "carl@example.org"]


def test_following_needs_an_address(es: Es, request_id: str) -> None:
    refused = es("follow", request_id)
    assert (refused.status, refused.stdout) == (2, "")
    assert "es config set user.email" in refused.stderr
    assert es("follow", request_id, "--email", "nobody").status == 2


@pytest.mark.parametrize(
    ("awaited", "command"),
    [("reply", "reply -m Hi"), ("status", "acknowledge"), ("closed", "close")],
)
def test_wait_ends_when_it_happens_and_prints_the_event(es: Es, request_id: str, awaited: str, command: str) -> None:
    verb, *more = command.split()
    with running(es, "wait", request_id, "--for", awaited, "--timeout", "1m", "--json") as waiting:
        wait_until_asleep(waiting.pid)
        es.as_("bob")("desk", "note", request_id, "-m", "Not this")
        assert waiting.poll() is None
        es.as_("bob")("desk", verb, request_id, *more)
        stdout, stderr = waiting.communicate(timeout=30)
    assert (waiting.returncode, stderr) == (0, "")
    event = json.loads(stdout)
    assert (event["request"], event["actor"], event["side"]) == (request_id, "bob", "desk")


def test_wait_in_vain_ends_with_124(es: Es, request_id: str) -> None:
    ended = es("wait", request_id, "--for", "reply", "--timeout", "1s")
    assert (ended.status, ended.stdout) == (124, "")
    assert ended.stderr.startswith("es: Timed out after 1s: nothing happened on ES-1.\n")


def test_waiting_for_a_closed_request_to_close_is_over_at_once(es: Es, request_id: str) -> None:
    es("close", request_id, "-m", "Done")
    event = as_json(es("wait", request_id, "--for", "closed", "--json"))
    assert (event["event"], event["to"], event["text"]) == ("closed", "Closed", "Done")


def test_wait_can_start_after_an_event_so_that_a_script_misses_nothing(es: Es, request_id: str) -> None:
    last = as_json(es("show", request_id, "--json"))["events"][-1]["number"]
    es.as_("bob")("desk", "reply", request_id, "-m", "Already there")
    event = as_json(es("wait", request_id, "--after", str(last), "--timeout", "1m", "--json"))
    assert event["text"] == "Already there"


def test_the_requests_to_wait_for_may_come_from_stdin(es: Es, request_id: str) -> None:
    es("close", request_id, "-m", "Done")
    assert as_json(es("wait", "-", "--for", "closed", "--json", stdin=f"{request_id}\n"))["text"] == "Done"
    assert es("wait", "-", "--timeout", "1s").status == 2


def test_wait_is_quiet_when_interrupted(es: Es, request_id: str) -> None:
    with running(es, "wait", request_id) as waiting:
        wait_until_asleep(waiting.pid)
        waiting.send_signal(signal.SIGINT)
        assert waiting.communicate(timeout=30) == ("", "")
        assert waiting.returncode == 130


def test_watch_prints_json_lines_off_a_terminal_as_things_happen(es: Es, request_id: str) -> None:
    with filled(es) as store:
        other = a_request(store, by=ANN).id
    with running(es, "watch", request_id) as watching:
        wait_until_asleep(watching.pid)
        es.as_("bob")("desk", "acknowledge", other)
        es.as_("bob")("desk", "reply", request_id, "-m", "Hello")
        es("close", request_id)
        assert watching.stdout
        events = [json.loads(watching.stdout.readline()) for _ in range(2)]
        watching.send_signal(signal.SIGTERM)
        assert watching.communicate(timeout=30) == ("", "")
        assert watching.returncode == 143
    assert [(event["request"], event["event"]) for event in events] == [
        (request_id, "replied"),
        (request_id, "closed"),
    ]


def test_watch_keeps_to_a_space(es: Es, request_id: str) -> None:
    with filled(es) as store:
        other = requests.acknowledge(store, request_id, by=BOB, at="2026-02-01T00:00:00Z").request
    with running(es, "watch", "--space", other.space) as watching:
        wait_until_asleep(watching.pid)
        es("close", request_id)
        assert watching.stdout
        assert json.loads(watching.stdout.readline())["event"] == "closed"
    assert es("watch", "--space", "elsewhere").status == 3


def test_watch_keeps_to_the_space_of_the_settings_unless_requests_are_named(es: Es, request_id: str) -> None:
    with filled(es) as store:
        other = a_request(store, task=a_task(store, space="zoo").id).id
    assert es("config", "set", "space", "zoo").status == 0
    with running(es, "watch") as in_space, running(es, "watch", request_id) as of_request:
        for watching in (in_space, of_request):
            wait_until_asleep(watching.pid)
        es("close", request_id, other)
        for watching, expected in ((in_space, other), (of_request, request_id)):
            assert watching.stdout
            assert json.loads(watching.stdout.readline())["request"] == expected
