"""Signatures of Standard Webhooks 1.0, by which an online store proves who it is.

A request has an ID, the second it was signed in, and signatures in its headers. Signed is `ID.SECOND.BODY`, with
HMAC-SHA256 and a key that both sides have, which is written as `whsec_` and base64.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from expertsupport_cli import times
from expertsupport_cli.errors import BadUsage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "whsec_"
VERSION = "v1"
MIN_KEY, MAX_KEY = 24, 64  # bytes, as the standard says
EPOCH = "1970-01-01T00:00:00Z"
MAX_DIGITS = 15  # of the second
TOLERANCE = 300  # seconds that the clocks of both sides may differ, with the way between them


def read_key(text: str) -> bytes:
    """The key that is written as `whsec_` and base64. Raises BadUsage, which does not repeat it."""
    try:
        key = base64.b64decode(text.strip().removeprefix(PREFIX), validate=True)
    except ValueError:
        key = b""
    if not text.strip().startswith(PREFIX) or not MIN_KEY <= len(key) <= MAX_KEY:
        raise BadUsage(
            "The key of the online store is invalid.",
            f"The first line of shop.secret-file is {PREFIX} and {MIN_KEY} to {MAX_KEY} bytes in base64.",
        )
    return key


def sign(key: bytes, id: str, second: str, body: bytes) -> str:
    """The signature of a request, as it stands in the header `webhook-signature`."""
    digest = hmac.digest(key, f"{id}.{second}.".encode() + body, hashlib.sha256)
    return f"{VERSION},{base64.b64encode(digest).decode()}"


def is_genuine(key: bytes, headers: Mapping[str, str], body: bytes, at: str) -> bool:
    """Whether a request was signed with the key, and not long before or after an instant.

    Names of headers are in lower case. The header has several signatures while a sender changes its key; one that
    matches is enough.
    """
    id, second = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not (id and second.isascii() and second.isdigit() and len(second) <= MAX_DIGITS):
        return False
    if abs(times.seconds_between(EPOCH, at) - int(second)) > TOLERANCE:
        return False
    expected = sign(key, id, second, body).encode()
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(expected, signature.encode()) for signature in given)
