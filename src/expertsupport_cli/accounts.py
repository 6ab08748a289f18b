"""The accounts and groups of this machine, by name and number. The system need not know them, as in some containers."""

from __future__ import annotations

import os

from expertsupport_cli.errors import NotFound, Refused

_NO_GROUP = 2**32 - 1  # to the system, this number means "leave the group as it is"


def user_name(uid: int) -> str:
    """The name of an account, or its number if it has none."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def described_user(uid: int) -> str:
    """The account as it stands in a sentence: `ann`, or `user 1000` if it has no name."""
    name = user_name(uid)
    return f"user {uid}" if name == str(uid) else name


def group_name(gid: int) -> str:
    """The name of a group, or its number if it has none."""
    import grp

    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def find_group(name: str) -> int:
    """The number of a group that is given by name or number, as chgrp reads it. Raises NotFound."""
    import grp

    try:
        return grp.getgrnam(name).gr_gid
    except (KeyError, ValueError):
        if name.isascii() and name.isdigit() and len(name) <= 10 and int(name) < _NO_GROUP:
            return int(name)
    raise NotFound(f"Group '{name[:80]}' not found.", _my_groups_in_words())


def require_member(gid: int, uid: int) -> None:
    """Raises Refused unless this process is in the group; if it is the superuser's, unless the account `uid` is."""
    name = group_name(gid)
    if os.geteuid() != 0:
        if gid in my_groups():
            return
        if _is_listed(gid, os.geteuid()):
            raise Refused(
                f"You are not in group {name} yet.", "You were added to it after you logged in.", "Log in again."
            )
        hint = f"Ask root to add you: usermod -aG {name} {user_name(os.geteuid())}"
        raise Refused(f"You are not in group {name}.", _my_groups_in_words(), hint)
    if uid != 0 and _is_known(uid) and not _is_listed(gid, uid):
        owner = user_name(uid)
        why = f"The store belongs to {owner}, who could not read what others in the group write."
        raise Refused(f"{owner} is not in group {name}.", why, f"Add {owner} first: usermod -aG {name} {owner}")


def my_groups() -> set[int]:
    """The groups of this process."""
    return {os.getegid(), *os.getgroups()}


def own_group(uid: int) -> int | None:
    """The primary group of an account; None if the system does not know the account."""
    import pwd

    mine = uid == os.geteuid()
    try:
        primary = pwd.getpwuid(uid).pw_gid
    except KeyError:
        return os.getgid() if mine else None
    return os.getgid() if mine and uid != 0 and primary not in my_groups() else primary


def is_home(folder: str, uid: int) -> bool:
    """Whether a folder is the home directory of this account, or of the one that runs this process."""
    import pwd

    homes = {os.path.expanduser("~")}
    for number in {uid, os.geteuid()}:
        if _is_known(number):
            homes.add(pwd.getpwuid(number).pw_dir)
    return os.path.realpath(folder) in {os.path.realpath(home) for home in homes}


def _is_known(uid: int) -> bool:
    return user_name(uid) != str(uid)


def _is_listed(gid: int, uid: int) -> bool:
    """Whether the system's list of groups has the account in this group."""
    import pwd

    try:
        account = pwd.getpwuid(uid)
        return gid in os.getgrouplist(account.pw_name, account.pw_gid)
    except (KeyError, OSError):
        return False


def _my_groups_in_words() -> str:
    return f"You are in: {', '.join(sorted(map(group_name, my_groups())))}."
