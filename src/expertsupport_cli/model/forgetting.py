"""Forgetting: what stands in place of what was erased, and who a person to be forgotten is."""

from __future__ import annotations

from expertsupport_cli.folding import fold_key
from expertsupport_cli.model.people import Side
from expertsupport_cli.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from expertsupport_cli.model.requests import Request

NAME = "forgotten"
TEXT = "[forgotten]"


class Person(Record):
    """Somebody to be forgotten, by the keys of the names and addresses that they are known by.

    Who was named `by_address` is nobody of the same name with another address.
    """

    names: frozenset[str]
    addresses: frozenset[str]
    by_address: bool

    @staticmethod
    def of(given: str, requests: Iterable[Request]) -> Person:
        """The person with this name or address, and with the addresses or names on these requests, which are theirs."""
        key = fold_key(given)
        by_address = "@" in given
        names = {fold_key(request.initiator) for request in requests} if by_address else {key}
        addresses = {fold_key(request.initiator_email) for request in requests if request.initiator_email}
        return Person(
            names=frozenset(names - {fold_key(NAME)}),
            addresses=frozenset(addresses | {key} if by_address else addresses),
            by_address=by_address,
        )

    def is_called(self, name: str, email: str | None, side: Side) -> bool:
        """Whether this name stands for the person, written with this address (None if unknown) and for this side.

        The address decides if it is the person's; but not for an expert, whose terminal may have a customer's address
        set.
        """
        same_name = fold_key(name) in self.names
        if email is not None and fold_key(email) in self.addresses:
            return same_name or side is not Side.DESK
        return same_name and (email is None or not self.by_address)

    def has_address(self, address: str) -> bool:
        """Whether an address is the person's."""
        return fold_key(address) in self.addresses

    def seen_as(self, actors: Iterable[tuple[str, str | None, Side]]) -> Person:
        """The person with the addresses that customers of this name, who are the person, have acted with as well."""
        addresses = {
            fold_key(email)
            for name, email, side in actors
            if email and side is Side.CUSTOMER and fold_key(name) in self.names and self.is_called(name, email, side)
        }
        return self.replace(addresses=self.addresses | addresses)
