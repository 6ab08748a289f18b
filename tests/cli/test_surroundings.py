"""Where the program runs: dumb terminals, plain locales, a folder with modules in it, nobody to ask."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest
from builders import a_request, a_task
from conftest import ES, Es
from sessions import Terminal, filled


def test_in_the_locale_c_a_terminal_gets_ascii_in_straight_columns(es: Es) -> None:
    names = ("Zoë’s Drücker", "印刷機が燃えている", "Привет", "x" * 120)
    with filled(es) as store:
        for name in names:
            a_request(store, task=a_task(store, name).id)
    for name in ("C", "POSIX"):
        terminal = Terminal(es, "list", LC_ALL=name)
        assert terminal.ends() == 0
        assert terminal.raw.isascii()
        assert "\\" not in terminal.text
        heading, *rows, _ = terminal.lines
        assert len(rows) == len(names)
        assert {row[heading.index("TASK ID") :][:2] for row in rows} == {"T-"}
        assert [row[heading.index("TASK NAME") :].split("  ")[0] for row in rows[1:]] == [
            "??????",
            "??????????????????",
            "Zoe's Drucker",
        ]
        assert "x~  T-4" in rows[0]
    assert "Zoë’s Drücker" in _shown(es, "list", LANG="C.UTF-8")
    assert '"task_name": "Zo\\u00eb\\u2019s Dr\\u00fccker"' in _shown(es, "show", "ES-1", "--json", LC_ALL="C")
    assert "Zoë’s Drücker" in es("list", env={"LC_ALL": "C"}).stdout  # data stays data


def _shown(es: Es, *arguments: str, **env: str) -> str:
    terminal = Terminal(es, *arguments, **env)
    assert terminal.ends() == 0
    return terminal.text


@pytest.mark.parametrize(("color", "term"), [("auto", "dumb"), ("auto", ""), ("never", "xterm")])
def test_no_escape_reaches_a_terminal_that_does_not_know_any(es: Es, color: str, term: str, tmp_path: Path) -> None:
    with filled(es) as store:
        a_request(store)
    file = tmp_path / "tasks.csv"
    file.write_text("name\n" + "A task\n" * 3_000)
    for command in (
        f"task import {file} --space acme",
        "list",
        "show ES-1",
        "cert issue -n 300",
        "desk queue",
        "--help",
    ):
        terminal = Terminal(es, "--color", color, *command.split(), TERM=term)
        assert terminal.ends() == 0, command
        assert "\x1b" not in terminal.raw, command


def test_open_starts_no_browser_where_nobody_is_to_be_asked(es: Es, tmp_path: Path) -> None:
    with filled(es) as store:
        a_request(store)
    opened = tmp_path / "opened"
    terminal = Terminal(es, "--no-input", "open", "ES-1", BROWSER=f"touch {opened} #%s")
    assert terminal.ends() == 0
    assert "/requests/" in terminal.text
    assert not opened.exists()


def test_the_demo_runs_no_module_of_the_folder_that_it_is_started_in(es: Es, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    for name in ("typer", "sqlite3", "expertsupport_cli"):
        (folder / f"{name}.py").write_text("import sys; sys.exit('a module of this folder was run')\n")
    done = subprocess.run(
        [ES, "demo"], cwd=folder, env=es.env, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_whatever_the_umask_all_that_is_made_is_for_its_owner_alone(es: Es, umask: int, tmp_path: Path) -> None:
    home = tmp_path / "home"
    env = {"HOME": str(home), "ES_STORE": "", "XDG_CONFIG_HOME": "", "XDG_DATA_HOME": "", "XDG_STATE_HOME": ""}
    home.mkdir()
    script = (
        f"umask {umask:03o}; set -e; {ES} config set user.email ann@example.org; {ES} space add acme;"
        f" {ES} task add x --space acme; {ES} cert issue | {ES} activate T-1 -; {ES} --as bob desk reply ES-1 -m x"
    )
    done = subprocess.run(["/bin/sh", "-c", script], env={**es.env, **env}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done
    made = list(home.rglob("*"))
    assert {"config.toml", "store.db", "new"} <= {path.name for path in made}
    wrong = {str(p): oct(p.stat().st_mode) for p in made if stat.S_IMODE(p.stat().st_mode) & 0o077}
    assert wrong == {}
