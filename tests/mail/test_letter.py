"""A letter on the wire: what the standard library would send, and nothing that a hostile text could make of it."""

from __future__ import annotations

import email
import email.policy
import email.utils
import re
from datetime import datetime
from email.header import decode_header, make_header
from email.message import EmailMessage
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from expertsupport_cli.actions.notices import message_id
from expertsupport_cli.checks import address
from expertsupport_cli.errors import BadUsage
from expertsupport_cli.mail import letter as letters
from expertsupport_cli.mail.letter import Letter
from expertsupport_cli.text import lines, one_line

LETTER = Letter(
    message_id="<es-2@desk.example>",
    sender="Expert Support <support@desk.example>",
    reply_to="Answers <answers@desk.example>",
    recipient="ann@example.org",
    subject="[ES-1] The printer is on fire",
    text="bob (expert) replied.\n\n    Is it plugged in?\n",
    at="2026-01-31T09:30:00Z",
    thread_id="<es-1@desk.example>",
)
NAMES = [
    "From",
    "Reply-To",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
]
NEWLINES = ("\n", "\r\n")
PIECES = [
    *("\r", "\n", "\r\n", "\r\n\r\n", "\r\nBcc: evil@example.net\r\n", "\nTo: evil@example.net", "\n.\n", "\n.."),
    *("=?utf-8?q?x=0D=0ABcc:_evil@example.net?=", "=?utf-8?b?eA0KQmNjOiBldmlsQGUub3Jn?=", "=?x?=", "=?", "?="),
    "=?utf-8?q?two?= =?utf-8?q?words?=",
    "\u202egnp.exe",
    "\u2066x\u2069",
    "\u200f",
    "\ufeff",
    "\u2028",
    "\u0085",
    "\x00",
    "\x1b[2J",
    "\x07",
    "\x7f",
    "\x9b",
    "\x0b",
    "\x0c",
    "\x1c",
    "\t",
    " ",
    "   ",
    "\xa0",
    "\u3000",
    "\u200b",
    *(", evil@example.net", "<evil@example.net>", "evil@example.net;", '"', '\\"', "\\", "(a", ":", "group: x;"),
    "a" * 77,
    "b" * 200,
    "word " * 40,
    "é" * 50,
    "🖨️🔥" * 20,
    "日本語",
    "e\u0301\u0301",
    "From ",
    ">From x",
    "-- ",
]
SAMPLES, SEEDS = 500, 10


def hostile(random: Random) -> str:
    """A text of what has hurt mail programs before, and of characters that may be any."""
    pieces = [random.choice(PIECES) for _ in range(random.randrange(5))]
    strange = "".join(chr(random.choice((random.randrange(0xD800), random.randrange(0xE000, 0x110000)))) for _ in "12")
    return "".join(random.sample([*pieces, strange, "x"], len(pieces) + 2))


def parsed(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def name_in(data: bytes, header: str) -> str:
    """The name before the address; policy.default puts a blank between two encoded words of it that has no place."""
    found = email.message_from_bytes(data)[header].rpartition("<")[0].strip()
    if found.startswith('"'):
        return re.sub(r"\\(.)", r"\1", found[1:-1])
    return str(make_header(decode_header(found)))


def by_the_library(letter: Letter, newline: str) -> bytes:
    message = EmailMessage(policy=email.policy.SMTP.clone(linesep=newline))
    for name, value in letter.headers():
        message[name] = value
    message.set_content(letter.body(), cte="7bit")
    return message.as_bytes()


PLAIN = st.text(st.characters(codec="ascii"), max_size=90)


@pytest.mark.program
@settings(max_examples=1000, deadline=None, database=None, derandomize=True)
@given(subject=PLAIN, name=PLAIN, text=st.lists(PLAIN, max_size=5).map("\n".join), newline=st.sampled_from(NEWLINES))
@example(subject="", name="", text="", newline="\n")
@example(subject="x", name="Ann", text="From me\n.\n..\n\n\n", newline="\r\n")
def test_a_plain_letter_has_the_very_bytes_that_the_standard_library_gives(
    subject: str, name: str, text: str, newline: str
) -> None:
    letter = LETTER.replace(subject=f"[ES-1] {subject}", sender=f"{name} <support@desk.example>", text=text)
    if letters._is_plain(letter.headers(), letter.body()):
        assert letter.to_bytes(newline) == by_the_library(letter, newline)
        assert letters._encoded(letter.headers(), letter.body(), newline) == letter.to_bytes(newline)


def test_the_letters_of_every_day_are_plain() -> None:
    assert letters._is_plain(LETTER.headers(), LETTER.body())


@pytest.mark.program
@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_subject_name_or_text_adds_a_header_or_a_recipient(seed: int) -> None:
    random = Random(seed)  # noqa: S311 -- to be the same every time
    for number in range(SAMPLES):
        stays_one_letter_to_one_recipient(hostile(random), hostile(random), hostile(random), NEWLINES[number % 2])


def stays_one_letter_to_one_recipient(subject: str, name: str, text: str, newline: str) -> None:
    letter = LETTER.replace(
        subject=f"[ES-1] {subject}",
        sender=f"{name} <support@desk.example>",
        reply_to=f"{name} <answers@desk.example>",
        text=text,
    )
    data = letter.to_bytes(newline)
    message = parsed(data)
    assert message.keys() == NAMES
    assert not message.defects
    fields = dict(message.items())
    assert not any(value.defects for value in fields.values())
    assert [to.addr_spec for to in fields["To"].addresses] == ["ann@example.org"]
    assert fields["Subject"] == " ".join(one_line(f"[ES-1] {subject}").split())
    shown = " ".join(one_line(name).split()).strip('"')
    for header, box in (("From", "support@desk.example"), ("Reply-To", "answers@desk.example")):
        assert [one.addr_spec for one in fields[header].addresses] == [box]
        assert name_in(data, header) == shown
    assert message.get_content().replace("\r\n", "\n") == "\n".join(lines(text)).rstrip("\n") + "\n"
    wire = data.split(newline.encode())
    assert max(len(line) for line in wire) <= letters.MAX_LINE_LENGTH
    assert b"\n" not in data.replace(newline.encode(), b"")
    assert b"\r" not in data.replace(newline.encode(), b"")


@pytest.mark.parametrize("newline", NEWLINES)
@pytest.mark.parametrize("text", ["x" * 1000, "é" * 1000, "=" * 1000, "word " * 500, " " * 500 + "x", ".\n..\n."])
def test_long_lines_of_text_come_back_whole_from_short_ones(text: str, newline: str) -> None:
    data = LETTER.replace(text=text).to_bytes(newline)
    assert parsed(data).get_content().replace("\r\n", "\n") == f"{text}\n"
    assert max(map(len, data.split(newline.encode()))) <= letters.MAX_LINE_LENGTH


LOCAL = "abcXYZ019!#$%&'*+/=?^_`{|}~-."
ADDRESSES = st.builds(
    "{}@{}".format, st.text(LOCAL, min_size=1, max_size=120), st.text("abz019-._=?", min_size=1, max_size=120)
)


@pytest.mark.program
@settings(max_examples=1000, deadline=None, database=None, derandomize=True)
@given(to=ADDRESSES | st.text(max_size=60))
@example(to="a@b@c")
@example(to=".a..b@c.d")
@example(to="=?utf-8?q?x=2Cevil=40example.net?=@b.c")
@example(to="a" * 200 + "@" + "b" * 50)
@example(to="a@b.c\r\nBcc: evil@example.net")
def test_an_address_that_is_taken_stands_alone_and_unchanged_in_to(to: str) -> None:
    try:
        address(to)
    except BadUsage:
        return
    message = parsed(LETTER.replace(recipient=to).to_bytes("\r\n"))
    assert [one.addr_spec for one in message["To"].addresses] == [to]
    assert not message["To"].defects
    assert message.keys() == NAMES


@pytest.mark.parametrize("to", ["a@b@c", ".a@b.c", "a.@b.c", "a..b@c.d", "a@b..c", "a@.b", "=?q?x?=@b.c", "a@b.c."])
def test_an_address_that_readers_would_take_for_another_is_refused(to: str) -> None:
    with pytest.raises(BadUsage, match=r"Invalid email address"):
        address(to)


@pytest.mark.parametrize("domain", ["localhost", "desk.example", "d" * 30 + ".example", "d" * 200 + ".example"])
def test_message_ids_survive_unfolded_whatever_the_domain(domain: str) -> None:
    own, first = message_id(domain), message_id(domain)
    data = LETTER.replace(message_id=own, thread_id=first, subject="é").to_bytes("\r\n").decode()
    for name, value in (("Message-ID", own), ("In-Reply-To", first), ("References", first)):
        assert re.findall(rf"(?m)^{name}: (.*)\r$", data) == [value]
    assert max(map(len, data.split("\r\n"))) <= letters.MAX_LINE_LENGTH


def test_each_mail_has_a_message_id_of_its_own() -> None:
    made = {message_id("desk.example") for _ in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch(r"<es-[0-9a-f]{24}@desk\.example>", one) for one in made)


@pytest.mark.parametrize("thread", [None, LETTER.message_id])
def test_the_first_letter_of_a_thread_refers_to_none(thread: str | None) -> None:
    message = parsed(LETTER.replace(thread_id=thread).to_bytes("\n"))
    assert message.keys() == [name for name in NAMES if name not in ("In-Reply-To", "References")]


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(st.datetimes(min_value=datetime(1000, 1, 1)))
def test_the_date_is_the_instant_in_utc(moment: datetime) -> None:
    at = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    date = parsed(LETTER.replace(at=at).to_bytes("\n"))["Date"]
    assert date.datetime.isoformat() == at.replace("Z", "+00:00")
    assert date == email.utils.format_datetime(date.datetime)
    assert not date.defects


@pytest.mark.parametrize("subject", ["plain", "nicht so schlicht, aber schön"])
def test_no_automatic_answer_is_asked_for(subject: str) -> None:
    message = parsed(LETTER.replace(subject=subject).to_bytes("\n"))
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message.get_content_type() == "text/plain"
    assert message.get_content_charset() == "utf-8"


def test_the_sender_may_be_a_bare_address_and_reply_to_may_be_missing() -> None:
    message = parsed(LETTER.replace(sender="support@desk.example", reply_to=None).to_bytes("\n"))
    assert message["From"] == "support@desk.example"
    assert message["Reply-To"] is None
