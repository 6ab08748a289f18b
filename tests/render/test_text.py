"""What people typed, made safe to show; JSON gives back the same text."""

from __future__ import annotations

import codecs
import json
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from expertsupport_cli.text import ascii_instead, lines, one_line, to_json, tsv

# what a terminal obeys, or what turns the direction of writing
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
UNSAFE = {chr(code) for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)} | set(BIDI)
NAUGHTY = (Path(__file__).parents[1] / "data" / "blns.txt").read_text(encoding="utf-8").split("\n")
texts = st.text(st.characters() | st.sampled_from(sorted(UNSAFE)))
some = settings(max_examples=200, deadline=None)


def unsafe_in(text: str) -> set[str]:
    return {character for character in text if character in UNSAFE or unicodedata.category(character) == "Cs"}


def test_the_list_of_naughty_strings_is_all_there() -> None:
    assert len(NAUGHTY) > 700
    assert any("\u202e" in line for line in NAUGHTY)
    assert any("\x1b" in line for line in NAUGHTY)


@some
@given(texts)
@example("".join(sorted(UNSAFE)))
@example("\ud800")
def test_nothing_unsafe_is_left_in_one_line(text: str) -> None:
    assert not unsafe_in(one_line(text))


@some
@given(texts)
@example("".join(sorted(UNSAFE)))
def test_nothing_unsafe_is_left_in_the_lines_of_a_page(text: str) -> None:
    assert not unsafe_in("".join(lines(text)))


@some
@given(texts)
@example("".join(sorted(UNSAFE)))
def test_nothing_unsafe_is_left_in_a_field_of_tsv(text: str) -> None:
    assert not unsafe_in(tsv(text))


@some
@given(texts)
@example("".join(sorted(UNSAFE)))
@example("\U000e0041\ufeff")
def test_json_gives_back_the_same_text_with_nothing_raw(text: str) -> None:
    written = to_json({text: [text, None, 1]})
    assert json.loads(written) == {text: [text, None, 1]}
    assert not unsafe_in(written)
    assert json.loads(to_json([text], indent=2)) == [text]
    assert unsafe_in(to_json([text], indent=2)) <= {"\n"}


def test_naughty_strings_are_shown_safely_and_given_back_by_json() -> None:
    for text in NAUGHTY:
        assert json.loads(to_json({"name": text})) == {"name": text}
        assert not unsafe_in(to_json(text) + one_line(text) + tsv(text) + "".join(lines(text))), ascii(text)
        assert len(lines(text)) == 1 + text.count("\r"), ascii(text)


@some
@given(texts)
def test_tsv_can_be_read_back(text: str) -> None:
    # what is left is a Python string without its quotes
    assert tsv(text).encode("ascii", "backslashreplace").decode("unicode_escape") == text


def test_no_printable_character_is_escaped_even_beside_one_that_is() -> None:
    # so that text which is printable needs no closer look
    text = "".join(filter(str.isprintable, map(chr, range(sys.maxunicode + 1))))
    assert one_line(f"{text}\x7f") == f"{text}\\x7f"
    assert lines(f"{text}\x7f") == [f"{text}\\x7f"]
    assert to_json(f"{text}\x7f") == json.dumps(text, ensure_ascii=False)[:-1] + '\\u007f"'
    text = text.replace("\\", "")
    assert tsv(f"{text}\x7f") == f"{text}\\x7f"


def test_escapes_are_seen_for_what_they_are() -> None:
    assert one_line("a\x1b[31mb\u202ec\U000e0041") == "a\\x1b[31mb\\u202ec\\U000e0041"
    assert one_line("two\r\n\tlines") == "two lines"
    assert tsv("a\tb\nc\\d\r\x9b") == "a\\tb\\nc\\\\d\\r\\x9b"
    assert lines("one\r\ntwo\rthree\n\n\tfive\x0b") == ["one", "two", "three", "", "    five\\x0b"]


def test_what_is_harmless_stays_as_it_is() -> None:
    text = "Zoë, 田中さん, مرحبا, שלום, 👩‍👩‍👧, [/b] <b> & %s {0} $(id) 'q' \"q\""
    assert one_line(text) == tsv(text) == text
    assert lines(text) == [text]
    assert json.dumps(text, ensure_ascii=False) == to_json(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("“Zoë’s” printer…", '"Zoe\'s" printer...'),
        ("New → Closed", "New -> Closed"),
        ("印刷", "????"),
        ("Привет", "??????"),
        ("a\u0301", "a"),
        ("\U0001f525!", "??!"),
    ],
)
def test_where_only_ascii_can_be_shown_each_character_becomes_what_is_nearest(text: str, shown: str) -> None:
    codecs.register_error("ascii_instead", ascii_instead)
    assert text.encode("ascii", "ascii_instead").decode() == shown


def test_json_for_ascii_alone_means_the_same() -> None:
    value = {"name": "Zoë → 印刷 \U0001f525"}
    assert to_json(value, ascii=True).isascii()
    assert json.loads(to_json(value, ascii=True)) == value
