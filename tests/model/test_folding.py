"""Keys are the same for every way to write a name, and stay the same when they are folded again."""

from __future__ import annotations

import sys
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expertsupport_cli.folding import MAX_KEY, fold, fold_key

SAME = [
    ("ann", "ANN"),
    ("zoë", "ZOË"),
    ("Zoë", "Zoe\u0308"),
    ("straße", "STRASSE"),
    ("STRAẞE", "strasse"),
    ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ("ИВАН", "иван"),
    ("Ａｃｍｅ", "acme"),
    ("ﾌﾟﾘﾝﾀ", "プリンタ"),
    ("ﬁle", "FILE"),
    ("İstanbul", "i\u0307stanbul"),
    ("ǅ", "ǆ"),
    ("\u212a", "k"),  # the sign of the kelvin
]
DIFFERENT = [("İ", "i"), ("ı", "i"), ("I", "ı"), ("zoë", "zoe"), ("が", "か"), ("ß", "s"), ("a b", "ab"), ("", " ")]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_a_name_is_the_same_in_whatever_way_it_is_written(one: str, other: str) -> None:
    assert fold_key(one) == fold_key(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_names_stay_different(one: str, other: str) -> None:
    assert fold_key(one) != fold_key(other)


@pytest.mark.program
def test_every_character_folds_to_what_stays_as_it_is() -> None:
    characters = (chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)
    folded = {c: key for c in characters if (key := fold(c)) != c}
    assert len(folded) > 5000
    assert [hex(ord(c)) for c, key in folded.items() if fold(key) != key] == []


@given(st.text())
def test_a_key_that_is_folded_again_stays_as_it_is(text: str) -> None:
    assert fold_key(fold_key(text)) == fold_key(text)
    assert fold_key(text) == fold_key(normalize("NFD", text)) == fold_key(text.casefold())


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_is_folded_as_any_other_text(text: str) -> None:
    assert fold(text) == fold(f"{text}é")[:-1]


@pytest.mark.parametrize("text", ["x" * 500, "É" * 500, "ﷺ" * 500])
def test_a_key_is_cut(text: str) -> None:
    assert len(fold_key(text)) == MAX_KEY
    assert fold(text).startswith(fold_key(text))
    assert len(fold(text)) >= 500
