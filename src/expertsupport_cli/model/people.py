"""Who acts, and on whose behalf."""

from __future__ import annotations

from enum import StrEnum

from expertsupport_cli.folding import fold_key
from expertsupport_cli.record import Record


class Side(StrEnum):
    """On whose behalf somebody acts. The owner keeps spaces, certificates and partners."""

    CUSTOMER = "customer"
    DESK = "desk"
    OWNER = "owner"


class Via(StrEnum):
    """How somebody acts: with the program, in a browser, or by replying to a mail."""

    CLI = "cli"
    WEB = "web"
    MAIL = "mail"


class Actor(Record):
    """Who acts, for which side, and how.

    It is not `certain` who it is where the address of a page is all that they have shown.
    """

    name: str
    side: Side
    email: str | None = None
    via: Via = Via.CLI
    certain: bool = True

    def is_person(self, name: str, email: str | None) -> bool:
        """Whether the actor is the person with this name and address, such as the initiator of a request.

        If both addresses are known, they decide: two people may share a login, and one may have two. For an expert the
        names must match as well, because an expert's terminal may have the customer's address set. If an address is
        unknown, the names decide.
        """
        same_name = fold_key(self.name) == fold_key(name)
        if self.email is None or email is None:
            return same_name
        return fold_key(self.email) == fold_key(email) and (same_name or self.side is not Side.DESK)
