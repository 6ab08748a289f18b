"""The fields of each kind of thing: JSON keys, table columns and names for `--fields` are defined only here.

They are a contract: fields may be added, not changed.
"""

from __future__ import annotations

from expertsupport_cli import times
from expertsupport_cli.model.certificates import CertificateState, LinkState, Origin
from expertsupport_cli.model.mail import MailState
from expertsupport_cli.model.people import Side, Via
from expertsupport_cli.model.requests import Status, Turn
from expertsupport_cli.model.tasks import TaskState
from expertsupport_cli.render.shapes import Shape, computed, named, plain
from expertsupport_cli.render.words import WORDS, one_of

REQUEST = Shape(
    name="request",
    key="id",
    link=lambda request, view: request.url(view.page_url),
    rows=("id", "task_name", "task_id", "initiator", "created_at", "status", "turn", "updated_at", "space"),
    fields=(
        plain("id", "string", "The request's ID, ES-1"),
        plain("status", "string", one_of(Status, {Status.WAITING: "for the customer"})),
        computed(
            "turn",
            "string or null",
            f"Whose move it is: {one_of(Turn)}; null if nobody's",
            lambda request, _: request.status.turn,
        ),
        plain("space", "string", "The space of its task"),
        plain("task_id", "string", "The ID of its task", "task"),
        plain("task_name", "string", "The name of its task"),
        plain("initiator", "string", "Who activated the certificate"),
        plain("initiator_email", "string or null", "The initiator's email address"),
        plain("created_at", "time", "When it was opened"),
        plain("updated_at", "time", "When the customer's side last saw a change"),
        plain("closed_at", "time or null", "When it was closed, if it is"),
        plain("certificate", "string", "The certificate that paid for it, masked"),
        computed("url", "string", "The support ticket URL", lambda request, view: request.url(view.page_url)),
    ),
)

_OF_THE_QUEUE = (
    plain("turn_since", "time", "When it became the desk's turn"),
    plain(
        "unanswered_since",
        "time or null",
        "When the oldest unanswered message was written; null if the desk spoke last",
    ),
    plain("last_by", "string", "Who spoke last").replace(
        shown=lambda request, _: f"{request.last_by} ({request.last_side})"
    ),
    plain("last_side", "string", f"For which side: {one_of((Side.CUSTOMER, Side.DESK))}"),
    plain("last_at", "time", "When they spoke last"),
)
QUEUE = REQUEST.replace(
    name="queue",
    fields=(*REQUEST.fields, *_OF_THE_QUEUE),
    rows=(
        *("id", "task_name", "task_id", "initiator", "status", "turn_since", "space"),
        *("last_by", "last_side", "last_at", "unanswered_since"),
    ),
    columns=("id", "task_name", "initiator", "status", "last_by", "last_at", "unanswered_since", "task_id", "space"),
)

COMMENT = Shape(
    name="comment",
    key="id",
    fields=(
        plain("id", "integer", "Its number, which orders all comments", "number"),
        plain("author", "string", "Who wrote it"),
        plain("side", "string", one_of((Side.CUSTOMER, Side.DESK))),
        plain("kind", "string", "comment, or note (which only the desk sees)"),
        plain("body", "string", "The text"),
        plain("created_at", "time", "When it was written"),
    ),
)

EVENT = Shape(
    name="event",
    key="number",
    rows=("at", "event", "actor"),
    fields=(
        plain("number", "integer", "Its number in the history, which orders it"),
        plain("at", "time", "When it happened"),
        plain("event", "string", "What happened, such as activated, commented, closed", "kind").replace(
            shown=lambda event, _: WORDS[event.kind].title
        ),
        plain("actor", "string", "Who did it"),
        plain("side", "string", one_of(Side)),
        plain("via", "string", f"How it came in: {one_of(Via)}"),
        plain("from", "string or null", "The value before, where one changed", "old"),
        plain("to", "string or null", "The value after", "new"),
    ),
)

LOG = EVENT.replace(
    name="log",
    fields=(
        *EVENT.fields,
        plain("request", "string or null", "The ID of the request that it concerns"),
        plain("certificate", "string or null", "The certificate that it concerns, masked"),
        plain("link", "string or null", "The ID of the purchase link that it concerns"),
        computed(
            "support_ticket_url",
            "string or null",
            "The address of the request's page, on the event that opened it",
            lambda entry, view: entry.url(view.page_url),
        ),
    ),
)

TASK = Shape(
    name="task",
    key="id",
    rows=("id", "name", "space", "creator", "created_at", "state", "expires_at"),
    fields=(
        plain("id", "string", "The task's ID"),
        plain("name", "string", "Its name"),
        computed("state", "string", one_of(TaskState), lambda task, view: task.state(view.now)),
        plain("space", "string", "Its space"),
        plain("description", "string", "What it is about; may be empty"),
        plain("creator", "string", "Who added it"),
        plain("created_at", "time", "When it was added"),
        plain("closed_at", "time or null", "When it was closed, if it is"),
        plain("expires_at", "time or null", "When it expires; null if it never does"),
    ),
)

SPACE = Shape(
    name="space",
    key="name",
    rows=("name", "title", "tasks", "task_expiry", "task_limit", "blocked"),
    fields=(
        plain("name", "string", "The space's name"),
        plain("title", "string", "A title; may be empty"),
        computed(
            "task_expiry",
            "string",
            "How long a new task lives, such as 10d, or never",
            lambda space, _: times.write_duration(space.task_lifetime),
        ),
        plain("task_limit", "integer or null", "The most tasks it may have"),
        plain("tasks", "integer", "How many tasks it has"),
        plain("blocked", "boolean", "Whether it is blocked"),
        plain("created_at", "time", "When it was created"),
    ),
)

CERTIFICATE = Shape(
    name="certificate",
    key="id",
    rows=("id", "certificate", "state", "origin", "created_at", "expires_at", "request", "task_id", "note"),
    fields=(
        plain("id", "string", "The certificate's ID in this store, C-1; not its serial"),
        plain("certificate", "string", "Its serial, masked", "masked"),
        computed("state", "string", one_of(CertificateState), lambda certificate, view: certificate.state(view.now)),
        plain("origin", "string", one_of(Origin, {Origin.BOUGHT: "with a purchase link", Origin.DEMO: "unpaid"})),
        plain("note", "string", "The issuer's note; may be empty"),
        plain("created_at", "time", "When it was issued or imported"),
        plain("expires_at", "time or null", "When it expires; null if it never does"),
        plain("revoked_at", "time or null", "When it was revoked, if it was"),
        plain("used_at", "time or null", "When it opened its request, if it did"),
        plain("request", "string or null", "The request that it opened"),
        plain("task_id", "string or null", "The task of that request", "task"),
    ),
)

LINK = Shape(
    name="link",
    key="id",
    rows=("id", "task_id", "state", "creator", "created_at", "expires_at", "certificate"),
    fields=(
        plain("id", "string", "The purchase link's ID, L-1; not its address"),
        plain("task_id", "string", "The task it was created for", "task"),
        computed("state", "string", one_of(LinkState), lambda link, view: link.state(view.now)),
        plain("creator", "string", "Who created it"),
        plain("created_at", "time", "When it was created"),
        plain("expires_at", "time", "When it expires"),
        plain("used_at", "time or null", "When it was redeemed, if it was"),
        plain("revoked_at", "time or null", "When it was revoked, if it was"),
        plain("certificate", "string or null", "The certificate it was redeemed for, masked"),
    ),
)

MAIL = Shape(
    name="mail",
    key="id",
    rows=("id", "request", "recipient", "state", "attempts", "created_at", "due_at", "sent_at", "error"),
    columns=("id", "request", "recipient", "state", "attempts", "created_at", "error"),
    fields=(
        plain("id", "string", "The mail's ID, M-1"),
        plain("request", "string", "The request that it is about"),
        plain("recipient", "string", "The recipient"),
        plain(
            "state", "string", one_of(MailState, {MailState.FAILED: "to be tried again", MailState.DEAD: "given up"})
        ),
        plain("attempts", "integer", "The number of attempts"),
        plain("error", "string or null", "Why the last attempt failed, or why none was made"),
        plain("created_at", "time", "When it was queued"),
        plain("due_at", "time", "When the next attempt is due, or the last was made"),
        plain("sent_at", "time or null", "When it was delivered"),
        plain("event", "integer", "The number of the event it is about"),
        plain("message_id", "string", "Its Message-ID, the same for each attempt"),
        plain("subject", "string", "Its subject"),
        plain("body", "string or null", "Its text; null once purged"),
    ),
)

NEWS = Shape(
    name="news",
    key="number",
    rows=("at", "request", "task_name", "event", "actor", "from", "to", "text"),
    columns=("request", "task_name", "at", "actor", "event", "text"),
    fields=(
        plain("number", "integer", "Its number in the history, which orders it"),
        plain("at", "time", "When it happened"),
        plain("request", "string", "The request"),
        plain("event", "string", "What happened, such as replied, closed", "kind").replace(
            shown=lambda item, _: WORDS[item.kind].said
        ),
        plain("actor", "string", "Who did it"),
        plain("side", "string", one_of((Side.CUSTOMER, Side.DESK))),
        plain("from", "string or null", "The status before, where it changed", "old"),
        plain("to", "string or null", "The status after", "new"),
        plain("text", "string or null", "What was said"),
        plain("task_id", "string", "The task", "task"),
        plain("task_name", "string", "Its name"),
        plain("space", "string", "Its space"),
    ),
)

PARTNER = Shape(
    name="partner",
    key="name",
    rows=("name", "url"),
    fields=(
        plain("name", "string", "The partner's name"),
        plain("url", "string", "Where to buy a certificate"),
        plain("created_at", "time", "When it was added"),
    ),
)

SERIAL = named(
    "serial",
    "serial",
    ("serial", "string", "The serial number, shown this once"),
    ("id", "string", "The certificate's ID, C-1"),
    ("expires_at", "time or null", "When it expires; null if it never does"),
    rows=("serial",),
)
ADDRESS = named(
    "address",
    "url",
    ("url", "string", "The address"),
    ("id", "string or null", "The ID of the purchase link, L-1, or of the request"),
    ("expires_at", "time or null", "When a link expires"),
    rows=("url",),
)
SETTING = named(
    "setting",
    "value",
    ("name", "string", "The setting"),
    ("value", "string or null", "Its effective value"),
    ("origin", "string", "flag, variable NAME, file PATH or default"),
    ("variable", "string", "The environment variable for it"),
    ("meaning", "string", "What it is for"),
    rows=("name", "value"),
)
FINDING = named(
    "finding",
    "rule",
    ("rule", "string", "What was checked"),
    ("ok", "boolean", "Whether it holds"),
    ("found", "array of string", "What breaks the rule; empty if nothing"),
)
PATH = named(
    "path", "path", ("path", "string", "A path or URL"), ("exists", "boolean or null", "If it exists"), rows=("path",)
)
ACCESS = named(
    "access",
    "path",
    ("path", "string", "The store; in a dry run, each file that would change"),
    ("group", "string", "The group that it belongs to"),
    ("mode", "string", "Its mode, such as 0660"),
    ("old_group", "string or null", "The group before; null if it was created"),
    ("old_mode", "string or null", "The mode before"),
    rows=("path", "old_mode", "mode", "group"),
)
ADDRESSEE = named("addressee", "address", ("address", "string", "Where the test message went"))
FIELD = named(
    "field",
    "name",
    ("command", "string", "The command"),
    ("of", "string", "What it is a field of"),
    ("name", "string", "The field"),
    ("type", "string", "Its type"),
    ("meaning", "string", "What it means"),
)
