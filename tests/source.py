"""The source of the program as data: its files, who imports whom, which names and texts are in them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PACKAGE = "expertsupport_cli"
SOURCE = Path(__file__).parents[1] / "src" / PACKAGE
FILES = sorted(SOURCE.rglob("*.py"))


class Import(NamedTuple):
    """One import: of which module, and when it happens."""

    file: str
    module: str
    line: int
    lazy: bool  # inside a function
    typing: bool  # only for the type checker

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


def name_of(file: Path) -> str:
    return file.relative_to(SOURCE).as_posix()


def dotted(file: Path) -> str:
    """The module in a file, `expertsupport_cli.store`."""
    parts = [PACKAGE, *file.relative_to(SOURCE).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor(module: str) -> str:
    """`store` for `expertsupport_cli.store.opening`; `__init__` for the package itself."""
    return [*module.split("."), "__init__"][1]


MODULES = {dotted(file): file for file in FILES}


class Reader(ast.NodeVisitor):
    """Collects the imports of a file; a `from x import y` is of x.y where that is a module of ours."""

    def __init__(self, file: Path) -> None:
        self.file = name_of(file)
        self.found: list[Import] = []
        self.lazy = self.typing = False

    def add(self, module: str, line: int) -> None:
        self.found.append(Import(self.file, module, line, self.lazy, self.typing))

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.add(alias.name, node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        assert not node.level, f"{self.file}:{node.lineno} has a relative import"
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            self.add(inner if inner in MODULES else str(node.module), node.lineno)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        before, self.lazy = self.lazy, True
        self.generic_visit(node)
        self.lazy = before

    def visit_If(self, node: ast.If) -> None:
        before, self.typing = self.typing, self.typing or "TYPE_CHECKING" in ast.unparse(node.test)
        for child in node.body:
            self.visit(child)
        self.typing = before
        for child in node.orelse:
            self.visit(child)


def imports(file: Path) -> list[Import]:
    reader = Reader(file)
    reader.visit(tree(file))
    return reader.found


def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def strings(file: Path) -> Iterator[tuple[int, str]]:
    """The texts in a file that are no docstrings."""
    module = tree(file)
    docs = {
        id(node.body[0].value)
        for node in ast.walk(module)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


def dotted_names(file: Path) -> Iterator[tuple[int, str]]:
    """Every `a.b` and every name in a file, with what an import calls it spelled out: `time.monotonic`."""
    module = tree(file)
    meant: dict[str, str] = {}
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom):
            meant |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            meant |= {alias.asname or alias.name: alias.name for alias in node.names}
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute | ast.Name):
            first, _, rest = ast.unparse(node).partition(".")
            yield node.lineno, f"{meant.get(first, first)}.{rest}".rstrip(".")
