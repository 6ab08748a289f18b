"""Opens a store as a user for whom file modes count, and prints what becomes of it. Run by test_refusing.

The superuser may write whatever the mode says, by a capability; without it he is as anybody else.
"""

from __future__ import annotations

import ctypes
import os
import sys

from expertsupport_cli.actions import spaces
from expertsupport_cli.errors import StoreUnusable
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.store import open_store
from expertsupport_cli.store.sqlite import migrations

_VERSION = 0x20080522  # of the system call capset


def drop_capabilities() -> None:
    header = (ctypes.c_uint32 * 2)(_VERSION, 0)
    if ctypes.CDLL(None, use_errno=True).capset(header, (ctypes.c_uint32 * 6)()) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def main(path: str, writes: bool) -> str:
    try:
        store = open_store(path, timeout=0, writes=writes, notify=lambda _: None)
        try:
            if writes:
                spaces.add_space(store, "new", by=Actor(name="olga", side=Side.OWNER), at="2026-01-31T09:30:00Z")
            return f"{len(store.spaces())} spaces"
        finally:
            store.close()
    except StoreUnusable as fault:
        return type(fault).__name__


if __name__ == "__main__":
    assert migrations.migrations  # imported before it can no longer be read
    if os.geteuid() == 0:
        drop_capabilities()
    sys.stdout.write(main(sys.argv[1], sys.argv[2] == "writes"))
