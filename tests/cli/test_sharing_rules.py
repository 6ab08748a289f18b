"""`es db share` and `es db unshare`: what they say, what they refuse, and what they leave alone. No second account."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from builders import a_store
from conftest import Es
from sessions import as_json, refusal

from expertsupport_cli.accounts import group_name

MINE = os.getgid()  # any user is in one group at least
GROUP = group_name(MINE)
SHARE = ("db", "share", "--group", GROUP)


@pytest.fixture
def es(inside: Es) -> Iterator[Es]:
    """A store in a folder of its own, below folders that everybody may enter."""
    with TemporaryDirectory(prefix="es-sharing-") as above:
        os.chmod(above, 0o755)  # noqa: S103
        inside.store = Path(above).resolve() / "es" / "store.db"
        inside.store.parent.mkdir(mode=0o755)
        inside.env["ES_STORE"] = str(inside.store)
        yield inside


@pytest.fixture
def filled(es: Es) -> Es:
    """With something in the store, and a letter in a Maildir beside it."""
    assert es("space", "add", "acme").status == 0
    assert es("mail", "test", "ann@example.org").status == 0
    return es


def mode(path: Path) -> str:
    return f"{stat.S_IMODE(path.lstat().st_mode):04o}"


def modes(es: Es) -> dict[Path, str]:
    return {path: mode(path) for path in (es.store.parent, *es.store.parent.rglob("*"))}


def is_refused(es: Es, what: str, *words: str) -> str:
    """Check that a command is refused and changes nothing. Returns what it says."""
    before = modes(es)
    done = es(*(words or SHARE))
    assert (done.stdout, done.status) == ("", 4), done
    assert what in done.stderr
    assert modes(es) == before
    return done.stderr


def test_a_store_is_shared_and_made_private_again(filled: Es) -> None:
    es = filled
    before = modes(es)
    assert es(*SHARE) == (f"{es.store}\n", "", 0)
    assert set(modes(es).values()) == {"2770", "0660"}
    again = es(*SHARE)
    assert (again.stdout, again.status) == (f"{es.store}\n", 0)
    assert again.stderr == f"The store is already shared with group {GROUP}; nothing was changed.\n"
    assert es("db", "unshare") == (f"{es.store}\n", "", 0)
    assert modes(es) == {**before, es.store.parent: "0700"}
    again = es("db", "unshare")
    assert (again.stdout, again.status) == (f"{es.store}\n", 0)
    assert again.stderr == "The store is not shared; nothing was changed.\n"


def test_people_and_programs_see_who_has_access(filled: Es) -> None:
    es = filled
    before = group_name(es.store.stat().st_gid)
    assert as_json(es(*SHARE, "--json")) == {
        "path": str(es.store),
        "group": GROUP,
        "mode": "0660",
        "old_group": before,
        "old_mode": "0600",
    }
    assert es(*SHARE, "--format", "table").stdout == f"{es.store}  shared with group {GROUP}\n"
    assert es("db", "unshare", "--format", "table").stdout == f"{es.store}  private\n"


def test_a_dry_run_lists_what_would_change_and_changes_nothing(filled: Es) -> None:
    es = filled
    before = modes(es)
    for words, wanted in ((SHARE, ("2770", "0660")), (("db", "unshare"), ("0700", "0600"))):
        dry = es(*words, "--dry-run")
        assert dry.status == 0
        assert dry.stderr.endswith("Dry run: nothing was changed.\n")
        assert modes(es) == before
        rows = [line.split("\t") for line in dry.stdout.splitlines()]
        assert {path: (old, new) for path, old, new, _ in rows} == {
            str(path): (old, wanted[0] if path.is_dir() else wanted[1]) for path, old in before.items()
        }
        assert len(as_json(es(*words, "--dry-run", "--json"))) == len(rows)
        assert es(*words).status == 0
        assert es(*words, "--dry-run").stdout == ""
        before = modes(es)


def test_sharing_creates_a_store_and_its_folder_but_no_folder_above(es: Es) -> None:
    es.store.parent.rmdir()
    dry = es(*SHARE, "--dry-run")
    assert dry.stdout == f"{es.store}\t\t0660\t{GROUP}\n{es.store.parent}\t\t2770\t{GROUP}\n"
    assert not es.store.parent.exists()
    done = es(*SHARE)
    assert done == (f"{es.store}\n", f"Created a new store: {es.store}\n", 0)
    assert modes(es) == {es.store.parent: "2770", es.store: "0660"}
    deep = es("--store", str(es.store.parent.parent / "a" / "b" / "store.db"), *SHARE)
    assert (deep.stdout, deep.status) == ("", 4)
    assert f"Group {GROUP} cannot enter {es.store.parent.parent}/a.\n  It does not exist yet" in deep.stderr
    assert not (es.store.parent.parent / "a").exists()
    assert refusal(es("--store", str(es.store.parent / "x.db"), "db", "unshare", "--json")) == (3, "not_found")
    assert not (es.store.parent / "x.db").exists()


def test_an_unknown_group_is_not_found_and_one_that_has_no_name_is_a_number(es: Es) -> None:
    for name in ("no-such-group", "", "-1", "4294967295", "99999999999", "1\N{SUPERSCRIPT TWO}", "x" * 500):
        unknown = es("db", "share", f"--group={name}")
        assert (unknown.stdout, unknown.status) == ("", 3)
        assert f"Group '{name[:80]}' not found.\n  You are in: " in unknown.stderr
        assert GROUP in unknown.stderr
    assert not es.store.exists()
    assert es("db", "share", "--group", str(MINE)).status == 0


def test_a_folder_above_that_the_group_cannot_enter_is_named_with_the_way_out(filled: Es) -> None:
    es = filled
    above = es.store.parent.parent
    for closed in (0o700, 0o744):
        above.chmod(closed)
        said = is_refused(es, f"Group {GROUP} cannot enter {above}.")
        assert f"mode {mode(above)}, and es opens no folder above that of the store." in said
        assert f"mv {es.store} {es.store.parent}/mail /srv/es/ && es --store /srv/es/store.db db share --group " in said
    above.chmod(0o755)
    assert es(*SHARE).status == 0


def test_a_folder_that_is_not_the_stores_alone_is_never_opened(filled: Es) -> None:
    es = filled
    folder = es.store.parent
    for name in ("notes.txt", ".bashrc", "other.db", "xstore.db", "store.db2", "store.db.bak~"):
        (folder / name).write_text("")
        said = is_refused(es, f"{folder} is not a folder for the store alone.\n  It also holds {name}.")
        assert "Try: " in said
        (folder / name).unlink()
    for name in ("a", "b", "c", "d"):
        (folder / name).mkdir()
    is_refused(es, "It also holds a, b, c and 1 more.")
    for name in ("a", "b", "c", "d"):
        (folder / name).rmdir()
    es.env["HOME"] = str(folder)
    is_refused(es, "It is a home directory.")
    es.env["HOME"] = str(es.home)
    for open_to_all in (0o1777, 0o777, 0o2777):
        folder.chmod(open_to_all)
        is_refused(es, f"Everybody may write to it: its mode is {open_to_all:04o}.")
        folder.chmod(0o755)


def test_a_shared_folder_with_other_files_is_not_closed(filled: Es) -> None:
    es = filled
    assert es(*SHARE).status == 0
    (es.store.parent / "notes.txt").write_text("")
    said = is_refused(es, "It also holds notes.txt.", "db", "unshare")
    assert f"Try: chmod 600 {es.store}" in said
    assert es(*SHARE).status == 0  # nothing is to be changed


def test_journals_are_shared_but_no_copy_that_was_made_before(filled: Es) -> None:
    es = filled
    folder = es.store.parent
    copies = [folder / f"store.db{end}" for end in (".v2.bak", ".20260131T093000Z-2.bak", ".bak", ".0a1b2c3d.new")]
    for path in (folder / "store.db-journal", *copies):
        path.write_text("")
        path.chmod(0o600)
    assert es(*SHARE).status == 0
    assert mode(folder / "store.db-journal") == "0660"
    assert {mode(path) for path in copies} == {"0600"}
    for path in copies:
        path.chmod(0o660)
    assert es("db", "unshare").status == 0
    assert {mode(path) for path in copies} == {"0600"}


def test_no_link_is_followed(filled: Es) -> None:
    es = filled
    folder, above = es.store.parent, es.store.parent.parent
    for name, target in (("link.db", es.store), ("nowhere.db", above / "nothing")):
        os.symlink(target, above / name)
        said = is_refused(es, f"{above}/{name} is a symbolic link.", "--store", str(above / name), *SHARE)
        assert f"Use the real path: {target}." in said
    os.symlink(folder, above / "link")
    is_refused(es, f"{above}/link is a symbolic link.", "--store", str(above / "link" / "store.db"), *SHARE)
    is_refused(es, f"{above}/link is a symbolic link.", "--store", str(above / "link" / "store.db"), "db", "unshare")
    os.link(es.store, above / "other-name.db")
    is_refused(es, f"{es.store} has another name.")
    (above / "other-name.db").unlink()
    assert es(*SHARE).status == 0
    os.link(es.store, above / "other-name.db")  # by somebody who wants to keep access
    assert es("db", "unshare").status == 0
    assert mode(above / "other-name.db") == "0600"


def test_in_the_folder_of_mail_links_and_what_is_no_file_are_left_alone(filled: Es) -> None:
    es = filled
    mail, above = es.store.parent / "mail", es.store.parent.parent
    secret, private = above / "secret", above / "private"
    secret.write_text("")
    secret.chmod(0o600)
    private.mkdir(mode=0o700)
    (private / "file").write_text("")
    (private / "file").chmod(0o600)
    os.symlink(secret, mail / "ann@example.org" / "new" / "linked")
    os.symlink(private, mail / "linked")
    os.link(secret, mail / "ann@example.org" / "new" / "hard")
    os.mkfifo(mail / "fifo", 0o600)
    deep = mail
    for _ in range(40):
        deep /= "d"
        deep.mkdir(mode=0o700)
    for words in (SHARE, ("db", "unshare")):
        assert es(*words).status == 0
        assert [mode(path) for path in (secret, private, private / "file", mail / "fifo", deep)] == [
            "0600",
            "0700",
            "0600",
            "0600",
            "0700",
        ]
    os.rename(mail, above / "elsewhere")
    os.symlink(above / "elsewhere", mail)
    assert es(*SHARE).status == 0
    assert mode(above / "elsewhere") == "0700"


def test_what_is_no_store_is_not_shared(es: Es) -> None:
    es.store.write_bytes(b"Not a database, but a text." * 100)
    es.store.chmod(0o600)
    assert refusal(es(*SHARE, "--json")) == (5, "store_damaged")
    assert refusal(es(*SHARE, "--json", "--dry-run")) == (5, "store_damaged")
    assert modes(es) == {es.store.parent: "0755", es.store: "0600"}
    es.store.unlink()
    es.store.mkdir()
    is_refused(es, f"{es.store} is not a regular file.")
    es.store.rmdir()
    es.store.parent.rmdir()
    es.store.parent.write_text("")
    assert es(*SHARE).status == 4


def test_who_writes_meanwhile_is_waited_for(filled: Es) -> None:
    es = filled
    es.env["ES_STORE_TIMEOUT"] = "1s"
    before = modes(es)
    with closing(a_store(es.store)) as store, store.transaction():
        assert refusal(es(*SHARE, "--json")) == (5, "store_busy")
    assert modes(es) == before


def test_mail_in_a_folder_that_the_group_does_not_share_is_private(filled: Es, tmp_path: Path) -> None:
    es = filled
    assert es(*SHARE).status == 0
    assert es("mail", "test", "bob@example.org", env={"ES_MAIL_MAILDIR": str(tmp_path / "letters")}).status == 0
    assert {mode(path) for path in (tmp_path / "letters").rglob("*")} == {"0700", "0600"}
    assert es("mail", "test", "bob@example.org").status == 0
    assert set(modes(es).values()) == {"2770", "0660"}
