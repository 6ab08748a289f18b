"""The contract suite calls every statement of the store, and would run on any engine."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CONTRACT = [*sorted(HERE.glob("test_contract*.py")), HERE / "test_listing.py"]
OF_SQLITE = {"sqlite3", "sqlite", "raw", "engine", "dump", "db", "path", "place"}


@pytest.mark.program
@pytest.mark.database
def test_every_statement_is_called_by_the_contract_suite(tmp_path: Path) -> None:
    uncalled = tmp_path / "uncalled"
    suite = [str(file) for file in CONTRACT]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "called",
            "-p",
            "no:cacheprovider",
            "--uncalled",
            uncalled,
            *suite,
        ],
        env={**os.environ, "PYTHONPATH": str(HERE)},
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert uncalled.read_text(encoding="utf-8") == ""


@pytest.mark.parametrize("file", CONTRACT, ids=lambda file: file.name)
def test_the_contract_suite_knows_nothing_of_an_engine(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    imported = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom | ast.Import)
        for alias in node.names
        for name in (alias.name, *(getattr(node, "module", None) or "").split("."))
        if (getattr(node, "module", None), alias.name) != ("expertsupport_cli.store", "engine")  # the size of a page
    }
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not (imported | used) & OF_SQLITE
