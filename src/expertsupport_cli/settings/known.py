"""The known settings: their variables, meanings, checks and defaults."""

from __future__ import annotations

from expertsupport_cli import times
from expertsupport_cli.checks import actor_name, address, addresses, file_path, identifier, mailbox, prose, web_address
from expertsupport_cli.errors import BadUsage
from expertsupport_cli.record import Record
from expertsupport_cli.steps import Step, Verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Setting(Record):
    """One setting. `check` raises BadUsage for an invalid value."""

    name: str
    variable: str
    meaning: str
    check: Callable[[str], object]
    default: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The path of its key in the settings file."""
        return tuple(self.name.split(".")) if "." in self.name or self.name == "space" else (self.name, "path")


def one_of(text: str, *allowed: str) -> str:
    """Return the text if it is one of those allowed. Raises BadUsage."""
    if text not in allowed:
        raise BadUsage(f"“{text[:80]}” is not one of {', '.join(allowed)}.")
    return text


def port(text: str) -> int:
    """A TCP port. Raises BadUsage."""
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) < 65536):
        raise BadUsage(f"“{text[:80]}” is not a port.", "It is a number from 1 to 65535.")
    return int(text)


SETTINGS = {
    setting.name: setting
    for setting in (
        Setting(
            name="store",
            variable="ES_STORE",
            meaning="The file in which everything is kept",
            check=file_path,
        ),
        Setting(
            name="store.timeout",
            variable="ES_STORE_TIMEOUT",
            meaning="How long to wait for a store that others are writing to",
            check=times.parse_duration,
            default="10s",
        ),
        Setting(
            name="user.name",
            variable="ES_USER",
            meaning="Who you are, in all that you do (the login name if unset)",
            check=actor_name,
        ),
        Setting(
            name="user.email",
            variable="ES_EMAIL",
            meaning="Where you hear of replies and changes of status",
            check=address,
        ),
        Setting(
            name="space",
            variable="ES_SPACE",
            meaning="The space that is meant where none is named",
            check=lambda text: identifier(text, "the name of a space"),
        ),
        Setting(
            name="page.url",
            variable="ES_PAGE_URL",
            meaning="Where the pages of requests are",
            check=lambda text: web_address(text, "page.url"),
            default="http://127.0.0.1:8765",
        ),
        Setting(
            name="shop.url",
            variable="ES_SHOP_URL",
            meaning="What the token of a purchase link is appended to (page.url and /buy/ if unset)",
            check=lambda text: web_address(text, "shop.url"),
        ),
        Setting(
            name="shop.link-lifetime",
            variable="ES_SHOP_LINK_LIFETIME",
            meaning="How long a purchase link can be used",
            check=times.parse_duration,
            default="24h",
        ),
        Setting(
            name="desk.email",
            variable="ES_DESK_EMAIL",
            meaning="Where the desk hears of what customers do; several, separated by commas",
            check=addresses,
        ),
        Setting(
            name="mail.transport",
            variable="ES_MAIL_TRANSPORT",
            meaning="How mail is delivered: maildir, smtp, or off for none at all",
            check=lambda text: one_of(text, "maildir", "smtp", "off"),
            default="maildir",
        ),
        Setting(
            name="mail.maildir",
            variable="ES_MAIL_MAILDIR",
            meaning="The folder of the Maildirs, one for each recipient (mail beside the store if unset)",
            check=file_path,
        ),
        Setting(
            name="mail.deliver",
            variable="ES_MAIL_DELIVER",
            meaning="Whether a command delivers its own mail (auto) or leaves it to es mail send (manual)",
            check=lambda text: one_of(text, "auto", "manual"),
            default="auto",
        ),
        Setting(
            name="mail.timeout",
            variable="ES_MAIL_TIMEOUT",
            meaning="How long a delivery may take",
            check=times.parse_duration,
            default="5s",
        ),
        Setting(
            name="mail.keep",
            variable="ES_MAIL_KEEP",
            meaning="How long the text of mail that was sent is kept",
            check=times.parse_duration,
            default="30d",
        ),
        Setting(
            name="mail.from",
            variable="ES_MAIL_FROM",
            meaning="From whom mail comes: an address, or a name and <address>",
            check=mailbox,
            default="Expert Support <expertsupport@localhost>",
        ),
        Setting(
            name="mail.reply-to",
            variable="ES_MAIL_REPLY_TO",
            meaning="Where answers to mail go, if not to mail.from",
            check=mailbox,
        ),
        Setting(
            name="mail.smtp.host",
            variable="ES_MAIL_SMTP_HOST",
            meaning="The server of the transport smtp",
            check=lambda text: prose(text, "The host"),
            default="localhost",
        ),
        Setting(
            name="mail.smtp.port",
            variable="ES_MAIL_SMTP_PORT",
            meaning="Its port (465 for tls, 587 for starttls, 25 for none, if unset)",
            check=port,
        ),
        Setting(
            name="mail.smtp.security",
            variable="ES_MAIL_SMTP_SECURITY",
            meaning="tls, starttls (refused if the server does not offer it), or none",
            check=lambda text: one_of(text, "tls", "starttls", "none"),
            default="starttls",
        ),
        Setting(
            name="mail.smtp.user",
            variable="ES_MAIL_SMTP_USER",
            meaning="The user there; docs/mail.md says where the password is",
            check=lambda text: prose(text, "The user"),
        ),
        Setting(
            name="mail.smtp.password-file",
            variable="ES_MAIL_SMTP_PASSWORD_FILE",
            meaning="A file with the password in its first line",
            check=file_path,
        ),
    )
}


def known(name: str) -> Setting:
    """The setting of this name. Raises BadUsage, which suggests similar names."""
    if name not in SETTINGS:
        from difflib import get_close_matches

        similar = get_close_matches(name, SETTINGS, n=2)
        raise BadUsage(
            f"There is no setting “{name[:80]}”.",
            f"Did you mean {' or '.join(similar)}?" if similar else f"There are: {', '.join(SETTINGS)}.",
            Step(verb=Verb.LIST_SETTINGS),
        )
    return SETTINGS[name]


def check(setting: Setting, value: str, origin: Callable[[], str]) -> None:
    """Check a value of a setting. Raises BadUsage, which names the setting and the origin of the value."""
    try:
        setting.check(value)
    except BadUsage as fault:
        place = origin()
        fault.why = f"It is the value of {setting.name} ({place}). {fault.why}".rstrip()
        if place == f"variable {setting.variable}":  # which the settings file would not override
            fault.hint = f"Try: unset {setting.variable}"
        fault.hint = fault.hint or Step(verb=Verb.SET_SETTING, reference=setting.name)
        raise
