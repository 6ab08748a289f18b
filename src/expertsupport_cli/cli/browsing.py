"""Opens a page in the browser: served by a server of this store, or by this command itself."""

from __future__ import annotations

import json
import os
import sys

from expertsupport_cli.errors import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from expertsupport_cli.cli.env import Env

TIMEOUT = 3  # seconds, for a server to prove itself


def open_page(env: Env, url: str) -> None:
    """Open a page, if there is somebody to look at it: of a request, or of a purchase link.

    With the default `page.url` the pages come from this machine. If nothing answers there, this command serves them
    until it is interrupted. If something answers, it must prove first that it serves this store, because the address is
    a secret. Raises Refused.
    """
    if not env.printer.on_terminal or not env.interactive:
        return
    base = env.settings["page.url"]
    if env.settings.is_set("page.url") or not url.startswith(base):
        env.browse(url)
        return
    host, port = _place(base)
    proof = _asked(env, host, port)
    if proof is None:
        _serve(env, host, port, url)
    elif proof:
        env.browse(url)
    else:
        raise Refused(
            f"Port {port} is used by another program.",
            "The address of the page was not sent to it.",
            "Try: es serve --port 0",
        )


def _place(base: str) -> tuple[str, int]:
    from urllib.parse import urlsplit

    parts = urlsplit(base)
    return parts.hostname or "127.0.0.1", parts.port or 80


def _asked(env: Env, host: str, port: int) -> bool | None:
    """Whether the server there proves that it serves this store; None if nothing listens."""
    from http.client import HTTPConnection, HTTPException

    from expertsupport_cli.actions.sessions import proof

    nonce = os.urandom(16).hex()
    connection = HTTPConnection(host, port, timeout=TIMEOUT)
    try:
        connection.request("GET", f"/hello/{nonce}")
        answer = json.loads(connection.getresponse().read(1000))
    except ConnectionRefusedError:
        return None
    except (OSError, ValueError, RecursionError, HTTPException):
        return False
    finally:
        connection.close()
    expected = proof(env.store, nonce)
    return expected is not None and isinstance(answer, dict) and answer.get("proof") == expected


def _serve(env: Env, host: str, port: int, url: str) -> None:
    from expertsupport_cli.cli.serve import run_server

    def started(_: object) -> None:
        env.printer.note("Serving until Ctrl-C.")
        sys.stdout.flush()
        env.browse_while_serving(url)

    run_server(env, host, port, started)
