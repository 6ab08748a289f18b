"""What was forgotten is not in the store any more: not in a row, not in the search index, not in a byte of the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from builders import AT, BOB, OLGA, a_space, a_store, later, raw

from expertsupport_cli.actions import certificates, following, forgetting, links, outbox, requests, tasks
from expertsupport_cli.actions.notices import Post
from expertsupport_cli.model.mail import MailState
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.render.notice import notice_text
from expertsupport_cli.store import Store, check

EVE = Actor(name="Zorblaxine", side=Side.CUSTOMER, email="quixotry@wimblewick.test")
POST = Post(compose=notice_text, desk=["desk@example.com"])
PIECE = 5  # characters; an index keeps of a word only what differs from the word before
WORDS = {
    "task": "Wombatinus",
    "description": "flumadiddly",
    "first": "borborygmus",
    "comment": "gobemoucherie",
    "reply": "taradiddling",
    "desk note": "skullduggerous",
    "closing": "widdershinsed",
    "reopening": "absquatulate",
    "certificate": "bumfuzzlement",
    "mail error": "cattywampused",
    "unfollowed": "lollygagging@snickersnee.test",
    "follower": "collywobbles@gardyloo.test",
    "purged": "ultracrepidarian",
}
OWN = [*WORDS.values(), EVE.name, str(EVE.email)]


def her_request(store: Store) -> str:
    """A closed request with something of hers in every place that there is."""
    a_space(store, lifetime=None)
    task = tasks.add_task(store, f"{WORDS['task']} leaks", "acme", description=WORDS["description"], by=EVE, at=AT).id
    tasks.close_task(store, task, by=EVE, at=AT)
    tasks.reopen_task(store, task, by=EVE, at=AT)
    token, _ = links.create_link(store, task, lifetime=60, by=EVE, at=AT)
    links.redeem_link(store, token, lambda _: None, by=EVE, at=AT)
    serials: list[str] = []
    note = WORDS["certificate"]
    certificates.issue_certificates(store, 1, lambda block: None, note=note, by=OLGA, at=AT)
    certificates.replace_certificate(store, "C-2", lambda block: serials.append(block[0][0]), by=OLGA, at=AT)
    request = requests.activate(store, task, serials[0], message=WORDS["first"], by=EVE, at=AT, post=POST).request.id
    following.follow(store, request, WORDS["unfollowed"], by=EVE, at=AT)
    following.unfollow(store, request, WORDS["unfollowed"], by=EVE, at=AT)
    following.follow(store, request, WORDS["follower"], by=EVE, at=AT)
    requests.comment(store, request, WORDS["comment"], by=EVE, at=AT, post=POST)
    requests.note(store, request, WORDS["desk note"], by=BOB, at=AT, post=POST)
    requests.reply(store, request, WORDS["purged"], asks=False, by=BOB, at=AT, post=POST)
    requests.close(store, request, WORDS["reply"], by=BOB, at=AT, post=POST)
    requests.reopen(store, request, WORDS["reopening"], by=EVE, at=AT, post=POST)
    requests.close(store, request, WORDS["closing"], by=EVE, at=AT, post=POST)
    following.mark_shown(store, store.request(request), store.last_event(), by=EVE)
    following.mark_shown(store, store.request(request), store.last_event(), by=EVE.replace(email=None))
    some_mail_goes_out(store)
    return request


def some_mail_goes_out(store: Store) -> None:
    """Of the mail so far, some was sent, some of that purged, one failed, one is being sent, and the rest waits."""
    sent, purged, failed, leased, *_ = store.mails()
    with store.transaction():
        for mail in (sent, purged, failed, leased):
            sql = "UPDATE outbox SET lease = 'x', leased_until = ? WHERE number = ?"
            store.change(sql, later(1), mail.number)
        store.settle_mail(purged.replace(state=MailState.SENT, sent_at=later(-9)), "x")
        store.settle_mail(sent.replace(state=MailState.SENT, sent_at=AT), "x")
        store.settle_mail(failed.replace(state=MailState.FAILED, error=f"no: {WORDS['mail error']}"), "x")
    assert outbox.purge(store, 86400, at=AT) == 1


def pieces_left(path: Path) -> set[str]:
    """The pieces of her texts and names that are in the file or in the index."""
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


def forget(store: Store, *references: str) -> None:
    forgetting.forget(store, forgetting.find_requests(store, references), by=OLGA, at=later(9))
    store.vacuum()


def forget_person(store: Store, given: str) -> None:
    forgetting.forget(store, forgetting.find_person(store, given), by=OLGA, at=later(9))
    store.vacuum()


def broken(store: Store) -> dict[str, list[str]]:
    return {rule: found for rule, found in check.findings(store) if found}


def test_of_a_forgotten_request_no_text_name_or_address_is_left_in_any_byte(store: Store, path: Path) -> None:
    request = her_request(store)
    everything = {own[:PIECE].lower() for own in OWN}
    assert pieces_left(path) >= everything
    forget(store, request)
    assert pieces_left(path) == set()
    assert broken(store) == {}


def test_what_stood_in_the_file_before_is_erased_by_the_transaction_itself(store: Store, path: Path) -> None:
    raw(store).execute("PRAGMA secure_delete=ON")
    request = her_request(store)
    store.vacuum()
    raw(store).execute("PRAGMA secure_delete=OFF")
    forgetting.forget(store, forgetting.find_requests(store, [request]), by=OLGA, at=later(9))
    assert pieces_left(path) == set()
