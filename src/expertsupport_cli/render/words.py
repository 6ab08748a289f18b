"""The words for what happened. Pages, logs, the inbox, `es watch` and mail all read them here, so that each kind of
event has one wording."""

from __future__ import annotations

from expertsupport_cli.model.certificates import Origin
from expertsupport_cli.model.history import Kind, Value
from expertsupport_cli.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from expertsupport_cli.model.history import Event, LogEntry, News
    from expertsupport_cli.model.requests import Turn

NEVER = "never"
IN_PLACE_OF = "In place of"


class Words(Record):
    """`title` names the event in a log; `said` follows the name of the actor, as in "bob replied"."""

    title: str
    said: str


class Moved(Record):
    """A status before and after an event."""

    old: str
    new: str


WORDS = {
    Kind.SPACE_ADDED: Words(title="Space added", said="added the space"),
    Kind.SPACE_EDITED: Words(title="Space changed", said="changed the space"),
    Kind.PARTNER_ADDED: Words(title="Partner added", said="added the partner"),
    Kind.PARTNER_REMOVED: Words(title="Partner removed", said="removed the partner"),
    Kind.TASK_ADDED: Words(title="Task added", said="added the task"),
    Kind.TASK_IMPORTED: Words(title="Task imported", said="imported the task"),
    Kind.TASK_CLOSED: Words(title="Task closed", said="closed the task"),
    Kind.TASK_REOPENED: Words(title="Task reopened", said="reopened the task"),
    Kind.CERTIFICATE_ISSUED: Words(title="Certificate issued", said="issued the certificate"),
    Kind.CERTIFICATE_IMPORTED: Words(title="Certificate imported", said="imported the certificate"),
    Kind.CERTIFICATE_BOUGHT: Words(title="Certificate bought", said="bought the certificate"),
    Kind.CERTIFICATE_DEMO: Words(title="Demo certificate given away", said="took a demo certificate, without paying"),
    Kind.CERTIFICATE_REVOKED: Words(title="Certificate revoked", said="revoked the certificate"),
    Kind.CERTIFICATE_REPLACED: Words(title="Certificate replaced", said="replaced the certificate"),
    Kind.CERTIFICATE_RESTORED: Words(title="Certificate valid again", said="made the certificate valid again"),
    Kind.LINK_CREATED: Words(title="Purchase link created", said="created a purchase link"),
    Kind.LINK_REDEEMED: Words(title="Purchase link redeemed", said="redeemed the purchase link"),
    Kind.LINK_REVOKED: Words(title="Purchase link revoked", said="revoked the purchase link"),
    Kind.LINK_RESTORED: Words(title="Purchase link valid again", said="made the purchase link valid again"),
    Kind.ACTIVATED: Words(title="Expert support activated", said="activated expert support"),
    Kind.COMMENTED: Words(title="Customer commented", said="commented"),
    Kind.ACKNOWLEDGED: Words(title="Request acknowledged", said="acknowledged the request"),
    Kind.REPLIED: Words(title="Expert replied", said="replied"),
    Kind.ASKED: Words(title="Expert replied and is waiting for an answer", said="replied and is waiting for an answer"),
    Kind.NOTED: Words(title="Note added (desk only)", said="added a note (desk only)"),
    Kind.CLOSED: Words(title="Request closed", said="closed the request"),
    Kind.REOPENED: Words(title="Request reopened", said="reopened the request"),
    Kind.FOLLOWED: Words(title="Request followed by mail", said="follows the request by mail"),
    Kind.UNFOLLOWED: Words(title="Request no longer followed by mail", said="no longer follows the request by mail"),
    Kind.FORGOTTEN: Words(title="Request forgotten", said="erased the request's personal data"),
}

VALUE_NAMES = {
    Value.STATUS: "Status",
    Value.EXPIRY: "Task expiry",
    Value.ADDRESS: "Address",
    Value.FIELDS: "Space settings",
    Value.PARTNER: "Partner",
    Value.REASON: "Reason",
    Value.REPLACEMENT: "Replaced by",
}


def moved(event: Event | LogEntry | News) -> Moved | None:
    """The statuses before and after an event that changed the status."""
    if event.kind.moves_status and event.old and event.new:
        return Moved(old=event.old, new=event.new)
    return None


def certificate_name(masked: str, origin: Origin | None) -> str:
    """A masked certificate, which says so if it is from the demo shop."""
    return f"{masked} ({origin})" if origin is Origin.DEMO else masked


def turn_name(turn: Turn | None) -> str:
    """Whose move it is, in words for people."""
    return turn or "nobody"


def one_of(names: Iterable[str], remarks: Mapping[str, str] | None = None) -> str:
    """The names as a sentence lists them, some with a remark: "queued, sent or dead (given up)"."""
    remark_of = remarks or {}
    *rest, last = [f"{name} ({remark_of[name]})" if name in remark_of else str(name) for name in names]
    return f"{', '.join(rest)} or {last}" if rest else last
