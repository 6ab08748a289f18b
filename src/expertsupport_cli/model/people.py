"""Who acts, and on whose behalf."""

from __future__ import annotations

from enum import StrEnum

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
