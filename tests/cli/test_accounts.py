"""Two accounts of one machine and one store: refused by default, shared through a group as docs/sharing.md says."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from conftest import ES, Es, Result
from sessions import as_json

import expertsupport_cli

SOURCE = Path(expertsupport_cli.__file__).parents[1]
GROUP = 12_000
ANN, BOB = 12_001, 12_002  # accounts that the machine does not know: only their numbers count


@pytest.fixture
def place(program: str) -> Iterator[Path]:
    """A folder that other accounts may enter."""
    if os.geteuid() != 0:
        if os.environ.get("CI"):
            pytest.fail("only the superuser can act as two accounts")
        pytest.skip("only the superuser can act as two accounts")
    with TemporaryDirectory(prefix="es-accounts-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103
        yield Path(folder)


def account(place: Path, uid: int, name: str) -> Es:
    """Somebody with a home of their own, and nothing in the environment but that and the store."""
    home = place / name
    home.mkdir()
    os.chown(home, uid, uid)
    es = Es(home, ES_USER=name, ES_EMAIL=f"{name}@example.org", ES_STORE=str(place / "shared" / "store.db"))
    es.store = place / "shared" / "store.db"
    return es


# In a mount namespace of its own, where the folders that only the superuser may enter are replaced by ones with nothing
# in them but what the program needs.
ENTER = """
set -eu
blocked=$1; shift
spare=$(mktemp -d)
paths=""
while [ "$1" != -- ]; do paths="$paths $1"; mkdir -p "$spare$1"; mount --bind "$1" "$spare$1"; shift; done
shift
mount --rbind "$spare" /mnt
mount -t tmpfs -o mode=755 tmpfs "$blocked"
for path in $paths; do mkdir -p "$path"; mount --bind "/mnt$path" "$path"; done
exec "$@"
"""


def as_account(uid: int) -> list[str]:
    """What comes before a command that this account runs."""
    setpriv = ["setpriv", f"--reuid={uid}", f"--regid={uid}", f"--groups={GROUP}"]
    needed = [Path(sys.base_prefix), Path(sys.prefix), SOURCE]
    blocked = {
        folder for path in needed for folder in path.resolve().parents if not folder.stat().st_mode & stat.S_IXOTH
    }
    if not blocked:
        return setpriv
    outermost = min(blocked, key=lambda folder: len(folder.parts))
    inside = [str(path) for path in needed if outermost in path.resolve().parents]
    return ["unshare", "--mount", "sh", "-c", ENTER, "sh", str(outermost), *inside, "--", *setpriv]


def run(es: Es, uid: int, *arguments: str, stdin: str = "") -> Result:
    done = subprocess.run(
        [*as_account(uid), ES, *arguments],
        env=es.env,
        input=stdin,
        capture_output=True,
        text=True,
        umask=0o077,
        timeout=60,
        check=False,
    )
    return Result(done.stdout, done.stderr, done.returncode)


def test_the_store_of_another_account_is_refused_naming_owner_and_mode(place: Path) -> None:
    ann, bob = account(place, ANN, "ann"), account(place, BOB, "bob")
    (place / "shared").mkdir()
    os.chown(place / "shared", ANN, GROUP)
    for mode, wrong in ((0o700, place / "shared"), (0o750, place / "shared" / "store.db")):
        os.chmod(place / "shared", mode)
        assert run(ann, ANN, "space", "add", f"space-{mode}").status == 0
        for words in (("list",), ("space", "add", "other")):
            refused = run(bob, BOB, *words)
            assert (refused.stdout, refused.status) == ("", 5), refused
            assert f"{wrong} belongs to user {ANN}, mode {wrong.stat().st_mode & 0o7777:04o}" in refused.stderr
            assert f"you are user {BOB}" in refused.stderr
    assert run(bob, BOB, "--store", str(place / "bob" / "own.db"), "list").status == 0


def test_two_accounts_play_the_story_on_a_store_that_they_share(place: Path) -> None:
    ann, bob = account(place, ANN, "ann"), account(place, BOB, "bob")
    shared = place / "shared"
    shared.mkdir()
    os.chown(shared, 0, GROUP)
    os.chmod(shared, 0o2770)  # noqa: S103 -- for the group
    assert run(ann, ANN, "space", "add", "acme").status == 0
    os.chmod(ann.store, 0o660)
    bob.env["ES_DESK_EMAIL"] = ann.env["ES_DESK_EMAIL"] = "desk@example.org"
    assert run(ann, ANN, "task", "add", "The printer is on fire", "--space", "acme").id == "T-1"
    serial = run(bob, BOB, "cert", "issue").id
    assert run(ann, ANN, "activate", "T-1", serial, "-m", "Help!").id == "ES-1"
    for _ in range(2):  # whoever comes first makes the folders
        assert run(bob, BOB, "desk", "reply", "ES-1", "--waiting", "-m", "Is it plugged in?") == ("ES-1\n", "", 0)
        assert run(ann, ANN, "comment", "ES-1", "-m", "Yes.") == ("ES-1\n", "", 0)
    assert [row["text"] for row in as_json(run(ann, ANN, "inbox", "--json"))] == ["Is it plugged in?"] * 2
    assert run(ann, ANN, "close", "ES-1").status == run(bob, BOB, "desk", "reopen", "ES-1").status == 0
    assert {row["state"] for row in as_json(run(ann, ANN, "mail", "list", "--json"))} == {"sent"}
    assert run(bob, BOB, "db", "check").status == 0
    boxes = {path.name: path for path in (shared / "mail").iterdir()}
    assert set(boxes) == {"ann@example.org", "desk@example.org"}
    for path in (shared / "mail").rglob("*"):
        assert path.stat().st_gid == GROUP
        assert path.stat().st_mode & 0o070 == (0o070 if path.is_dir() else 0o060)
    assert len(list((boxes["ann@example.org"] / "new").iterdir())) == 3
    before = ann.store.stat()
    assert run(bob, BOB, "db", "vacuum").id == str(ann.store)
    assert run(ann, ANN, "close", "ES-1").status == run(bob, BOB, "db", "forget", "ES-1", "--yes").status == 0
    after = ann.store.stat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert (after.st_uid, after.st_gid) == (ANN, GROUP)
    assert run(ann, ANN, "show", "ES-1").status == 0


def test_files_of_another_account_are_refused_naming_owner_and_mode(place: Path) -> None:
    bob = account(place, BOB, "bob")
    settings = place / "bob" / "config" / "expertsupport" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("")
    (place / "message").write_text("Hello")
    for file, words in ((place / "message", ("task", "import", str(place / "message"))), (settings, ("list",))):
        file.chmod(0o600)
        refused = run(bob, BOB, *words)
        assert (refused.stdout, refused.status) == ("", 2), refused
        assert f"{file} belongs to root, mode 0600, and you are user {BOB}." in refused.stderr
        file.chmod(0o644)
    assert run(bob, BOB, "config", "path").status == 0


def test_an_account_that_the_system_does_not_know_can_work_without_a_home(place: Path) -> None:
    ann = account(place, ANN, "ann")
    for name in [name for name in ann.env if name.startswith(("XDG_", "ES_")) or name == "HOME"]:
        del ann.env[name]
    lost = run(ann, ANN, "list")
    assert (lost.stdout, lost.status) == ("", 2)
    assert "This account has no home directory." in lost.stderr
    assert "Set ES_STORE" in lost.stderr
    ann.env["ES_STORE"] = str(place / "ann" / "store.db")
    assert run(ann, ANN, "list").status == 0
    assert run(ann, ANN, "space", "add", "acme").id == "acme"
    assert run(ann, ANN, "task", "add", "x", "--space", "acme").id == "T-1"
    assert as_json(run(ann, ANN, "task", "show", "T-1", "--json"))["creator"] == f"uid-{ANN}"
