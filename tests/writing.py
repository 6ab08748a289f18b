"""Each command that changes something, with arguments, and a store in which it does."""

from __future__ import annotations

from pathlib import Path

from builders import ANN, AT, BOB, OLGA, a_certificate, a_request, a_space, a_task
from conftest import Es
from sessions import filled

from expertsupport_cli.actions import following, links, requests, sessions, spaces
from expertsupport_cli.actions.notices import Post
from expertsupport_cli.model.people import Side
from expertsupport_cli.render.notice import notice_text

# those that change other stores than this one, or no row of it
ON_OTHER_STORES = (
    "db init",
    "db upgrade",
    "db restore",
    "db import",
    "db copy",
    "db vacuum",
    "db share",
    "db unshare",
    "serve",
)
DRY = {
    "activate": ("T-2 -", "{serial}"),
    "purchase-link": ("T-2", ""),
    "comment": ("ES-1 -m x", ""),
    "close": ("ES-1 -m x", ""),
    "reopen": ("ES-2 -m x", ""),
    "desk acknowledge": ("ES-1", ""),
    "desk reply": ("ES-1 --waiting -m x", ""),
    "desk note": ("ES-1 -m x", ""),
    "desk close": ("ES-1", ""),
    "desk reopen": ("ES-2", ""),
    "space add": ("zoo", ""),
    "space edit": ("acme --blocked --title T", ""),
    "task add": ("A --space acme", ""),
    "task close": ("T-1 T-2", ""),
    "task reopen": ("T-4", ""),
    "task import": ("- --space acme", "name\nA\nB\n"),
    "cert issue": ("-n 300", ""),
    "cert import": ("-", "AAAABBBBCCCCDDDD\n"),
    "cert revoke": ("C-3 --yes", ""),
    "cert replace": ("C-3 --yes", ""),
    "partner add": ("P https://p.example", ""),
    "partner remove": ("Zed --yes", ""),
    "link redeem": ("-", "{link}"),
    "link revoke": ("L-1 --yes", ""),
    "follow": ("ES-1 --email carl@example.org", ""),
    "unfollow": ("ES-1 --email dora@example.org", ""),
    "mail send": ("", ""),
    "mail retry": ("M-1", ""),
    "config set": ("space acme", ""),
    "config unset": ("user.name", ""),
    "db forget": ("ES-2 --yes", ""),
    "sign-in": ("--space acme", ""),
    "session revoke": ("S-1", ""),
}


def for_each_command(es: Es) -> tuple[Path, dict[str, str]]:
    """A store in which each of these commands changes something; the settings file, and what can still be used once."""
    with filled(es) as store:
        a_request(store)
        a_space(store, "forever", lifetime=None)
        a_task(store, space="forever")
        a_request(store)
        requests.close(store, "ES-2", None, by=BOB, at=AT, post=Post(compose=notice_text))
        a_task(store)
        serial, _ = a_certificate(store)
        link, _ = links.create_link(store, "T-2", lifetime=1000 * 86400, by=ANN, at=AT)
        spaces.add_partner(store, "Zed", "https://zed.example", by=OLGA, at=AT)
        token, _ = sessions.create_sign_in(store, Side.DESK, None, lifetime=60, by=BOB, at=AT)
        sessions.sign_in(store, token, at=AT)
        following.follow(store, "ES-1", "dora@example.org", by=ANN, at=AT)
        with store.transaction():
            store.change("UPDATE outbox SET state = 'failed', attempts = 1, error = 'The server was away'")
    file = es.home / "config" / "expertsupport" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('[user]\nname = "bob"\n', encoding="utf-8")
    return file, {"serial": serial, "link": link}
