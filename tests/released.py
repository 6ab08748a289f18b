"""The store that version 0.1.0 made, with everything in it, and what 0.1.0 printed of it."""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from expertsupport_cli.store import open_store

FOLDER = Path(__file__).parent / "data" / "store-0.1.0"
NOW = "2026-11-25T01:31:08Z"  # when it was printed
PAGE_URL = "http://127.0.0.1:8765"


def released_store(path: Path, *statements: str) -> Path:
    """A copy of it at a path, changed by statements."""
    path.write_bytes(gzip.decompress((FOLDER / "store.db.gz").read_bytes()))
    path.chmod(0o600)
    execute(path, *statements)
    return path


def first_version(path: Path) -> Path:
    """As the first version of the schema had it, before there was mail."""
    return released_store(
        path,
        "DROP TABLE outbox",
        "DROP TABLE followers",
        "DROP TABLE readings",
        "DELETE FROM _sqlite_migrations WHERE name = 'mail'",
        "PRAGMA user_version = 1",
    )


def third_version(path: Path) -> Path:
    """As the third version had it, before there were counters."""
    store = open_store(str(released_store(path)), timeout=10, writes=True, notify=lambda _: None)
    store.close()
    later = [f"DROP TABLE {table}" for table in ("counters", "sessions", "sign_ins", "keys", "redemptions")]
    later += [f"DROP INDEX requests_of_space_by_{column}" for column in ("task", "initiator", "status")]
    later += ["DROP INDEX open_requests_of_space"]
    without = "DELETE FROM _sqlite_migrations WHERE name IN ('counters', 'sessions')"
    execute(path, *later, without, "PRAGMA user_version = 3")
    for copy in path.parent.glob(f"{path.name}.*.bak"):
        copy.unlink()
    return path


def execute(path: Path, *statements: str) -> None:
    """Run statements as another program would, with nothing in their way."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


def printed(name: str) -> Any:
    """What 0.1.0 printed, by the name of its file."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
