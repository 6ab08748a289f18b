"""Who acts, and on whose behalf."""

from __future__ import annotations

from enum import StrEnum

from expertsupport_cli.record import Record


class Side(StrEnum):
    """On whose behalf somebody acts. The owner keeps spaces, certificates and partners."""

    CUSTOMER = "customer"
    DESK = "desk"
    OWNER = "owner"


class Actor(Record):
    """Who acts, for which side."""

    name: str
    side: Side
    email: str | None = None
