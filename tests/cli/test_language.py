"""The language of the program: plain English in every help, error and hint, and no hint that does not run."""

from __future__ import annotations

import ast
import re
import shlex
import shutil

import pytest
from builders import ANN, AT, a_certificate, a_request, a_space, a_task
from conftest import Es
from examples import ROOT
from sessions import Terminal, filled

from expertsupport_cli.actions import requests
from expertsupport_cli.cli.commands import COMMANDS, GROUPS

SOURCES = sorted((ROOT / "src").rglob("*.py"))
BANNED = re.compile(
    r"\b(told|tells?|whole(?! number)|of ours|will not do|one cannot|there are:|so many|mend(?:s|ed)?|amiss|in vain"
    r"|throw-?away|one a line|lapses?|leads? (?:somewhere|nowhere)|patiently)\b|[“”‘’]",
    re.IGNORECASE,
)
WIDTH = 80

# each error path with its exit status; {names} are in the store that `stocked` makes
ERRORS = """
2 activate
2 activate T-2
2 activate T-2 AAAA-BBBB-CCCC-DDD?
2 activate T-2 AAAA-BBBB-CCCC-DDDD-EEEE
2 activate {serial}
2 activate T-2 {serial} --serial-file x
3 activate T-2 --serial-file /nope
3 activate T-99 {serial}
4 activate T-2 AAAA-BBBB-CCCC-DDDD
4 activate T-2 {mistyped}
4 activate T-2 {used}
4 activate T-2 {revoked}
4 activate T-2 {expired}
4 activate T-1 {serial}
4 activate CLOSED {serial}
4 activate EXPIRED {serial}
4 activate FROZEN {serial}
4 purchase-link CLOSED
2 purchase-link T-2 --partner --open
3 show ES-99
3 show T-2
2 show 'not a request'
3 show https://example.org/requests/0123456789abcdef0123456789abcdef
2 show ES-1 --fields nope
2 show ES-1 --format xml
2 show ES-1 --json --format csv
2 comment ES-1
2 comment ES-1 -m ''
2 comment ES-1 -m a -F b
3 comment ES-1 -F /nope
3 comment ES-1 hello
2 comment ES-1 'hello there'
4 comment ES-2 -m hello
2 comment - -F -
4 desk reply ES-2 -m x
4 reopen ES-3
2 close
2 list --sort foo
2 list --status foo
2 list --turn foo
2 list --since foo
2 list --since 3000000w
2 list --search ' '
3 list --space nope
3 list --space 'a b'
2 wait ES-1 --for foo
124 wait ES-1 --timeout 1s
2 follow ES-1
2 follow ES-1 --email 'ann at example.org'
2 space add 'a b'
4 space add acme
3 space edit nope --unblocked
2 space edit acme
2 space edit acme --task-limit few
2 space add x --tasks-expire-after 10
2 task add
2 task add x
3 task add x --space nope
4 task add x --space tiny
4 task add x --space frozen
4 task add x --space acme --id T-1
2 task add x --space acme --id 'a b'
2 task add x --space acme --id ES-1
3 task show T-99
3 task import /nope
2 task import - --space acme
2 cert issue -n 0
3 cert show C-99
2 cert show AAAA
4 cert check AAAA-BBBB-CCCC-DDDD
4 cert check {used}
4 cert check {revoked}
4 cert replace C-1 --yes
2 cert revoke {serial}
4 cert revoke C-1 --yes
4 cert import {twice}
3 partner remove nope --yes
4 partner add Shop https://shop.example
2 partner add Other shop.example
3 link show L-99
3 link redeem http://127.0.0.1:8765/buy/0123456789abcdef0123456789abcdef01234567
4 link redeem {used_link}
4 link redeem {revoked_link}
2 config get colour
3 config get space
2 config set colour blue
2 config set user.email nowhere
2 config set mail.transport pigeon
2 config set mail.smtp.port 99999
3 mail show M-99
2 mail retry
2 mail list --state nope
2 mail test nowhere
3 schema nope
2 nope
2 list --nope
2 --color blue list
2 --json list
2 list --as bob
5 --store {folder} list
5 --store {foreign} list
"""

# what succeeds, with what it says on a terminal
HINTED = """
space add other
space list
task add 'The roof leaks' --space acme
task list --space empty
list
list --search nothing
show ES-1
activate T-2 {serial}
purchase-link T-1
log T-1
close ES-1
desk queue
cert issue
cert list --state expired
partner list
link list --task FROZEN
mail list
config list
""".strip().splitlines()

# what stands in the store, besides what time has done to it
BUILT = """
space add frozen
space add empty
task add CLOSED --space acme --id CLOSED
task add FROZEN --space frozen --id FROZEN
task add x --space acme --id INC-1
task close CLOSED
space edit frozen --blocked
partner add Shop https://shop.example
""".strip().splitlines()

# what a hint leaves to the user, and a value for it
PLACEHOLDERS = {
    "NAME": "another",
    "TASK": "T-2",
    "SERIAL": "{serial}",
    "PATH": "{folder}/other.db",
    "VALUE": "3s",
    "N": "99",
    "TEXT": "Hello",
    "SPACE": "acme",
    "URL": "https://other.example",
    "YOU@EXAMPLE.ORG": "you@example.org",
    "COMMAND": "list",
}

ASKS = re.compile(r"es (activate|comment) [^-]\S+")  # on a terminal for a serial number, or for a message in an editor


@pytest.fixture
def stocked(inside: Es) -> tuple[Es, dict[str, str]]:
    """A store with something of every kind and state, and what its secrets are called in the tables."""
    es = inside
    with filled(es) as store:
        a_space(store, lifetime=None)
        a_space(store, "short", lifetime=60)
        a_space(store, "tiny", limit=1)
        a_request(store)
        a_task(store)
        a_task(store, id="EXPIRED", space="short")
        a_task(store, id="OTHER", space="tiny")
        closed, again = a_request(store), a_request(store)
        requests.close(store, closed.id, None, by=ANN, at=AT)
        requests.close(store, again.id, None, by=ANN, at=AT)
        a_request(store, task=again.task)
        expired, _ = a_certificate(store, valid_for=60)
    for line in BUILT:
        es(*shlex.split(line))
    secrets = {"expired": expired, "folder": str(es.home), "used": es("cert", "issue").id}
    es("activate", "INC-1", secrets["used"])
    secrets["revoked"], secrets["serial"] = es("cert", "issue").id, es("cert", "issue").id
    es("cert", "revoke", secrets["revoked"], "--yes")
    secrets["mistyped"] = secrets["serial"][:-1] + ("0" if secrets["serial"][-1] != "0" else "1")
    secrets["used_link"], secrets["revoked_link"] = es("purchase-link", "T-2").id, es("purchase-link", "T-2").id
    es("link", "redeem", secrets["used_link"])
    es("link", "revoke", secrets["revoked_link"], "--yes")
    for name, text in (("foreign", "Not a database, but a text."), ("twice", "AAAA-BBBB-CCCC-DDDD\n" * 2)):
        es.home.joinpath(name).write_text(text * 20 if name == "foreign" else text)
        secrets[name] = str(es.home / name)
    return es, secrets


def in_plain_english(text: str) -> None:
    """Check the words of a text that a person reads."""
    assert not BANNED.search(text), text
    assert "  \n" not in text


def hints(text: str) -> list[str]:
    return re.findall(r"^ *Try: (.+)$", text, re.MULTILINE)


def runs(es: Es, secrets: dict[str, str], hint: str) -> None:
    """Run a hint as it was printed, on a copy of the store, with a value in place of each placeholder."""
    filled_in = re.sub(
        rf"\b({'|'.join(map(re.escape, PLACEHOLDERS))})\b", lambda name: PLACEHOLDERS[name[0]].format(**secrets), hint
    )
    kept, settings = es.home / "kept.db", es.home / "config"
    shutil.copy(es.store, kept)
    try:
        for command in filled_in.split(" && "):
            name, *arguments = shlex.split(command)
            assert name == "es", hint
            result = es(*arguments)
            if ASKS.fullmatch(command):
                assert re.match(r"es: No (serial number|message) given\.", result.stderr), (hint, result)
            else:
                assert result.status == 0, (hint, command, result)
    finally:
        shutil.copy(kept, es.store)
        shutil.rmtree(settings, ignore_errors=True)


def test_no_text_of_the_program_has_a_banned_word_or_a_curly_quote() -> None:
    found = [
        f"{path.name}:{node.lineno}: {node.value[:80]!r}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search("[a-z]{3}", node.value)
        if BANNED.search(node.value)
    ]
    assert not found, "\n".join(found)


def test_no_help_is_cut_or_wider_than_a_terminal(inside: Es) -> None:
    for name in ("", *GROUPS, *COMMANDS):
        result = inside(*name.split(), "--help", env={"COLUMNS": str(WIDTH)})
        assert result.status == 0
        in_plain_english(result.stdout)
        for line in result.stdout.splitlines():
            assert len(line) <= WIDTH, (name, line)
            assert not line.endswith("...") or line.startswith("Usage: "), (name, line)
            assert not line.endswith("-"), (name, line)
            assert "…" not in line, (name, line)


def test_every_error_is_plain_says_what_and_why_and_its_hint_runs(stocked: tuple[Es, dict[str, str]]) -> None:
    es, secrets = stocked
    seen = set()
    for line in ERRORS.strip().splitlines():
        status, command = line.split(" ", 1)
        result = es(*shlex.split(command.format(**secrets)))
        assert (result.status, result.stdout) == (int(status), ""), (line, result)
        first, *more = result.stderr.splitlines()
        assert first.startswith(("es: ", '{"error"')), result
        assert len(more) <= 2, result
        in_plain_english(result.stderr)
        assert all(re.search(r"[.!:?]$|^  Try: |^  Examples?: ", each) for each in (first, *more) if each[:1] != "{"), (
            result
        )
        for hint in hints(result.stderr):
            if hint not in seen:
                seen.add(hint)
                runs(es, secrets, hint)
    assert len(seen) > 30


@pytest.mark.program
def test_every_hint_on_a_terminal_runs(stocked: tuple[Es, dict[str, str]]) -> None:
    es, secrets = stocked
    for line in HINTED:
        terminal = Terminal(es, *shlex.split(line.format(**secrets)))
        assert terminal.ends() == 0, (line, terminal.text)
        in_plain_english(terminal.text)
        for hint in hints(terminal.text):
            runs(es, secrets, hint)
