"""The search index: full-text tables of words that the program has split and folded already.

So the tokenizer has to know nothing but blanks, and what is found does not depend on what this SQLite knows of Unicode.
The tables keep no text. A row is a piece of a text, and its number says whose: the number of the task or comment, and
in the lowest bits which piece of it.
"""

from __future__ import annotations

from contextlib import closing

from expertsupport_cli.search import Phrase, lexemes, pieces, task_lexemes

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from expertsupport_cli.store.engine import Indexed

_BITS = 12  # for the piece: more words than any message has


def create_index(db: sqlite3.Connection, what: Indexed) -> None:
    db.execute(f"CREATE VIRTUAL TABLE {what}_words USING fts5 (words, content='', tokenize=\"ascii tokenchars '+#'\")")


def insertion(what: Indexed) -> str:
    """The statement that adds one of `index_rows`."""
    return f"INSERT INTO {what}_words (rowid, words) VALUES (?, ?)"


def index_rows(number: int, words: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The rows of the index for the words of one text."""
    for place, piece in enumerate(pieces(words)):
        assert place < 1 << _BITS, "a text of more pieces than there are bits for"
        yield number << _BITS | place, " ".join(piece)


def numbers_with(what: Indexed, value: str) -> str:
    """A query of the numbers of what has a phrase; `value` stands for `expression`."""
    return f"SELECT rowid >> {_BITS} FROM {what}_words WHERE {what}_words MATCH {value}"


def expression(phrase: Phrase) -> str:
    """A phrase in the language of full-text search; words have no quotes in them."""
    return f'"{" ".join(phrase.lexemes)}"' + (" *" if phrase.prefix else "")


def index_everything(db: sqlite3.Connection, what: Indexed) -> None:
    """Fill an index that is empty."""
    for number, words in _texts(db, what):
        db.executemany(insertion(what), index_rows(number, words))


def fits_the_text(db: sqlite3.Connection, what: Indexed) -> bool:
    """Whether the index has each word of each text in its place, and nothing else; to be asked within a transaction.

    Both sides are added up, word by word, so that nothing has to be sorted or held. Nothing is written to the store.
    """
    db.execute(f"CREATE VIRTUAL TABLE temp.{what}_seen USING fts5vocab(main, {what}_words, instance)")
    try:
        with closing(db.execute(f'SELECT doc, "offset", term FROM temp.{what}_seen')) as seen:
            there = _sum(map(tuple, seen))
    finally:
        db.execute(f"DROP TABLE temp.{what}_seen")
    return there == _sum(
        (row, place, word)
        for number, words in _texts(db, what)
        for row, piece in index_rows(number, words)
        for place, word in enumerate(piece.split(" "))
    )


def _texts(db: sqlite3.Connection, what: Indexed) -> Iterator[tuple[int, list[str]]]:
    """Everything that is to be found: numbers, and words. The desk's notes are not."""
    if what == "tasks":
        tasks = db.execute("SELECT number, id, name FROM tasks ORDER BY number")
        return ((number, task_lexemes(id, name)) for number, id, name in tasks)
    comments = db.execute("SELECT number, body FROM comments WHERE kind <> 'note' ORDER BY number")
    return ((number, lexemes(body)) for number, body in comments)


def _sum(words: Iterable[tuple[object, ...]]) -> tuple[int, int]:
    """How many there are, and the sum of their hashes: the same for the same words, in whatever order.

    Of strings, since the hashes of tuples are nearly linear: words that have changed places could sum up to the same.
    """
    count = total = 0
    for row, place, word in words:
        count += 1
        total += hash(f"{row} {place} {word}")
    return count, total
