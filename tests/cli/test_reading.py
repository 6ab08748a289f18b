"""Text that comes in, through each command that reads any: encodings, line ends, limits, and what is invisible."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import a_certificate, a_request, a_space, a_task
from conftest import ES, Es
from sessions import Terminal, an_editor, as_json, dump, filled

from expertsupport_cli.reading import MAX_MESSAGE, MAX_REFERENCE, MAX_SECRET

# each command that reads stdin or a file, and what it reads
ON_STDIN = {
    "activate T-1 -": "{serial}",
    "comment - -m x": "ES-1",
    "comment ES-1 -F -": "Hello",
    "desk reply ES-1 -F -": "Hello",
    "close -": "ES-1",
    "task close -": "T-1",
    "follow - --email x@example.org": "ES-1",
    "wait - --for closed --timeout 1s": "ES-1",
    "cert import -": "AAAA-BBBB-CCCC-DDDD",
    "cert check -": "{serial}",
    "cert revoke - --yes": "C-1",
    "link redeem -": "{link}",
    "task import - --space acme": "name\nA task",
}
FROM_FILES = ("activate T-1 --serial-file {}", "comment ES-1 -F {}", "cert import {}", "task import {} --space acme")


@pytest.fixture
def filled_store(es: Es) -> Es:
    with filled(es) as store:
        a_space(store, lifetime=None)
        a_task(store)
        a_request(store)
        a_certificate(store)
    return es


@pytest.mark.parametrize("command", ON_STDIN)
def test_an_endless_input_ends_at_once_and_nothing_is_done(filled_store: Es, command: str) -> None:
    before = dump(filled_store)
    with open("/dev/zero", "rb") as endless:
        done = subprocess.run(
            ["/bin/sh", "-c", 'ulimit -v 1500000; exec "$@"', "sh", ES, *command.split()],
            stdin=endless,
            capture_output=True,
            env=filled_store.env,
            timeout=60,
            check=False,
        )
    assert (done.stdout, done.returncode) == (b"", 2), done
    assert b"Internal error" not in done.stderr
    assert b"fault in this program" not in done.stderr
    assert dump(filled_store) == before


def test_so_does_an_endless_file(filled_store: Es) -> None:
    before = dump(filled_store)
    for command in FROM_FILES:
        result = filled_store.inside(*command.format("/dev/zero").split())
        assert (result.stdout, result.status) == ("", 2), command
    smtp = {"ES_MAIL_TRANSPORT": "smtp", "ES_MAIL_SMTP_USER": "ann", "ES_MAIL_FROM": "a@example.org"}
    smtp |= dict.fromkeys(["ES_MAIL_SMTP_PASSWORD_FILE"], "/dev/zero")
    assert filled_store.inside("mail", "test", "x@example.org", env=smtp).status == 2
    assert dump(filled_store) == before


def test_each_use_has_its_limit_to_the_byte(filled_store: Es, tmp_path: Path) -> None:
    file, es = tmp_path / "message", filled_store.inside
    file.write_bytes("é".encode() * (MAX_MESSAGE // 4))
    assert es("comment", "ES-1", "-F", str(file)).status == 2  # 1,048,576 characters
    file.write_bytes("é".encode() * 1_000_000)
    assert es("comment", "ES-1", "-F", str(file)).status == 0
    file.write_bytes(b"x" * (MAX_MESSAGE + 1))
    assert "At most 4,194,304 bytes are read" in es("comment", "ES-1", "-F", str(file)).stderr
    line = b"ES-1" + b" " * (MAX_REFERENCE - 5) + b"\n"
    assert es("comment", "-", "-m", "x", stdin=line).stdout == "ES-1\n"
    long = es("comment", "-", "-m", "x", stdin=line + b" " + line + line)
    assert (long.stdout, long.status) == ("ES-1\n", 2)  # what follows the long line is not read
    assert "Line 2 of standard input: The line is too long." in long.stderr
    assert es("activate", "T-1", "-", stdin=b" " * (MAX_SECRET + 1)).status == 2


def test_byte_order_marks_and_line_ends_of_every_system_are_no_part_of_the_text(
    filled_store: Es, tmp_path: Path
) -> None:
    es, mark = filled_store.inside, "\ufeff"
    file = tmp_path / "file"
    for end in ("\n", "\r\n", "\r"):
        file.write_text(f"{mark}One{end}{end}two{end}", encoding="utf-8", newline="")
        assert es("comment", "ES-1", "-F", str(file)).status == 0
        assert es("comment", "ES-1", "-F", "-", stdin=file.read_bytes()).status == 0
        assert es("comment", "ES-1", "-m", f"One{end}{end}two").status == 0
    assert [said["body"] for said in as_json(es("show", "ES-1", "--json"))["comments"]] == ["One\n\ntwo"] * 9
    assert es("close", "-", stdin=f"{mark}ES-1\r\n").stdout == "ES-1\n"
    assert es("cert", "import", "-", stdin=f"{mark}AAAA-BBBB-CCCC-DDDD\r\n").status == 0
    assert es("task", "import", "-", "--space", "acme", stdin=f'{mark}name,description\r\nA,"b\r\nc"\r\n').id == "T-3"
    assert as_json(es("task", "show", "T-3", "--json"))["description"] == "b\nc"
    settings = es.home / "config" / "expertsupport" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_bytes(f'{mark}space = "acme"\r\n'.encode())
    assert es("config", "get", "space").id == "acme"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
def test_text_in_another_encoding_is_refused_wherever_it_is_read(
    filled_store: Es, encoding: str, tmp_path: Path
) -> None:
    file, es = tmp_path / "file", filled_store.inside
    file.write_bytes("größe\n".encode(encoding))
    expected = f"is {encoding.upper()}, not UTF-8." if encoding.startswith("utf") else "is not valid UTF-8."
    settings = es.home / "config" / "expertsupport" / "config.toml"
    settings.parent.mkdir(parents=True)
    before = dump(es)
    for command in FROM_FILES:
        result = es(*command.format(file).split())
        assert result.status == 2, command
        assert expected in result.stderr, (command, result)
    for command in ON_STDIN:
        result = es(*command.split(), stdin=file.read_bytes())
        assert result.status == 2, command
        assert expected in result.stderr, (command, result)
    settings.write_bytes(file.read_bytes())
    assert expected in es("list").stderr
    assert dump(es) == before


def test_text_that_cannot_be_seen_is_empty(filled_store: Es, tmp_path: Path) -> None:
    es = filled_store.inside
    before = dump(es)
    for text in (" ", "\u200b", "\ufeff\u2060", "\u202e\u00a0", "\u3164", "\u2800\n"):
        for arguments in (
            ("comment", "ES-1", "-m", text),
            ("comment", "ES-1", "-F", "-"),
            ("task", "add", text, "--space", "acme"),
            ("partner", "add", text, "https://p.example"),
            ("--as", text, "comment", "ES-1", "-m", "x"),
            ("activate", "T-1", "-"),
            ("link", "redeem", "-"),
        ):
            assert es(*arguments, stdin=text).status == 2, (ascii(text), arguments)
        assert es("comment", "-", "-m", "x", stdin=text + "\n") == ("", "", 0), ascii(text)
    assert dump(es) == before


def test_an_editor_may_write_the_line_ends_of_another_system(filled_store: Es, tmp_path: Path) -> None:
    editor = an_editor(tmp_path, "path.write_bytes(b'\\xef\\xbb\\xbfHello\\r\\n\\r\\nhelp\\r\\n' + path.read_bytes())")
    assert Terminal(filled_store, "comment", "ES-1", ES_EDITOR="  ", VISUAL=editor).ends() == 0
    assert as_json(filled_store.inside("show", "ES-1", "--json"))["comments"][0]["body"] == "Hello\n\nhelp"
    for broken in ("no-such-editor-anywhere", "false"):
        assert Terminal(filled_store, "comment", "ES-1", ES_EDITOR=broken).ends() == 2
    assert list((filled_store.home / "state" / "expertsupport" / "drafts").iterdir()) == []


# --- who acts


@pytest.mark.parametrize("name", [b"ann\xe9", b"   ", b"a\tb", b"a\nb", b"x" * 201, "\u200b".encode()])
def test_a_name_that_is_none_is_refused_wherever_it_comes_from(filled_store: Es, name: bytes) -> None:
    es = filled_store.inside
    before = dump(es)
    text = os.fsdecode(name)
    command = ("comment", "ES-1", "-m", "x")
    for variable in ("ES_USER", "LOGNAME", "USER"):
        env = {"ES_USER": "", "LOGNAME": "", "USER": "", variable: text}
        result = es(*command, env=env)
        assert result.status == 2, (variable, result)
        assert variable in result.stderr, result
    assert es("--as", text, *command).status == 2
    assert es("config", "set", "user.name", text).status == 2
    assert dump(es) == before


# --- what is not text, in arguments and in files


def test_half_characters_and_nul_are_refused_in_imports(filled_store: Es) -> None:
    es = filled_store.inside
    before = dump(es)
    for text in ("\\ud800", "\\u0000"):
        for field in ("name", "id", "space", "description"):
            row = {"name": '"x"', "space": '"acme"', field: f'"{text}"'}
            line = "{" + ", ".join(f'"{key}": {value}' for key, value in row.items()) + "}\n"
            result = es("task", "import", "-", stdin=line)
            assert (result.stdout, result.status) == ("", 2), line
            assert "Line 1" in result.stderr, result
    assert dump(es) == before


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("nam,space\nx,acme\n", 1, "Unknown column 'nam'"),
        ('{"nam": "x"}\n', 1, "Unknown field 'nam'"),
        ('{"name": "x"}\n{"name": "x", "name": "y"}\n', 2, "'name' twice"),
        ('{"name": NaN}\n', 1, "not text"),
        ('{"name": ' + "[" * 100_000 + "\n", 1, "nested too deeply"),
        ('{"name": ' + "9" * 10_000 + "}\n", 1, "number is too long"),
        ('{"name": ["x"]}\n', 1, "not text"),
        ('name\n"x\n', 2, "not closed"),
        ("id,name\nT-1000000000000,x\n", 2, "Invalid task ID"),
        ("id,name\nES-1000000000000000000,x\n", 2, "Invalid task ID"),
    ],
)
def test_a_line_that_cannot_be_imported_is_named_with_what_is_wrong(
    filled_store: Es, text: str, line: int, said: str
) -> None:
    es = filled_store.inside
    before = dump(es)
    result = es("task", "import", "-", "--space", "acme", stdin=text)
    assert (result.stdout, result.status) == ("", 2)
    assert f"Line {line}: " in result.stderr
    assert said in result.stderr
    assert "Nothing was imported." in result.stderr
    assert dump(es) == before


def test_a_field_is_as_long_as_a_description_may_be(filled_store: Es) -> None:
    text = "name,description\nx," + "é" * 50_000 + "y" * 50_000 + "\n"
    assert filled_store.inside("task", "import", "-", "--space", "acme", stdin=text).id == "T-3"


# --- the settings file


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[mail]\nsmtp = "x"\n', "mail.smtp is not a table"),
        ("x = " + "[" * 3_000, "nested too deeply"),
        ('space = "a"\nspace = "b"\n', "line 2"),
        ("user.name = ['ann']\n", "user.name is not text"),
        ("x" * (1 << 20) + "\n", "too long"),
    ],
)
def test_a_settings_file_that_cannot_be_read_is_refused_with_its_place(es: Es, text: str, said: str) -> None:
    file = es.home / "config" / "expertsupport" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    result = es.inside("--store", str(es.home / "s.db"), "task", "add", "x", "--space", "acme", env={"ES_USER": ""})
    assert (result.stdout, result.status) == ("", 2)
    assert said in result.stderr
    assert str(file) in result.stderr
    assert not (es.home / "s.db").exists()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_of_settings_is_refused_at_once(es: Es, make: Callable[[Path], None]) -> None:
    file = es.home / "config" / "expertsupport" / "config.toml"
    file.parent.mkdir(parents=True)
    make(file)
    result = es("list")
    assert (result.stdout, result.status) == ("", 2)
    assert str(file) in result.stderr


def test_unknown_settings_in_the_file_are_reported_once_with_what_may_be_meant(es: Es) -> None:
    file = es.home / "config" / "expertsupport" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('space = "acme"\n[user]\nnmae = "ann"\n[colours]\nred = 1\n')
    for command in (("config", "get", "space"), ("config", "list", "--json"), ("space", "list")):
        result = es.inside(*command)
        assert result.status == 0, command
        warnings = [line for line in result.stderr.splitlines() if "Unknown setting" in line]
        assert warnings == [
            f"Unknown settings in {file}: 'user.nmae' (line 3; did you mean user.name?), 'colours' (line 4)."
        ]
    assert as_json(es.inside("config", "get", "space", "--json"))["value"] == "acme"


def test_a_missing_file_is_named(filled_store: Es) -> None:
    for command in FROM_FILES:
        result = filled_store.inside(*command.format("/nope").split())
        assert (result.status, result.stdout) == (3, "")
        assert result.stderr.startswith("es: The "), result
        assert " cannot be read.\n  File not found: /nope.\n" in result.stderr
