"""Runs the application: a socket that listens, and an orderly end."""

from __future__ import annotations

import signal
import socket
from contextlib import contextmanager, suppress

import uvicorn
from h11 import LocalProtocolError

from expertsupport_cli.errors import BadUsage, SystemRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Receive, Scope, Send

BACKLOG = 256
SIGNALS = (signal.SIGINT, signal.SIGTERM)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 takes a free one. Raises BadUsage, or SystemRefused if the port is in use."""
    try:
        family, kind, protocol, _name, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise BadUsage(f"Invalid host '{host[:80]}'.", f"{error.strerror or error}.") from error
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise SystemRefused(
            f"es cannot listen on port {port} of {host}.",
            f"{error.strerror}.",
            "Try: es serve --port 0",
        ) from error
    return listening


class Server(uvicorn.Server):
    """Ends at the first signal when all that has begun is finished, and at the second at once."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle signals while the server runs."""

        def handle(number: int, frame: object) -> None:
            if self.should_exit:
                signal.signal(number, signal.SIG_DFL)
                signal.raise_signal(number)
            self.should_exit = True

        before = {number: signal.signal(number, handle) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def serve_until_interrupted(
    app: Starlette, listening: socket.socket, trusted_proxies: list[str], started: Callable[[], None]
) -> None:
    """Call `started`, and serve until a signal comes, which may be before `started` returns.

    A trusted proxy says which address a request came from; nobody says which address it was for.
    """
    config = uvicorn.Config(
        _calm(app),
        http="h11",
        ws="none",
        lifespan="off",
        loop="asyncio",
        access_log=False,
        log_level="warning",
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies,
        server_header=False,
        date_header=True,
        timeout_graceful_shutdown=10,
    )
    server = Server(config)
    with server.capture_signals():
        started()
        server.run(sockets=[listening])


def _calm(app: ASGIApp) -> ASGIApp:
    """The application, whose answer may come too late: uvicorn has refused the rest of the form, as it is not HTTP."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        with suppress(LocalProtocolError):
            await app(scope, receive, send)

    return call
