"""Two accounts of one machine and one store: refused by default, and what belongs to one account is."""

from __future__ import annotations

import os
from pathlib import Path

from accounts import ANN, BOB, GROUP, account, run
from sessions import as_json


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
            assert refused.stderr.endswith(f"  Ask user {ANN} to run: es db share --group GROUP\n")
    assert run(bob, BOB, "--store", str(place / "bob" / "own.db"), "list").status == 0


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
