"""Random sequences of commands do what a model of thirty lines says, and leave an intact store."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import hypothesis.strategies as st
import pytest
from conftest import Es
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

pytestmark = pytest.mark.program

# the status of a request after a command; the commands that are refused when it is closed
AFTER = {
    "comment": {"Waiting": "Acknowledged"},
    "desk acknowledge": {"New": "Acknowledged", "Waiting": "Acknowledged"},
    "desk reply": {"New": "Acknowledged"},
    "desk reply --waiting": {"New": "Waiting", "Acknowledged": "Waiting"},
    "desk note": {},
    "close": {"New": "Closed", "Acknowledged": "Closed", "Waiting": "Closed"},
    "desk close": {"New": "Closed", "Acknowledged": "Closed", "Waiting": "Closed"},
}
REFUSED_WHEN_CLOSED = ("comment", "desk acknowledge", "desk reply", "desk reply --waiting")
WITHOUT_MESSAGE = ("desk acknowledge",)


class Commands(RuleBasedStateMachine):
    """The program beside a model of it: the status and the number of messages of each request."""

    tasks: Bundle[str] = Bundle("tasks")
    serials: Bundle[str] = Bundle("serials")
    requests: Bundle[str] = Bundle("requests")

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.es = Es(Path(self.folder.name)).inside
        self.status: dict[str, str] = {}
        self.messages: dict[str, int] = {}
        self.task: dict[str, str] = {}  # of each request
        self.closed: set[str] = set()  # tasks
        self.used: dict[str, str] = {}  # serials, and what they opened

    def teardown(self) -> None:
        assert self.es("db", "check").status == 0
        self.folder.cleanup()

    def run(self, status: int, *words: str) -> str:
        result = self.es(*words)
        assert result.status == status, (words, result)
        return result.stdout.strip()

    def open_request(self, task: str) -> str | None:
        return next((id for id, its in self.task.items() if its == task and self.status[id] != "Closed"), None)

    @initialize()
    def a_space(self) -> None:
        self.run(0, "space", "add", "acme", "--task-expiry", "never")

    @rule(target=tasks, name=st.text("ab é表", min_size=1).filter(str.strip))
    def add_task(self, name: str) -> str:
        return self.run(0, "task", "add", "--space", "acme", "--", name)

    @rule(target=serials, count=st.integers(1, 3))
    def issue(self, count: int) -> Any:
        return multiple(*self.run(0, "cert", "issue", "-n", str(count)).split())

    @rule(target=requests, task=tasks, serial=serials)
    def activate(self, task: str, serial: str) -> Any:
        if self.task.get(self.used.get(serial, "")) == task:
            assert self.run(0, "activate", task, serial) == self.used[serial]
            return multiple()
        if serial in self.used or task in self.closed or self.open_request(task):
            self.run(4, "activate", task, serial)
            return multiple()
        id = self.run(0, "activate", task, serial)
        self.status[id], self.messages[id], self.task[id], self.used[serial] = "New", 0, task, id
        return id

    @rule(serial=consumes(serials))
    def revoke(self, serial: str) -> None:
        self.run(4 if serial in self.used else 0, "cert", "revoke", serial, "--yes")

    @rule(id=requests, command=st.sampled_from(sorted(AFTER)))
    def act(self, id: str, command: str) -> None:
        closed = self.status[id] == "Closed"
        refused = closed and command in REFUSED_WHEN_CLOSED
        message = () if command in WITHOUT_MESSAGE else ("-m", "Hello")
        self.run(4 if refused else 0, *command.split(), id, *message)
        if not refused:
            said = message and not (closed and command.endswith("close"))
            self.messages[id] += bool(said)
            self.status[id] = AFTER[command].get(self.status[id], self.status[id])

    @rule(id=requests, side=st.sampled_from([("reopen",), ("desk", "reopen")]))
    def reopen(self, id: str, side: tuple[str, ...]) -> None:
        other = self.open_request(self.task[id])
        if self.status[id] == "Closed" and other:
            self.run(4, *side, id)
            return
        self.run(0, *side, id)
        if self.status[id] == "Closed":
            self.status[id] = "Acknowledged"

    @rule(task=tasks, open=st.booleans())
    def close_task(self, task: str, open: bool) -> None:
        self.run(0, "task", "reopen" if open else "close", task)
        (self.closed.discard if open else self.closed.add)(task)

    @invariant()
    def the_lists_agree(self) -> None:
        if not self.status:
            return
        rows = json.loads(self.es("list", "--json", "--fields", "id,status,task_id").stdout)
        assert {row["id"]: row["status"] for row in rows} == self.status
        assert {row["id"]: row["task_id"] for row in rows} == self.task
        queue = json.loads(self.es("desk", "queue", "--json", "--fields", "id").stdout)
        assert {row["id"] for row in queue} == {id for id, its in self.status.items() if its in ("New", "Acknowledged")}

    @invariant()
    def no_message_is_lost(self) -> None:
        for id, count in list(self.messages.items())[-1:]:
            assert len(json.loads(self.es("desk", "show", id, "--json").stdout)["comments"]) == count


def test_random_commands_do_what_the_model_says(long: bool) -> None:
    machine = Commands.TestCase
    machine.settings = settings(
        max_examples=500 if long else 12,
        stateful_step_count=60 if long else 25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    machine("runTest").runTest()
