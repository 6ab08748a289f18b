"""What is planned and changed when a store is shared, for accounts that may not change all of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from builders import a_store
from powerless import without_power

from expertsupport_cli.accounts import described_user
from expertsupport_cli.errors import Refused, SystemRefused
from expertsupport_cli.files import SHARED, SHARED_FILE
from expertsupport_cli.store import sharing
from expertsupport_cli.store.folder import StoreFolder
from expertsupport_cli.store.sharing import Plan, Rights

STRANGERS = 12_000  # a group that nobody here is in


@pytest.fixture
def path() -> Iterator[Path]:
    """A store with mail beside it, in a folder of its own, below folders that everybody may enter."""
    with TemporaryDirectory(prefix="es-sharing-") as above:
        os.chmod(above, 0o755)  # noqa: S103
        folder = Path(above).resolve() / "es"
        (folder / "mail").mkdir(mode=0o755, parents=True)
        a_store(folder / "store.db").close()
        (folder / "mail" / "letter").write_text("Dear Ann")
        yield folder / "store.db"


def shared(path: Path) -> None:
    """Make its files as those of a store that a group shares are."""
    for file in (path, path.parent / "mail" / "letter"):
        file.chmod(SHARED_FILE)
    for folder in (path.parent, path.parent / "mail"):
        folder.chmod(SHARED)


def modes(path: Path) -> dict[str, str]:
    return {
        file.name: f"{stat.S_IMODE(file.stat().st_mode):04o}" for file in (path.parent, *sorted(path.parent.rglob("*")))
    }


def rights_of_group(_: StoreFolder) -> Rights:
    return sharing.rights_of_group(os.getgid())


def planned(path: Path, rights: Callable[[StoreFolder], Rights]) -> Plan:
    with StoreFolder(str(path)) as folder:
        return sharing.plan(folder, rights(folder))


def applied(path: Path, rights: Callable[[StoreFolder], Rights]) -> Plan:
    with StoreFolder(str(path)) as folder:
        plan = sharing.plan(folder, rights(folder))
        sharing.apply(folder, rights(folder))
    return plan


def test_parts_that_cannot_be_opened_keep_their_modes_when_sharing_ends(path: Path) -> None:
    shared(path)
    letter = path.parent / "mail" / "letter"
    letter.chmod(0o070)
    plan = without_power(lambda: applied(path, sharing.rights_of_owner))
    assert plan.kept == [str(letter)]
    assert [Path(change.path).name for change in plan.changes] == ["es", "store.db", "mail"]
    assert modes(path) == {"es": "0700", "store.db": "0600", "mail": "0700", "letter": "0070"}


def test_nothing_is_shared_if_a_part_cannot_be(path: Path) -> None:
    letter = path.parent / "mail" / "letter"
    letter.chmod(0)
    before = modes(path)
    with pytest.raises(Refused, match="You cannot share the store") as refusal:
        without_power(lambda: planned(path, rights_of_group))
    assert refusal.value.why.startswith(f"{letter} belongs to ")
    assert modes(path) == before


def test_another_accounts_store_is_neither_shared_nor_closed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 12_001)
    name = described_user(owner)
    hint = f"Ask {name} to run this command." if owner == 0 else f"Ask {name} or root to run this command."
    with pytest.raises(Refused, match="You cannot share the store") as refusal:
        planned(path, rights_of_group)
    assert refusal.value.hint == hint
    shared(path)
    with pytest.raises(Refused, match="You cannot end the sharing") as refusal:
        planned(path, sharing.rights_of_owner)
    assert refusal.value.hint == hint
    assert refusal.value.why == f"{path.parent} belongs to {name}, mode 2770, and you are user {owner + 12_001}."


def test_a_change_that_the_system_refuses_says_what_was_changed_before(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rights = sharing.rights_of_group(STRANGERS)
    before = modes(path)
    with StoreFolder(str(path)) as folder, pytest.raises(SystemRefused) as refusal:
        without_power(lambda: sharing.apply(folder, rights))
    assert refusal.value.what == f"The mode of {path.parent}/mail/letter cannot be changed."
    assert refusal.value.why == "Operation not permitted. Nothing was changed."
    assert modes(path) == before
    left = [path.parent / "mail" / "letter", path.parent / "mail"]
    change = os.fchmod

    def change_two(handle: int, mode: int) -> None:
        if not left:
            raise PermissionError(1, "Operation not permitted")
        left.pop()
        change(handle, mode)

    monkeypatch.setattr(os, "fchmod", change_two)
    with StoreFolder(str(path)) as folder, pytest.raises(SystemRefused) as refusal:
        sharing.apply(folder, rights_of_group(folder))
    done = f"{path.parent}/mail/letter, {path.parent}/mail"
    assert refusal.value.why == f"Operation not permitted. Already changed: {done}."
