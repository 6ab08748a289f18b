"""A transport that keeps what it gets, and mails for it to deliver."""

from __future__ import annotations

import json
from collections.abc import Callable

from builders import AT, BOB, a_request
from conftest import Es
from sessions import filled

from expertsupport_cli.actions import requests
from expertsupport_cli.actions.notices import Post
from expertsupport_cli.actions.outbox import Sender
from expertsupport_cli.mail.letter import Letter
from expertsupport_cli.model.mail import Mail
from expertsupport_cli.render.notice import notice_text
from expertsupport_cli.store import Store

POST = Post(compose=notice_text)


class Box:
    """A transport that keeps what it gets, except from those on whom it chokes."""

    def __init__(self, chokes: Callable[[Letter], BaseException | None] = lambda _: None) -> None:
        self.letters: list[Letter] = []
        self.chokes = chokes

    def deliver(self, letter: Letter) -> None:
        fault = self.chokes(letter)
        if fault:
            raise fault
        self.letters.append(letter)

    def close(self) -> None:
        pass


def sender(box: Box, lease: str = "a sender") -> Sender:
    return Sender(transport=box, address="Support <s@desk.example>", reply_to=None, lease=lease, lease_seconds=60)


def replies(store: Store, count: int) -> None:
    """Queue replies to one initiator."""
    a_request(store)
    for number in range(count):
        requests.reply(store, "ES-1", f"Reply {number}", asks=False, by=BOB, at=AT, post=POST)


def a_mail(store: Store) -> Mail:
    replies(store, 1)
    return store.mail("M-1")


def asked(es: Es, count: int = 1, **more: str) -> Es:
    """A request in the store, replies to it that are queued, and the program with some settings."""
    with filled(es) as store:
        replies(store, count)
    return type(es)(es.home, **more)


def states(es: Es) -> list[tuple[str, str, int]]:
    rows = json.loads(es("mail", "list", "--json").stdout)
    return [(row["id"], row["state"], row["attempts"]) for row in rows][::-1]
