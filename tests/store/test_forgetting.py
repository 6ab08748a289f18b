"""What was forgotten is in no byte of the file any more, and in no word of the search index."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from builders import a_store, raw
from forgotten import EVE, OWN, forget, forget_person, her_request, her_traces

from expertsupport_cli.store import Store, check

PIECE = 5  # characters; an index keeps of a word only what differs from the word before


def pieces_left(path: Path) -> set[str]:
    """The pieces of her words, names and addresses that are in a file of the store or in the index."""
    files = [file.read_bytes().lower() for file in path.parent.iterdir() if file.is_file()]
    with closing(sqlite3.connect(path)) as db:
        for what in ("tasks", "comments"):
            db.execute(f"CREATE VIRTUAL TABLE temp.{what}_terms USING fts5vocab(main, {what}_words, row)")
            files += [term.encode() for (term,) in db.execute(f"SELECT term FROM temp.{what}_terms")]
    pieces = {own[at : at + PIECE].lower() for own in OWN for at in range(len(own) - PIECE + 1)}
    return {piece for piece in pieces if any(piece.encode() in file for file in files)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """A store that leaves in its file what it overwrites or deletes, as most builds of SQLite do."""
    with closing(a_store(path)) as opened:
        raw(opened).execute("PRAGMA secure_delete=OFF")
        yield opened


def broken(store: Store) -> dict[str, list[str]]:
    return {rule: found for rule, found in check.findings(store) if found}


def test_of_a_forgotten_request_nothing_is_left_in_any_byte(store: Store, path: Path) -> None:
    request = her_request(store)
    assert pieces_left(path) >= {own[:PIECE].lower() for own in OWN}
    forget(store, request)
    assert pieces_left(path)  # of what the file had deleted before
    store.vacuum()
    assert pieces_left(path) == set()
    assert broken(store) == {}


def test_what_the_file_has_not_deleted_before_is_gone_without_rebuilding_it(store: Store, path: Path) -> None:
    raw(store).execute("PRAGMA secure_delete=ON")
    request = her_request(store)
    store.vacuum()
    raw(store).execute("PRAGMA secure_delete=OFF")
    forget(store, request)
    assert pieces_left(path) == set()


@pytest.mark.parametrize("given", [EVE.name, EVE.name.upper(), EVE.email])
def test_of_a_forgotten_person_nothing_is_left_anywhere(given: str, store: Store, path: Path) -> None:
    her_request(store)
    her_traces(store)
    forget_person(store, given)
    store.vacuum()
    assert pieces_left(path) == set()
    assert broken(store) == {}


def test_the_history_is_guarded_again_afterwards(store: Store) -> None:
    forget(store, her_request(store))
    for statement in ("UPDATE comments SET body = 'x'", "UPDATE events SET actor = 'x'", "DELETE FROM comments"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            raw(store).execute(statement)


def test_a_guard_that_another_tool_has_removed_hinders_nothing(store: Store) -> None:
    request = her_request(store)
    raw(store).execute("DROP TRIGGER comments_no_update")
    forget(store, request)
    assert broken(store) == {"the schema is correct": ["trigger comments_no_update is missing"]}
