"""The house stays as `docs/architecture.md` draws it: who imports whom, what stays lazy, how long things are."""

from __future__ import annotations

import ast
import importlib
import re
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from source import FILES, MODULES, PACKAGE, SOURCE, Import, dotted, dotted_names, floor, imports, name_of, strings, tree

GROUND = {
    *("checks", "databases", "errors", "folding", "ids", "interrupts", "record", "search", "serial", "steps", "text"),
    "times",
}
MODEL = GROUND | {"model"}
# floor: the floors that it may import; itself always
MAY_IMPORT = {
    **dict.fromkeys(GROUND, GROUND),
    "__init__": set(),
    "accounts": GROUND,
    "files": {"accounts"},
    "reading": GROUND | {"files"},
    "model": GROUND,
    "settings": GROUND | {"files", "reading"},
    "mail": GROUND | {"files"},
    "store": MODEL | {"accounts", "files"},
    "render": MODEL,
    "actions": MODEL | {"mail", "store"},
    "credentials": MODEL | {"reading", "settings"},
    "wiring": MODEL | {"actions", "credentials", "files", "mail", "reading", "render", "settings", "store"},
    "web": MODEL | {"actions", "render", "store"},
    "cli": MODEL
    | {"__init__", "accounts", "actions", "credentials", "files", "mail", "reading", "render", "settings", "store"}
    | {"wiring", "web"},
    "__main__": {"cli"},
}

MAX_LINES = 300
MAX_FUNCTION_LINES = 40
SQL = re.compile(
    r"\bSELECT\b|\bINSERT INTO\b|\bUPDATE \w+ SET\b|\bDELETE FROM\b|\b(CREATE|DROP|ALTER) (TABLE|INDEX)\b"
    r"|\bPRAGMA\b|\bBEGIN (IMMEDIATE|EXCLUSIVE)\b|\bROLLBACK\b|\bORDER BY\b"
)


ALL = [child for file in FILES for child in imports(file)]
OURS = [child for child in ALL if child.module.split(".")[0] == PACKAGE]


def floor_of(child: Import) -> str:
    return floor(dotted(SOURCE / child.file))


def importers(*modules: str) -> list[Import]:
    """The imports of these packages that happen when the program runs."""
    return [child for child in ALL if child.module.split(".")[0] in modules and not child.typing]


def test_each_floor_imports_only_what_is_below_it() -> None:
    wrong = [
        child
        for child in OURS
        if floor(child.module) != floor_of(child) and floor(child.module) not in MAY_IMPORT[floor_of(child)]
    ]
    assert not wrong, "\n".join(map(str, wrong))


def test_nothing_but_the_entry_imports_the_command_line() -> None:
    assert {child.file for child in OURS if floor(child.module) == "cli" and floor_of(child) != "cli"} == {
        "__main__.py"
    }


def test_no_module_imports_itself_in_a_circle() -> None:
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for child in OURS:  # also what only the type checker imports: who needs to know whom is the same question
        graph[dotted(SOURCE / child.file)].add(child.module)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" > ".join(error.args[1]))


def test_the_model_and_the_ground_stand_on_the_standard_library_alone() -> None:
    ground = [child for child in ALL if floor_of(child) in MODEL and not child.typing]
    allowed = sys.stdlib_module_names - {"dataclasses", "typing"} | {PACKAGE}
    wrong = [child for child in ground if child.module.split(".")[0] not in allowed]
    assert not wrong, "\n".join(map(str, wrong))


def test_only_render_imports_rich_and_only_where_it_is_used() -> None:
    assert {floor_of(child) for child in importers("rich")} == {"render"}
    assert all(child.lazy for child in importers("rich"))


def test_what_is_shown_is_data_that_knows_no_terminal() -> None:
    data = [child for child in ALL if re.fullmatch(r"render/\w+\.py", child.file)]
    assert len(data) > 10
    assert not [str(child) for child in data if re.match(rf"rich|{PACKAGE}\.render\.terminal", child.module)]


def test_only_the_engine_for_it_imports_sqlite_and_sqlite_utils_is_loaded_for_bulk_and_migrations_only() -> None:
    assert {Path(child.file).parent.as_posix() for child in importers("sqlite3", "sqlite_utils")} == {"store/sqlite"}
    eager = {child.file for child in importers("sqlite_utils") if not child.lazy}
    assert eager == {"store/sqlite/bulk.py", "store/sqlite/migrations.py"}
    heavy = {f"store/sqlite/{name}.py" for name in ("bulk", "creation", "migrations", "upgrade")}
    modules = {dotted(SOURCE / file) for file in heavy}
    eager = {child.file for child in OURS if child.module in modules and not (child.lazy or child.typing)}
    assert eager <= heavy


def test_only_the_engine_for_it_imports_the_driver_of_postgresql() -> None:
    assert {Path(child.file).parent.as_posix() for child in importers("psycopg2")} == {"store/postgres"}


def test_an_engine_is_known_to_whoever_opens_the_store_and_to_no_statement() -> None:
    outside = [
        child
        for child in OURS
        for kind in ("sqlite", "postgres")
        if f".store.{kind}" in child.module and not child.file.startswith(f"store/{kind}/")
    ]
    assert {child.file for child in outside} == {"store/__init__.py"}
    assert all(child.lazy or child.typing for child in outside)


def test_the_pages_are_imported_by_the_command_that_serves_them_and_late() -> None:
    outside = [
        child for child in OURS if floor(child.module) == "web" and floor_of(child) != "web" and not child.typing
    ]
    assert {child.file for child in outside} == {"cli/serve.py"}
    assert all(child.lazy for child in outside)
    assert {floor_of(child) for child in importers("starlette", "uvicorn", "jinja2", "anyio")} == {"web"}


def test_platformdirs_is_imported_where_it_is_used() -> None:
    assert {floor_of(child) for child in importers("platformdirs")} <= {"settings", "cli"}
    assert all(child.lazy for child in importers("platformdirs", "tomlkit"))


def test_parsing_alone_knows_typer_and_no_body_of_a_command_does() -> None:
    assert {child.file for child in importers("typer", "click")} == {"cli/app.py", "cli/options.py", "cli/usage.py"}
    parsing = {f"{PACKAGE}.cli.app", f"{PACKAGE}.cli.options"}
    eager = [child for child in OURS if child.module in parsing and not child.typing and not child.lazy]
    assert {child.file for child in eager} == {"cli/app.py"}


def test_nobody_but_the_store_speaks_sql() -> None:
    wrong = [
        f"{name_of(file)}:{line}: {text[:60]}"
        for file in FILES
        if floor(dotted(file)) != "store"
        for line, text in strings(file)
        if SQL.search(text)
    ]
    assert not wrong, "\n".join(wrong)
    assert any(SQL.search(text) for _, text in strings(SOURCE / "store" / "requests.py"))


CLOCKS = re.compile(r"^(datetime\.)*(datetime|date)\.(now|utcnow|today)$|^time\.(?!(monotonic|sleep)$)\w+$")


def test_the_clock_is_read_in_one_place_and_handed_down() -> None:
    read = {name_of(file) for file in FILES for _, name in dotted_names(file) if CLOCKS.match(name)}
    assert read == {"cli/env.py"}
    waits = {name_of(file) for file in FILES for _, name in dotted_names(file) if name == "time.monotonic"}
    assert {floor(dotted(SOURCE / file)) for file in waits} <= {"store", "mail", "wiring", "cli", "web"}


def test_the_environment_is_read_above_and_handed_down() -> None:
    read = {
        name_of(file) for file in FILES for _, name in dotted_names(file) if re.match(r"os\.(environb?|getenv)\b", name)
    }
    below = {file for file in read if floor(dotted(SOURCE / file)) != "cli"}
    # how many colours a terminal has is asked where terminals are known
    assert below <= {"render/terminal/capabilities.py"}


def test_nobody_but_render_prints() -> None:
    prints = {
        name_of(file)
        for file in FILES
        for _, name in dotted_names(file)
        if name in ("print", "sys.stdout.write", "pprint.pprint")
    }
    assert {floor(dotted(SOURCE / file)) for file in prints} == {"render"}


def test_a_file_can_be_read_in_one_sitting() -> None:
    tests = Path(__file__).parent.rglob("*.py")
    lines = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in (*FILES, *tests)}
    assert {file.name: count for file, count in lines.items() if count > MAX_LINES} == {}


def size(function: ast.FunctionDef) -> int:
    """Lines of what a function does: without its signature and docstring."""
    does = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or 0) - does[0].lineno + 1 if does else 0


def test_functions_fit_a_screen() -> None:
    long = [
        f"{name_of(file)}:{node.lineno} {node.name} has {size(node)} lines"
        for file in FILES
        if name_of(file) != "store/sqlite/migrations.py"  # a migration is as long as its schema
        for node in ast.walk(tree(file))
        if isinstance(node, ast.FunctionDef) and size(node) > MAX_FUNCTION_LINES
    ]
    assert not long, "\n".join(long)


def test_every_name_that_a_module_offers_is_there() -> None:
    offers = {
        module: names
        for module in MODULES
        if module != f"{PACKAGE}.__main__"
        and (names := getattr(importlib.import_module(module), "__all__", None)) is not None
    }
    assert f"{PACKAGE}.store" in offers
    missing = [f"{module}.{name}" for module, names in offers.items() for name in names if not has(module, name)]
    assert not missing


def has(module: str, name: str) -> bool:
    return hasattr(importlib.import_module(module), name)


def test_every_name_that_is_imported_from_us_is_public() -> None:
    private = [
        f"{name_of(file)}:{node.lineno} {alias.name}"
        for file in FILES
        for node in ast.walk(tree(file))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE)
        for alias in node.names
        if alias.name.startswith("_") and alias.name != "__version__"
    ]
    assert not private
