"""A place for tests with several accounts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@pytest.fixture
def place(program: str) -> Iterator[Path]:
    """A folder that other accounts may enter."""
    if os.geteuid() != 0:
        if os.environ.get("CI"):
            pytest.fail("only the superuser can act as two accounts")
        pytest.skip("only the superuser can act as two accounts")
    with TemporaryDirectory(prefix="es-accounts-") as folder:
        os.chmod(folder, 0o755)  # noqa: S103
        yield Path(folder)
