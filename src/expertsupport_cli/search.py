"""Splits a text into the words that it can be found by, and a search into phrases of such words.

Splitting and folding is done here, so that a search finds the same in every store. A word is a run of letters, digits
and their marks; `+` and `#` right behind it belong to it, as in C++ and C#. Accents make no difference in Latin, Greek
and Cyrillic, where people leave them out. In scripts that are written without blanks between words, each letter with
its marks stands for itself, and a run of them is searched as a phrase.
"""

from __future__ import annotations

import re

from expertsupport_cli.errors import BadUsage
from expertsupport_cli.folding import fold
from expertsupport_cli.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MAX_LEXEME = 200  # characters of a word that count
MAX_PHRASES = 50  # in one search
MAX_PHRASE = 20  # words; a longer one is searched by its words
PIECE = 4_000  # words of a text that are indexed together: databases limit how many positions a word can have
OVERLAP = 20  # words that a piece has in common with the one before, so that no phrase is cut

GAP = "\ufffc"  # separates two texts that are indexed together; nobody can search for it

_ASCII_WORD = r"[a-z0-9]+[+#]*"

# the blocks of scripts that are written without blanks between words: pairs of first and last code point
_UNSPACED = (
    *(0x0E00, 0x0EFF),  # Thai, Lao
    *(0x1000, 0x109F),  # Myanmar
    *(0x1780, 0x17FF),  # Khmer
    *(0x1950, 0x19DF),  # Tai Le, New Tai Lue
    *(0x1A20, 0x1AAF),  # Tai Tham
    *(0x2E80, 0x2FDF),  # radicals
    *(0x3005, 0x3007),  # marks of iteration, zero
    *(0x3021, 0x3029),  # numerals
    *(0x3031, 0x312F),  # Hiragana, Katakana, Bopomofo
    *(0x31A0, 0x31BF),  # Bopomofo
    *(0x31F0, 0x31FF),  # Katakana
    *(0x3400, 0x4DBF),  # Han
    *(0x4E00, 0xA4CF),  # Han, Yi
    *(0xA9E0, 0xA9FF),  # Myanmar
    *(0xAA60, 0xAADF),  # Myanmar, Tai Viet
    *(0xF900, 0xFAFF),  # Han
    *(0x16FE0, 0x18DFF),  # Tangut, Khitan
    *(0x1AFF0, 0x1B2FF),  # Kana, Nushu
    *(0x20000, 0x3FFFF),  # Han
)
# the blocks of Latin, Greek and Cyrillic
_ACCENTED = (
    *(0x0000, 0x052F),
    *(0x1C80, 0x1C8F),
    *(0x1D00, 0x1DBF),
    *(0x1E00, 0x1FFF),
    *(0x2C60, 0x2C7F),
    *(0xA640, 0xA69F),
    *(0xA720, 0xA7FF),
    *(0xAB30, 0xAB6F),
)
# marks that choose a variant of the letter before
_VARIANTS = (*(0x180B, 0x180F), *(0xFE00, 0xFE0F), *(0xE0100, 0xE01EF))
_SPACE_WITHOUT_WIDTH = 0x200B  # the only invisible character that separates words


class Phrase(Record):
    """Consecutive words; with `prefix`, the last may be the beginning of a word. An empty phrase matches nothing."""

    lexemes: tuple[str, ...]
    prefix: bool


def lexemes(text: str) -> list[str]:
    """The words of a text that it can be found by, in order."""
    if text.isascii():
        return [word[:MAX_LEXEME] for word in re.findall(_ASCII_WORD, text.lower())]
    return list(_split(fold(text)))


def words_of(search: str) -> list[str]:
    """The words of a search, without those that match nothing. Raises BadUsage if none is left."""
    words = [word for word in search.split() if lexemes(word)]
    if not words:
        raise BadUsage("The search contains no word.", "Words have letters or digits.")
    return words


def phrases(words: Iterable[str]) -> list[Phrase]:
    """Typed words as phrases that must all match. Raises BadUsage if there are too many.

    A word without a letter or a digit becomes an empty phrase, which matches nothing.
    """
    found: dict[Phrase, None] = {}
    for word in words:
        parts = lexemes(word)
        if len(parts) > MAX_PHRASE:
            found |= {Phrase(lexemes=(part,), prefix=False): None for part in parts[:-1]}
            parts = parts[-1:]
        found[Phrase(lexemes=tuple(parts), prefix=True)] = None
    if len(found) > MAX_PHRASES:
        raise BadUsage(f"Too many search words: {len(found):,}.", f"Use at most {MAX_PHRASES}.")
    return list(found)


def task_lexemes(id: str, name: str) -> list[str]:
    """The words that a task can be found by: those of its name and its ID."""
    return [*lexemes(name), GAP, *lexemes(id)]


def pieces(words: Sequence[str]) -> Iterator[Sequence[str]]:
    """The words of a text in overlapping pieces that are short enough to index."""
    for start in range(0, max(len(words) - OVERLAP, min(len(words), 1)), PIECE - OVERLAP):
        yield words[start : start + PIECE]


def _split(folded: str) -> Iterator[str]:
    """The words of a folded text."""
    from unicodedata import normalize

    text = normalize("NFD", folded).translate(_WITHOUT)
    kinds = text.translate(_KINDS)
    for found in re.finditer(_WORD, kinds):
        word = text[found.start() : found.end()]
        if "M" in found[0]:
            kept = re.sub("LM+", lambda run: "L" + " " * (len(run[0]) - 1), found[0])
            word = "".join(character for character, kind in zip(word, kept, strict=True) if kind != " ")
        yield normalize("NFC", word)[:MAX_LEXEME]


class _Kinds(dict[int, str]):
    """Maps a character to its role in a word, computed when it is first seen; for `str.translate`.

    L or W is a letter or digit, of a script where people leave accents out or of another; A a letter that is a word
    by itself; M a mark on the letter before; S a sign that belongs to the word before; B ends a word.
    """

    def __missing__(self, code: int) -> str:
        from unicodedata import category

        general_category = category(chr(code))
        if general_category[0] in "LN":
            kind = "A" if _in_blocks(_UNSPACED, code) else "L" if _in_blocks(_ACCENTED, code) else "W"
        else:
            kind = "M" if general_category[0] == "M" else "S" if chr(code) in "+#" else "B"
        self[code] = kind
        return kind


class _Without(dict[int, int | None]):
    """Drops invisible characters that make no difference to a word; for `str.translate`."""

    def __missing__(self, code: int) -> int | None:
        from unicodedata import category

        invisible = category(chr(code)) == "Cf" and code != _SPACE_WITHOUT_WIDTH
        self[code] = kept = None if invisible or _in_blocks(_VARIANTS, code) else code
        return kept


_KINDS = _Kinds()
_WITHOUT = _Without()
_WORD = "AM*|[LW][LWM]*S*"  # a pattern over the letters of `_Kinds`


def _in_blocks(blocks: Sequence[int], code: int) -> bool:
    """Whether a code point is in one of the blocks, which are pairs of first and last."""
    from bisect import bisect_right

    index = bisect_right(blocks, code)
    return index % 2 == 1 or (index > 0 and blocks[index - 1] == code)
