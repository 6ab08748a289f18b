"""The statements outside of an engine are written in the dialect that SQLite and PostgreSQL both speak."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from expertsupport_cli import store

FILES = sorted(Path(store.__file__).parent.glob("*.py"))
SQL = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|WHERE|AND|ORDER BY|VALUES|JOIN|FROM)\b")

# what only one engine understands, or each in its own way
NOT_PORTABLE = {
    "PRAGMA": r"\bPRAGMA\b",
    "rowid": r"\b_?rowid_?\b|\boid\b|\blast_insert_rowid\b",
    "COLLATE": r"\bCOLLATE\b|\bNOCASE\b",
    "the catalogue of SQLite": r"\bsqlite_\w+",
    "full-text search": r"\bMATCH\b|_fts\b|\bfts5",
    "IS between values": r"\bIS (NOT )?(?!NULL\b|NOT\b|TRUE\b|FALSE\b|DISTINCT FROM\b)\w",
    "an empty IN": r"\bIN \(\s*\)",
    "max or min of several values": r"\b(max|min)\([^()]*,",
    "a number as a condition": r"\b(WHERE|AND|OR|NOT|HAVING|ON) [01]\b(?!\s*[<>=])",
    "INSERT OR": r"\bINSERT OR\b|\bREPLACE INTO\b",
    "a conflict without its columns": r"\bON CONFLICT DO\b",
    "a function of SQLite": r"\b(ifnull|printf|group_concat|strftime|julianday|typeof|instr|iif)\(|\bGLOB\b",
    "double quotes around a text": r"= \"",
    "LIMIT with an offset": r"\bOFFSET\b|\bLIMIT [^,\s]+,",
    "BEGIN": r"\bBEGIN\b|\bCOMMIT\b|\bROLLBACK\b",
}


def texts(file: Path) -> Iterator[str]:
    """The texts in a file, f-strings with their values left out; docstrings are not among them."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    skipped = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            yield node.value


STATEMENTS = [(file.name, text) for file in FILES for text in texts(file) if SQL.search(text)]


def test_there_are_statements_to_look_at() -> None:
    assert {name for name, _ in STATEMENTS} >= {
        "certificates.py",
        "check.py",
        "followers.py",
        "history.py",
        "listing.py",
        "outbox.py",
        "requests.py",
        "spaces.py",
        "tasks.py",
    }
    assert len(STATEMENTS) > 100


@pytest.mark.parametrize("what", NOT_PORTABLE)
def test_the_statements_of_the_nouns_are_portable(what: str) -> None:
    wrong = [f"{name}: {text}" for name, text in STATEMENTS if re.search(NOT_PORTABLE[what], text, re.IGNORECASE)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("what", "statement"),
    [
        ("PRAGMA", "PRAGMA data_version"),
        ("rowid", "SELECT rowid FROM tasks"),
        ("COLLATE", "SELECT 1 FROM tasks WHERE id = ? COLLATE NOCASE"),
        ("the catalogue of SQLite", "SELECT name FROM sqlite_schema"),
        ("full-text search", "SELECT 1 FROM tasks_fts WHERE tasks_fts MATCH ?"),
        ("IS between values", "SELECT 1 WHERE a.old IS NOT b.new"),
        ("IS between values", "SELECT 1 WHERE a.old IS b.new"),
        ("an empty IN", "SELECT 1 WHERE status IN ()"),
        ("max or min of several values", "UPDATE readings SET event = max(event, excluded.event)"),
        ("a number as a condition", "SELECT 1 FROM tasks WHERE 1"),
        ("INSERT OR", "INSERT OR IGNORE INTO followers VALUES (?)"),
        ("a conflict without its columns", "INSERT INTO followers VALUES (?) ON CONFLICT DO NOTHING"),
        ("a function of SQLite", "SELECT ifnull(name, '')"),
        ("double quotes around a text", 'SELECT 1 WHERE name = "x"'),
        ("LIMIT with an offset", "SELECT 1 LIMIT 5 OFFSET 3"),
        ("LIMIT with an offset", "SELECT 1 LIMIT 5, 3"),
        ("BEGIN", "BEGIN IMMEDIATE"),
    ],
)
def test_what_is_not_portable_is_noticed(what: str, statement: str) -> None:
    assert re.search(NOT_PORTABLE[what], statement, re.IGNORECASE)


def test_each_insert_whose_number_is_wanted_returns_it() -> None:
    wanted = [
        f"{file.name}:{node.lineno}"
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "insert"
        if "RETURNING number" not in ast.unparse(node.args[0])
    ]
    assert not wanted


# what a pool in transaction mode breaks, or a database that only speaks PostgreSQL's protocol does not have
NOT_EVERYWHERE = {
    "extensions": r"\bCREATE EXTENSION\b",
    "sequences": r"\bSEQUENCE\b|\b(BIG|SMALL)?SERIAL\b|\bIDENTITY\b|\bnextval\b",
    "triggers and procedures": r"\bTRIGGER\b|\bCREATE (OR REPLACE )?(FUNCTION|PROCEDURE|RULE)\b|\bDO \$",
    "listening": r"\bLISTEN\b|\bNOTIFY\b|pg_notify",
    "advisory locks": r"advisory",
    "locks of tables": r"\bLOCK TABLE\b",
    "settings of a session": r"(^|;)\s*(SET (?!LOCAL\b)|RESET\b|DISCARD\b)|\bset_config\(",
    "prepared statements": r"\bPREPARE\b|\bDEALLOCATE\b|\bEXECUTE\b",
    "temporary tables": r"\bTEMP(ORARY)?\b",
    "cursors that are held": r"\bDECLARE\b|\bWITH HOLD\b",
    "other collations": r'COLLATE (?!"C")|icu',
    "words of the server": r"\bto_ts(vector|query)\b|\bplainto|\bwebsearch",
}
IN_POSTGRES = [
    (file.name, text)
    for file in sorted((Path(store.__file__).parent / "postgres").glob("*.py"))
    for text in texts(file)
    if SQL.search(text) or re.search(r"\b(CREATE|SET|BEGIN)\b", text)
]


@pytest.mark.parametrize("what", NOT_EVERYWHERE)
def test_the_statements_for_postgresql_run_on_what_speaks_its_protocol(what: str) -> None:
    wrong = [f"{name}: {text}" for name, text in IN_POSTGRES if re.search(NOT_EVERYWHERE[what], text, re.IGNORECASE)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("what", "statement"),
    [
        ("extensions", "CREATE EXTENSION pg_trgm"),
        ("sequences", "CREATE TABLE t (n BIGSERIAL)"),
        ("sequences", "n BIGINT GENERATED ALWAYS AS IDENTITY"),
        ("triggers and procedures", "CREATE FUNCTION f() RETURNS trigger"),
        ("listening", "LISTEN changes"),
        ("advisory locks", "SELECT pg_advisory_lock(1)"),
        ("locks of tables", "LOCK TABLE tasks"),
        ("settings of a session", "BEGIN; SET statement_timeout = 1"),
        ("prepared statements", "PREPARE p AS SELECT 1"),
        ("temporary tables", "CREATE TEMP TABLE t (n BIGINT)"),
        ("cursors that are held", "DECLARE c CURSOR WITH HOLD FOR SELECT 1"),
        ("other collations", 'name TEXT COLLATE "und-x-icu"'),
        ("words of the server", "SELECT to_tsvector('x')"),
    ],
)
def test_what_does_not_run_everywhere_is_noticed(what: str, statement: str) -> None:
    assert len(IN_POSTGRES) > 30
    assert re.search(NOT_EVERYWHERE[what], statement, re.IGNORECASE)


def test_no_statement_of_a_noun_has_a_percent_sign() -> None:
    assert not [f"{name}: {text}" for name, text in STATEMENTS if "%" in text]
