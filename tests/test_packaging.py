"""What is built is whole: the sdist with tests and docs, and the wheel that comes out of it."""

from __future__ import annotations

import configparser
import email.message
import email.parser
import fcntl
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import ES

from expertsupport_cli import __version__

ROOT = Path(__file__).parents[1]
NAME = f"expertsupport_cli-{__version__}"
SAYS = f"es {__version__}\n"


class Built(NamedTuple):
    sdist: Path
    wheel: Path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, testrun_uid: str, program: str) -> Built:
    """The sdist, and the wheel built from it; built once, however many processes run the tests."""
    folder = tmp_path_factory.getbasetemp().parent / f"built-{testrun_uid}"
    folder.mkdir(exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not list(folder.glob("*.whl")):
            command = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
            assert done.returncode == 0, done.stdout + done.stderr
    return Built(folder / f"{NAME}.tar.gz", folder / f"{NAME}-py3-none-any.whl")


def files(*folders: str) -> set[str]:
    """The files of the project in these folders that belong to it."""
    return {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def metadata(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        return email.parser.BytesParser().parsebytes(archive.read(f"{NAME}.dist-info/METADATA"))


def test_the_wheel_has_all_of_the_program_and_nothing_else(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as archive:
        inside = {name for name in archive.namelist() if not name.startswith(f"{NAME}.dist-info/")}
    assert inside == {name.removeprefix("src/") for name in files("src")}
    assert "expertsupport_cli/py.typed" in inside


def test_the_sdist_has_the_program_its_tests_and_its_documents(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        inside = {name.removeprefix(f"{NAME}/") for name in archive.getnames()}
    wanted = files("src", "tests", "docs", "bench") | {"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "Makefile"}
    wanted |= {"README.md", "pyproject.toml"}
    assert wanted <= inside
    assert inside - wanted <= {"PKG-INFO", ".gitignore"}


def test_the_wheel_brings_both_names_of_the_program(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as archive:
        entries = configparser.ConfigParser()
        entries.read_string(archive.read(f"{NAME}.dist-info/entry_points.txt").decode())
    start = "expertsupport_cli.__main__:run"
    assert dict(entries["console_scripts"]) == {"es": start, "expertsupport": start}


def test_the_version_is_the_same_everywhere(built: Built) -> None:
    assert metadata(built.wheel)["Version"] == __version__
    for command in ([ES], [ES.removesuffix("es") + "expertsupport"], [sys.executable, "-m", "expertsupport_cli"]):
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True, timeout=60)
        assert done.stdout == SAYS


def test_the_program_in_the_wheel_runs(built: Built, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "expertsupport_cli", "demo"],
        env={**os.environ, "PYTHONPATH": str(built.wheel), "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "ES-1  Closed" in done.stdout


def test_what_the_wheel_says_of_itself_is_what_it_needs(built: Built) -> None:
    told = metadata(built.wheel)
    needs = {line.split(";")[0].strip() for line in told.get_all("Requires-Dist", []) if "extra ==" not in line}
    assert {need.replace("<", " ").replace(">", " ").split()[0] for need in needs} == {
        "jinja2",
        "platformdirs",
        "rich",
        "sqlite-utils",
        "starlette",
        "tomlkit",
        "typer",
        "uvicorn",
    }
    assert told["Requires-Python"] == ">=3.11"
    assert set(told.get_all("Provides-Extra", [])) >= {"test", "lint"}
    assert str(told.get_payload()).startswith("# Expert Support")
