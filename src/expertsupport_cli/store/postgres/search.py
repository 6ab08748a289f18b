"""The search index: a tsvector of words that the program has split and folded already, for each piece of a text.

So results do not depend on the server's dictionaries or its knowledge of Unicode. A tsvector keeps at most 256
positions of a word, and at most a megabyte; a piece that has more is cut further, with the same overlap.
"""

from __future__ import annotations

from expertsupport_cli.search import OVERLAP, lexemes, pieces, task_lexemes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from expertsupport_cli.search import Phrase
    from expertsupport_cli.store.engine import Engine, Indexed, Named, Row

MAX_POSITIONS = 255  # of one word
MAX_BYTES = 500_000  # of all words of a piece
TEXTS = 200  # that are read at a time


def index_rows(number: int, words: Sequence[str]) -> Iterator[Named]:
    """The rows of the index for the words of one text: its number, the index of the piece, a tsvector."""
    for position, part in enumerate(part for piece in pieces(words) for part in _parts(piece)):
        yield {"number": number, "piece": position, "words": _vector(part)}


def all_rows(engine: Engine, what: Indexed) -> Iterator[Named]:
    """The rows of an index for all texts that can be searched. The desk's notes are not among them."""
    query = "SELECT number, id, name FROM tasks" if what == "tasks" else "SELECT number, body FROM comments"
    which = "TRUE" if what == "tasks" else "kind <> 'note'"
    last = 0
    while rows := engine.read(f"{query} WHERE {which} AND number > ? ORDER BY number LIMIT {TEXTS}", (last,)):
        for row in rows:
            yield from index_rows(row["number"], _words(what, row))
        last = rows[-1]["number"]


def _words(what: Indexed, row: Row) -> Sequence[str]:
    return task_lexemes(row["id"], row["name"]) if what == "tasks" else lexemes(row["body"])


def numbers_with(what: Indexed, value: str) -> str:
    """SQL that selects the numbers of the texts with a phrase, whose `expression` is bound to `value`."""
    return f"SELECT number FROM {what}_words WHERE words @@ CAST({value} AS tsquery)"


def expression(phrase: Phrase) -> str:
    """A phrase as a tsquery; words contain no quotes."""
    return " <-> ".join(f"'{word}'" for word in phrase.lexemes) + (":*" if phrase.prefix else "")


def _vector(piece: Sequence[str]) -> str:
    """Words at their positions, as a tsvector is written; words contain no quotes."""
    positions: dict[str, list[str]] = {}
    for position, word in enumerate(piece, start=1):
        positions.setdefault(word, []).append(str(position))
    return " ".join(f"'{word}':{','.join(where)}" for word, where in positions.items())


def _parts(piece: Sequence[str]) -> Iterator[Sequence[str]]:
    """A piece in overlapping parts that a tsvector can hold: nearly always the piece itself."""
    counts: dict[str, int] = {}
    start = size = 0
    for position, word in enumerate(piece):
        counts[word] = counts.get(word, 0) + 1
        size += len(word.encode())
        if counts[word] > MAX_POSITIONS or size > MAX_BYTES:
            yield piece[start:position]
            start = position - OVERLAP
            again = piece[start : position + 1]
            counts, size = {each: again.count(each) for each in again}, sum(len(each.encode()) for each in again)
    yield piece[start:]
