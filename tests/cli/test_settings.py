"""Settings: flag > variable > file > default, and a file that is kept as its owner wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Es
from sessions import as_json, refusal

from expertsupport_cli.checks import file_path
from expertsupport_cli.settings import SETTINGS


@pytest.fixture
def es(inside: Es) -> Es:
    return inside


@pytest.fixture
def file(es: Es) -> Path:
    """The settings file, which does not exist yet."""
    path = es.home / "config" / "expertsupport" / "config.toml"
    assert es("config", "path").id == str(path)
    assert not path.exists()
    return path


def test_the_list_has_all_settings_and_with_show_origin_where_each_value_comes_from(es: Es, file: Path) -> None:
    es("config", "set", "space", "acme")
    es("config", "set", "page.url", "https://desk.example")
    listed = es("--as", "bob", "config", "list", "--show-origin")
    rows = [row.split("\t") for row in listed.stdout.splitlines()]
    assert [row for row in rows if not row[0].startswith("mail.")] == [
        ["store", str(es.store), "variable ES_STORE"],
        ["store.timeout", "10s", "default"],
        ["user.name", "bob", "flag"],
        ["user.email", "", "default"],
        ["space", "acme", f"file {file}"],
        ["page.url", "https://desk.example", f"file {file}"],
        ["serve.host", "127.0.0.1", "default"],
        ["serve.port", "8765", "default"],
        ["serve.connections", "8", "default"],
        ["serve.trusted-proxies", "", "default"],
        ["shop.url", "https://desk.example/buy/", "default"],
        ["shop.link-lifetime", "24h", "default"],
        ["shop.mode", "", "default"],
        ["shop.secret-file", "", "default"],
        ["desk.email", "", "default"],
    ]
    assert es("config", "list").stdout.splitlines()[1] == "store.timeout\t10s"


def test_flag_goes_before_variable_before_file_before_default(es: Es) -> None:
    def name(*before: str, **env: str) -> str:
        return es(*before, "config", "get", "user.name", env={"ES_USER": "", **env}).id

    login = name()
    assert login not in ("file", "variable", "flag", "")
    es("config", "set", "user.name", "file")
    assert name() == "file"
    assert name(ES_USER="variable") == "variable"
    assert name("--as", "flag", ES_USER="variable") == "flag"
    es("config", "unset", "user.name")
    assert name() == login


def test_the_store_of_the_flag_is_used_before_that_of_the_variable(es: Es, tmp_path: Path) -> None:
    other = str(tmp_path / "other.db")
    assert es("--store", other, "space", "add", "acme").status == 0
    assert es("--store", other, "space", "list").stdout != ""
    assert es("db", "path").id == str(es.store)
    assert not es.store.exists()
    assert es("--store", other, "db", "path").id == other
    assert es("config", "set", "store", "~/mine.db").status == 0
    assert es("db", "path", env={"ES_STORE": ""}).id == str(es.home / "mine.db")


def test_by_default_the_store_is_in_the_users_data_folder(es: Es) -> None:
    assert es("db", "path", env={"ES_STORE": ""}).id == str(es.home / "data" / "expertsupport" / "store.db")


def test_who_acts_is_a_setting_with_the_email_beside_it(es: Es) -> None:
    es("config", "set", "user.name", "Ann Other")
    es("config", "set", "user.email", "ann@example.org")
    es.env["ES_USER"] = ""
    es("space", "add", "acme")
    task = es("task", "add", "A", "--space", "acme").id
    es("activate", task, es("cert", "issue").id)
    request = as_json(es("show", task, "--json"))
    assert (request["initiator"], request["initiator_email"]) == ("Ann Other", "ann@example.org")
    assert "Initiator    Ann Other <ann@example.org>" in es("show", task).stdout


def test_setting_keeps_what_the_owner_wrote_in_the_file(es: Es, file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text('# mine\nspace = "acme" # the usual\n\n[other]\nx = 1\n', encoding="utf-8")
    told = f"Unknown setting in {file}: 'other' (line 4).\n"
    assert es("config", "set", "page.url", "https://x.example") == ("", told, 0)
    es("config", "set", "space", "zoo")
    text = file.read_text(encoding="utf-8")
    assert "# mine" in text
    assert "# the usual" in text
    assert "x = 1" in text
    assert es("config", "get", "space").id == "zoo"
    es("config", "unset", "page.url")
    assert "x.example" not in file.read_text(encoding="utf-8")


def test_doing_it_again_is_a_note_and_so_is_a_value_that_is_not_in_force(es: Es) -> None:
    assert es("config", "set", "space", "acme") == ("", "", 0)
    assert es("config", "set", "space", "acme") == ("", "space already has this value; nothing was changed.\n", 0)
    assert es("config", "unset", "user.email") == ("", "user.email is not set; nothing was changed.\n", 0)
    result = es("config", "set", "user.name", "bob")
    assert result == ("", "Variable ES_USER overrides it: the effective value is 'ann'.\n", 0)


def test_a_setting_without_value_is_not_found_by_get(es: Es) -> None:
    assert refusal(es("config", "get", "space", "--json")) == (3, "not_found")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("user.email", "nobody"),
        ("user.email", "a@b, c@d"),
        ("page.url", "desk.example"),
        ("shop.link-lifetime", "1 fortnight"),
        ("store.timeout", "0s"),
        ("space", "two words"),
        ("user.name", " "),
        ("store", ""),
        ("colour", "red"),
        ("user", "ann"),
    ],
)
def test_values_that_will_not_do_and_unknown_settings_are_refused(es: Es, file: Path, name: str, value: str) -> None:
    assert refusal(es("config", "set", name, value, "--json")) == (2, "usage")
    assert not file.exists()


def test_an_unknown_setting_is_told_the_close_ones(es: Es) -> None:
    assert "Did you mean user.email" in es("config", "get", "user.mail").stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"space = [", "cannot be read"),
        (b"space = \xff", "is not valid UTF-8"),
        (b"[space]\nx = 1\n", "is not text"),
        (b'space = "two words"', "is the value of space (file "),
        (b'user = "ann"', "is not a table"),
    ],
)
def test_a_bad_file_is_wrong_usage_and_named(es: Es, file: Path, text: bytes, told: str) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(text)
    for words in (("list",), ("config", "get", "space")):
        result = es(*words)
        assert (result.status, result.stdout) == (2, "")
        assert told in result.stderr
        assert str(file) in result.stderr
    assert file.read_bytes() == text


def test_variables_that_are_not_utf_8_are_refused_and_named_and_a_store_may_be_at_any_path(es: Es) -> None:
    for name, setting in SETTINGS.items():
        if setting.check is not file_path:
            bad = es("config", "get", name, "--json", env={setting.variable: "x\udcff"})
            assert refusal(bad) == (2, "usage"), name
            assert setting.variable in bad.stderr
    place = {"ES_STORE": str(es.home / "\udcff" / "store\udcff.db")}
    assert es("space", "add", "acme", env=place).id == "acme"
    assert (es.home / "\udcff" / "store\udcff.db").exists()
    assert es("space", "list", env=place).stdout.startswith("acme\t")


def test_a_list_of_settings_of_which_one_is_bad_is_not_begun(es: Es) -> None:
    assert refusal(es("config", "list", "--json", env={"ES_MAIL_FROM": "nobody"})) == (2, "usage")


def test_a_bad_variable_is_named(es: Es) -> None:
    result = es("space", "add", "acme", env={"ES_STORE_TIMEOUT": "long"})
    assert result.status == 2
    assert "store.timeout (variable ES_STORE_TIMEOUT)" in result.stderr
