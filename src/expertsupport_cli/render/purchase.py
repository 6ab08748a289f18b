"""What an online store gets for a purchase link, from `es link redeem --event-id` and from `POST /api/redeem`."""

from __future__ import annotations

from expertsupport_cli.render.shapes import Named, named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from expertsupport_cli.model.requests import Request

PURCHASE = named(
    "purchase",
    "serial",
    ("certificate", "string", "The certificate's ID, C-1"),
    ("serial", "string or null", "Its serial number, shown this once; null if it is used, or the event was repeated"),
    ("request", "string or null", "The ID of the request that it has opened"),
    ("url", "string or null", "The support ticket URL of that request"),
    ("refused", "string or null", "The error code, if a request was to be opened and could not be"),
    rows=("certificate", "serial", "request", "url", "refused"),
)


def bought(
    certificate: str, serial: str | None, request: Request | None, url: str | None, refused: str | None
) -> Named:
    """What was bought. `url` is the support ticket URL of the request."""
    id = None if request is None else request.id
    return Named(values={"certificate": certificate, "serial": serial, "request": id, "url": url, "refused": refused})
