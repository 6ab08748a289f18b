"""Settings: flag > variable > file > default, and where each value came from."""

from __future__ import annotations

import getpass
from pathlib import Path

import pytest

from expertsupport_cli.errors import BadUsage
from expertsupport_cli.settings import SETTINGS, Settings
from expertsupport_cli.settings.writing import write

GOOD = {
    "store": ("/tmp/a.db", "/tmp/b.db", "/tmp/c.db"),  # noqa: S108 -- only named
    "store.timeout": ("1s", "2s", "3s"),
    "user.name": ("ann", "bob", "cid"),
    "user.email": ("ann@example.org", "bob@example.org", "cid@example.org"),
    "space": ("acme", "beta", "corp"),
    "page.url": ("http://a.example", "http://b.example", "http://c.example"),
    "serve.host": ("a.example", "::1", "127.0.0.2"),
    "serve.port": ("1", "80", "65535"),
    "serve.connections": ("1", "20", "100"),
    "serve.trusted-proxies": ("127.0.0.1", "::1, 10.0.0.1", "10.0.0.2"),
    "shop.url": ("https://a.example/?t=", "https://b.example/", "https://c.example/"),
    "shop.link-lifetime": ("1h", "2h", "3h"),
    "shop.mode": ("demo", "off", "demo"),
    "shop.secret-file": ("/a", "/b", "/c"),
    "desk.email": ("desk@example.org", "a@example.org, b@example.org", "c@example.org"),
    "mail.transport": ("smtp", "off", "smtp"),
    "mail.maildir": ("/a", "/b", "/c"),
    "mail.deliver": ("manual", "manual", "manual"),
    "mail.timeout": ("1s", "2s", "3s"),
    "mail.keep": ("1d", "2d", "3d"),
    "mail.from": ("a@example.org", "Ann <b@example.org>", '"Ann, the first" <c@example.org>'),
    "mail.reply-to": ("a@example.org", "Ann <b@example.org>", "c@example.org"),
    "mail.smtp.host": ("a.example", "b.example", "c.example"),
    "mail.smtp.port": ("25", "2525", "65535"),
    "mail.smtp.security": ("tls", "none", "tls"),
    "mail.smtp.user": ("a", "b", "c"),
    "mail.smtp.password-file": ("/a", "/b", "/c"),
}
BAD = [
    ("store.timeout", "soon", "Invalid duration"),
    ("user.email", "ann", "Invalid email address"),
    ("user.email", "ann@exa mple.org", "Invalid email address"),
    ("user.name", " ", "is empty"),
    ("user.name", "x" * 201, "too long"),
    ("space", "a b", "Invalid space name"),
    ("page.url", "example.org", "Invalid URL"),
    ("serve.host", " ", "is empty"),
    ("serve.port", "0", "Invalid port"),
    ("serve.connections", "0", "Invalid number of connections"),
    ("serve.connections", "101", "Invalid number of connections"),
    ("serve.trusted-proxies", "localhost", "Invalid IP address"),
    ("shop.url", "https://", "Invalid URL"),
    ("shop.mode", "on", "Choose one of: demo, off."),
    ("shop.secret-file", " ", "is empty"),
    ("shop.link-lifetime", "0h", "Invalid duration"),
    ("desk.email", "a@example.org,", "Invalid email address"),
    ("store", "", "is empty"),
    ("mail.transport", "post", "Choose one of: maildir, smtp, off."),
    ("mail.deliver", "never", "Choose one of: auto, manual."),
    ("mail.from", "Ann", "Invalid email address"),
    ("mail.from", "Ann <ann>", "Invalid email address"),
    ("mail.reply-to", "<>", "is not an address with a name"),
    ("mail.smtp.port", "0", "Invalid port"),
    ("mail.smtp.port", "65536", "Invalid port"),
    ("mail.smtp.port", "smtp", "Invalid port"),
    ("mail.smtp.security", "ssl", "Choose one of: tls, starttls, none."),
]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings file, which does not exist yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    path = Path(Settings({}).path)
    assert path.is_relative_to(tmp_path)
    return path


def given(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_every_setting_is_tried_here() -> None:
    assert set(GOOD) == set(SETTINGS)


@pytest.mark.parametrize("name", GOOD)
def test_a_flag_goes_before_a_variable_before_the_file_before_the_default(name: str, file: Path) -> None:
    flag, variable, in_file = GOOD[name]
    environment = {SETTINGS[name].variable: variable}
    write(str(file), name, in_file)
    found = Settings(environment, {name: flag}).find(name)
    assert (found.value, found.origin) == (flag, "flag")
    found = Settings(environment).find(name)
    assert (found.value, found.origin) == (variable, f"variable {SETTINGS[name].variable}")
    found = Settings({}).find(name)
    assert (found.value, found.origin) == (in_file, f"file {file}")
    write(str(file), name, None)
    found = Settings({}).find(name)
    assert found.value not in GOOD[name]
    assert found.origin == "default"


def test_the_defaults_are_those_of_the_design(file: Path, tmp_path: Path) -> None:
    found = {name: Settings({}).get(name) for name in SETTINGS}
    assert found == {
        "store": str(tmp_path / "data" / "expertsupport" / "store.db"),
        "store.timeout": "10s",
        "user.name": getpass.getuser(),
        "user.email": None,
        "space": None,
        "page.url": "http://127.0.0.1:8765",
        "serve.host": "127.0.0.1",
        "serve.port": "8765",
        "serve.connections": "8",
        "serve.trusted-proxies": None,
        "shop.url": "http://127.0.0.1:8765/buy/",
        "shop.link-lifetime": "24h",
        "shop.mode": None,
        "shop.secret-file": None,
        "desk.email": None,
        "mail.transport": "maildir",
        "mail.maildir": None,
        "mail.deliver": "auto",
        "mail.timeout": "5s",
        "mail.keep": "30d",
        "mail.from": "Expert Support <expertsupport@localhost>",
        "mail.reply-to": None,
        "mail.smtp.host": "localhost",
        "mail.smtp.port": "587",
        "mail.smtp.security": "starttls",
        "mail.smtp.user": None,
        "mail.smtp.password-file": None,
    }


def test_the_shop_is_beside_the_pages_unless_it_is_named(file: Path) -> None:
    assert Settings({"ES_PAGE_URL": "https://help.example/"})["shop.url"] == "https://help.example/buy/"


@pytest.mark.parametrize(("security", "port"), [("tls", "465"), ("starttls", "587"), ("none", "25")])
def test_the_port_follows_from_the_security_unless_it_is_named(file: Path, security: str, port: str) -> None:
    assert Settings({"ES_MAIL_SMTP_SECURITY": security})["mail.smtp.port"] == port


def test_an_empty_variable_is_as_none(file: Path) -> None:
    assert Settings({"ES_STORE_TIMEOUT": ""}).find("store.timeout").origin == "default"


def test_a_duration_is_given_in_seconds(file: Path) -> None:
    assert Settings({"ES_STORE_TIMEOUT": "2m"}).seconds("store.timeout") == 120


@pytest.mark.parametrize(("name", "value", "told"), BAD)
def test_a_bad_value_is_refused_with_its_origin(name: str, value: str, told: str, file: Path) -> None:
    with pytest.raises(BadUsage) as refusal:
        Settings({}, {name: value}).find(name)
    assert told in refusal.value.message
    assert f"This is the value of {name} (flag)." in refusal.value.why
    assert refusal.value.hint
    assert "\n" not in refusal.value.message


def test_a_bad_value_in_a_variable_or_the_file_says_so(file: Path) -> None:
    with pytest.raises(BadUsage, match="Invalid duration") as refusal:
        Settings({"ES_STORE_TIMEOUT": "soon"}).find("store.timeout")
    assert "(variable ES_STORE_TIMEOUT)" in refusal.value.why
    given(file, "[store]\ntimeout = 10\n")
    with pytest.raises(BadUsage, match="Invalid duration '10'") as refusal:
        Settings({}).find("store.timeout")
    assert f"(file {file}, line 2)" in refusal.value.why


@pytest.mark.parametrize(("name", "value", "told"), BAD)
def test_a_bad_value_is_not_written(name: str, value: str, told: str, file: Path) -> None:
    with pytest.raises(BadUsage):
        write(str(file), name, value)
    assert not file.exists()


def test_an_unknown_setting_suggests_those_that_are_close(file: Path) -> None:
    with pytest.raises(BadUsage) as refusal:
        Settings({}).find("user.mail")
    assert "Did you mean user.email" in refusal.value.why
    with pytest.raises(BadUsage, match="Unknown setting 'colour'") as refusal:
        write(str(file), "colour", "red")
    assert refusal.value.why == ""


def test_the_path_of_the_store_and_its_timeout_are_in_one_table(file: Path) -> None:
    assert write(str(file), "store.timeout", "3s")
    assert write(str(file), "store", "/var/store.db")
    assert file.read_text() == '[store]\ntimeout = "3s"\npath = "/var/store.db"\n'
    assert Settings({})["store"] == "/var/store.db"
    assert Settings({})["store.timeout"] == "3s"


def test_writing_keeps_the_comments_of_the_file(file: Path) -> None:
    given(file, '# mine\nspace = "acme"  # ours\n\n[user]\n# nick\nname = "ann"\n')
    assert write(str(file), "space", "beta")
    assert write(str(file), "user.name", None)
    assert file.read_text() == '# mine\nspace = "beta"  # ours\n\n[user]\n# nick\n'


def test_writing_what_is_there_changes_nothing(file: Path) -> None:
    assert write(str(file), "space", "acme")
    assert not write(str(file), "space", "acme")
    assert not write(str(file), "page.url", None)
    assert not write(str(file), "user.name", None)
    assert file.read_text() == 'space = "acme"\n'
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_dry_run_writes_nothing(file: Path) -> None:
    assert write(str(file), "space", "acme", dry_run=True)
    assert not file.exists()


@pytest.mark.parametrize("text", ['space = "acme', "\0", "[user]\n[user]\n", "user = 1\nuser = 2\n"])
def test_a_file_that_is_not_toml_is_refused_and_left_as_it_is(text: str, file: Path) -> None:
    given(file, text)
    for use in (lambda: Settings({}).find("space"), lambda: write(str(file), "space", "beta")):
        with pytest.raises(BadUsage, match=r"cannot be read|contains a NUL") as refusal:
            use()
        assert str(file) in refusal.value.why
    assert file.read_text() == text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("space = [1]\n", "space"),
        ("[space]\nname = 1\n", "space"),
        ('store = "/a"\n', "store"),
        ('user = "ann"\n', "user.name"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(text: str, name: str, file: Path) -> None:
    given(file, text)
    with pytest.raises(BadUsage, match=r"is not text|not a table"):
        Settings({}).find(name)


@pytest.mark.parametrize(("text", "name"), [('store = "/a"\n', "store"), ('user = "ann"\n', "user.name")])
def test_a_value_where_a_table_should_be_is_not_written_over(text: str, name: str, file: Path) -> None:
    given(file, text)
    with pytest.raises(BadUsage, match="not a table"):
        write(str(file), name, "bob")
    with pytest.raises(BadUsage, match="not a table"):
        write(str(file), name, None)
    assert file.read_text() == text


@pytest.mark.parametrize(
    ("flag", "variable", "found"),
    [
        (None, None, "ann@example.org"),
        ("zed", None, None),
        ("Ann", None, "ann@example.org"),
        ("zed", "zed@example.org", "zed@example.org"),
    ],
)
def test_the_address_in_the_file_is_not_that_of_somebody_else_who_is_named(
    flag: str | None, variable: str | None, found: str | None, file: Path
) -> None:
    given(file, '[user]\nname = "ann"\nemail = "ann@example.org"\n')
    environment = {"ES_EMAIL": variable} if variable else {}
    assert Settings(environment, {"user.name": flag} if flag else {}).email() == found


def test_a_name_and_an_address_are_given_together(file: Path) -> None:
    given(file, '[user]\nname = "ann"\nemail = "ann@example.org"\n')
    settings = Settings({"ES_EMAIL": "x@example.org"}, {"user.name": "Bob", "user.email": "bob@example.org"})
    assert (settings["user.name"], settings.email()) == ("Bob", "bob@example.org")


def test_a_warning_is_said_once_however_often_the_settings_are_used() -> None:
    said: list[str] = []
    settings = Settings({}, warn=said.append)
    for text in ("one", "two", "one"):
        settings.warn(text)
    assert said == ["one", "two"]
