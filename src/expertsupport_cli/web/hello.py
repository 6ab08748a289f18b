"""Proves which store a server serves, so that no token is sent to another program on the same port."""

from __future__ import annotations

from expertsupport_cli.actions.sessions import proof
from expertsupport_cli.errors import NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from starlette.responses import Response

    from expertsupport_cli.web.visit import Visit

NONCE_LENGTH = 32  # characters


def hello(visit: Visit) -> Response:
    """The proof for a nonce. Raises NotFound for what is no nonce."""
    nonce = visit.path["nonce"]
    if len(nonce) != NONCE_LENGTH or not nonce.isalnum() or not nonce.isascii():
        raise NotFound("Page not found.")
    proved = proof(visit.store, nonce)
    if proved is None:
        raise NotFound("Page not found.")
    return visit.json({"proof": proved})
