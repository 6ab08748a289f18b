"""The documents tell the truth: their examples run, and what they list is all there is."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster import binaries
from conftest import Es
from examples import DOCUMENTS, ROOT, Example, Session, alike, blocks, examples, rewritten, session_for

from expertsupport_cli import __version__, errors
from expertsupport_cli.cli import app
from expertsupport_cli.cli import main as program
from expertsupport_cli.errors import Fault, LinkSpent
from expertsupport_cli.settings import SETTINGS

README = ROOT / "README.md"
TEXTS = {document.relative_to(ROOT).as_posix(): document.read_text(encoding="utf-8") for document in DOCUMENTS}
EVERYTHING = "\n".join(TEXTS.values())
SOURCE = ROOT / "src" / "expertsupport_cli"


@pytest.mark.program
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.database] if "postgresql:///" in TEXTS[name] else []) for name in TEXTS],
)
def test_every_example_does_what_the_document_shows(name: str, tmp_path: Path) -> None:
    if "postgresql:///" in TEXTS[name] and binaries() is None and not os.environ.get("CI"):
        pytest.skip("PostgreSQL is not installed")
    with session_for(TEXTS[name], tmp_path) as session:
        for example in examples(TEXTS[name]):
            printed = session.run(example)
            where = f"{name}:{example.line}: {example.command}\n\nprinted:\n{printed}"
            if example.shown is None:
                assert session.status() == "0", where
            else:
                assert alike(printed) == alike(example.shown), where


@pytest.mark.parametrize("name", TEXTS)
def test_whatever_looks_like_an_example_is_one(name: str) -> None:
    assert TEXTS[name].count("```") == 2 * len(blocks(TEXTS[name]))
    for block in blocks(TEXTS[name]):
        assert block.language in ("console", "sh", "text"), f"{name}:{block.line}"
        assert block.language != "console" or block.text.startswith("$ "), f"{name}:{block.line}"


@pytest.mark.program
def test_an_example_that_shows_something_else_is_found(tmp_path: Path) -> None:
    document = "```console\n$ echo one\ntwo\n$ echo 2026-01-31T09:30:00Z\n2025-12-31T00:00:00Z\n```\n"
    assert rewritten(document, tmp_path) == document.replace("two", "one")


@pytest.mark.program
def test_an_example_may_use_the_serial_that_was_shown_before(tmp_path: Path) -> None:
    with Session(tmp_path) as session:
        shown = session.run(Example("es cert issue", "1WXA-7M7F-E8G9-60CR\n", 1))
        session.run(Example("es cert check 1WXA-7M7F-E8G9-60CR", "", 2))
        assert "1WXA-7M7F-E8G9-60CR" in shown
        assert session.status() == "0"


@pytest.mark.program
def test_what_installs_things_is_run_by_ci_which_takes_it_from_the_readme() -> None:
    named = [block for text in TEXTS.values() for block in blocks(text) if block.ci]
    assert {block.ci for block in named} == {"demo", "tests"}
    assert all(block in blocks(TEXTS["README.md"]) and block.text.count("\n") == 1 for block in named)
    ci = ROOT / ".ci" / "run"
    if not ci.exists():  # an unpacked sdist has none
        return
    script = ci.read_text(encoding="utf-8")
    for block in named:
        assert f"\nfrom_readme {block.ci}\n" in script
        assert block.text.strip() not in script
    function = re.search(r"^the_command\(\) \{.*?^\}\n", script, re.DOTALL | re.MULTILINE)
    assert function
    for block in named:
        asked = f"{function[0]}\nthe_command {block.ci}"
        done = subprocess.run(["bash", "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
        assert done.stdout == block.text


def commands(command: Any = None, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command and group of the program."""
    command = command or app.program()
    yield words, command
    for name, inside in inside_of(command):
        yield from commands(inside, (*words, name))


def inside_of(command: Any) -> list[tuple[str, Any]]:
    """The commands of a group by name; none of a command."""
    return [(name, command.get_command(None, name)) for name in getattr(command, "list_commands", lambda _: [])(None)]


COMMANDS = {" ".join(words): command for words, command in commands()}
GROUPS = {words for words, command in COMMANDS.items() if hasattr(command, "list_commands")}


@pytest.mark.parametrize("words", COMMANDS)
def test_help_names_every_command_and_every_option_with_its_meaning(words: str, inside: Es) -> None:
    done = inside(*words.split(), "--help")
    assert (done.status, done.stderr) == (0, "")
    entries = re.findall(r"^  ([\w-]+)  ", done.stdout, re.MULTILINE)
    text = " ".join(done.stdout.split())
    command = COMMANDS[words]
    assert command.help
    for name, each in inside_of(command):
        assert name in entries
        assert each.help
    for param in command.params:
        assert param.param_type_name == "argument" or all(name in text for name in (*param.opts, *param.secondary_opts))
        assert not getattr(param, "hidden", False)
        assert param.help
        assert " ".join(param.help.split())[:30] in text


def test_the_readme_or_a_page_names_every_command() -> None:
    listed = TEXTS["docs/json.md"]
    prints_nothing_of_the_kind = {"config set", "config unset", "demo", "db export"}
    for words, command in COMMANDS.items():
        if words and not hasattr(command, "list_commands"):
            assert f"`{words}`" in listed or words in prints_nothing_of_the_kind, words


def test_docs_say_of_every_command_what_its_json_is(inside: Es) -> None:
    rows = re.findall(r"^\| (`.*) \| (.*\]\(#.*) \|$", TEXTS["docs/json.md"], re.MULTILINE)
    told: dict[str, set[str]] = {}
    for names, shapes in rows:
        for name in re.findall(r"`([^`]+)`", names):
            told.setdefault(name, set()).update(re.findall(r"\(#(\w+)\)", shapes))
    told["purchase-link"] |= told.pop("purchase-link --partner")
    real: dict[str, set[str]] = {}
    for line in inside("schema", "--fields", "command,of").stdout.splitlines():
        name, shape = line.split("\t")
        real.setdefault(name, set()).add({"show": "request", "queue": "request"}.get(shape, shape))
    assert told == real


def test_docs_list_every_setting() -> None:
    table = TEXTS["docs/settings.md"].partition("\n## All settings")[2].partition("\n## ")[0]
    for setting in SETTINGS.values():
        assert re.search(rf"^{re.escape(setting.name)} +{setting.variable} +", table, re.MULTILINE), setting.name
        assert setting.meaning in table
    variables = {each.variable for each in SETTINGS.values()} | {"ES_EDITOR", "ES_SMTP_PASSWORD"}
    assert set(re.findall(r"\bES_[A-Z_]+", EVERYTHING)) <= variables


def statuses() -> set[int]:
    quiet = {program.INTERRUPTED, program.PIPE_CLOSED, program.TERMINATED}
    return {0, *quiet, *(each.exit_status for each in faults())}


def faults(root: type[Fault] = Fault) -> Iterator[type[Fault]]:
    """Every class of error."""
    yield root
    for each in root.__subclasses__():
        yield from faults(each)


def codes(fault: type[Fault]) -> set[str]:
    if fault is LinkSpent:
        return {LinkSpent("L-1", how, "", "").code for how in ("used", "expired", "revoked")}
    return {fault.code}


def test_docs_list_every_exit_status() -> None:
    table = TEXTS["docs/exit-statuses.md"].partition("\n## Exit statuses")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE)
    assert {int(status) for row in rows for status in row.split(",")} == statuses()


def test_docs_list_every_error_code_with_its_status() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", TEXTS["docs/exit-statuses.md"], re.MULTILINE)
    assert len(rows) == len(set(rows))
    assert {(int(status), code) for status, code in rows} == {
        (each.exit_status, code) for each in faults() for code in codes(each)
    }


def test_the_tree_on_top_of_the_errors_is_the_tree_of_the_errors() -> None:
    line = re.compile(r"^    ([│├└─ ]*)(\w+) +(\d+) +(\w+(?:, \w+)*(?: or \w+)?)(?: {2,}.*)?$", re.MULTILINE)
    above = [Exception.__name__]
    drawn = set()
    for branches, name, status, names in line.findall(errors.__doc__ or ""):
        depth = 1 + len(branches) // 4
        above[depth:] = [name]
        drawn.add((above[depth - 1], name, int(status), frozenset(re.split(", | or ", names))))
    real = {(each.__bases__[0].__name__, each.__name__, each.exit_status, frozenset(codes(each))) for each in faults()}
    assert drawn == real


def anchors(text: str) -> set[str]:
    """What a heading is called in an address, as GitHub does it."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize(
    "document",
    [*DOCUMENTS, ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_every_link_leads_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        found = (document.parent / path).resolve() if path else document
        assert found.exists(), target
        assert not anchor or anchor in anchors(found.read_text(encoding="utf-8")), target


def test_the_index_has_one_line_for_every_page_and_the_readme_links_to_it() -> None:
    listed = re.findall(r"^- \[[^]]+\]\(([^)]+)\): \w", TEXTS["docs/README.md"], re.MULTILINE)
    pages = {Path(name).name for name in TEXTS} - {"README.md"}
    assert sorted(name for name in listed if "/" not in name) == sorted(pages)
    assert "](docs/README.md)" in TEXTS["README.md"]


def test_the_files_that_the_architecture_names_are_there() -> None:
    page = TEXTS["docs/architecture.md"]
    for path in re.findall(r"`([\w/]+\.py)`", page):
        assert any((root / path).exists() for root in (SOURCE, ROOT)), path
    for folder in ("actions", "cli", "render", "store"):
        assert f"{folder}/" in page


def test_the_tests_that_the_documents_name_are_there() -> None:
    named = {found for text in TEXTS.values() for found in re.findall(r"(tests/[\w/]+\.py)::(\w+)", text)}
    assert len(named) > 50
    for path, name in sorted(named):
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, f"{path}::{name}"


def test_the_commands_that_the_documents_name_are_there() -> None:
    unknown = []
    for name, text in TEXTS.items():
        for line in re.findall(r"(?<![\w.@-])es((?: --?[a-z-]+(?: [^\s`]+)?)*(?: [a-z][a-z-]*)+)", code(text)):
            words = re.sub(r"^(?: --(?:store|as|color) \S+| --?[a-z-]+)*", "", line).split()
            known = [" ".join(words[:count]) for count in (1, 2) if " ".join(words[:count]) in COMMANDS]
            if words and (not known or (known[-1] in GROUPS and len(words) > 1)):
                unknown.append(f"{name}: es{line}")
    assert unknown == ["docs/architecture.md: es pause"]  # an example of a command that could be added


def code(text: str) -> str:
    """What is in a code font in a document, one piece a line: a block, or a part of a sentence."""
    inline = re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return "\n".join([*(" ".join(piece.split()) for piece in inline), *(block.text for block in blocks(text))])


def test_the_changelog_tells_of_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.findall(r"^## \[(.+?)\]", text, re.MULTILINE)[:1] in (["Unreleased"], [__version__])
    assert f"## [{__version__}]" in text


TOLD_BY_THEIR_CLASS = {"render/terminal/rows.py row", "cli/options.py invoke"}


def undocumented() -> Iterator[str]:
    """Public functions and classes that neither say what they are for, nor show it in a few statements."""
    for file in SOURCE.rglob("*.py"):
        module = ast.parse(file.read_text(encoding="utf-8"))
        name = file.relative_to(SOURCE).as_posix()
        if not ast.get_docstring(module):
            yield name
        public: list[ast.stmt] = list(module.body)
        public += [inner for node in module.body if isinstance(node, ast.ClassDef) for inner in node.body]
        for node in public:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not obvious(node, name):
                yield f"{name} {node.name}"


def obvious(node: ast.FunctionDef | ast.ClassDef, file: str) -> bool:
    if node.name.startswith("_") or ast.get_docstring(node):
        return True
    if isinstance(node, ast.ClassDef):  # an error says what it is in its sentences, a noun of the store in its name
        return file == "errors.py" or file.startswith("store/")
    return sum(isinstance(each, ast.stmt) for each in ast.walk(node)) - 1 <= 7


def test_everything_public_says_what_it_is_for() -> None:
    assert set(undocumented()) <= TOLD_BY_THEIR_CLASS
