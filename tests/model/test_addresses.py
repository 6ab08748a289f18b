"""Addresses: each setting, variable and option takes exactly one, or one with a name, and no more."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from expertsupport_cli.checks import address, mailbox, person
from expertsupport_cli.errors import BadUsage
from expertsupport_cli.settings import SETTINGS, Settings
from expertsupport_cli.settings.writing import write

NOT_ONE = [
    "a@x.org, b@x.org",
    "a@x.org; b@x.org",
    "A <a@x.org>, B <b@x.org>",
    "a@x.org, B <b@x.org>",
    "A <a@x.org> <b@x.org>",
    "a@x.org <b@x.org>",
    "<a@x.org>",
    '"" <a@x.org>',
    "Group: a@x.org, b@x.org;",
    "Group: A <a@x.org>",
    "<@relay.example:a@x.org>",
    "A <@relay.example:a@x.org>",
    "a(comment)@x.org",
    "A (comment) <a@x.org>",
    "Smith, Ann <a@x.org>",
    '"a b"@x.org',
    '"a\nBcc: b@x.org"@x.org',
    'A "B <a@x.org>',
    '"A" <b@x.org>, "C" <a@x.org>',
    'A\\" <a@x.org>',
    "A\nBcc: b@x.org <a@x.org>",
    "A\r <a@x.org>",
    "A\u2028B <a@x.org>",
    "A\u202eB <a@x.org>",
    "A\x1b[2J <a@x.org>",
    "a@x.org\n",
    "a@x.org ",
    "a@[127.0.0.1]",
    "=?utf-8?q?a=2Cb?=@x.org",
]
ONE_WITH_A_NAME = {
    "Ann <a@x.org>": "Ann",
    "J. Smith, Jr. <a@x.org>": None,
    '"Smith, Ann" <a@x.org>': "Smith, Ann",
    '"Support (EMEA): first <line>" <a@x.org>': "Support (EMEA): first <line>",
    "Zoë Ångström <a@x.org>": "Zoë Ångström",
    "O'Hara <a@x.org>": "O'Hara",
    "می\u200cخواهم <a@x.org>": "می\u200cخواهم",
}
SETTINGS_WITH_AN_ADDRESS = ("user.email", "desk.email", "mail.from", "mail.reply-to")


@pytest.mark.parametrize("check", [address, mailbox])
def test_what_is_not_exactly_one_address_is_refused(check: object) -> None:
    assert callable(check)
    for text in NOT_ONE:
        with pytest.raises(BadUsage):
            check(text)


def test_a_person_with_what_is_not_exactly_one_address_is_refused() -> None:
    for text in NOT_ONE:
        if "<" in text:
            with pytest.raises(BadUsage):
                person(text)


def test_one_address_may_have_a_name_where_one_is_shown() -> None:
    for text, name in ONE_WITH_A_NAME.items():
        if name is None:
            with pytest.raises(BadUsage, match="not an address with a name"):
                mailbox(text)
        else:
            assert (mailbox(text), person(text)) == ("a@x.org", (name, "a@x.org"))
    assert mailbox("a@x.org") == "a@x.org"


def refused(name: str, text: str, path: Path) -> None:
    """A value is refused by `config set`, in the environment, and in the settings file."""
    section, _, key = name.partition(".")

    def from_file() -> None:
        path.write_text(f"[{section}]\n{key} = {json.dumps(text)}\n", encoding="utf-8")
        Settings({}).find(name)

    path.unlink(missing_ok=True)
    with pytest.raises(BadUsage):
        write(str(path), name, text)
    for use in (
        lambda: Settings({SETTINGS[name].variable: text}).find(name),
        from_file,
    ):
        with pytest.raises(BadUsage) as refusal:
            use()
        assert f"This is the value of {name} (" in refusal.value.why


@pytest.mark.parametrize("name", SETTINGS_WITH_AN_ADDRESS)
def test_a_setting_takes_one_address_wherever_it_comes_from(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "expertsupport" / "config.toml"
    path.parent.mkdir()
    for text in NOT_ONE:
        if name != "desk.email" or "<" in text or "\n" in text.strip():  # the desk may have several, but no names
            refused(name, text, path)
