"""Reading text from outside: byte order marks, encodings, limits; and messages that name the place and no secret."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from expertsupport_cli import reading
from expertsupport_cli.errors import BadUsage, NotFound

BOM = b"\xef\xbb\xbf"
ZERO = "/dev/zero"


@pytest.fixture
def given(tmp_path: Path) -> Callable[[bytes], str]:
    """The path of a file with these bytes."""

    def write(data: bytes) -> str:
        (tmp_path / "text").write_bytes(data)
        return str(tmp_path / "text")

    return write


def on_stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))


def all_lines(path: str, what: str) -> list[tuple[int, str]]:
    return list(reading.read_lines(path, what))


def settings(path: str, _: str) -> str:
    return reading.read_settings(path)


def refused(read: Callable[..., object], *given: object) -> str:
    """The message of a refusal."""
    with pytest.raises(BadUsage) as refusal:
        read(*given)
    return refusal.value.message


def test_a_byte_order_mark_is_dropped_at_the_start_only(given: Callable[[bytes], str]) -> None:
    path = given(BOM + b"one\n" + BOM + b"two\n")
    assert reading.read_text(path, "The text", limit=100) == "one\n\ufefftwo\n"
    assert reading.read_prose(path, "The text") == "one\n\ufefftwo\n"
    assert reading.read_secret(path, "The text") == "one\n\ufefftwo\n"
    assert reading.read_settings(path) == "one\n\ufefftwo\n"
    assert list(reading.read_lines(path, "The text")) == [(1, "one"), (2, "\ufefftwo")]


def test_references_are_read_from_stdin_with_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    on_stdin(monkeypatch, BOM + b"ES-1\r\n\n \xe2\x80\x8b\n  T-2 \nES-3")
    assert list(reading.read_references()) == [
        ("Line 1 of standard input", "ES-1"),
        ("Line 4 of standard input", "T-2"),
        ("Line 5 of standard input", "ES-3"),
    ]


def test_a_reference_that_is_not_text_stops_no_other_and_one_that_is_too_long_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_stdin(monkeypatch, b"ES-1\n\xff\nES-2\0\nES-3\n" + b"x" * 1025 + b"\nES-4\n")
    found = [(place, str(reference)) for place, reference in reading.read_references()]
    assert found == [
        ("Line 1 of standard input", "ES-1"),
        ("Line 2 of standard input", "The ID is not valid UTF-8."),
        ("Line 3 of standard input", "The ID contains a NUL character."),
        ("Line 4 of standard input", "ES-3"),
        ("Line 5 of standard input", "The line is too long."),
    ]


def test_ends_of_lines_of_a_message_are_line_feeds(given: Callable[[bytes], str]) -> None:
    assert reading.read_prose(given(b"a\r\nb\rc\n\r\n"), "The message") == "a\nb\nc\n\n"
    assert list(reading.read_lines(given(b"a\r\nb\rc\n\r\nd\r"), "The file")) == [
        (1, "a"),
        (2, "b"),
        (3, "c"),
        (4, ""),
        (5, "d"),
    ]


def test_another_encoding_is_named(given: Callable[[bytes], str]) -> None:
    for encoding in ("utf-16", "utf-32"):
        path = given("Hello".encode(encoding))
        for read in (reading.read_prose, reading.read_secret, all_lines):
            told = refused(read, path, "The message")
            assert told.startswith(f"The message is {encoding.upper()}, not UTF-8."), told


def test_what_is_not_utf_8_is_named_by_line_and_byte_and_not_repeated(given: Callable[[bytes], str]) -> None:
    for bad, told in (
        (b"\xff", "is not valid UTF-8"),
        (b"\xed\xa0\x80", "is not valid UTF-8"),
        (b"\0", "contains a NUL"),
    ):
        path = given(BOM + b"one\nSECRET" + bad + b"\n")
        for read in (reading.read_prose, reading.read_secret):
            message = refused(read, path, "The link")
            assert f"The link {told}" in message
            assert f"Line 2 of {path}, byte 7 of the line." in message
            assert "SECRET" not in message
        lines = reading.read_lines(path, "The file")
        assert next(lines) == (1, "one")
        assert "Byte 7 of the line." in refused(next, lines)


def test_no_more_is_read_than_is_allowed(given: Callable[[bytes], str]) -> None:
    reads: list[tuple[Callable[[str, str], object], int]] = [
        (reading.read_prose, reading.MAX_MESSAGE),
        (reading.read_secret, reading.MAX_SECRET),
        (settings, reading.MAX_SETTINGS),
        (all_lines, reading.MAX_LINE),
    ]
    for read, limit in reads:
        read(given(b"x" * limit), "The text")
        told = refused(read, given(b"x" * (limit + 1)), "The text")
        assert f"At most {limit:,} bytes are read" in told
    for read, _ in reads[:2]:
        assert "At most" in refused(read, ZERO, "The text")


def test_a_message_of_a_million_letters_of_any_alphabet_is_read(given: Callable[[bytes], str]) -> None:
    assert len(reading.read_prose(given("𠀀".encode() * 1_000_000), "The message")) == 1_000_000


def test_a_secret_in_which_nothing_can_be_seen_is_empty(given: Callable[[bytes], str]) -> None:
    for text in ("", "\ufeff", "\ufeff \r\n", "\u200b\u202e\u00ad\n"):
        assert reading.read_secret(given(text.encode()), "The serial number") == ""


def test_what_is_not_there_or_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"The message cannot be read."):
        reading.read_prose(str(tmp_path / "nowhere"), "The message")
    assert f"{tmp_path}: Is a directory." in refused(reading.read_prose, str(tmp_path), "The message")


def test_settings_are_read_from_regular_files_only_and_nobody_waits_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(os.devnull)
    for path in (tmp_path / "pipe", Path(ZERO)):
        assert f"{path} is not a regular file." in refused(reading.read_settings, str(path))
    assert f"{tmp_path}: Is a directory." in refused(reading.read_settings, str(tmp_path))
    assert reading.read_settings(str(tmp_path / "link")) == ""
    with pytest.raises(FileNotFoundError):
        reading.read_settings(str(tmp_path / "nowhere"))
