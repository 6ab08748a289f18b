"""The account that runs the program: its login name and its folders."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from expertsupport_cli.errors import BadUsage
from expertsupport_cli.settings import Settings
from expertsupport_cli.settings.account import expand_home, login_name, user_folder


def test_the_login_name_is_that_of_the_variables_before_that_of_the_account() -> None:
    account = pwd.getpwuid(os.getuid()).pw_name
    assert login_name({}) == login_name({"LOGNAME": "", "USER": ""}) == account
    assert login_name({"USER": "bob", "LOGNAME": "ann"}) == "ann"
    assert login_name({"LOGNAME": "", "USER": "bob"}) == "bob"


def test_a_login_name_that_is_no_name_says_where_it_comes_from_and_how_to_set_another() -> None:
    for variable in ("LOGNAME", "USER"):
        for name, told in (
            ("ann\udce9", "not valid UTF-8"),
            ("   ", "empty"),
            ("\u200b", "empty"),
            ("a\tb", "control character"),
            ("x" * 201, "too long"),
        ):
            with pytest.raises(BadUsage) as refusal:
                Settings({variable: name}).find("user.name")
            assert f"Your login name {'is' if 'control' not in told else 'contains a'} {told}" in refusal.value.what
            assert f"variable {variable}" in refusal.value.why
            assert refusal.value.hint == "Try: es config set user.name NAME"


def test_a_relative_xdg_directory_is_ignored(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for kind, below in (("config", ".config"), ("data", ".local/share"), ("state", ".local/state")):
        for value in ("relative", "./x", "~/x", ""):
            monkeypatch.setenv(f"XDG_{kind.upper()}_HOME", value)
            assert user_folder(kind, "X") == str(tmp_path / below / "expertsupport")
        monkeypatch.setenv(f"XDG_{kind.upper()}_HOME", "/absolute")
        assert user_folder(kind, "X") == "/absolute/expertsupport"


def test_a_home_that_is_unknown_is_not_taken_for_the_name_of_a_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expand_home("~/x.db") == str(tmp_path / "x.db")
    assert expand_home("x~.db") == "x~.db"
    with pytest.raises(BadUsage, match=r"The home directory in '~nobody-of-this-name/x\.db' is unknown"):
        expand_home("~nobody-of-this-name/x.db")
