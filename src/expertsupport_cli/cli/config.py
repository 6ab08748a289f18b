"""Settings: list, get, set, unset, path."""

from __future__ import annotations

import os

from expertsupport_cli.cli.perform import changes, reads
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
    """List all settings and their values in force."""
    shape = SETTING.replace(rows=("name", "value", "origin")) if show_origin else SETTING
    found = [_named(env.settings.find(name)) for name in SETTINGS]  # before anything is printed: one may be invalid
    env.printer.list(shape, found)


@reads(SETTING)
def get(env: Env, name: SettingName) -> None:
    """Print the value of a setting; status 3 if it has none."""
    found = env.settings.find(name)
    if found.value is None:
        raise NotFound(f"The setting {name} has no value.", hint=f"es config set {name} VALUE")
    env.printer.thing(SETTING, _named(found), found.value)


@changes()
def set_(env: Env, name: SettingName, value: Annotated[str, Argument(metavar="VALUE", help="The new value.")]) -> None:
    """Set a setting, in your own file."""
    _write(env, name, value)


@changes()
def unset(env: Env, name: SettingName) -> None:
    """Remove a setting from your own file."""
    _write(env, name, None)


@reads(PATH)
def path(env: Env) -> None:
    """Print where the settings file is, whether or not it exists."""
    where = env.settings.path
    env.printer.thing(PATH, Named(values={"path": where, "exists": os.path.exists(where)}), where)


def _write(env: Env, name: str, value: str | None) -> None:
    if not env.settings.write(name, value, dry_run=env.dry_run):
        env.printer.note(f"{name} is {'not set' if value is None else 'so'} already; nothing was changed.")
    found = env.settings.find(name)
    if value is not None and not env.dry_run and found.value != value:
        env.printer.note(f"The value in force is another: it comes from {found.origin}.")


def _named(found: Value) -> Named:
    return Named(
        values={
            "name": found.setting.name,
            "value": found.value,
            "origin": found.origin,
            "variable": found.setting.variable,
            "meaning": found.setting.meaning,
        }
    )
