"""Colour: --color > NO_COLOR > CLICOLOR_FORCE, FORCE_COLOR > CLICOLOR=0 > a terminal that is not dumb."""

from __future__ import annotations

import pytest
from builders import a_request
from conftest import Es
from sessions import Terminal, filled


@pytest.fixture
def shown(es: Es) -> Es:
    with filled(es) as store:
        a_request(store)
    return es


TABLE = ("list", "--format", "table")
# each says something else than all that follow it; the last is a pipe, without colour, or a terminal, with it
ON = [{"CLICOLOR_FORCE": "1"}, {"FORCE_COLOR": "1"}, {"FORCE_COLOR": "3"}, {"CLICOLOR_FORCE": "yes"}]
NEITHER = [
    {},
    {"FORCE_COLOR": "0"},
    {"FORCE_COLOR": ""},
    {"CLICOLOR_FORCE": "0"},
    {"NO_COLOR": ""},
    {"CLICOLOR": "1"},
    {"GITHUB_ACTIONS": "true"},
    {"COLORTERM": "truecolor"},
]


def in_pipe(es: Es, *before: str, **env: str) -> bool:
    result = es(*before, *TABLE, env={"TERM": "xterm-256color", **env})
    assert result.status == 0
    return "\x1b" in result.stdout


def on_terminal(es: Es, *before: str, **env: str) -> bool:
    terminal = Terminal(es, *before, *TABLE, **env)
    assert terminal.ends() == 0
    return "\x1b" in terminal.raw


@pytest.mark.parametrize("env", NEITHER, ids=str)
def test_where_nothing_is_said_a_pipe_has_none_and_a_terminal_has(shown: Es, env: dict[str, str]) -> None:
    assert not in_pipe(shown, **env)
    assert on_terminal(shown, **env)


@pytest.mark.parametrize("env", ON, ids=str)
def test_it_can_be_forced_into_a_pipe(shown: Es, env: dict[str, str]) -> None:
    assert in_pipe(shown, **env)
    assert in_pipe(shown, **env, CLICOLOR="0", TERM="dumb")
    assert not in_pipe(shown, **env, NO_COLOR="1")
    assert not in_pipe(shown, "--color", "never", **env)


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"CLICOLOR": "0"}, {"TERM": "dumb"}, {"TERM": ""}], ids=str)
def test_it_can_be_turned_off_on_a_terminal(shown: Es, env: dict[str, str]) -> None:
    assert not on_terminal(shown, **env)
    assert on_terminal(shown, "--color", "always", **env)


def test_the_option_goes_before_everything(shown: Es) -> None:
    assert in_pipe(shown, "--color", "always", NO_COLOR="1", CLICOLOR="0", TERM="dumb")
    assert not on_terminal(shown, "--color", "never", FORCE_COLOR="1", CLICOLOR_FORCE="1")
    assert in_pipe(shown, "--color", "auto", FORCE_COLOR="1")
    wrong = shown("--color", "sometimes", "list")
    assert wrong.status == 2
    assert "Choose one of: auto, always, never." in wrong.stderr


def test_a_page_has_colour_by_the_same_rule_and_the_same_text(shown: Es) -> None:
    plain = shown("show", "ES-1").stdout
    coloured = shown("--color", "always", "show", "ES-1").stdout
    assert "\x1b" not in plain
    assert "\x1b" in coloured
    stripped = "".join(rest.partition("m")[2] if start else rest for start, rest in enumerate(coloured.split("\x1b[")))
    assert stripped == plain


def test_rows_for_programs_never_have_colour(shown: Es) -> None:
    for format in ("tsv", "csv", "json", "jsonl"):
        result = shown("--color", "always", "list", "--format", format)
        assert "\x1b" not in result.stdout
    assert "\x1b" not in shown("--color", "always", "list").stdout
