"""Settings: list, get, set, unset, path."""

from __future__ import annotations

import os

from expertsupport_cli.cli.perform import changes, reads
from expertsupport_cli.databases import without_password
from expertsupport_cli.errors import NotFound
from expertsupport_cli.render.fields import PATH, SETTING
from expertsupport_cli.render.shapes import Named
from expertsupport_cli.settings import SETTINGS, Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from expertsupport_cli.cli.env import Env
    from expertsupport_cli.cli.options import Argument, Option, SettingName


@reads(SETTING)
def list_settings(
    env: Env,
    show_origin: Annotated[bool, Option("--show-origin", help="Show where each value comes from.")] = False,
) -> None:
    """List all settings with their effective values."""
    shape = SETTING.replace(rows=("name", "value", "origin")) if show_origin else SETTING
    found = [_named(env.settings.find(name)) for name in SETTINGS]  # before anything is printed: one may be invalid
    env.printer.list(shape, found)


@reads(SETTING)
def get(env: Env, name: SettingName) -> None:
    """Print the effective value of a setting.

    The exit status is 3 if it has none.
    """
    found = env.settings.find(name)
    if found.value is None:
        raise NotFound(f"{name} is not set.", hint=f"Try: es config set {name} VALUE")
    env.printer.thing(SETTING, _named(found), without_password(found.value))


@changes()
def set_(env: Env, name: SettingName, value: Annotated[str, Argument(metavar="VALUE", help="The new value.")]) -> None:
    """Set a setting in your settings file."""
    _write(env, name, value)


@changes()
def unset(env: Env, name: SettingName) -> None:
    """Remove a setting from your settings file."""
    _write(env, name, None)


@reads(PATH)
def path(env: Env) -> None:
    """Print the path of the settings file."""
    where = env.settings.path
    env.printer.thing(PATH, Named(values={"path": where, "exists": os.path.exists(where)}), where)


def _write(env: Env, name: str, value: str | None) -> None:
    if not env.settings.write(name, value, dry_run=env.dry_run):
        env.printer.note(f"{name} {'is not set' if value is None else 'already has this value'}; nothing was changed.")
    found = env.settings.find(name)
    if value is not None and not env.dry_run and found.value != value:
        effective = _named(found).values["value"]
        env.printer.note(
            f"{found.origin[:1].upper()}{found.origin[1:]} overrides it: the effective value is '{effective}'."
        )


def _named(found: Value) -> Named:
    return Named(
        values={
            "name": found.setting.name,
            "value": None if found.value is None else without_password(found.value),
            "origin": found.origin,
            "variable": found.setting.variable,
            "meaning": found.setting.meaning,
        }
    )
