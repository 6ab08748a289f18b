"""The settings file: TOML in the user's configuration folder. Its comments stay when it is written."""

from __future__ import annotations

import os

from expertsupport_cli.errors import BadUsage
from expertsupport_cli.settings.known import SETTINGS, check, known


def write(path: str, name: str, value: str | None, *, dry_run: bool = False) -> bool:
    """Set a value in the file, or remove it with None; whether anything changed. Comments in the file stay.

    Raises BadUsage for a value that will not do.
    """
    import tomlkit

    setting = known(name)
    if value is not None:
        check(setting, value, "your value")
    read(path)
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


def read(path: str) -> dict[str, object]:
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
