"""`es db share` and `es db unshare` with real accounts: two in the group, and one who is not."""

from __future__ import annotations

import grp
import os
import pwd
import stat
import sys
from pathlib import Path

import pytest
from accounts import ANN, BOB, EVE, GROUP, account, run, run_as
from conftest import ES, Es
from released import released_store
from sessions import as_json

STOPPED = Path(__file__).with_name("stopped.py")


def folder_of(place: Path, owner: int = ANN) -> Path:
    """The folder of the store, as `install -d -o ann /srv/es` makes it."""
    shared = place / "shared"
    shared.mkdir(mode=0o755)
    os.chown(shared, owner, owner)
    return shared


def modes(folder: Path) -> dict[str, tuple[int, int]]:
    """Mode and group of a folder and all that is in it."""
    return {
        str(path.relative_to(folder)): (stat.S_IMODE(path.lstat().st_mode), path.lstat().st_gid)
        for path in (folder, *folder.rglob("*"))
    }


def belongs_to_the_group(folder: Path) -> bool:
    return all(
        found == ((0o2770, GROUP) if (folder / name).is_dir() else (0o660, GROUP))
        for name, found in modes(folder).items()
    )


def share(es: Es, *more: str) -> None:
    done = run(es, ANN, "db", "share", "--group", str(GROUP), *more)
    assert (done.stdout, done.status) == (f"{es.store}\n", 0), done


@pytest.mark.parametrize("umask", [0o077, 0o000])
def test_two_accounts_play_the_story_on_a_store_that_they_share(place: Path, umask: int) -> None:
    ann, bob, eve = account(place, ANN, "ann"), account(place, BOB, "bob"), account(place, EVE, "eve")
    shared = folder_of(place)
    share(ann)
    bob.env["ES_DESK_EMAIL"] = ann.env["ES_DESK_EMAIL"] = "desk@example.org"
    assert run(ann, ANN, "space", "add", "acme", umask=umask).id == "acme"
    assert run(ann, ANN, "task", "add", "The printer is on fire", "--space", "acme", umask=umask).id == "T-1"
    serial = run(bob, BOB, "cert", "issue", umask=umask).id
    assert run(ann, ANN, "activate", "T-1", serial, "-m", "Help!", umask=umask).id == "ES-1"
    for _ in range(2):  # whoever comes first makes the folders
        asked = run(bob, BOB, "desk", "reply", "ES-1", "--waiting", "-m", "Is it plugged in?", umask=umask)
        assert asked == ("ES-1\n", "", 0)
        assert run(ann, ANN, "comment", "ES-1", "-m", "Yes.", umask=umask) == ("ES-1\n", "", 0)
    assert [row["text"] for row in as_json(run(ann, ANN, "inbox", "--json"))] == ["Is it plugged in?"] * 2
    assert {row["state"] for row in as_json(run(ann, ANN, "mail", "list", "--json"))} == {"sent"}
    assert run(bob, BOB, "db", "vacuum").id == str(ann.store)
    assert run(bob, BOB, "db", "check").status == 0
    assert {path.name for path in (shared / "mail").iterdir()} == {"ann@example.org", "desk@example.org"}
    assert len(list((shared / "mail" / "ann@example.org" / "new").iterdir())) == 2
    assert belongs_to_the_group(shared), modes(shared)
    refused = run(eve, EVE, "list", umask=umask, groups=())
    assert (refused.stdout, refused.status) == ("", 5)
    assert refused.stderr.endswith(f"  Ask root to run: usermod -aG {GROUP} {EVE}\n")
    for path in (shared, shared / "store.db", shared / "mail" / "ann@example.org" / "new"):
        assert run_as(EVE, ["cat" if path.is_file() else "ls", str(path)], eve.env, groups=()).status != 0


def test_after_unshare_the_second_account_can_use_nothing_and_the_owner_everything(place: Path) -> None:
    ann, bob = account(place, ANN, "ann"), account(place, BOB, "bob")
    shared = folder_of(place)
    before = modes(shared)
    share(ann)
    assert run(ann, ANN, "space", "add", "acme").status == 0
    for es, uid in ((ann, ANN), (bob, BOB)):
        assert run(es, uid, "mail", "test", f"{uid}@example.org").status == 0
    refused = run(bob, BOB, "db", "unshare")
    assert (refused.stdout, refused.status) == ("", 4)
    assert f"{shared} belongs to user {ANN}, mode 2770, and you are user {BOB}." in refused.stderr
    assert f"Ask user {ANN} or root to run this command." in refused.stderr
    done = run(ann, ANN, "db", "unshare")
    assert (done.stdout, done.status) == (f"{ann.store}\n", 0)
    assert "5 files of other accounts keep their modes, but nobody else can enter the folder" in done.stderr
    after = modes(shared)
    assert (before["."], after["."]) == ((0o755, ANN), (0o700, ANN))
    assert after["store.db"] == (0o600, ANN)
    assert run(bob, BOB, "list").status == 5
    assert run_as(BOB, ["cat", str(ann.store)], bob.env).status != 0
    for address in (ANN, BOB):  # bob's Maildir is there already
        assert run(ann, ANN, "mail", "test", f"{address}@example.org").status == 0
    letters = {path: path.stat() for path in shared.glob(f"mail/{ANN}@example.org/new/*")}
    assert {(stat.S_IMODE(found.st_mode), found.st_gid) for found in letters.values()} == {(0o600, ANN)}
    assert "not shared; nothing was changed" in run(ann, ANN, "db", "unshare").stderr


def test_root_shares_for_the_owner_and_gives_all_back_to_the_owner(place: Path) -> None:
    ann, bob = account(place, ANN, "ann"), account(place, BOB, "bob")
    shared = folder_of(place, owner=0)
    os.chown(shared, 0, GROUP)
    shared.chmod(0o2770)
    assert run(ann, ANN, "space", "add", "acme").status == 0
    assert modes(shared) == {".": (0o2770, GROUP), "store.db": (0o600, GROUP)}  # private, until it is shared
    assert run(ann, ANN, "mail", "test", "ann@example.org").status == 0
    assert modes(shared)["mail"] == (0o2700, GROUP)
    assert "Ask user 12001 to run: es db share --group GROUP" in run(bob, BOB, "list").stderr
    share(ann)  # who does not own the folder, which needs no change
    assert belongs_to_the_group(shared), modes(shared)
    assert run(bob, BOB, "mail", "test", "bob@example.org").status == 0
    refused = run(ann, ANN, "db", "unshare")
    assert (refused.stdout, refused.status) == ("", 4)
    assert f"{shared} belongs to root, mode 2770" in refused.stderr
    assert "Ask root to run this command." in refused.stderr
    assert belongs_to_the_group(shared)
    assert run(ann, 0, "db", "unshare").id == str(ann.store)
    assert {path.lstat().st_uid for path in (shared, *shared.rglob("*"))} == {ANN}
    assert {mode for mode, _ in modes(shared).values()} == {0o700, 0o600}
    assert run(ann, ANN, "space", "add", "other").status == run(ann, ANN, "mail", "test", "bob@example.org").status == 0
    assert run(bob, BOB, "list").status == 5


def test_who_is_not_in_the_group_or_not_the_owner_changes_nothing(place: Path) -> None:
    ann, bob = account(place, ANN, "ann"), account(place, BOB, "bob")
    shared = folder_of(place)
    assert run(ann, ANN, "space", "add", "acme").status == 0
    shared.chmod(0o755)
    before = modes(shared)
    outside = run(ann, ANN, "db", "share", "--group", str(GROUP + 9))
    assert (outside.stdout, outside.status) == ("", 4)
    assert outside.stderr == (
        f"es: You are not in group {GROUP + 9}.\n  You are in: {GROUP}, {ANN}.\n"
        f"  Ask root to add you: usermod -aG {GROUP + 9} {ANN}\n"
    )
    foreign = run(bob, BOB, "db", "share", "--group", str(GROUP))
    assert (foreign.stdout, foreign.status) == ("", 4)
    assert f"{ann.store} belongs to user {ANN}, mode 0600, and you are user {BOB}." in foreign.stderr
    shared.chmod(0o700)
    closed = run(bob, BOB, "db", "share", "--group", str(GROUP))
    assert (closed.stdout, closed.status) == ("", 4)
    assert f"{shared} belongs to user {ANN}, mode 0700" in closed.stderr
    shared.chmod(0o755)
    assert modes(shared) == before


def test_an_account_that_the_system_knows_is_told_what_it_lacks(place: Path) -> None:
    known = pwd.getpwuid(1)
    ann = account(place, known.pw_uid, known.pw_name)
    shared = folder_of(place, owner=known.pw_uid)
    group = grp.getgrgid(known.pw_gid).gr_name
    enter = ["setpriv", f"--reuid={known.pw_uid}", f"--regid={GROUP}", "--clear-groups", ES]
    early = run_as(0, [*enter, "db", "share", "--group", group], ann.env)
    assert early.status == 4
    assert f"You are not in group {group} yet.\n  You were added to it after you logged in." in early.stderr
    assert run_as(0, [*enter, "space", "add", "acme"], ann.env).status == 0
    by_root = run(ann, 0, "db", "share", "--group", str(GROUP))
    assert by_root.status == 4
    assert by_root.stderr.startswith(f"es: {known.pw_name} is not in group {GROUP}.\n")
    assert by_root.stderr.endswith(f"  Add {known.pw_name} first: usermod -aG {GROUP} {known.pw_name}\n")
    assert run(ann, 0, "db", "share", "--group", group).status == 0
    assert modes(shared) == {".": (0o2770, known.pw_gid), "store.db": (0o660, known.pw_gid)}


def test_an_upgrade_of_a_shared_store_leaves_store_and_copy_to_the_group(place: Path) -> None:
    ann, bob = account(place, ANN, "ann"), account(place, BOB, "bob")
    shared = folder_of(place)
    share(ann)
    content = released_store(place / "old.db").read_bytes()
    ann.store.write_bytes(content)
    assert run(bob, BOB, "db", "upgrade").status == 0
    copy = shared / "store.db.v2.bak"
    assert (copy.stat().st_uid, copy.read_bytes()[:16]) == (BOB, content[:16])
    assert belongs_to_the_group(shared), modes(shared)
    assert run(ann, ANN, "list").status == 0


def test_drafts_and_settings_stay_private_where_the_store_is_shared(place: Path) -> None:
    bob, ann = account(place, BOB, "bob"), account(place, ANN, "ann")
    folder_of(place)
    share(ann)
    assert run(bob, BOB, "config", "set", "space", "acme", umask=0).status == 0
    bob.env["XDG_CONFIG_HOME"] = str(place / "shared")  # of all places
    assert run(bob, BOB, "config", "set", "space", "acme", umask=0).status == 0
    for folder in (place / "bob" / "config", place / "shared"):
        assert stat.S_IMODE((folder / "expertsupport" / "config.toml").stat().st_mode) == 0o600
        assert stat.S_IMODE((folder / "expertsupport").stat().st_mode) & 0o777 == 0o700


def test_whoever_is_stopped_at_any_change_leaves_a_store_that_works_for_its_owner(place: Path) -> None:
    ann = account(place, ANN, "ann")
    done = run_as(ANN, [sys.executable, "-c", STOPPED.read_text(), str(place / "ann"), str(GROUP)], ann.env)
    assert (done.stderr, done.status) == ("", 0)
    assert done.stdout == "32 8"
