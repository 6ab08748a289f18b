"""What everyday commands do not import, since importing it costs more than the rest of them."""

from __future__ import annotations

import re

import pytest
from builders import a_request
from conftest import Es
from sessions import filled

HEAVY = {"rich", "sqlite_utils", "tomlkit", "pydantic", "smtplib", "email"}


@pytest.mark.parametrize(
    "words",
    [
        "list",
        "list --json",
        "list --search printer",
        "list --format table",
        "show ES-1",
        "show ES-1 --json",
        "comment ES-1 -m x",
        "close ES-1",
        "desk queue",
        "desk reply ES-1 -m x",
        "activate T-1 AAAA-AAAA-AAAA-AAAA",
        "task list --format csv",
        "--version",
    ],
)
def test_an_everyday_command_off_a_terminal_imports_nothing_heavy(es: Es, words: str) -> None:
    with filled(es) as store:
        a_request(store)
    result = es(*words.split(), env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert result.status == (4 if "AAAA" in words else 0)
    imported = {name.partition(".")[0] for name in re.findall(r"\| +([\w.]+)\n", result.stderr)}
    assert {"typer", "expertsupport_cli"} <= imported
    assert imported & HEAVY == set()


def test_what_is_heavy_is_imported_where_it_is_needed(es: Es) -> None:
    with filled(es) as store:
        a_request(store)
    result = es("--color", "always", "list", "--format", "table", env={"PYTHONPROFILEIMPORTTIME": "1"})
    imported = set(re.findall(r"\| +([\w.]+)\n", result.stderr))
    assert "rich.style" in imported
    assert "rich.console" not in imported  # a table takes only the small parts of Rich
