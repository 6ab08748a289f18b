"""The settings file: TOML in the user's configuration folder."""

from __future__ import annotations

from expertsupport_cli.errors import BadUsage
from expertsupport_cli.settings.known import SETTINGS


def read(path: str) -> dict[str, object]:
    """The settings file as nested tables; empty if there is no file. Raises BadUsage."""
    try:
        with open(path, "rb") as file:
            import tomllib

            tables = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise BadUsage("The settings file cannot be read.", f"{path}: {error}.", "Mend or remove the file.") from error
    for section in {setting.keys[0] for setting in SETTINGS.values() if len(setting.keys) > 1}:
        if not isinstance(tables.get(section, {}), dict):
            raise BadUsage(f"In the settings file, {section} is not a table.", f"{path}.", "Mend or remove the file.")
    return tables
