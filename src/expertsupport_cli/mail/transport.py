"""What all ways of delivering mail have in common."""

from __future__ import annotations

from expertsupport_cli.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from expertsupport_cli.mail.letter import Letter

    class Transport(Protocol):
        """A way of delivering letters."""

        def deliver(self, letter: Letter) -> None:
            """Deliver a letter. Raises Undelivered, Misconfigured."""

        def close(self) -> None:
            """Close the connection, if one is open."""


class Server(Record):
    """An SMTP server and how to connect to it. `timeout` is in seconds; `security` is tls, starttls or none.

    `password_source` names where the password comes from, for messages.
    """

    host: str
    port: int
    security: str
    timeout: float
    user: str | None = None
    password: str | None = None
    password_source: str = ""
