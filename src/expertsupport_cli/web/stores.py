"""The store in a server: each worker thread keeps a file open, and opens it anew when another file is in its place.

Connections to a database are few, and so they are lent to the threads.
"""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager

from expertsupport_cli.errors import Fault, StoreBusy, StoreMissing, StoreUnusable
from expertsupport_cli.steps import Step, Verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from expertsupport_cli.store import Store


class Stores:
    """Gives the store to the thread that asks. `open_store` opens it for writing."""

    def __init__(self, path: str, open_store: Callable[[], Store]) -> None:
        self._path = path
        self._open = open_store
        self._kept = threading.local()

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The store of this thread. It is closed after an error that it may be to blame for. Raises StoreUnusable."""
        held = self._held()
        try:
            yield held.store
        except BaseException:
            self._kept.held = None
            raise

    def _held(self) -> _Held:
        held: _Held | None = getattr(self._kept, "held", None)
        identity = _identity(self._path)
        if identity is None:  # to open it would show an empty store, and a form would create one
            raise StoreMissing("The store is not there.")
        if held is None or held.identity != identity:
            held = self._kept.held = _Held(self._open(), identity)
        return held


class Pool(Stores):
    """Lends at most `size` open stores to the threads that ask; who finds none left waits for `timeout` seconds."""

    def __init__(self, size: int, timeout: float, open_store: Callable[[], Store]) -> None:
        self._size = size
        self._timeout = timeout
        self._open = open_store
        self._slots = threading.Semaphore(size)
        self._free: list[Store] = []  # the one that was used last comes next

    @contextmanager
    def store(self) -> Iterator[Store]:
        """A store that no other thread uses meanwhile. It is closed after an error that it may be to blame for.

        Raises StoreUnusable.
        """
        if not self._slots.acquire(timeout=self._timeout):
            why = f"All {self._size} connections were used for longer than {self._timeout:g}s."
            raise StoreBusy("The store is busy.", why, Step(verb=Verb.SET_SETTING, reference="serve.connections"))
        try:
            store, keep = self._free.pop() if self._free else self._open(), False
            try:
                yield store
                keep = True
            except Fault as fault:
                keep = not isinstance(fault, StoreUnusable)
                raise
            finally:
                if keep:
                    self._free.append(store)
                else:
                    store.close()
        finally:
            self._slots.release()


class _Held:
    """A store that is open, and the file that it is in. It is closed when nobody holds it, as when a thread ends."""

    def __init__(self, store: Store, identity: tuple[int, int]) -> None:
        self.store = store
        self.identity = identity

    def __del__(self) -> None:
        self.store.close()


def _identity(path: str) -> tuple[int, int] | None:
    """Device and inode of a file; None if there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
