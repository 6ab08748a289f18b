"""The search index: full-text tables of words that the program has split and folded already.

So the tokenizer only has to split at blanks, and results do not depend on SQLite's knowledge of Unicode. The tables
keep no text. A row is a piece of a text; its number consists of the number of the task or comment and, in the lowest
bits, the index of the piece.
"""

from __future__ import annotations

from contextlib import closing

from expertsupport_cli.search import Phrase, lexemes, pieces, task_lexemes

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from expertsupport_cli.store.engine import Indexed

_BITS = 12  # for the index of the piece; enough for the longest message


def create_index(db: sqlite3.Connection, what: Indexed) -> None:
    db.execute(f"CREATE VIRTUAL TABLE {what}_words USING fts5 (words, content='', tokenize=\"ascii tokenchars '+#'\")")


def insertion(what: Indexed) -> str:
    """The statement that inserts a row of `index_rows`."""
    return f"INSERT INTO {what}_words (rowid, words) VALUES (?, ?)"


def index_rows(number: int, words: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The rows of the index for the words of one text."""
    for position, piece in enumerate(pieces(words)):
        assert position < 1 << _BITS, "a text of more pieces than there are bits for"
        yield number << _BITS | position, " ".join(piece)


def numbers_with(what: Indexed, value: str) -> str:
    """SQL that selects the numbers of the texts with a phrase, whose `expression` is bound to `value`."""
    return f"SELECT rowid >> {_BITS} FROM {what}_words WHERE {what}_words MATCH {value}"


def expression(phrase: Phrase) -> str:
    """A phrase in the syntax of full-text search; words contain no quotes."""
    return f'"{" ".join(phrase.lexemes)}"' + (" *" if phrase.prefix else "")


def empty_index(db: sqlite3.Connection, what: Indexed) -> None:
    """Remove everything from an index."""
    db.execute(f"INSERT INTO {what}_words ({what}_words) VALUES ('delete-all')")


def index_everything(db: sqlite3.Connection, what: Indexed) -> None:
    """Fill an index that is empty."""
    for number, words in _texts(db, what):
        db.executemany(insertion(what), index_rows(number, words))


def fits_the_text(db: sqlite3.Connection, what: Indexed) -> bool:
    """Whether the index has every word of every text at its position, and nothing else. Call it in a transaction.

    It compares checksums of both sides, so that nothing has to be sorted or held. Nothing is written to the store.
    """
    db.execute(f"CREATE VIRTUAL TABLE temp.{what}_seen USING fts5vocab(main, {what}_words, instance)")
    try:
        with closing(db.execute(f'SELECT doc, "offset", term FROM temp.{what}_seen')) as seen:
            indexed = _sum(map(tuple, seen))
    finally:
        db.execute(f"DROP TABLE temp.{what}_seen")
    return indexed == _sum(
        (row, position, word)
        for number, words in _texts(db, what)
        for row, piece in index_rows(number, words)
        for position, word in enumerate(piece.split(" "))
    )


def _texts(db: sqlite3.Connection, what: Indexed) -> Iterator[tuple[int, list[str]]]:
    """All texts that can be searched, as number and words. The desk's notes are not among them."""
    if what == "tasks":
        tasks = db.execute("SELECT number, id, name FROM tasks ORDER BY number")
        return ((number, task_lexemes(id, name)) for number, id, name in tasks)
    comments = db.execute("SELECT number, body FROM comments WHERE kind <> 'note' ORDER BY number")
    return ((number, lexemes(body)) for number, body in comments)


def _sum(words: Iterable[tuple[object, ...]]) -> tuple[int, int]:
    """The number of words and the sum of their hashes, which do not depend on the order.

    Strings are hashed, because hashes of tuples are nearly linear: swapped words could give the same sum.
    """
    count = total = 0
    for row, position, word in words:
        count += 1
        total += hash(f"{row} {position} {word}")
    return count, total
