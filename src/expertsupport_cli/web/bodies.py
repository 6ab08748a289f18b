"""Reads forms, and other bodies of requests, no further than they may be long."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

MAX_FIELDS = 20
MAX_FORM = 12_000_000  # bytes: a message of a million characters, each of up to 12 bytes in a form


class BodyRefused(Exception):  # noqa: N818 -- an answer, not an error
    """A form, or another body, that is not read to its end; with the status and the sentence of the answer."""

    def __init__(self, status: int, what: str) -> None:
        super().__init__(what)
        self.status = status
        self.what = what


async def read_body(request: Request, limit: int, what: str) -> bytes:
    """The body of a request, counted while it comes. Raises BodyRefused."""
    data = bytearray()
    try:
        async for part in request.stream():
            data += part
            if len(data) > limit:
                raise BodyRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{what} is too large.")
    except ClientDisconnect:
        raise BodyRefused(HTTPStatus.BAD_REQUEST, f"{what} is incomplete.") from None
    return bytes(data)


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form. Bytes that are not UTF-8 become surrogates. Raises BodyRefused."""
    data = await read_body(request, MAX_FORM, "The form")
    text, errors = data.decode("utf-8", "surrogateescape"), "surrogateescape"
    try:
        return dict(parse_qsl(text, keep_blank_values=True, errors=errors, max_num_fields=MAX_FIELDS))
    except ValueError:
        raise BodyRefused(HTTPStatus.BAD_REQUEST, "The form has too many fields.") from None
