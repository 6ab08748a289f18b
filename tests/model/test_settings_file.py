"""Writing the settings file: nothing is lost when several write, and the file stays what its owner made it."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest
from conftest import ES, Es, needs

from expertsupport_cli.settings import SETTINGS
from expertsupport_cli.settings.writing import write

VALUES = {
    "user.name": "ann",
    "user.email": "ann@example.org",
    "space": "acme",
    "page.url": "https://example.org",
    "shop.url": "https://shop.example/buy/",
    "shop.link-lifetime": "2h",
    "desk.email": "desk@example.org",
    "mail.timeout": "3s",
    "mail.keep": "9d",
    "mail.from": "es@example.org",
    "mail.smtp.host": "mail.example.org",
    "mail.smtp.port": "2525",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "config.toml"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_of_twelve_that_write_at_once_none_is_lost(es: Es) -> None:
    assert set(VALUES) <= set(SETTINGS)
    for _ in range(3):
        crowd = [
            subprocess.Popen([ES, "config", "set", name, value], env=es.env, stdout=subprocess.PIPE)
            for name, value in VALUES.items()
        ]
        assert [process.wait(60) for process in crowd] == [0] * len(VALUES)
        for process in crowd:
            process.communicate()
        for name, value in VALUES.items():
            assert es.inside("config", "get", name, env={"ES_USER": ""}).stdout == f"{value}\n"
            assert es.inside("config", "unset", name).status == 0
    assert [path.name for path in (es.home / "config" / "expertsupport").iterdir()] == ["config.toml"]


def test_a_symbolic_link_stays_one_and_its_target_is_written(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "dotfiles" / "es.toml"
    target.parent.mkdir()
    target.write_text('space = "acme"\n')
    file.parent.mkdir()
    file.symlink_to("../dotfiles/es.toml")
    assert write(str(file), "space", "beta")
    assert file.is_symlink()
    assert target.read_text() == 'space = "beta"\n'
    assert [path.name for path in target.parent.iterdir()] == ["es.toml"]


def test_a_link_to_a_file_that_is_not_there_yet_makes_it(file: Path, tmp_path: Path) -> None:
    file.parent.mkdir()
    file.symlink_to(tmp_path / "dotfiles" / "es.toml")
    assert write(str(file), "space", "beta")
    assert (tmp_path / "dotfiles" / "es.toml").read_text() == 'space = "beta"\n'


@pytest.mark.parametrize("bits", [0o600, 0o640, 0o444])
def test_a_file_keeps_its_mode(bits: int, file: Path) -> None:
    write(str(file), "space", "acme")
    file.chmod(bits)
    assert write(str(file), "space", "beta")
    assert mode(file) == bits


def test_a_new_file_is_for_its_owner_whatever_the_umask(file: Path) -> None:
    before = os.umask(0)
    try:
        write(str(file), "space", "acme")
    finally:
        os.umask(before)
    assert (mode(file), mode(file.parent)) == (0o600, 0o700)


def test_line_ends_stay_as_they_are(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b'# mine\r\nspace = "acme"\r\n')
    write(str(file), "user.name", "ann")
    write(str(file), "space", "beta")
    assert file.read_bytes() == b'# mine\r\nspace = "beta"\r\n\r\n[user]\r\nname = "ann"\r\n'


def test_it_is_on_the_disk_before_the_command_ends(es: Es, tmp_path: Path) -> None:
    needs("strace")
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-o", str(trace), "-e", "trace=fsync,rename,renameat,renameat2", ES]
    done = subprocess.run([*command, "config", "set", "space", "acme"], env=es.env, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr
    calls = [line.split(None, 1)[1].split("(")[0] for line in trace.read_text().splitlines() if "(" in line]
    moved = next(n for n, call in enumerate(calls) if call.startswith("rename"))
    assert "fsync" in calls[:moved]
    assert "fsync" in calls[moved:]
