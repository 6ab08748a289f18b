"""The settings file: TOML in the user's configuration folder."""

from __future__ import annotations

from expertsupport_cli.errors import BadUsage
from expertsupport_cli.reading import read_settings
from expertsupport_cli.record import Record
from expertsupport_cli.settings.known import SETTINGS, Setting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

FIX_FILE = "Fix or remove the file."


class SettingsFile(Record):
    """The settings file as it was read: its text, and the nested tables in it. Both are empty if there is no file."""

    path: str
    text: str
    tables: Mapping[str, object]

    def value(self, setting: Setting) -> str | None:
        """The value of a setting, None if it has none here. Raises BadUsage if it is not text or a whole number."""
        found = self.entry(setting.keys)
        if found is None or isinstance(found, str):
            return found
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
        raise BadUsage(f"The setting {setting.name} is not text.", f"{self.place(setting.keys)}.", FIX_FILE)

    def entry(self, keys: Sequence[str]) -> object:
        """What stands under a key: a value or a table; None if nothing does."""
        found: object = self.tables
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def unknown(self) -> str:
        """A sentence about the keys that are no settings, with suggestions; empty if all are known."""
        known = {setting.keys: setting.name for setting in SETTINGS.values()}
        unknown = list(_unknown(self.tables, (), known))
        if not unknown:
            return ""
        named = ", ".join(self._suggestion(keys, known) for keys in unknown[:5])
        more = f", and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        return f"Unknown setting{'s' if len(unknown) > 1 else ''} in {self.path}: {named}{more}."

    def place(self, keys: Sequence[str]) -> str:
        """The path of the file, and the line of a key where it can be found."""
        line = line_of(self.text, keys)
        return f"{self.path}, line {line}" if line else self.path

    def _suggestion(self, keys: tuple[str, ...], known: Mapping[tuple[str, ...], str]) -> str:
        from difflib import get_close_matches

        key = ".".join(keys)
        written = {".".join(keys): name for keys, name in known.items()}
        close = get_close_matches(key, [*written, *written.values()], n=1)
        line = line_of(self.text, keys)
        hints = [f"line {line}"] if line else []
        if close:
            hints.append(f"did you mean {written.get(close[0], close[0])}?")
        return f"'{key[:80]}'" + (f" ({'; '.join(hints)})" if hints else "")


def read(path: str) -> SettingsFile:
    """Read the settings file. Raises BadUsage, naming the line."""
    try:
        text = read_settings(path)
    except FileNotFoundError:
        return SettingsFile(path=path, text="", tables={})
    except BadUsage as fault:
        fault.hint = FIX_FILE
        raise
    import tomllib

    try:
        file = SettingsFile(path=path, text=text, tables=tomllib.loads(text))
    except RecursionError as error:
        lines = text.split("\n")
        deepest = max(range(len(lines)), key=lambda number: lines[number].count("[") + lines[number].count("{")) + 1
        why = f"{path}, line {deepest}: it is nested too deeply."
        raise BadUsage("The settings file cannot be read.", why, FIX_FILE) from error
    except ValueError as error:
        raise BadUsage("The settings file cannot be read.", f"{path}: {error}.", FIX_FILE) from error
    _refuse_values_for_tables(file)
    return file


def _refuse_values_for_tables(file: SettingsFile) -> None:
    """Raises BadUsage where a value stands for the table of settings."""
    tables = {setting.keys[:depth] for setting in SETTINGS.values() for depth in range(1, len(setting.keys))}
    for keys in sorted(tables):
        if not isinstance(file.entry(keys), dict | None):
            raise BadUsage(f"In the settings file, {'.'.join(keys)} is not a table.", f"{file.place(keys)}.", FIX_FILE)


def line_of(text: str, keys: Sequence[str]) -> int | None:
    """The line on which a key, or the table that it is in, is written; None if it is written in an unusual way."""
    import re

    table: list[str] = []
    found: tuple[int, int] | None = None  # how much of the key, and on which line
    for number, line in enumerate(text.split("\n"), start=1):
        header = re.match(r"\s*\[{1,2}([^\[\]]+)\]", line)
        key = re.match(r"""\s*([\w."' -]+?)\s*=""", line)
        if header:
            table = _parts(header[1])
        written = [*table, *_parts(key[1])] if key else table if header else []
        if written and list(keys[: len(written)]) == written and (found is None or len(written) > found[0]):
            found = (len(written), number)
    return found[1] if found else None


def _parts(key: str) -> list[str]:
    return [part.strip().strip("\"'") for part in key.split(".")]


def _unknown(
    tables: Mapping[str, object], above: tuple[str, ...], known: Mapping[tuple[str, ...], str]
) -> Iterator[tuple[str, ...]]:
    """Yield the paths of keys that are neither settings nor tables of settings."""
    for key, value in tables.items():
        keys = (*above, key)
        if keys in known:
            continue
        if any(name[: len(keys)] == keys for name in known) and isinstance(value, dict):
            yield from _unknown(value, keys, known)
        else:
            yield keys
