"""The known settings: their variables, meanings, checks and defaults."""

from __future__ import annotations

from expertsupport_cli import times
from expertsupport_cli.checks import actor_name, address, addresses, file_path, identifier, mailbox, prose, web_address
from expertsupport_cli.databases import has_password, without_password
from expertsupport_cli.errors import BadUsage
from expertsupport_cli.record import Record
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.text import did_you_mean

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
        raise BadUsage(f"Invalid value '{text[:80]}'.", f"Choose one of: {', '.join(allowed)}.")
    return text


def port(text: str) -> int:
    """A TCP port. Raises BadUsage."""
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) < 65536):
        raise BadUsage(f"Invalid port '{text[:80]}'.", "Use a number from 1 to 65535.")
    return int(text)


def connections(text: str) -> int:
    """A number of connections. Raises BadUsage."""
    if not (text.isascii() and text.isdigit() and 0 < int(text[:4]) <= 100 and len(text) < 4):
        raise BadUsage(f"Invalid number of connections '{text[:80]}'.", "Use a number from 1 to 100.")
    return int(text)


def refuse_password(place: str) -> str:
    """The place of a store that was given where others could read a password. Raises BadUsage if it has one."""
    if has_password(place):
        raise BadUsage(
            "The URL of the store has a password.",
            "Others can read it there. It is taken from PGPASSWORD, ~/.pgpass, a service file, or the URL in ES_STORE.",
            f"Leave it out: {without_password(place)}",
        )
    return place


def ip_addresses(text: str) -> list[str]:
    """IP addresses, separated by commas. Raises BadUsage."""
    from ipaddress import ip_address

    try:
        return [str(ip_address(part.strip())) for part in text.split(",")]
    except ValueError:
        raise BadUsage(f"Invalid IP address in '{text[:80]}'.", "Use addresses such as 127.0.0.1,::1.") from None


SETTINGS = {
    setting.name: setting
    for setting in (
        Setting(
            name="store",
            variable="ES_STORE",
            meaning="The path of the store, or the postgresql:// URL of its database",
            check=file_path,
        ),
        Setting(
            name="store.timeout",
            variable="ES_STORE_TIMEOUT",
            meaning="How long to wait while others write to the store",
            check=times.parse_duration,
            default="10s",
        ),
        Setting(
            name="user.name",
            variable="ES_USER",
            meaning="Your name (default: your login name)",
            check=actor_name,
        ),
        Setting(
            name="user.email",
            variable="ES_EMAIL",
            meaning="Your email address, for replies and status changes",
            check=address,
        ),
        Setting(
            name="space",
            variable="ES_SPACE",
            meaning="The default space",
            check=lambda text: identifier(text, "space name"),
        ),
        Setting(
            name="page.url",
            variable="ES_PAGE_URL",
            meaning="The base URL of the request pages",
            check=lambda text: web_address(text, "page.url"),
            default="http://127.0.0.1:8765",
        ),
        Setting(
            name="serve.host",
            variable="ES_SERVE_HOST",
            meaning="The address that es serve listens on",
            check=lambda text: prose(text, "The host"),
            default="127.0.0.1",
        ),
        Setting(
            name="serve.port",
            variable="ES_SERVE_PORT",
            meaning="The port that es serve listens on",
            check=port,
            default="8765",
        ),
        Setting(
            name="serve.connections",
            variable="ES_SERVE_CONNECTIONS",
            meaning="How many connections to a database es serve has at most",
            check=connections,
            default="8",
        ),
        Setting(
            name="serve.trusted-proxies",
            variable="ES_SERVE_TRUSTED_PROXIES",
            meaning="IP addresses of proxies whose X-Forwarded-For is believed, separated by commas",
            check=ip_addresses,
        ),
        Setting(
            name="shop.url",
            variable="ES_SHOP_URL",
            meaning="The base URL of purchase links (default: page.url and /buy/)",
            check=lambda text: web_address(text, "shop.url"),
        ),
        Setting(
            name="shop.link-lifetime",
            variable="ES_SHOP_LINK_LIFETIME",
            meaning="How long a purchase link is valid",
            check=times.parse_duration,
            default="24h",
        ),
        Setting(
            name="shop.mode",
            variable="ES_SHOP_MODE",
            meaning="Whether es serve has a demo shop: demo or off (default: demo on this machine alone)",
            check=lambda text: one_of(text, "demo", "off"),
        ),
        Setting(
            name="shop.secret-file",
            variable="ES_SHOP_SECRET_FILE",
            meaning="A file with the key of the online store on its first line: whsec_ and base64",
            check=file_path,
        ),
        Setting(
            name="desk.email",
            variable="ES_DESK_EMAIL",
            meaning="Email addresses of the desk, separated by commas",
            check=addresses,
        ),
        Setting(
            name="mail.transport",
            variable="ES_MAIL_TRANSPORT",
            meaning="How mail is delivered: maildir, smtp or off",
            check=lambda text: one_of(text, "maildir", "smtp", "off"),
            default="maildir",
        ),
        Setting(
            name="mail.maildir",
            variable="ES_MAIL_MAILDIR",
            meaning="The folder of the Maildirs, one per recipient (default: mail, beside the store)",
            check=file_path,
        ),
        Setting(
            name="mail.deliver",
            variable="ES_MAIL_DELIVER",
            meaning="When mail is delivered: by each command (auto) or by es mail send (manual)",
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
            meaning="How long the text of sent mail is kept",
            check=times.parse_duration,
            default="30d",
        ),
        Setting(
            name="mail.from",
            variable="ES_MAIL_FROM",
            meaning="The sender of mail: an address, or a name and <address>",
            check=mailbox,
            default="Expert Support <expertsupport@localhost>",
        ),
        Setting(
            name="mail.reply-to",
            variable="ES_MAIL_REPLY_TO",
            meaning="The address for replies, if not mail.from",
            check=mailbox,
        ),
        Setting(
            name="mail.smtp.host",
            variable="ES_MAIL_SMTP_HOST",
            meaning="The SMTP server",
            check=lambda text: prose(text, "The host"),
            default="localhost",
        ),
        Setting(
            name="mail.smtp.port",
            variable="ES_MAIL_SMTP_PORT",
            meaning="The SMTP port (default: 465 for tls, 587 for starttls, 25 for none)",
            check=port,
        ),
        Setting(
            name="mail.smtp.security",
            variable="ES_MAIL_SMTP_SECURITY",
            meaning="The encryption: tls, starttls or none",
            check=lambda text: one_of(text, "tls", "starttls", "none"),
            default="starttls",
        ),
        Setting(
            name="mail.smtp.user",
            variable="ES_MAIL_SMTP_USER",
            meaning="The SMTP user; the password is in ES_SMTP_PASSWORD, a file or the system keyring",
            check=lambda text: prose(text, "The user"),
        ),
        Setting(
            name="mail.smtp.password-file",
            variable="ES_MAIL_SMTP_PASSWORD_FILE",
            meaning="A file with the SMTP password on its first line",
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
            f"Unknown setting '{name[:80]}'.",
            did_you_mean(similar),
            Step(verb=Verb.LIST_SETTINGS),
        )
    return SETTINGS[name]


def check(setting: Setting, value: str, origin: Callable[[], str]) -> None:
    """Check a value of a setting. Raises BadUsage, which names the setting and the origin of the value.

    The origin is empty for a value that was given in the command itself.
    """
    if setting.name == "store" and has_password(value) and not origin().startswith("variable"):
        refuse_password(value)
    try:
        setting.check(value)
    except BadUsage as fault:
        place = origin()
        if not place:
            raise
        fault.why = f"This is the value of {setting.name} ({place}). {fault.why}".rstrip()
        if place == f"variable {setting.variable}":  # which the settings file would not override
            fault.hint = f"Try: unset {setting.variable}"
        fault.hint = fault.hint or Step(verb=Verb.SET_SETTING, reference=setting.name)
        raise
