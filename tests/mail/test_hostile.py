"""Mail in a store that a hostile hand has filled: nothing is sent that could not be meant, and no other mail waits."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from conftest import Es
from mail.box import asked, in_maildir
from mail.clients import BY_SMTP
from mail.servers import Letterbox, serving
from sessions import OURS, RAW, Terminal

ANN_AT = "ann@example.org"


POISON = {  # what a hostile hand wrote, and how it is refused
    "recipient = 'gone@example.org'": "550 no such user",
    "recipient = 'ä <x' || char(13, 10) || 'RSET'": "The recipient is not an email address",
    "recipient = 'a@x.org' || char(10) || 'Bcc: b@x.org'": "The recipient is not an email address",
    "recipient = 'a@x.org' || char(13, 10) || 'DATA'": "The recipient is not an email address",
    "recipient = 'a@x.org, b@x.org'": "The recipient is not an email address",
    "recipient = 'a@x.org> SIZE=1'": "The recipient is not an email address",
    "recipient = ''": "The recipient is not an email address",
    "recipient = '../../outside'": "The recipient is not an email address",
    "recipient = 'a@x.org' || char(0)": "The recipient is not an email address",
    "recipient = char(8238) || 'a@x.org'": "The recipient is not an email address",
    "message_id = '<a@x>' || char(13, 10) || 'Bcc: b@x.org'": "The Message-ID is invalid",
    "message_id = '<a@x>' || char(10, 10) || 'Body'": "The Message-ID is invalid",
    "message_id = 'none'": "The Message-ID is invalid",
    "message_id = '<' || char(27) || '[2J@x>'": "The Message-ID is invalid",
    "message_id = '<ä@x>'": "The Message-ID is invalid",
    "message_id = '<' || printf('%.900c', 'a') || '@x>'": "The Message-ID is invalid",
    "created_at = '1999-99-99T99:99:99Z'": "The date is invalid",
}


@pytest.mark.parametrize("transport", ["smtp", "maildir"])
def test_no_mail_that_cannot_be_sent_safely_is_sent_or_stops_another(transport: str, es: Es) -> None:
    box = Letterbox(refused={"gone@example.org": "550 no such user"})
    asked(es, 2 * len(POISON) + 1)
    with closing(sqlite3.connect(es.store)) as db, db:
        for number, poison in enumerate(POISON, start=1):
            db.execute(f"UPDATE outbox SET {poison} WHERE number = ?", (2 * number,))
    with serving(box) as port:
        more = {**BY_SMTP, "ES_MAIL_SMTP_PORT": str(port), "ES_MAIL_SMTP_SECURITY": "none"}
        more |= {"ES_MAIL_SMTP_HOST": "127.0.0.1", "ES_MAIL_TRANSPORT": transport}
        done = es("mail", "send", env={**es.env, **more})
    assert done.status == 6, done
    good = {f"M-{number}" for number in range(1, 2 * len(POISON) + 2, 2)}
    if transport == "maildir":
        good.add("M-2")  # no server is asked whether there is such a user
        assert [path.name for path in sorted((es.home / "mail").iterdir())] == [ANN_AT, "gone@example.org"]
    else:
        assert {tuple(letter.recipients) for letter in box.received} == {(ANN_AT,)}
        assert len(box.received) == len(good)
    assert set(done.stdout.split()) == good
    assert "\x1b" not in done.stderr
    rows = {row["id"]: row for row in json.loads(es("mail", "list", "--json").stdout)}
    for number, why in enumerate(POISON.values(), start=1):
        if f"M-{2 * number}" not in good:
            row = rows[f"M-{2 * number}"]
            assert (row["state"], row["attempts"]) == ("dead", 1)
            assert why in row["error"]


def test_a_hostile_first_mail_of_a_thread_is_left_out_of_the_references_of_the_others(es: Es) -> None:
    asked(es, 2)
    with closing(sqlite3.connect(es.store)) as db, db:
        db.execute("UPDATE outbox SET message_id = '<a@x>' || char(13, 10) || 'Bcc: b@x.org' WHERE number = 1")
    assert es("mail", "send").stdout == "M-2\n"
    (letter,) = in_maildir(es.home / "mail")
    assert letter["Bcc"] is letter["References"] is letter["In-Reply-To"] is None


HOSTILE = "x\x1b]0;title\x07\x9b31m\u202e\u2066\r\n\u2028y"
ON_A_TERMINAL = [
    *("mail list", "mail show M-1", "mail send --dry-run", "mail retry --all", "mail send", "mail list --format csv"),
    *("list", "desk queue", "show ES-1", "open ES-1", "activate T-1"),
]


def ruined(es: Es) -> Es:
    asked(es, 3)
    es("partner", "add", HOSTILE, "https://x.org")
    with closing(sqlite3.connect(es.store)) as db, db:
        bad = (HOSTILE,) * 5
        db.execute(
            "UPDATE outbox SET recipient = ? || number, message_id = ?||number, subject = ?, body = ?, error = ?", bad
        )
        db.execute("UPDATE outbox SET recipient = 'ann@example.org', message_id = '<a@x>' WHERE number = 3")
        db.execute("UPDATE outbox SET state = 'dead' WHERE number = 1")
        db.execute("UPDATE requests SET token = ?", (HOSTILE * 2,))
    return es


@pytest.mark.program
def test_nothing_of_a_hostile_store_reaches_a_terminal_raw(es: Es) -> None:
    ruined(es)
    for words in ON_A_TERMINAL:
        terminal = Terminal(es, *words.split(), BROWSER="true", ES_PAGE_URL="https://help.example")
        terminal.ends()
        assert RAW.findall(OURS.sub("", terminal.raw)) == [], words
    asks = Terminal(es, "partner", "remove", HOSTILE).sees("[y/N] ").types("n")
    assert asks.ends() == 1
    assert RAW.findall(OURS.sub("", asks.raw)) == []


def test_json_keeps_the_text_of_a_hostile_store_escaped(es: Es) -> None:
    ruined(es)
    shown = es("mail", "show", "M-1", "--json").stdout
    assert RAW.findall(shown) == []
    mail = json.loads(shown)
    assert [mail[name] for name in ("recipient", "message_id", "subject", "body", "error")] == [
        *(f"{HOSTILE}1", f"{HOSTILE}1"),
        *(HOSTILE,) * 3,
    ]
    page = es("mail", "show", "M-1").stdout
    assert RAW.findall(page) == []
    assert page.startswith("M-1")
