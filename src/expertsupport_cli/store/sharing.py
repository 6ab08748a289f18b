"""Opens a store that is a file to a group of accounts, and closes it again: owners, groups and modes of its files.

A file system has no transactions. So everything is checked before anything is changed, and the folder of the store is
opened last and closed first: whoever is stopped in between leaves a store that works for its owner.
"""

from __future__ import annotations

import os
import stat
from shlex import quote

from expertsupport_cli.accounts import described_user, group_name, is_home, own_group, require_member, user_name
from expertsupport_cli.errors import NotFound, Refused, SystemRefused
from expertsupport_cli.files import PRIVATE, PRIVATE_FILE, SHARED, SHARED_FILE, asked_by, ownership
from expertsupport_cli.record import Record
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store.folder import MAIL, Entry, StoreFolder
from expertsupport_cli.text import some

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_NAMES = 3  # in a message
EXAMPLE = "/srv/es"  # a folder that others can be let into
_NOT_PRIVATE = 0o7077


class Rights(Record):
    """What the files of a store are to have: modes, a group and an owner; None leaves the owner as it is."""

    folder: int
    file: int
    group: int
    owner: int | None = None

    @property
    def shares(self) -> bool:
        """Whether a group gets in."""
        return self.folder == SHARED

    def mode(self, entry: Entry) -> int:
        return self.folder if entry.is_folder else self.file


class Change(Record):
    """The new mode and group of a file or folder, and the old ones: None if it does not exist yet."""

    path: str
    mode: int
    group: int
    old_mode: int | None
    old_group: int | None


class Plan(Record):
    """The changes to make, the paths of what stays as it is because others own it, and the store as it will be."""

    changes: Sequence[Change]
    kept: Sequence[str]
    store: Change


def rights_of_group(group: int) -> Rights:
    """The rights of a store that a group shares."""
    return Rights(folder=SHARED, file=SHARED_FILE, group=group)


def rights_of_owner(folder: StoreFolder) -> Rights:
    """The rights of a store that is its owner's alone; the superuser makes its folder and mail the owner's too.

    Raises NotFound if there is no store.
    """
    found = folder.store.found
    if found is None:
        raise NotFound(f"There is no store at {folder.store_path}.", hint=Step(verb=Verb.NAME_STORE))
    group = own_group(found.st_uid)
    return Rights(
        folder=PRIVATE,
        file=PRIVATE_FILE,
        group=found.st_gid if group is None else group,
        owner=found.st_uid if os.geteuid() == 0 else None,
    )


def plan(folder: StoreFolder, rights: Rights) -> Plan:
    """What has to be changed, after checking that all of it may be. Raises Refused."""
    if rights.shares:
        require_member(rights.group, _owner(folder))
        _require_reachable(folder, rights.group)
    changes: list[Change] = []
    kept: list[str] = []
    for entry in _entries(folder, rights):
        change = _change(entry, rights, is_root=entry.path == folder.path)
        if change is None:
            continue
        is_part = entry.path not in (folder.path, folder.store_path)
        if is_part and not rights.shares and not entry.may_be_changed:
            kept.append(entry.path)
            continue
        _require_changeable(folder, entry, rights)
        changes.append(change)
    return Plan(changes=changes, kept=kept, store=_of_the_store(folder, rights, changes))


def apply(folder: StoreFolder, rights: Rights) -> None:
    """Make all changes that were planned. Raises SystemRefused if one fails, saying what was changed until then."""
    changed: list[str] = []
    for entry in _entries(folder, rights):
        needed = _change(entry, rights, is_root=entry.path == folder.path)
        if needed is None or entry.handle is None or not entry.may_be_changed:
            continue
        try:
            _set(entry.handle, rights.mode(entry), rights)
        except OSError as error:
            done = f"Already changed: {some(changed, MAX_NAMES)}." if changed else "Nothing was changed."
            raise SystemRefused(
                f"The mode of {entry.path} cannot be changed.",
                f"{error.strerror}. {done}",
                "Run the command again to complete the change.",
            ) from error
        changed.append(entry.path)


def _entries(folder: StoreFolder, rights: Rights) -> Iterator[Entry]:
    """All files, from the inside to share them, from the outside to close them.

    Copies that were made before the store was shared are not opened: something may have been deleted since.
    """
    if rights.shares:
        yield from folder.others(copies=False, inner_first=True)
        yield folder.store
        yield folder.itself
    else:
        yield folder.itself
        yield folder.store
        yield from folder.others(copies=True, inner_first=False)


def _change(entry: Entry, rights: Rights, *, is_root: bool) -> Change | None:
    """The change that a file or folder needs, if any."""
    if entry.found is None:
        mode = rights.folder if is_root else rights.file
        return _changed(entry, rights, mode)
    mode, gid = stat.S_IMODE(entry.found.st_mode), entry.found.st_gid
    if rights.shares:
        needed = (mode, gid) != (rights.mode(entry), rights.group)
    elif is_root:  # a folder that is not shared stays as it is
        needed = bool(mode & (stat.S_ISGID | stat.S_IWGRP))
    else:
        needed = bool(mode & _NOT_PRIVATE)
    return _changed(entry, rights, rights.mode(entry)) if needed else None


def _changed(entry: Entry, rights: Rights, mode: int) -> Change:
    old = entry.found
    return Change(
        path=entry.path,
        mode=mode,
        group=rights.group,
        old_mode=stat.S_IMODE(old.st_mode) if old else None,
        old_group=old.st_gid if old else None,
    )


def _of_the_store(folder: StoreFolder, rights: Rights, changes: Sequence[Change]) -> Change:
    """The change of the store, or the store as it stays."""
    for change in changes:
        if change.path == folder.store_path:
            return change
    entry = folder.store
    assert entry.found is not None  # otherwise it would be created
    mode, group = stat.S_IMODE(entry.found.st_mode), entry.found.st_gid
    return Change(path=entry.path, mode=mode, group=group, old_mode=mode, old_group=group)


def _set(handle: int, mode: int, rights: Rights) -> None:
    """Change mode, group and owner, so that nobody else gets in between. Raises OSError."""
    owner = -1 if rights.owner is None else rights.owner
    if rights.shares:
        os.fchown(handle, owner, rights.group)
        os.fchmod(handle, mode)
    else:
        os.fchmod(handle, mode)
        os.fchown(handle, owner, rights.group)


def _require_changeable(folder: StoreFolder, entry: Entry, rights: Rights) -> None:
    """Raises Refused if a file or folder must not be changed, or only by somebody else."""
    if entry.path == folder.path and entry.found is not None:
        _require_own_folder(folder, entry.found, rights)
    if not entry.may_be_changed and entry.found is not None:
        owner = described_user(entry.found.st_uid)
        hint = f"Ask {owner} to run this command." if owner == "root" else f"Ask {owner} or root to run this command."
        what = "share the store" if rights.shares else "end the sharing"
        raise Refused(f"You cannot {what}.", f"{ownership(entry.path)}, and {asked_by()}.", hint)
    if entry.path == folder.store_path and entry.found is not None:
        if not stat.S_ISREG(entry.found.st_mode):
            raise Refused(f"{entry.path} is not a regular file.", hint=Step(verb=Verb.NAME_STORE))
        if rights.shares and entry.found.st_nlink > 1:
            why = "It is a hard link, and the group would get access to its other name too."
            raise Refused(f"{entry.path} has another name.", why, "Remove the other name first.")


def _require_own_folder(folder: StoreFolder, found: os.stat_result, rights: Rights) -> None:
    """Raises Refused if the folder is not for the store alone."""
    why = ""
    if found.st_mode & stat.S_IWOTH:
        why = f"Everybody may write to it: its mode is {stat.S_IMODE(found.st_mode):04o}."
    elif is_home(folder.path, found.st_uid):
        why = "It is a home directory."
    elif strangers := folder.strangers():
        why = f"It also holds {some(strangers, MAX_NAMES)}."
    if why:
        hint = _move(folder, rights.group) if rights.shares else f"Try: chmod 600 {quote(folder.store_path)}"
        raise Refused(f"{folder.path} is not a folder for the store alone.", why, hint)


def _require_reachable(folder: StoreFolder, group: int) -> None:
    """Raises Refused if there is a folder above that of the store that the group cannot enter."""
    for place in _above(folder.path):
        why = _closed_to(place, group)
        if why:
            raise Refused(f"Group {group_name(group)} cannot enter {place}.", why, _move(folder, group))


def _closed_to(place: str, group: int) -> str:
    """Why a group cannot enter a folder; empty if it can."""
    try:
        found = os.stat(place)
    except FileNotFoundError:
        return "It does not exist yet, and would be created for you alone."
    bit = stat.S_IXGRP if found.st_gid == group else stat.S_IXOTH
    return "" if found.st_mode & bit else f"{ownership(place)}, and es opens no folder above that of the store."


def _above(folder: str) -> list[str]:
    """The folders above one, by its name and by its real path, the outermost first."""
    found: list[str] = []
    for path in {folder, os.path.realpath(folder)}:
        while path != os.path.dirname(path):
            path = os.path.dirname(path)
            found.append(path)
    return sorted(set(found), key=len)


def _owner(folder: StoreFolder) -> int:
    """The account that owns the store, or will own it."""
    found = folder.store.found
    return found.st_uid if found else os.geteuid()


def _move(folder: StoreFolder, group: int) -> str:
    """The commands that move the store to a folder that can be shared, and share it."""
    root = "" if os.geteuid() == 0 else "sudo "
    steps = [f"{root}install -d -o {quote(user_name(_owner(folder)))} {EXAMPLE}"]
    parts = [folder.store_path] if folder.store.found else []
    if os.path.isdir(os.path.join(folder.path, MAIL)):
        parts.append(os.path.join(folder.path, MAIL))
    if parts:
        steps.append(f"{root}mv {' '.join(map(quote, parts))} {EXAMPLE}/")
    store = quote(os.path.join(EXAMPLE, os.path.basename(folder.store_path)))
    steps.append(f"es --store {store} db share --group {quote(group_name(group))}")
    return f"Try: {' && '.join(steps)}"
