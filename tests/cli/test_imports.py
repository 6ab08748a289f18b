"""What everyday commands do not import, since importing it costs more than the rest of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys

from builders import a_request
from conftest import Es
from sessions import filled

HEAVY = {"rich", "sqlite_utils", "tomlkit", "pydantic", "smtplib", "email", "asyncio"}
EVERYDAY = {
    "list": 0,
    "list --json": 0,
    "list --search printer": 0,
    "list --format table": 0,
    "show ES-1": 0,
    "show ES-1 --json": 0,
    "comment ES-1 -m x": 0,
    "close ES-1": 0,
    "reopen ES-1": 0,
    "desk queue": 0,
    "desk reply ES-1 -m x": 0,
    "activate T-1 AAAA-AAAA-AAAA-AAAA": 4,
    "task list --format csv": 0,
    "--version": 0,
}
# Runs command lines one after the other, and prints of each its status and all modules that there are by then.
TELLING = """
import json, sys
from expertsupport_cli.cli.main import main
for line in json.load(open(sys.argv[1])):
    print(json.dumps([line, main(line.split()), sorted(sys.modules)]), file=sys.stderr)
"""


def test_no_everyday_command_off_a_terminal_imports_anything_heavy(es: Es) -> None:
    with filled(es) as store:
        a_request(store)
    lines = es.home / "lines.json"
    lines.write_text(json.dumps(list(EVERYDAY)), encoding="utf-8")
    command = [sys.executable, "-c", TELLING, str(lines)]
    done = subprocess.run(command, env=es.env, capture_output=True, text=True, check=True, timeout=120)
    told = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("[")]
    assert {line: status for line, status, _ in told} == EVERYDAY
    for line, _, modules in told:
        imported = {name.partition(".")[0] for name in modules}
        assert {"typer", "expertsupport_cli"} <= imported
        assert imported & HEAVY == set(), line


def test_the_program_itself_imports_nothing_heavy_but_where_it_is_needed(es: Es) -> None:
    with filled(es) as store:
        a_request(store)
    imported = {}
    for words in ("list", "--color always list --format table"):
        result = es(*words.split(), env={"PYTHONPROFILEIMPORTTIME": "1"})
        assert result.status == 0
        imported[words] = set(re.findall(r"\| +([\w.]+)\n", result.stderr))
    light, coloured = imported.values()
    assert {name.partition(".")[0] for name in light} & HEAVY == set()
    assert "rich.style" in coloured
    assert "rich.console" not in coloured  # a table takes only the small parts of Rich
