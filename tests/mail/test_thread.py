"""The mails of a request as a mail reader threads them: one subject, one thread."""

from __future__ import annotations

import email.policy
import json
import mailbox
from collections import defaultdict
from contextlib import closing
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path

from builders import a_certificate, a_request, a_task
from conftest import Es
from sessions import filled

MORE = {"ES_MAIL_FROM": "Expert Support <support@desk.example>", "ES_DESK_EMAIL": "desk@desk.example"}


def letters(folder: Path) -> list[EmailMessage]:
    """All that is in the Maildirs of a folder, as Python's own reader finds it."""
    parser = BytesParser(policy=email.policy.default)
    found: list[EmailMessage] = []
    for path in sorted(folder.iterdir()):
        with closing(mailbox.Maildir(path, create=False)) as box:
            found += [parser.parsebytes(box.get_bytes(key)) for key in box.iterkeys()]
    return found


def threads(found: list[EmailMessage]) -> list[set[str]]:
    """The Message-IDs that belong together by References and In-Reply-To, as mutt and notmuch put them together."""
    parent: dict[str, str] = {}

    def root(id: str) -> str:
        while parent.setdefault(id, id) != id:
            id = parent[id]
        return id

    for letter in found:
        for other in f"{letter['References'] or ''} {letter['In-Reply-To'] or ''}".split():
            parent[root(letter["Message-ID"])] = root(other)
    together: dict[str, set[str]] = defaultdict(set)
    for letter in found:
        together[root(letter["Message-ID"])].add(letter["Message-ID"])
    return list(together.values())


def two_conversations(es: Es) -> None:
    """ES-1 and ES-2 on tasks of one name, which differs in no word from a hostile one."""
    with filled(es) as store:
        for _ in range(2):
            a_request(store, task=a_task(store, "Drucker =?utf-8?q?brennt=0D=0ABcc:_x@y.z?= \u202elichterloh\n🔥").id)
        a_certificate(store)
    ann, bob = Es(es.home, **MORE, ES_EMAIL="ann@example.org"), Es(es.home, **MORE, ES_USER="bob")
    for request in ("ES-1", "ES-2"):
        assert ann("comment", request, "-m", "Help!").status == 0
        assert ann("follow", request, "--email", "fan@example.org").status == 0
        assert bob("desk", "reply", request, "--waiting", "-m", "Is it plugged in?").status == 0
        assert ann("close", request, "-m", "No.").status == 0
        assert bob("reopen", request).status == 0


def test_the_mails_of_a_request_are_one_thread_and_have_one_subject(es: Es) -> None:
    two_conversations(es)
    found = letters(es.home / "mail")
    rows = json.loads(es("mail", "list", "--json").stdout)
    assert {row["state"] for row in rows} == {"sent"}
    assert {letter["Message-ID"] for letter in found} == {row["message_id"] for row in rows}
    assert len(found) == len(rows) == 16
    expected = [{row["message_id"] for row in rows if row["request"] == request} for request in ("ES-1", "ES-2")]
    assert sorted(map(sorted, threads(found))) == sorted(map(sorted, expected))
    for request, thread in zip(("ES-1", "ES-2"), expected, strict=True):
        subjects = {str(letter["Subject"]) for letter in found if letter["Message-ID"] in thread}
        assert len(subjects) == 1
        assert subjects.pop().startswith(f"[{request}] Drucker =?utf-8?q?brennt=0D=0ABcc:_x@y.z?= ")


def test_each_mail_refers_to_the_first_of_its_request(es: Es) -> None:
    two_conversations(es)
    rows = json.loads(es("mail", "list", "--json").stdout)[::-1]
    first = {request: next(row for row in rows if row["request"] == request) for request in ("ES-1", "ES-2")}
    request_of = {row["message_id"]: row["request"] for row in rows}
    for letter in letters(es.home / "mail"):
        id = letter["Message-ID"]
        start = first[request_of[id]]["message_id"]
        assert letter["References"] == letter["In-Reply-To"] == (None if id == start else start)
        assert letter.get_all("Bcc") is None


def test_the_thread_holds_when_its_first_mail_was_never_delivered(es: Es) -> None:
    with filled(es) as store:
        a_request(store)
    assert es.as_("bob")("desk", "reply", "ES-1", "-m", "One", env={**es.env, "ES_MAIL_DELIVER": "manual"}).status == 0
    for text in ("Two", "Three"):
        assert es.as_("bob")("desk", "reply", "ES-1", "-m", text).status == 0
    found = letters(es.home / "mail")
    assert len(found) == 2
    assert len(threads(found)) == 1
