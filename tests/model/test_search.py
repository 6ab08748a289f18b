"""Texts are split into words, and what somebody typed into phrases, the same for every store."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expertsupport_cli.errors import BadUsage
from expertsupport_cli.search import (
    GAP,
    MAX_LEXEME,
    MAX_PHRASES,
    OVERLAP,
    PIECE,
    Phrase,
    lexemes,
    phrases,
    pieces,
    task_lexemes,
)

SPLIT = {
    "The printer, on fire!": "the printer on fire",
    "don't e-mail foo_bar.baz": "don t e mail foo bar baz",
    "C++ C# F# g++-12 a+b 1+1 + # ++c": "c++ c# f# g++ 12 a+ b 1+ 1 c",
    "C++11": "c++ 11",
    "café naïve Ångström": "cafe naive angstrom",
    "cafe\u0301 \u0301x": "cafe x",
    "Größe STRASSE": "grosse strasse",
    "İstanbul ıstanbul": "istanbul ıstanbul",
    "Ёлка й Ωμέγα ΟΔΟΣ": "елка и ωμεγα οδοσ",
    "Ｆｕｌｌ　１２": "full 12",
    "ﬁx x² №5": "fix x2 no5",
    "打印机着火了，请": "打 印 机 着 火 了 请",
    "abc打印12机x": "abc 打 印 12 机 x",
    "がか ﾌﾟﾘﾝ 々ー": "が か プ リ ン 々 ー",
    "葛\U000e0100飾": "葛 飾",
    "พิมพ์ ที่นี่": "พิ ม พ์ ที่ นี่",
    "ລາວ ខ្មែរ မြန်": "ລ າ ວ ខ្ មែ រ မြ န်",
    "한국어 프린터": "한국어 프린터",
    "हिन्दी में": "हिन्दी में",
    "שָׁלוֹם عَرَبِي": "שָׁלוֹם عَرَبِي",
    "می\u200cخواهم co\u00adop a\u200bb": "میخواهم coop a b",
    "1\ufe0f\u20e3 👩\u200d💻 — …": "1",
    "T-007 INC-4711 thai.1": "t 007 inc 4711 thai 1",
    "": "",
}


@pytest.mark.parametrize("text", SPLIT)
def test_a_text_is_split_into_words(text: str) -> None:
    assert " ".join(lexemes(text)) == SPLIT[text]


@given(st.text())
def test_words_that_are_split_again_stay_as_they_are(text: str) -> None:
    found = lexemes(text)
    assert lexemes(" ".join(found)) == found
    assert all(word and not word.isspace() and '"' not in word and len(word) <= MAX_LEXEME for word in found)


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_is_split_as_any_other_text(text: str) -> None:
    assert [*lexemes(text), "дом"] == lexemes(f"{text} дом")


@given(st.text(), st.text())
def test_a_blank_parts_two_texts(one: str, other: str) -> None:
    assert lexemes(f"{one} {other}") == [*lexemes(one), *lexemes(other)]


@pytest.mark.parametrize("letter", ["x", "é", "ж"])
def test_a_word_is_cut(letter: str) -> None:
    (word,) = lexemes(letter * 500)
    assert len(word) == MAX_LEXEME
    assert phrases([letter * 500]) == phrases([letter * 300])


def test_name_and_id_of_a_task_are_no_phrase_together() -> None:
    assert task_lexemes("INC-1", "On fire") == ["on", "fire", GAP, "inc", "1"]
    assert lexemes(GAP) == []


def a_phrase(*words: str, prefix: bool = True) -> Phrase:
    return Phrase(lexemes=words, prefix=prefix)


def test_each_typed_word_is_a_phrase_whose_last_word_may_go_on() -> None:
    assert phrases(["foo-bar", "C++", "打印"]) == [a_phrase("foo", "bar"), a_phrase("c++"), a_phrase("打", "印")]
    assert phrases(["x", "X", "y", "x"]) == [a_phrase("x"), a_phrase("y")]
    assert phrases([]) == []


def test_a_word_without_a_letter_is_an_empty_phrase() -> None:
    assert phrases(["-", "👩", ""]) == [a_phrase()]


def test_a_long_phrase_becomes_its_words() -> None:
    words = [f"w{n}" for n in range(21)]
    assert phrases(["-".join(words[:20])]) == [a_phrase(*words[:20])]
    assert phrases(["-".join(words)]) == [*(a_phrase(word, prefix=False) for word in words[:20]), a_phrase("w20")]


def test_too_many_words_are_refused() -> None:
    words = [f"w{n}" for n in range(1_000)]
    assert len(phrases(words[:MAX_PHRASES])) == MAX_PHRASES
    han = "".join(map(chr, range(0x4E00, 0x4E00 + MAX_PHRASES + 1)))
    for typed in (words[: MAX_PHRASES + 1], words, ["-".join(words)], [han]):
        with pytest.raises(BadUsage, match="Too many search words") as refusal:
            phrases(typed)
        assert refusal.value.why == "Use at most 50."


@pytest.mark.parametrize("count", [0, 1, OVERLAP, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE - OVERLAP, 3 * PIECE])
def test_pieces_overlap_and_leave_nothing_out(count: int) -> None:
    words = [str(n) for n in range(count)]
    found = list(pieces(words))
    assert all(len(piece) <= PIECE for piece in found)
    assert [word for i, piece in enumerate(found) for word in piece[OVERLAP if i else 0 :]] == words
    for one, next_one in pairwise(found):
        assert one[-OVERLAP:] == next_one[:OVERLAP]
        assert len(next_one) > OVERLAP
