"""Stores as rows: what each table holds, read in one state and written to an empty store.

The search index is left out, because it follows from the rest. Sessions of the browser would be too.
"""

from __future__ import annotations

from expertsupport_cli.record import Record
from expertsupport_cli.store.check import RULES
from expertsupport_cli.store.engine import Statements

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from expertsupport_cli.store.engine import Named

# The columns of each table; a table comes after those that it refers to. `#` is an integer, `!` a boolean, and the
# others are text; `?` may be null.
_COLUMNS = {
    "spaces": "number# name name_key title task_lifetime#? task_limit#? blocked! created_at",
    "partners": "number# name name_key url created_at",
    "tasks": "number# id id_key counted#? space# name description creator created_at closed_at? expires_at?",
    "certificates": "number# digest last_group origin note created_at expires_at? revoked_at? used_at?",
    "links": "number# digest task# creator created_at expires_at used_at? revoked_at? certificate#?",
    "requests": "number# token task# task_key task_name_key space# space_key certificate# status"
    " initiator initiator_key initiator_email? email_key? created_at updated_at closed_at?"
    " turn_since last_by last_side last_at unanswered_since?",
    "redemptions": "link# event_id request#? refused?",
    "comments": "number# request# author side kind body created_at",
    "events": "number# at actor actor_email? side via kind old? new? space#? task#? request#? certificate#? link#?"
    " comment#?",
    "outbox": "number# event# request# recipient recipient_key message_id subject body? state attempts# error?"
    " created_at due_at sent_at? lease? leased_until?",
    "followers": "request# address address_key created_at",
    "readings": "reader request# event#",
}
_KEYS = {"followers": ("request", "address_key"), "readings": ("reader", "request"), "redemptions": ("link",)}


class Column(Record):
    """A column: its name, the type of its values in Python, and whether it may be empty."""

    name: str
    type: type
    nullable: bool


def _column(text: str) -> Column:
    name = text.rstrip("#!?")
    return Column(name=name, type=int if "#" in text else bool if "!" in text else str, nullable=text.endswith("?"))


TABLES = {table: [_column(text) for text in columns.split()] for table, columns in _COLUMNS.items()}
NAMES = {table: [column.name for column in columns] for table, columns in TABLES.items()}


class Transfer(Statements):
    """Reads and writes all rows of all tables, on the engine of a store."""

    def freeze(self) -> None:
        """See the store as it is now from here on, while others go on writing."""
        self.engine.freeze()

    def count_rows(self) -> int:
        """How many rows there are in all tables."""
        return sum(int(self.value(f"SELECT count(*) FROM {table}")) for table in TABLES)

    def all_rows(self, table: str) -> Iterator[Named]:
        """The rows of a table in the order of their key, by column."""
        columns, key = TABLES[table], _KEYS.get(table, ("number",))
        names, marks = ", ".join(key), ", ".join(f":{name}" for name in key)
        rows = self.paged(
            f"SELECT {', '.join(NAMES[table])} FROM {table} WHERE TRUE",
            f"({names}) > ({marks})",
            names,
            {},
            None,
            lambda last: {name: last[name] for name in key},
        )
        booleans = [column.name for column in columns if column.type is bool]
        for row in rows:
            values = {name: row[name] for name in NAMES[table]}
            values.update((name, bool(row[name])) for name in booleans)
            yield values

    def is_empty(self) -> bool:
        """Whether nothing has ever been done in the store."""
        return all(self.row(f"SELECT 1 FROM {table} LIMIT 1") is None for table in TABLES)

    def add_rows(self, table: str, rows: Iterable[Named], *, one_by_one: bool = False) -> None:
        """Add rows to a table, inside a transaction. Raises RowRefused.

        Added one by one, which is slower, the last row that was taken is then the one that was refused.
        """
        self.engine.load(table, rows, one_by_one=one_by_one)

    def index_everything(self) -> None:
        """Make all texts findable, inside the transaction that has added them."""
        self.engine.index_everything()

    def broken_rules(self) -> Iterator[str]:
        """The rules of the model that the rows break."""
        return (rule for rule, (query, _name) in RULES.items() if self.rows(f"{query} LIMIT 1"))
