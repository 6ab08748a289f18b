"""The settings: flag > variable > file > default, and where each value came from.

The file is TOML in the user's configuration folder, `[user]` with `name = "Ann"` for `user.name`. The setting
`store` is the key `path` in `[store]`, as a name in TOML cannot have both a value and keys below it.
"""

from __future__ import annotations

import os

from expertsupport_cli import times
from expertsupport_cli.errors import BadUsage
from expertsupport_cli.model import address, identifier, prose, web_address
from expertsupport_cli.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

APP = "expertsupport"


class Setting(Record):
    """One setting. `check` raises BadUsage for a value that will not do."""

    name: str
    variable: str
    meaning: str
    check: Callable[[str], object]
    default: str | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """Where it stands in the file."""
        return tuple(self.name.split(".")) if "." in self.name or self.name == "space" else (self.name, "path")


class Value(Record):
    """A value in force, and its origin: `flag`, `variable NAME`, `file PATH` or `default`."""

    setting: Setting
    value: str | None
    origin: str


def addresses(text: str) -> list[str]:
    """Email addresses, separated by commas. Raises BadUsage."""
    return [address(part.strip()) for part in text.split(",")]


SETTINGS = {
    setting.name: setting
    for setting in (
        Setting(
            name="store",
            variable="ES_STORE",
            meaning="The file in which everything is kept",
            check=lambda text: prose(text, "The path"),
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
            check=lambda text: prose(text, "A name", most=200),
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
    )
}


class Settings:
    """The settings of one command, from the flags and the environment that it got, and the file."""

    def __init__(self, environment: Mapping[str, str], flags: Mapping[str, str] | None = None) -> None:
        self._environment = environment
        self._flags = flags or {}
        self._file: dict[str, object] | None = None

    @property
    def path(self) -> str:
        """The settings file, whether or not it exists."""
        import platformdirs

        return os.path.join(platformdirs.user_config_dir(APP, appauthor=False), "config.toml")

    def find(self, name: str) -> Value:
        """The value in force and where it came from. Raises BadUsage for one that will not do."""
        setting = known(name)
        value, origin = self._flags.get(name), "flag"
        if value is None:
            value, origin = self._environment.get(setting.variable) or None, f"variable {setting.variable}"
        if value is None:
            value, origin = self._in_file(setting), f"file {self.path}"
        if value is None:
            return Value(setting=setting, value=self._default(setting), origin="default")
        _check(setting, value, origin)
        return Value(setting=setting, value=value, origin=origin)

    def __getitem__(self, name: str) -> str:
        """The value of a setting that always has one."""
        return self.find(name).value or ""

    def get(self, name: str) -> str | None:
        return self.find(name).value

    def seconds(self, name: str) -> int:
        return times.parse_duration(self[name])

    def _default(self, setting: Setting) -> str | None:
        if setting.name == "store":
            import platformdirs

            return os.path.join(platformdirs.user_data_dir(APP, appauthor=False), "store.db")
        if setting.name == "user.name":
            import getpass

            try:
                return getpass.getuser()
            except (KeyError, OSError):  # a user without a name, as in some containers
                return f"uid-{os.getuid()}"
        if setting.name == "shop.url":
            return self["page.url"].rstrip("/") + "/buy/"
        return setting.default

    def _in_file(self, setting: Setting) -> str | None:
        if self._file is None:
            self._file = _read(self.path)
        found: object = self._file
        for key in setting.keys:
            found = found.get(key) if isinstance(found, dict) else None
        if found is None or isinstance(found, (str, int)):
            return None if found is None else str(found)
        raise BadUsage(
            f"The setting {setting.name} in {self.path} is not text.", hint=f"es config set {setting.name} VALUE"
        )


def known(name: str) -> Setting:
    """Raises BadUsage, which suggests names that are close."""
    if name not in SETTINGS:
        from difflib import get_close_matches

        close = get_close_matches(name, SETTINGS, n=2)
        raise BadUsage(
            f"There is no setting “{name[:80]}”.",
            f"Did you mean {' or '.join(close)}?" if close else f"There are: {', '.join(SETTINGS)}.",
            "es config list",
        )
    return SETTINGS[name]


def write(path: str, name: str, value: str | None, *, dry_run: bool = False) -> bool:
    """Set a value in the file, or remove it with None; whether anything changed. Comments in the file stay.

    Raises BadUsage for a value that will not do.
    """
    import tomlkit

    setting = known(name)
    if value is not None:
        _check(setting, value, "your value")
    _read(path)
    text = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            text = file.read()
    document = tomlkit.parse(text)
    table: tomlkit.TOMLDocument | tomlkit.items.Table = document
    *sections, key = setting.keys
    for section in sections:
        if section not in table:
            if value is None:
                return False
            table[section] = tomlkit.table()
        table = table[section]
    if table.get(key) == value:
        return False
    if value is None:
        del table[key]
    else:
        table[key] = value
    if not dry_run:
        _replace(path, tomlkit.dumps(document))
    return True


def _check(setting: Setting, value: str, origin: str) -> None:
    try:
        setting.check(value)
    except BadUsage as fault:
        fault.why = f"It is the value of {setting.name} ({origin}). {fault.why}".rstrip()
        fault.hint = fault.hint or f"es config set {setting.name} VALUE"
        raise


def _read(path: str) -> dict[str, object]:
    """The settings file as tables; empty if there is none. Raises BadUsage."""
    try:
        with open(path, "rb") as file:
            import tomllib

            found = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise BadUsage("The settings file cannot be read.", f"{path}: {error}.", "Mend or remove the file.") from error
    for section in {setting.keys[0] for setting in SETTINGS.values() if len(setting.keys) > 1}:
        if not isinstance(found.get(section, {}), dict):
            raise BadUsage(f"In the settings file, {section} is not a table.", f"{path}.", "Mend or remove the file.")
    return found


def _replace(path: str, text: str) -> None:
    """Write the file anew, whole or not at all."""
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        making = f"{path}.{os.getpid()}"
        with open(making, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(making, path)
    except OSError as error:
        raise BadUsage("The settings file cannot be written.", f"{path}: {error.strerror}.") from error
