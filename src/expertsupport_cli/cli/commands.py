"""The commands by name, where the body of each is, and how the help groups them. Bodies are imported on demand."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from expertsupport_cli.cli.perform import Command

COMMANDS = {
    "activate": "requests.activate",
    "purchase-link": "links.purchase_link",
    "comment": "requests.comment",
    "close": "requests.close",
    "reopen": "requests.reopen",
    "list": "listing.list_requests",
    "show": "listing.show",
    "open": "listing.open_page",
    "log": "tasks.log",
    "inbox": "following.inbox",
    "follow": "following.follow",
    "unfollow": "following.unfollow",
    "wait": "following.wait",
    "watch": "following.watch",
    "desk queue": "desk.queue",
    "desk show": "desk.show",
    "desk acknowledge": "desk.acknowledge",
    "desk reply": "desk.reply",
    "desk note": "desk.note",
    "desk close": "desk.close",
    "desk reopen": "desk.reopen",
    "space add": "spaces.add",
    "space list": "spaces.list_spaces",
    "space show": "spaces.show",
    "space edit": "spaces.edit",
    "task add": "tasks.add",
    "task list": "tasks.list_tasks",
    "task show": "tasks.show",
    "task close": "tasks.close",
    "task reopen": "tasks.reopen",
    "task import": "tasks.import_",
    "cert issue": "certificates.issue",
    "cert import": "certificates.import_",
    "cert list": "certificates.list_certificates",
    "cert show": "certificates.show",
    "cert check": "certificates.check",
    "cert revoke": "certificates.revoke",
    "cert replace": "certificates.replace",
    "partner add": "spaces.add_partner",
    "partner list": "spaces.list_partners",
    "partner remove": "spaces.remove_partner",
    "link list": "links.list_links",
    "link show": "links.show",
    "link redeem": "links.redeem",
    "link revoke": "links.revoke",
    "config list": "config.list_settings",
    "config get": "config.get",
    "config set": "config.set_",
    "config unset": "config.unset",
    "config path": "config.path",
    "mail list": "mail.list_mails",
    "mail show": "mail.show",
    "mail send": "mail.send",
    "mail retry": "mail.retry",
    "mail test": "mail.test",
    "db path": "db.path",
    "db check": "db.check",
    "db init": "db.init",
    "db upgrade": "db.upgrade",
    "db backup": "backups.backup",
    "db restore": "backups.restore",
    "db export": "transfer.export",
    "db import": "transfer.import_",
    "db copy": "transfer.copy",
    "db forget": "forgetting.forget",
    "db vacuum": "vacuum.vacuum",
    "db share": "sharing.share",
    "db unshare": "sharing.unshare",
    "serve": "serve.serve",
    "sign-in": "sessions.sign_in",
    "session list": "sessions.list_sessions",
    "session revoke": "sessions.revoke",
    "schema": "schema.schema",
    "demo": "demo.demo",
}

GROUPS = {
    "desk": "The experts' side: see what is waiting, and answer it.",
    "space": "Manage spaces: named groups of tasks.",
    "task": "Manage tasks.",
    "cert": "Manage certificates.",
    "partner": "Manage partners, who sell certificates.",
    "link": "Manage purchase links, which work once.",
    "config": "Show and change settings.",
    "mail": "Show and send queued mail.",
    "session": "Manage the sessions of browsers.",
    "db": "Check, back up, move and share the store.",
}

SECTIONS = {
    "Expert support": ("activate", "purchase-link", "comment", "close", "reopen", "list", "show", "open", "log"),
    "Staying informed": ("inbox", "follow", "unfollow", "wait", "watch"),
    "The desk": ("desk",),
    "The owner": ("space", "task", "cert", "partner", "link"),
    "The pages": ("serve", "sign-in", "session"),
    "The program": ("config", "mail", "db", "schema", "demo"),
}


def find(name: str) -> Command:
    """Import and return the command of this name, such as `close` or `desk reply`."""
    module, attribute = COMMANDS[name].split(".")
    command: Command = getattr(import_module(f"expertsupport_cli.cli.{module}"), attribute)
    return command


def names_in(group: str) -> list[str]:
    """The names of the commands in a group, without the group: `reply` for `desk reply`."""
    return [name.removeprefix(f"{group} ") for name in COMMANDS if name.startswith(f"{group} ")]
