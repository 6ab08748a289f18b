"""Moves all of a store: as lines of JSON, or straight from one store to another.

The first line names the format and its version, the last one the number of rows of each table and a digest of the lines
before it, so that a file that was cut or changed is noticed. Between them is one object for each row: its table and its
columns. What the store keeps as a digest (serials, purchase links) is a digest here too; the token in the address of a
request is as it is, because addresses that were mailed must go on working.
"""

from __future__ import annotations

import json
from hashlib import sha256
from itertools import groupby

from expertsupport_cli.actions.repeating import repeatable
from expertsupport_cli.checks import prose_or_empty
from expertsupport_cli.errors import BadUsage, Refused
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store.engine import RowRefused
from expertsupport_cli.store.transfer import NAMES, TABLES, Transfer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from expertsupport_cli.store import Store
    from expertsupport_cli.store.engine import Named

    Row = tuple[str, Named]  # the table, and the values by column
    Lines = Iterable[tuple[int, bytes]]  # with their numbers

FORMAT, VERSION = "expertsupport-export", 1
MAX_TEXT = 16_000_000  # characters; no text in a store is longer
_ORDER = {table: place for place, table in enumerate(TABLES)}


def export_lines(store: Store) -> Iterator[bytes]:
    """The store as lines, in the state that it is in now. Others can go on writing."""
    transfer = Transfer(store.engine)
    transfer.freeze()
    digest, counts = sha256(), dict.fromkeys(TABLES, 0)

    def line(values: Named) -> bytes:
        data = json.dumps(values, separators=(",", ":")).encode() + b"\n"
        digest.update(data)
        return data

    yield line({"format": FORMAT, "version": VERSION})
    for table in TABLES:
        for row in transfer.all_rows(table):
            counts[table] += 1
            yield line({"table": table, **row})
    yield line({"rows": counts, "sha256": digest.hexdigest()})


def checked_rows(lines: Lines) -> Iterator[Row]:
    """The rows in lines of an export. Raises BadUsage, naming the line, if it is not complete and unchanged."""
    digest, counts, place = sha256(), dict.fromkeys(TABLES, 0), -1
    number, ended = 0, False
    for number, data in lines:
        values = _object(number, data)
        if number == 1:
            _check_header(values)
        elif ended:
            raise _fault(number, "Something follows the last line of the export.")
        elif "rows" in values:
            ended = True
            if values != {"rows": counts, "sha256": digest.hexdigest()}:
                raise _fault(number, "The rows before this line were changed, or some are missing.")
        else:
            table = _check_row(number, values)
            if _ORDER[table] < place:
                raise _fault(number, f"A row of the table '{table}' is out of order.")
            place = _ORDER[table]
            counts[table] += 1
            yield table, values
        digest.update(data)
    if not ended:
        raise _fault(number + 1, "The export is incomplete: the last line is missing.")


@repeatable
def import_rows(store: Store, rows: Callable[[], Iterable[Row]]) -> int:
    """Fill an empty store, all or nothing. Returns how many rows were added. `rows` may be called twice.

    Raises Refused if the store is not empty, and BadUsage if the rows contradict each other.
    """
    try:
        return _import(store, rows(), one_by_one=False)
    except RowRefused:  # which may be any of the last ones
        return _import(store, rows(), one_by_one=True)


def _import(store: Store, rows: Iterable[Row], *, one_by_one: bool) -> int:
    transfer = Transfer(store.engine)
    added = 0

    def counted(rows: Iterable[Row]) -> Iterator[Named]:
        nonlocal added
        for _table, values in rows:
            added += 1
            yield values

    with store.transaction():
        if not transfer.is_empty():
            raise Refused(
                "The store is not empty.",
                f"{store.path} has data. Nothing was imported.",
                Step(verb=Verb.NAME_STORE),
            )
        for table, group in groupby(rows, key=lambda row: row[0]):
            try:
                transfer.add_rows(table, counted(group), one_by_one=one_by_one)
            except RowRefused as error:
                if not one_by_one:
                    raise
                raise _fault(added + 1, f"The row contradicts others: {error}.") from error
        transfer.index_everything()
        broken = next(transfer.broken_rules(), None)
        if broken:
            raise BadUsage("The rows contradict each other.", f"This rule is broken: {broken}. Nothing was imported.")
    return added


def all_rows(store: Store) -> Callable[[], Iterable[Row]]:
    """All rows of a store, in the state that it is in now, each time the function is called that this returns."""
    transfer = Transfer(store.engine)
    transfer.freeze()
    return lambda: ((table, row) for table in TABLES for row in transfer.all_rows(table))


def count_rows(store: Store) -> int:
    """How many rows a store has, for a progress bar."""
    return Transfer(store.engine).count_rows()


def _object(number: int, data: bytes) -> Named:
    try:
        values = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _fault(number, "The line is not valid JSON.") from error
    if not isinstance(values, dict):
        raise _fault(number, "The line is not a JSON object.")
    return values


def _check_header(values: Named) -> None:
    if values.get("format") != FORMAT:
        raise _fault(1, "This is not an export of a store.")
    if values != {"format": FORMAT, "version": VERSION}:
        raise _fault(1, f"This version of es reads exports of version {VERSION} only.")


def _check_row(number: int, values: Named) -> str:
    """Check the table, the columns and the types of a row. Returns the table, which is taken out of the values."""
    table = values.pop("table", None)
    if not isinstance(table, str) or table not in TABLES:
        raise _fault(number, "The row has no known table.")
    if list(values) != NAMES[table]:
        raise _fault(number, f"The columns of the table '{table}' are different.")
    for column in TABLES[table]:
        value = values[column.name]
        if value is None and column.nullable:
            continue
        if type(value) is not column.type or (isinstance(value, int) and abs(value) >= 1 << 63):
            raise _fault(number, f"The value of '{column.name}' has the wrong type.")
        if isinstance(value, str):
            try:
                prose_or_empty(value, f"The value of '{column.name}'", max_length=MAX_TEXT)
            except BadUsage as fault:
                raise _fault(number, fault.what) from None
    return table


def _fault(number: int, what: str) -> BadUsage:
    return BadUsage(f"Line {number}: {what}", "Nothing was imported.")
