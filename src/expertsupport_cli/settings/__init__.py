"""The settings: flag > variable > file > default, and where each value came from.

The file is TOML in the user's configuration folder, `[user]` with `name = "Ann"` for `user.name`. The setting
`store` is the key `path` in `[store]`, because a TOML key cannot have both a value and keys below it.
"""

from __future__ import annotations

import os
from functools import cached_property

from expertsupport_cli import times
from expertsupport_cli.errors import BadUsage
from expertsupport_cli.record import Record
from expertsupport_cli.settings.account import login_name, user_folder
from expertsupport_cli.settings.file import SettingsFile, read
from expertsupport_cli.settings.known import SETTINGS, Setting, check, known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["SETTINGS", "Setting", "Settings", "Value", "known"]


class Value(Record):
    """An effective value and its origin: `flag`, `variable NAME`, `file PATH` or `default`."""

    setting: Setting
    value: str | None
    origin: str


class Settings:
    """The settings of one command, from its flags, its environment, and the settings file.

    `warn` is called with sentences about what may be wrong, such as unknown settings in the file; once with each.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        flags: Mapping[str, str] | None = None,
        warn: Callable[[str], None] | None = None,
    ) -> None:
        self.environment = environment
        self._flags = flags or {}
        self._warn = warn
        self._warnings: set[str] = set()
        self._file: SettingsFile | None = None

    @cached_property
    def path(self) -> str:
        """The settings file, whether or not it exists. Raises BadUsage for an account without a home directory."""
        return os.path.join(user_folder("config", "XDG_CONFIG_HOME"), "config.toml")

    def is_set(self, name: str) -> bool:
        """Whether somebody has given a value, by a flag, a variable or the file: it is not the default."""
        return self.find(name).origin != "default"

    def find(self, name: str) -> Value:
        """The effective value and where it came from. Raises BadUsage if it is invalid."""
        setting = known(name)
        flag, variable = self._flags.get(name), self.environment.get(setting.variable)
        if flag is not None:
            return _checked(setting, flag, "flag")
        if variable:
            return _checked(setting, variable, f"variable {setting.variable}")
        file = self._read_file()
        value = file.value(setting)
        if value is not None:
            return _checked(setting, value, f"file {file.path}", lambda: f"file {file.place(setting.keys)}")
        return Value(setting=setting, value=self._default(setting), origin="default")

    def __getitem__(self, name: str) -> str:
        """The value of a setting that always has one."""
        return self.find(name).value or ""

    def get(self, name: str) -> str | None:
        return self.find(name).value

    def email(self) -> str | None:
        """The email address of the actor, or None.

        If a flag names somebody other than the usual user, the address in the settings file is not theirs and is
        ignored. One in the environment was given for this command and counts.
        """
        found = self.find("user.email")
        named = self._flags.get("user.name")
        if named is not None and found.origin.startswith("file"):
            usual = Settings(self.environment)["user.name"]
            return found.value if named.lower() == usual.lower() else None
        return found.value

    def warn(self, text: str) -> None:
        """Warn the user, unless that was said before: the file is read again after it was written."""
        if self._warn is not None and text not in self._warnings:
            self._warnings.add(text)
            self._warn(text)

    def seconds(self, name: str) -> int:
        """The value of a setting that is a duration, in seconds."""
        return times.parse_duration(self[name])

    def write(self, name: str, value: str | None, *, dry_run: bool = False) -> bool:
        """Set a value in the file, or remove it with None. Returns whether anything changed. Raises BadUsage."""
        from expertsupport_cli.settings.writing import write

        changed = write(self.path, name, value, dry_run=dry_run)
        self._file = None
        return changed

    def _default(self, setting: Setting) -> str | None:
        if setting.name == "store":
            return os.path.join(user_folder("data", "ES_STORE to the path of the store"), "store.db")
        if setting.name == "mail.smtp.port":
            return {"tls": "465", "starttls": "587"}.get(self["mail.smtp.security"], "25")
        if setting.name == "user.name":
            return login_name(self.environment)
        if setting.name == "shop.url":
            return self["page.url"].rstrip("/") + "/buy/"
        return setting.default

    def _read_file(self) -> SettingsFile:
        """The settings file, read once; an empty one for an account without a home directory."""
        if self._file is None:
            try:
                path = self.path
            except BadUsage:
                self._file = SettingsFile(path="", text="", tables={})
            else:
                self._file = read(path)
            unknown = self._file.unknown()
            if unknown:
                self.warn(unknown)
        return self._file


def _checked(setting: Setting, value: str, origin: str, place: Callable[[], str] | None = None) -> Value:
    """A value that was given, if it is valid. `place` says more about the origin, which takes a while to find out.

    Raises BadUsage.
    """
    check(setting, value, place or (lambda: origin))
    return Value(setting=setting, value=value, origin=origin)
