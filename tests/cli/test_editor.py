"""The editor: where it comes from, what of its text is sent, and that the draft survives a failure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from builders import ANN, a_request
from conftest import ES, Es
from sessions import Terminal, an_editor, as_json, dump, filled

from expertsupport_cli.actions import requests

WRITES = "path.write_text('Hello,\\n\\nhelp!\\n' + path.read_text())"


def closing(request: str) -> str:
    """The lines of an editor during whose work somebody closes a request."""
    return f"import subprocess\nsubprocess.run([{ES!r}, 'close', {request!r}], check=True, capture_output=True)\n"


@pytest.fixture
def asked(es: Es) -> Es:
    with filled(es) as store:
        a_request(store)
    return es


def bodies(es: Es) -> list[str]:
    return [said["body"] for said in as_json(es("show", "ES-1", "--json"))["comments"]]


def drafts(es: Es) -> list[Path]:
    return list((es.home / "state" / "expertsupport" / "drafts").glob("*"))


def kept(es: Es, terminal: Terminal) -> str:
    """What stands in the only draft, whose path was told."""
    (draft,) = drafts(es)
    assert str(draft) in re.sub(r"[\r\n]+", "", terminal.raw)
    assert draft.stat().st_mode & 0o777 == 0o600
    return draft.read_text(encoding="utf-8")


def test_what_is_written_above_the_scissors_is_sent(asked: Es, tmp_path: Path) -> None:
    terminal = Terminal(asked, "comment", "ES-1", ES_EDITOR=an_editor(tmp_path, WRITES))
    assert terminal.ends() == 0
    assert terminal.text == "ES-1  New"
    assert bodies(asked) == ["Hello,\n\nhelp!"]
    assert drafts(asked) == []


def test_the_editor_is_told_for_which_request_it_is(asked: Es, tmp_path: Path) -> None:
    copies = f"pathlib.Path({str(tmp_path / 'seen')!r}).write_text(path.read_text())\n{WRITES}"
    assert Terminal(asked, "desk", "reply", "T-1", ES_EDITOR=an_editor(tmp_path, copies)).ends() == 0
    text = (tmp_path / "seen").read_text(encoding="utf-8")
    assert ">8" in text
    assert "# For: T-1\n" in text


def test_markdown_headings_are_text_and_are_sent(asked: Es, tmp_path: Path) -> None:
    writes = "path.write_text('# What I did\\n' + path.read_text())"
    assert Terminal(asked, "comment", "ES-1", ES_EDITOR=an_editor(tmp_path, writes)).ends() == 0
    assert bodies(asked) == ["# What I did"]


def test_es_editor_goes_before_visual_before_editor(asked: Es, tmp_path: Path) -> None:
    good = an_editor(tmp_path, WRITES)
    for env in (
        {"ES_EDITOR": good, "VISUAL": "false", "EDITOR": "false"},
        {"ES_EDITOR": "", "VISUAL": good, "EDITOR": "false"},
        {"EDITOR": good},
    ):
        assert Terminal(asked, "desk", "note", "ES-1", **env).ends() == 0


@pytest.mark.parametrize("writes", ["pass", "path.write_text('')", "path.write_text(' \\n\\n' + path.read_text())"])
def test_an_empty_message_sends_nothing(asked: Es, tmp_path: Path, writes: str) -> None:
    before = dump(asked)
    terminal = Terminal(asked, "comment", "ES-1", ES_EDITOR=an_editor(tmp_path, writes))
    assert terminal.ends() == 2
    assert "The message is empty." in terminal.text
    assert dump(asked) == before
    assert drafts(asked) == []


def test_an_editor_that_fails_sends_nothing_and_the_draft_is_kept(asked: Es, tmp_path: Path) -> None:
    before = dump(asked)
    terminal = Terminal(asked, "comment", "ES-1", ES_EDITOR=an_editor(tmp_path, WRITES + "\nsys.exit(3)"))
    assert terminal.ends() == 2
    assert "The editor ended with status 3." in terminal.text
    assert kept(asked, terminal).startswith("Hello,\n\nhelp!\n")
    assert dump(asked) == before


@pytest.mark.parametrize("editor", ["no-such-editor-anywhere", "'unbalanced"])
def test_an_editor_that_cannot_be_started_is_told(asked: Es, editor: str) -> None:
    terminal = Terminal(asked, "comment", "ES-1", ES_EDITOR=editor)
    assert terminal.ends() == 2
    assert "cannot be started" in terminal.text
    assert "ES_EDITOR" in terminal.text


def test_the_command_of_an_editor_may_have_arguments_and_quotes(asked: Es, tmp_path: Path) -> None:
    (tmp_path / "my tools").mkdir()
    python, script = an_editor(tmp_path / "my tools", f"path = pathlib.Path(sys.argv[3])\n{WRITES}").split(" ", 1)
    terminal = Terminal(asked, "comment", "ES-1", EDITOR=f"{python} '{script}' -u 'NO NE'")
    assert terminal.ends() == 0
    assert bodies(asked) == ["Hello,\n\nhelp!"]


def test_an_editor_that_removes_the_draft_sends_nothing_and_none_is_said_to_be_kept(asked: Es) -> None:
    terminal = Terminal(asked, "comment", "ES-1", ES_EDITOR="rm")
    assert terminal.ends() == 3
    assert "kept" not in terminal.text
    assert bodies(asked) == []


def test_a_draft_that_is_not_utf_8_is_kept(asked: Es, tmp_path: Path) -> None:
    terminal = Terminal(asked, "comment", "ES-1", ES_EDITOR=an_editor(tmp_path, "path.write_bytes(b'caf\\xe9\\n')"))
    assert terminal.ends() == 2
    assert "The draft is not valid UTF-8." in terminal.text
    assert "Your text was kept" in terminal.text
    assert [draft.read_bytes() for draft in drafts(asked)] == [b"caf\xe9\n"]


def test_a_refusal_after_the_text_was_written_keeps_the_draft_which_can_then_be_sent(asked: Es, tmp_path: Path) -> None:
    # closed by somebody else while the text was being written
    terminal = Terminal(asked, "comment", "ES-1", ES_EDITOR=an_editor(tmp_path, closing("ES-1") + WRITES))
    assert terminal.ends() == 4
    assert "ES-1 is closed." in terminal.text
    assert kept(asked, terminal) == "Hello,\n\nhelp!\n"
    assert bodies(asked) == []
    asked("reopen", "ES-1")
    assert asked("comment", "ES-1", "-F", str(drafts(asked)[0])).status == 0
    assert bodies(asked) == ["Hello,\n\nhelp!"]


def test_a_text_that_cannot_be_sent_to_all_is_kept(asked: Es, tmp_path: Path) -> None:
    with filled(asked) as store:
        a_request(store)
    editor = an_editor(tmp_path, closing("ES-2") + WRITES)
    terminal = Terminal(asked, "comment", "ES-1", "ES-2", ES_EDITOR=editor)
    assert terminal.ends() == 4
    assert bodies(asked) == ["Hello,\n\nhelp!"]
    assert kept(asked, terminal) == "Hello,\n\nhelp!\n"


def test_what_would_be_refused_is_refused_before_the_text_is_written(asked: Es, tmp_path: Path) -> None:
    with filled(asked) as store:
        requests.close(store, "ES-1", None, by=ANN, at="2026-02-01T00:00:00Z")
    editor = an_editor(tmp_path, f"pathlib.Path({str(tmp_path / 'started')!r}).touch()")
    for reference, status in (("ES-1", 4), ("ES-9", 3)):
        assert Terminal(asked, "comment", reference, ES_EDITOR=editor).ends() == status
    assert not (tmp_path / "started").exists()


def test_off_a_terminal_and_with_no_input_no_editor_is_started(asked: Es, tmp_path: Path) -> None:
    editor = an_editor(tmp_path, f"pathlib.Path({str(tmp_path / 'started')!r}).touch()")
    result = asked("comment", "ES-1", env={"ES_EDITOR": editor})
    assert result.status == 2
    assert "Use -m TEXT, or -F FILE" in result.stderr
    assert Terminal(asked, "--no-input", "comment", "ES-1", ES_EDITOR=editor).ends() == 2
    assert not (tmp_path / "started").exists()


def test_a_dry_run_sends_nothing_and_keeps_the_text(asked: Es, tmp_path: Path) -> None:
    before = dump(asked)
    terminal = Terminal(asked, "comment", "ES-1", "--dry-run", ES_EDITOR=an_editor(tmp_path, WRITES))
    assert terminal.ends() == 0
    assert dump(asked) == before
    assert kept(asked, terminal) == "Hello,\n\nhelp!\n"
