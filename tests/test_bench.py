"""Each program in bench/ runs and prints its figures; nothing is asserted about them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from examples import ROOT

pytestmark = pytest.mark.program

# each program with the smallest size that says something; those without are parts of others
SIZES = {
    "listing": "1000",
    "mail": "1",
    "startup": "1",
    "serve": "60",
    "table": "100",
    "teams": "32",
    "transfer": "100",
    "watch": "1",
}
PARTS = {"many"}


def test_every_program_has_a_size_here() -> None:
    assert {path.stem for path in (ROOT / "bench").glob("*.py")} == SIZES.keys() | PARTS


@pytest.mark.parametrize("name", SIZES)
def test_a_program_runs_and_prints_its_figures(name: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench" / f"{name}.py"), SIZES[name]], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert any(character.isdigit() for character in done.stdout)
