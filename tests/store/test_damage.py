"""A store whose bytes have changed on the disk ends every read and write as a store that is damaged, or not at all."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from builders import ANN, AT, BOB, a_certificate, a_request, a_store, a_task

from expertsupport_cli import times
from expertsupport_cli.actions import links, requests
from expertsupport_cli.errors import Fault, StoreDamaged, StoreUnusable
from expertsupport_cli.store import Store, Wanted, check, open_store

FLIPS = 300
USES: list[Callable[[Store], object]] = [
    lambda store: [times.relative(request.updated_at, AT) for request in store.requests(Wanted())],
    lambda store: list(store.requests(Wanted(words=["fire"]))),
    lambda store: list(store.queue(None, None, unanswered=False)),
    lambda store: store.unread(ANN),
    lambda store: list(store.certificates(AT)),
    lambda store: store.events_of_request(store.request("ES-1"), notes=True),
    lambda store: store.comments(store.request("ES-2"), notes=True),
    lambda store: list(check.findings(store)),
    lambda store: requests.comment(store, "ES-1", "More.", by=ANN, at=AT),
    lambda store: requests.close(store, "ES-2", "Bye.", by=BOB, at=AT),
    lambda store: a_certificate(store),
    lambda store: a_task(store, space="acme"),
]


def a_full_store(path: Path) -> bytes:
    with closing(a_store(path)) as store:
        for _ in range(5):
            request = a_request(store)
            requests.reply(store, request.id, "Is it on fire? " * 20, asks=True, by=BOB, at=AT)
            requests.note(store, request.id, "Hm.", by=BOB, at=AT)
        links.create_link(store, "T-1", lifetime=60, by=ANN, at=AT)
    return path.read_bytes()


def flipped(whole: bytes, chance: random.Random) -> bytes:
    """The same bytes with a few bits changed, or a letter of the text that is in them."""
    held = bytearray(whole)
    if chance.random() < 0.5:
        for _ in range(chance.choice((1, 4, 16))):
            held[chance.randrange(len(held))] ^= 1 << chance.randrange(8)
    else:
        letters = [at for at in range(len(held)) if chr(held[at]).isalnum()]
        for at in chance.sample(letters, 4):
            held[at] = chance.choice(b"019Zx-:")
    return bytes(held)


@pytest.mark.program
def test_whatever_changes_in_the_file_every_use_of_it_has_an_ending(tmp_path: Path, long: bool) -> None:
    whole, path = a_full_store(tmp_path / "whole.db"), tmp_path / "store.db"
    chance = random.Random(7)  # noqa: S311 -- the same flips each time
    unusable = 0
    for _ in range(2_000 if long else FLIPS):
        for left in tmp_path.glob("store.db*"):
            left.unlink()
        path.write_bytes(flipped(whole, chance))
        use = chance.choice(USES)
        try:
            with closing(open_store(str(path), timeout=0, writes=True, notify=lambda _: None)) as store:
                use(store)
        except Fault as fault:
            unusable += isinstance(fault, StoreUnusable)
    assert FLIPS // 20 < unusable < FLIPS


def test_a_changed_rule_of_the_schema_is_damage_and_no_bug(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(a_store(path)) as store:
        request = a_request(store)
    path.write_bytes(path.read_bytes().replace(b"'Waiting', 'Closed')", b"'Waiting', 'C1osed')"))
    with (
        closing(open_store(str(path), timeout=0, writes=True, notify=lambda _: None)) as store,
        pytest.raises(StoreDamaged),
    ):
        requests.close(store, request.id, None, by=BOB, at=AT)
