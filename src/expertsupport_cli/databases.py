"""The URLs of stores in a database: which places are URLs, and how to show one without its password."""

from __future__ import annotations

import re

_URL = re.compile(r"postgres(?:ql)?://", re.IGNORECASE)
_USER_PASSWORD = re.compile(r"(//[^/?#@:]*):[^/?#]*@")  # a password may have an @ itself
_SECRET_PARAMETER = re.compile(r"([?&])(?:password|sslpassword|oauth_client_secret)=[^&]*(&?)", re.IGNORECASE)


def is_url(place: str) -> bool:
    """Whether the place of a store is the URL of a database, and no path."""
    return _URL.match(place) is not None


def without_password(place: str) -> str:
    """The place of a store as it can be shown. A path stays as it is."""
    if not is_url(place):
        return place
    shown = _USER_PASSWORD.sub(r"\1@", place)
    while (shorter := _SECRET_PARAMETER.sub(lambda found: found[1] if found[2] else "", shown)) != shown:
        shown = shorter
    return shown


def mask_passwords(message: str) -> str:
    """The message without the passwords of databases in it. For messages that repeat what a person typed."""
    return re.sub(rf"{_URL.pattern}[^\s'\"]*", lambda found: without_password(found[0]), message, flags=re.IGNORECASE)


def has_password(place: str) -> bool:
    """Whether there is a password in the place of a store."""
    return without_password(place) != place
