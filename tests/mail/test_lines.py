"""What people typed makes no line, no header and no fact of its own in a mail, whatever it is in."""

from __future__ import annotations

import email
import email.policy

from builders import AT
from conftest import Es
from mail.box import in_maildir
from mail.clients import BY_SMTP, over_smtp
from mail.servers import Letterbox, serving
from render.things import a_request, an_event

from expertsupport_cli.mail.letter import Letter
from expertsupport_cli.model.history import Kind
from expertsupport_cli.model.mail import Notice, Pages, Role
from expertsupport_cli.render.notice import notice_text

FACT = "Status:   New -> Closed"
BREAKS = ["\n", "\r", "\r\n", "\n\n", "\r\r\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
HOSTILE = [f"Innocent{character}{FACT}{character}Bcc: evil@example.net" for character in [*BREAKS, "\0", "\x1b[2J"]]
HOSTILE += ["\u202egnp.exe", "\u2066x", "=?utf-8?q?x=0ABcc:_evil@example.net?=", "\ud800", "\n.\n", "\t\t", "x" * 5000]
FIELDS = ("task_name", "space", "token", "actor", "body", "description")


def letter(field: str, text: str, role: Role) -> Letter:
    """A letter with a text in one of the fields that others fill."""
    request, event = a_request(), an_event(Kind.REPLIED)
    if field == "actor":
        event = event.replace(actor=text)
    elif field not in ("body", "description"):
        request = request.replace(**{field: text})
    pages = Pages(url="https://es.example")
    notice = Notice(event=event, request=request, role=role, body="Hello", description="It smokes.", pages=pages)
    if field in ("body", "description"):
        notice = notice.replace(**{field: text})
    return Letter(
        message_id="<es-1@desk.example>",
        sender="Support <support@desk.example>",
        reply_to=None,
        recipient="ann@example.org",
        subject=f"[{request.id}] {request.task_name}",
        text=notice_text(notice),
        at=AT,
    )


def test_a_hostile_value_stays_in_its_line_of_the_letter() -> None:
    for role in Role:
        usual = email.message_from_bytes(letter("body", "Hello", role).to_bytes("\n"), policy=email.policy.default)
        for field in FIELDS:
            for text in HOSTILE:
                data = letter(field, text, role).to_bytes("\n")
                found = email.message_from_bytes(data, policy=email.policy.default)
                assert found.keys() == usual.keys()
                assert found["Subject"].splitlines() == [found["Subject"]]
                lines = found.get_content().splitlines()
                assert lines == found.get_content().rstrip("\n").split("\n"), (field, text)
                own = [line for line in lines if line and not line.startswith("    ")]
                labels = [line[:9] for line in usual.get_content().splitlines() if line and line[0] != " "]
                assert [line[:9] for line in own[1:]] == labels[1:], (field, text)
                assert sum(line.startswith("Status:") for line in own) == 1


def test_lines_of_a_message_are_broken_where_its_author_broke_them_and_nowhere_else() -> None:
    data = letter("body", "one\r\ntwo\nthree\x0cstill\x85still\u2028still\u2029still\x0b", Role.DESK).to_bytes("\r\n")
    found = email.message_from_bytes(data, policy=email.policy.default)
    quoted = [line for line in found.get_content().splitlines() if line.startswith("    ")]
    assert quoted[:3] == ["    one", "    two", r"    three\x0cstill\x85still\u2028still\u2029still\x0b"]


def test_mail_by_smtp_has_an_address_only_if_one_is_configured(inside: Es) -> None:
    es, bob, box = inside, inside.as_("bob"), Letterbox()
    es("space", "add", "acme")
    task = es("task", "add", "One", "--space", "acme").id
    es("activate", task, es("cert", "issue").id, env={"ES_EMAIL": "ann@example.org", "ES_MAIL_TRANSPORT": "off"})
    es("follow", "ES-1", "--email", "fan@example.org")
    token = bob("show", "ES-1", "--fields", "url").stdout.strip().rpartition("/")[2]
    with serving(box) as port:
        env = over_smtp(bob, port, ES_DESK_EMAIL="desk@example.org")
        bob("desk", "reply", "ES-1", "-m", "Hello", env=env)
        assert [b"http" in one.content or token.encode() in one.content for one in box.received] == [False, False]
        box.received.clear()
        env["ES_PAGE_URL"] = "https://es.example"
        bob("desk", "reply", "ES-1", "-m", "Hello", env=env)
        es("comment", "ES-1", "-m", "Hello", env={**env, "ES_USER": "ann", "ES_EMAIL": "ann@example.org"})
    addresses = {
        "ann@example.org": f"https://es.example/requests/{token}",
        "desk@example.org": "https://es.example/desk/requests/ES-1",
        "fan@example.org": "https://es.example/spaces/acme/requests/ES-1",
    }
    assert {to for one in box.received for to in one.recipients} == set(addresses)
    for one in box.received:
        text = one.content.decode()
        assert f"Page:     {addresses[one.recipients[0]]}\r\n" in text
        assert text.count("http") == 1
        assert (token in text) == (one.recipients == ["ann@example.org"])
        assert "es show ES-1" in text
        assert "es comment ES-1 -m TEXT" in text or "es desk reply ES-1 -m TEXT" in text


def test_letters_are_the_same_bytes_in_every_locale(es: Es) -> None:
    """The message comes from stdin, which is UTF-8 everywhere."""
    inside = es.inside
    inside("space", "add", "acme")
    task = inside("task", "add", "Zoë's printer – 日本", "--space", "acme").id
    inside("activate", task, inside("cert", "issue").id, env={"ES_EMAIL": "ann@example.org"})
    assert inside.as_("bob")("desk", "acknowledge", "ES-1", env={"ES_MAIL_TRANSPORT": "off"}).status == 0
    locales = [
        {"LANG": "C.UTF-8"},
        {"LC_ALL": "C", "LANG": ""},
        {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    ]
    for locale in locales:
        assert es.as_("bob")("desk", "reply", "ES-1", "-F", "-", stdin="Grüße, 日本 …", env=locale).status == 0
    letters = in_maildir(es.home / "mail")
    assert len(letters) == len(locales)
    assert len({(one["Subject"], one.get_payload()) for one in letters}) == 1
    assert "Gr=C3=BC=C3=9Fe" in letters[0].get_payload()


def test_the_sender_has_no_default_by_smtp(inside: Es) -> None:
    for words in (("mail", "test", "ann@example.org"), ("mail", "send")):
        done = inside(*words, env={**BY_SMTP, "ES_MAIL_FROM": ""})
        assert (done.status, done.stdout) == (2, "")
        assert "es config set mail.from VALUE" in done.stderr
