"""The account that runs the program: its folders and its login name, and what to do where it has none."""

from __future__ import annotations

import os

from expertsupport_cli.checks import actor_name
from expertsupport_cli.errors import BadUsage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

APP = "expertsupport"
_FOLDERS = {"config": ".config", "data": ".local/share", "state": ".local/state"}  # below the home directory
_LOGIN_VARIABLES = ("LOGNAME", "USER", "LNAME", "USERNAME")  # those of Python's getpass, in its order


def user_folder(kind: str, instead: str) -> str:
    """The user's folder for `config`, `data` or `state` of this program, whether or not it exists.

    A relative XDG directory is ignored, as the XDG specification says. Raises BadUsage for an account without a home
    directory; `instead` says what to set.
    """
    import platformdirs

    try:
        found = str(getattr(platformdirs, f"user_{kind}_dir")(APP, appauthor=False))
    except RuntimeError:  # no HOME, and no account in the system's list
        found = ""
    if not os.path.isabs(found):
        found = os.path.expanduser(os.path.join("~", _FOLDERS[kind], APP))
    if os.path.isabs(found):
        return found
    raise BadUsage(
        "This account has no home directory.",
        f"HOME is not set to an absolute path, and the system does not know user ID {os.getuid()}.",
        f"Set {instead}, or HOME.",
    )


def expand_home(path: str) -> str:
    """The path with `~` and `~NAME` at its start replaced. Raises BadUsage if that home directory is unknown."""
    expanded = os.path.expanduser(path)
    if path.startswith("~") and not os.path.isabs(expanded):
        raise BadUsage(f"The home directory in '{path}' is unknown.", hint="Write the path in full.")
    return expanded


def login_name(environment: Mapping[str, str]) -> str:
    """The login name of the account, or `uid-1000` if it has none. Raises BadUsage for one that is no name."""
    found = next(((name, environment[name]) for name in _LOGIN_VARIABLES if environment.get(name)), None)
    origin, name = (f"variable {found[0]}", found[1]) if found else ("list of accounts", _account_name())
    try:
        return actor_name(name, "Your login name")
    except BadUsage as fault:
        fault.why = f"It comes from the {origin}. {fault.why}".rstrip()
        fault.hint = "Try: es config set user.name NAME"
        raise


def _account_name() -> str:
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # as in some containers
        return f"uid-{os.getuid()}"
