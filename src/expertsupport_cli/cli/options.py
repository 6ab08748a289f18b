"""The parameters that commands share, as Typer declares them.

A body names them in its annotations. Only `cli.app` evaluates those, so that bodies need not import Typer.
"""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option

from expertsupport_cli.render.terminal.rows import FORMATS

__all__ = [
    "ASKING",
    "CHANGING",
    "PRINTING",
    "Annotated",
    "Argument",
    "Blocked",
    "CertificateNote",
    "Email",
    "InSpace",
    "Limit",
    "LinkAddress",
    "MailId",
    "Message",
    "MessageFile",
    "NewName",
    "Option",
    "RequestId",
    "RequestIds",
    "Serial",
    "SettingName",
    "SpaceName",
    "TaskExpiry",
    "TaskId",
    "TaskIds",
    "TaskLimit",
    "Title",
    "ValidFor",
]

RequestIds = Annotated[
    list[str],
    Argument(metavar="REQUEST...", help="ES-1, 1, or a task's ID; repeatable; - reads one per line from stdin."),
]
RequestId = Annotated[str, Argument(metavar="REQUEST", help="ES-1, 1, or a task's ID.")]
TaskId = Annotated[str, Argument(metavar="TASK", help="The task's ID, such as T-1.")]
TaskIds = Annotated[
    list[str], Argument(metavar="TASK...", help="Tasks' IDs; repeatable; - reads one per line from stdin.")
]
Message = Annotated[str | None, Option("-m", "--message", metavar="TEXT", help="The message.")]
MessageFile = Annotated[
    str | None, Option("-F", "--file", metavar="FILE", help="Read the message from a file; - reads stdin.")
]
Limit = Annotated[int | None, Option("--limit", min=1, metavar="N", help="Show at most N rows.")]
SpaceName = Annotated[str | None, Option("--space", metavar="NAME", help="Only this space.")]

ValidFor = Annotated[
    str | None, Option("--valid-for", metavar="365d", help="How long it can be used (default: no end).")
]
CertificateNote = Annotated[str, Option("--note", metavar="TEXT", help="A note for yourself.")]
Serial = Annotated[str, Argument(metavar="SERIAL", help="The serial number; - reads it from stdin.")]
Email = Annotated[str | None, Option("--email", metavar="ADDRESS", help="The address (default: yours).")]
NewName = Annotated[str, Argument(metavar="NAME", help="The space's name: letters, digits, dots and dashes.")]
Title = Annotated[str | None, Option("--title", metavar="TEXT", help="A display title.")]
TaskExpiry = Annotated[
    str | None,
    Option("--task-expiry", metavar="10d|never", help="When new tasks expire (default: after 10d)."),
]
TaskLimit = Annotated[
    str | None, Option("--task-limit", metavar="N|none", help="The most tasks that the space may have.")
]
Blocked = Annotated[
    bool | None,
    Option("--blocked/--unblocked", help="Block the space: nothing new can be started in it.", show_default=False),
]
InSpace = Annotated[str | None, Option("--space", metavar="NAME", help="The space (or the setting space).")]
LinkAddress = Annotated[
    str, Argument(metavar="LINK", help="The address, or the token at its end; - reads it from stdin.")
]
MailId = Annotated[str, Argument(metavar="ID", help="The mail's ID, such as M-1.")]
SettingName = Annotated[str, Argument(metavar="NAME", help="The setting, such as user.email.")]

# Options that commands share, by the field names of `Choices`. For commands that print something:
PRINTING = {
    "format": Annotated[str | None, Option("--format", metavar="|".join(FORMATS), help="The output format.")],
    "json": Annotated[bool, Option("--json", help="Short for --format json.", show_default=False)],
    "fields": Annotated[
        str | None,
        Option("--fields", metavar="NAMES", help="Only these fields, separated by commas; see es schema."),
    ],
    "spreadsheet": Annotated[
        bool,
        Option(
            "--spreadsheet",
            help="With --format csv: make text that a spreadsheet would run as a formula harmless.",
            show_default=False,
        ),
    ],
}
# For commands that change something:
CHANGING = {
    "dry_run": Annotated[
        bool, Option("--dry-run", help="Show what would happen without changing anything.", show_default=False)
    ],
}
# For commands that ask before they do something that cannot be undone:
ASKING = {
    "yes": Annotated[bool, Option("--yes", help="Do not ask for confirmation.", show_default=False)],
}
