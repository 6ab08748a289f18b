"""Keys for names: the same for every way to write a name, whatever its case, its width or its composition.

Names are folded here and kept beside the names themselves, so that every store gives the same answer, for every
alphabet: databases differ in what they know of case, and of the order of letters.
"""

from __future__ import annotations

MAX_KEY = 200  # characters; databases limit the size of an index entry


def fold(text: str) -> str:
    """The text with differences of case, width and composition removed. Folding it again changes nothing."""
    if text.isascii():
        return text.lower()
    from unicodedata import normalize

    folded = text
    while (again := normalize("NFKC", normalize("NFKC", folded).casefold())) != folded:
        folded = again
    return folded


def fold_key(name: str) -> str:
    """The key that a name is compared and sorted by: the folded name, cut to MAX_KEY characters."""
    return fold(name)[:MAX_KEY]
