"""Writing the settings file: nothing is lost when several write, and the file stays what its owner made it."""

from __future__ import annotations

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest
from conftest import ES, Es, needs

from expertsupport_cli.errors import BadUsage
from expertsupport_cli.settings import SETTINGS
from expertsupport_cli.settings.file import read
from expertsupport_cli.settings.known import check
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


def test_a_new_file_and_its_folders_are_for_their_owner_whatever_the_umask(tmp_path: Path) -> None:
    for umask in (0, 0o077, 0o777):
        file = tmp_path / f"{umask:o}" / "folder" / "config.toml"
        before = os.umask(umask)
        try:
            write(str(file), "space", "acme")
        finally:
            os.umask(before)
        assert [mode(path) for path in (file, file.parent, file.parent.parent)] == [0o600, 0o700, 0o700]


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


BAD_FILES = (
    ('mail.smtp = "x"\n', "mail.smtp is not a table", 1),
    ("# ours\n[mail]\nsmtp = 25\n", "mail.smtp is not a table", 3),
    ("\nmail = {smtp = 3}\n", "mail.smtp is not a table", 2),
    ('[[user]]\nname = "ann"\n', "user is not a table", 1),
    ('store = "/a"\n', "store is not a table", 1),
    ('space = "a"\nspace = "b"\n', "cannot be read", 2),
    ("\nx = " + "[" * 3000, "cannot be read", 2),
    ("space = [\n", "cannot be read", 2),
    ('space = "a"\nx = "\xff"\n', "is not valid UTF-8", 2),
    ('space = "a"\n\0', "contains a NUL character", 2),
    ('\n[user]\nname = ["ann"]\n', "user.name is not text", 3),
    ("\nuser.name = true\n", "user.name is not text", 2),
    ("\nuser.name = 2026-01-31\n", "user.name is not text", 2),
    ("\n[user]\nname = {first = 1}\n", "user.name is not text", 3),
    ('\n"user" . "name" = "a\\u0000"\n', "A name contains a NUL character", 2),
)


def name_in(path: Path) -> None:
    """Read and check the setting user.name, as a command does."""
    found, setting = read(str(path)), SETTINGS["user.name"]
    check(setting, found.value(setting) or "", lambda: found.place(setting.keys))


def test_what_is_wrong_in_the_file_is_one_error_that_names_the_line(file: Path) -> None:
    file.parent.mkdir()
    for text, told, line in BAD_FILES:
        file.write_bytes(text.encode("latin-1"))
        with pytest.raises(BadUsage) as refusal:
            name_in(file)
        assert told in refusal.value.what, text
        assert str(file) in refusal.value.why
        is_at_the_end = "end of document" in refusal.value.why
        assert is_at_the_end or re.search(rf"\bline {line}\b", refusal.value.why, re.IGNORECASE), refusal.value.why
        assert refusal.value.hint


def test_a_file_that_is_too_long_or_no_file_is_refused(file: Path) -> None:
    file.parent.mkdir()
    (file.parent / "folder").mkdir()
    os.mkfifo(file.parent / "pipe")
    (file.parent / "endless").symlink_to("/dev/zero")
    (file.parent / "long").write_text("#" * 1_048_577)
    for name, told in (("folder", "read"), ("pipe", "read"), ("endless", "read"), ("long", "is too long")):
        path = file.parent / name
        with pytest.raises(BadUsage, match=told) as refusal:
            read(str(path))
        assert str(path) in refusal.value.why
        with pytest.raises(BadUsage, match=told):
            write(str(path), "space", "acme")


def test_what_is_unknown_is_said_with_its_line_and_what_was_meant(file: Path) -> None:
    file.parent.mkdir()
    file.write_text(
        'spce = "a"\n[user]\nmail = "x"\n[mail.smtp]\nhost = "h"\npasword = "x"\n[colour]\nx = 1\n[store]\n'
    )
    assert read(str(file)).unknown() == (
        f"Unknown settings in {file}: 'spce' (line 1; did you mean space?), 'user.mail' (line 3; did you mean"
        " user.email?), 'mail.smtp.pasword' (line 6; did you mean mail.smtp.password-file?), 'colour' (line 7)."
    )
    file.write_text("".join(f"x{n} = 1\n" for n in range(9)))
    assert read(str(file)).unknown().endswith("'x4' (line 5), and 4 more.")
    file.write_text('space = "acme"\n[user]\nname = "ann"\n[store]\npath = "/a"\ntimeout = "1s"\n')
    assert read(str(file)).unknown() == ""


def test_a_byte_order_mark_does_not_hide_the_first_setting(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b'\xef\xbb\xbfspace = "acme"\r\n')
    assert read(str(file)).tables == {"space": "acme"}
    assert write(str(file), "space", "beta")
    assert file.read_bytes() == b'space = "beta"\r\n'


def test_a_file_that_only_one_reader_of_toml_takes_is_left_as_it_is(file: Path) -> None:
    file.parent.mkdir()
    text = "x = " + "[" * 200 + "]" * 200 + "\n"
    file.write_text(text)
    with pytest.raises(BadUsage, match="cannot be changed"):
        write(str(file), "space", "acme")
    assert file.read_text() == text
