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
    """Which way somebody acts: with the program, in a browser, or by answering a mail."""

    CLI = "cli"
    WEB = "web"
    MAIL = "mail"


class Actor(Record):
    """Who acts, for which side, and which way."""

    name: str
    side: Side
    email: str | None = None
    via: Via = Via.CLI

    def is_person(self, name: str, email: str | None) -> bool:
        """Whether the one who acts is somebody, such as the initiator of a request, as far as name and address tell.

        Where both addresses are known, they decide: two who share a login are two, one who has two logins is one. An
        expert must agree in the name as well, since an expert's terminal may have the customer's address set. Where an
        address is not known, the names decide.
        """
        same_name = fold_key(self.name) == fold_key(name)
        if self.email is None or email is None:
            return same_name
        return fold_key(self.email) == fold_key(email) and (same_name or self.side is not Side.DESK)
