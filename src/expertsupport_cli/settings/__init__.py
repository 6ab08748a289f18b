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
from expertsupport_cli.settings.file import read
from expertsupport_cli.settings.known import SETTINGS, Setting, check, known
from expertsupport_cli.steps import Step, Verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["APP", "SETTINGS", "Setting", "Settings", "Value", "known"]

APP = "expertsupport"


class Value(Record):
    """An effective value and its origin: `flag`, `variable NAME`, `file PATH` or `default`."""

    setting: Setting
    value: str | None
    origin: str


class Settings:
    """The settings of one command, from its flags, its environment, and the settings file."""

    def __init__(self, environment: Mapping[str, str], flags: Mapping[str, str] | None = None) -> None:
        self.environment = environment
        self._flags = flags or {}
        self._file: dict[str, object] | None = None

    @cached_property
    def path(self) -> str:
        """The settings file, whether or not it exists."""
        import platformdirs

        return os.path.join(platformdirs.user_config_dir(APP, appauthor=False), "config.toml")

    def find(self, name: str) -> Value:
        """The effective value and where it came from. Raises BadUsage if it is invalid."""
        setting = known(name)
        value, origin = self._flags.get(name), "flag"
        if value is None:
            value, origin = self.environment.get(setting.variable) or None, f"variable {setting.variable}"
        if value is None:
            value, origin = self._in_file(setting), f"file {self.path}"
        if value is None:
            return Value(setting=setting, value=self._default(setting), origin="default")
        check(setting, value, origin)
        return Value(setting=setting, value=value, origin=origin)

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
            import platformdirs

            return os.path.join(platformdirs.user_data_dir(APP, appauthor=False), "store.db")
        if setting.name == "mail.smtp.port":
            return {"tls": "465", "starttls": "587"}.get(self["mail.smtp.security"], "25")
        if setting.name == "user.name":
            import getpass

            try:
                return getpass.getuser()
            except (KeyError, OSError):  # a user ID without a name, as in some containers
                return f"uid-{os.getuid()}"
        if setting.name == "shop.url":
            return self["page.url"].rstrip("/") + "/buy/"
        return setting.default

    def _in_file(self, setting: Setting) -> str | None:
        if self._file is None:
            self._file = read(self.path)
        found: object = self._file
        for key in setting.keys:
            found = found.get(key) if isinstance(found, dict) else None
        if found is None or isinstance(found, (str, int)):
            return None if found is None else str(found)
        raise BadUsage(
            f"The setting {setting.name} in {self.path} is not text.",
            hint=Step(verb=Verb.SET_SETTING, reference=setting.name),
        )
