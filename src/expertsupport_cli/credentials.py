"""The secrets that settings name: the password of the mail server, and the key of the online store."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from expertsupport_cli.checks import prose
from expertsupport_cli.databases import has_password, without_password
from expertsupport_cli.errors import BadUsage, Fault
from expertsupport_cli.settings.account import expand_home
from expertsupport_cli.steps import Step, Verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from expertsupport_cli.settings import Settings

KEYRING_SERVICE = "expertsupport"
STORE_VARIABLE = "ES_STORE"
PASSWORD_VARIABLE = "ES_SMTP_PASSWORD"  # noqa: S105 -- its name


def keep_from_children(variables: MutableMapping[str, str]) -> None:
    """Take passwords out of the variables of this process, which any editor or browser that is started inherits."""
    variables.pop(PASSWORD_VARIABLE, None)
    store = variables.get(STORE_VARIABLE, "")
    if has_password(store):
        variables[STORE_VARIABLE] = without_password(store)


def mail_password(settings: Settings, user: str) -> tuple[str, str]:
    """The password and its source: ES_SMTP_PASSWORD, the password file, or the system keyring. Raises BadUsage."""
    from_environment = settings.environment.get(PASSWORD_VARIABLE)
    if from_environment:
        return prose(from_environment, f"The password in {PASSWORD_VARIABLE}"), PASSWORD_VARIABLE
    path = settings.get("mail.smtp.password-file")
    if path:
        return _secret_in(settings, expand_home(path), "mail.smtp.password-file", "password file"), (
            "mail.smtp.password-file"
        )
    found: str | None = None
    with suppress(ImportError):  # keyring is an optional extra
        import keyring
        from keyring.errors import KeyringError

        try:
            found = keyring.get_password(KEYRING_SERVICE, user)
        except KeyringError as error:
            raise BadUsage("The system keyring cannot be read.", f"{error}.") from error
    if found is None:
        from shlex import quote

        raise BadUsage(
            f"There is no password for {user} at {settings['mail.smtp.host']}.",
            f"es looks in {PASSWORD_VARIABLE}, mail.smtp.password-file, and the system keyring (extra: keyring).",
            f"Try: keyring set {KEYRING_SERVICE} {quote(user)}",
        )
    return found, "the system keyring"


def shop_key(settings: Settings) -> bytes | None:
    """The key with which the online store signs, from the file that a setting names. Raises NotFound or BadUsage."""
    path = settings.get("shop.secret-file")
    if not path:
        return None
    from expertsupport_cli.model.webhooks import read_key

    return read_key(_secret_in(settings, expand_home(path), "shop.secret-file", "key file"))


def _secret_in(settings: Settings, path: str, setting: str, what: str) -> str:
    """The first line of the file that a setting names. Warns if others can read it. Raises NotFound or BadUsage."""
    from expertsupport_cli.reading import read_secret

    try:
        secret = read_secret(path, f"The {what}").split("\n", 1)[0].rstrip("\r")
    except Fault as fault:
        fault.hint = fault.hint or Step(verb=Verb.SET_SETTING, reference=setting)
        raise
    with suppress(OSError):
        if os.stat(path).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            from shlex import quote

            settings.warn(f"Others can access the {what} {path}. Try: chmod 600 {quote(path)}")
    return prose(secret, f"The first line of the {what}")
