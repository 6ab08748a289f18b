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


class Undelivered(Exception):
    """A letter was not delivered; `final` if trying again cannot help."""

    def __init__(self, why: str, *, final: bool) -> None:
        super().__init__(why)
        self.final = final


class Misconfigured(Exception):
    """No letter can be delivered before the setting named `setting` is changed; this one is not to blame."""

    def __init__(self, why: str, setting: str) -> None:
        super().__init__(why)
        self.setting = setting


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
