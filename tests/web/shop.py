"""An online store, as a test plays it: links, keys, and events that are signed."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from builders import ANN, AT, a_task
from conftest import Es
from web.serving import Answer, Server, opened

from expertsupport_cli.actions import links
from expertsupport_cli.model.certificates import Certificate, PurchaseLink
from expertsupport_cli.model.webhooks import sign
from expertsupport_cli.times import after

KEY = bytes(range(32))
WRITTEN = f"whsec_{base64.b64encode(KEY).decode()}"
YEARS = 10_000 * 86400  # seconds


def key_file(es: Es, text: str = WRITTEN) -> str:
    """A file with the key."""
    path = es.home / "shop.key"
    path.write_text(f"{text}\n", encoding="utf-8")
    path.chmod(0o600)
    return str(path)


def a_token(es: Es, *, lifetime: int = YEARS, task: str | None = None) -> str:
    """The token of a new link of ann's, for a task that does not expire unless one is named."""
    with opened(es) as store:
        id = task or a_task(store).id
        if task is None:
            with store.transaction():
                store.save_task(store.task(id).replace(expires_at=None))
        return links.create_link(store, id, lifetime=lifetime, by=ANN, at=AT)[0]


def link_of(es: Es, token: str) -> PurchaseLink:
    with opened(es) as store:
        return links.link_by_address(store, token)


def certificate_of(es: Es, token: str) -> Certificate:
    with opened(es) as store:
        return store.certificate_of_link(links.link_by_address(store, token))


def is_unused(es: Es, token: str) -> bool:
    return link_of(es, token).state(after(AT, 1)) == "unused"


def event(id: str, body: bytes, *, key: bytes = KEY, late: int = 0, at: int | None = None) -> dict[str, str]:
    """The headers of a signed event, which was signed so many seconds ago."""
    second = str((int(time.time()) if at is None else at) - late)
    return {"webhook-id": id, "webhook-timestamp": second, "webhook-signature": sign(key, id, second, body)}


def body_of(link: str, activate: bool | None = None) -> bytes:
    values: dict[str, Any] = {"link": link} if activate is None else {"link": link, "activate": activate}
    return json.dumps(values).encode()


def redeem(server: Server, token: str, id: str, activate: bool | None = None) -> Answer:
    """Report a purchase, as a store does."""
    body = body_of(f"https://shop.example/?link={token}", activate)
    return server.ask("POST", "/api/redeem", body, event(id, body))


def code(answer: Answer) -> tuple[int, str]:
    """The status of an error, which is JSON, and its code."""
    (key, error), *more = answer.json.items()
    assert (key, more) == ("error", [])
    assert list(error) == ["code", "message", "hint"]
    assert answer.header("content-type") == "application/json"
    return answer.status, error["code"]
