"""Signing in to the pages: links that open a session, and the sessions."""

from __future__ import annotations

from expertsupport_cli import times
from expertsupport_cli.actions import sessions as actions
from expertsupport_cli.cli.perform import changes, reads
from expertsupport_cli.errors import BadUsage
from expertsupport_cli.model.people import Side
from expertsupport_cli.render.fields import ADDRESS
from expertsupport_cli.render.sessions import SESSION
from expertsupport_cli.render.shapes import Named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from expertsupport_cli.cli.env import Env
    from expertsupport_cli.cli.options import Argument, InSpace, Option


@changes(ADDRESS)
def sign_in(
    env: Env,
    side: Annotated[str, Option("--side", metavar="customer|desk|owner", help="Whose pages to see.")] = "customer",
    space: InSpace = None,
    valid_for: Annotated[str, Option("--valid-for", metavar="10m", help="How long the link can be used.")] = "10m",
) -> None:
    """Create a link that signs a browser in, once.

    It acts under your name. A customer sees the requests of one space; the desk and the owner see all.
    """
    if side not in list(Side):
        raise BadUsage(f"Unknown side '{side[:80]}'.", f"Choose one of: {', '.join(Side)}.")
    env.printer.expect(ADDRESS)
    chosen = Side(side)
    token, link = actions.create_sign_in(
        env.store,
        chosen,
        env.space(space) if chosen is Side.CUSTOMER else None,
        lifetime=times.parse_duration(valid_for),
        by=env.actor(chosen),
        at=env.at,
    )
    url = "(none: dry run)" if env.dry_run else f"{env.settings['page.url'].rstrip('/')}/sign-in/{token}"
    env.printer.thing(ADDRESS, Named(values={"url": url, "id": None, "expires_at": link.expires_at}), url)
    if not env.dry_run:
        env.printer.hint(f"The link works once, until {link.expires_at}, while es serve runs.")


@reads(SESSION)
def list_sessions(env: Env) -> None:
    """List the sessions of browsers, newest first."""
    shown = env.printer.list(SESSION, env.store.sessions())
    if env.printer.for_people and not shown:
        env.printer.note("No sessions. Try: es sign-in --side desk")


@changes(SESSION)
def revoke(
    env: Env,
    ids: Annotated[
        list[str], Argument(metavar="ID...", help="Session IDs; repeatable; - reads one per line from stdin.")
    ],
) -> None:
    """End sessions. The browsers have to sign in again."""
    env.look_up(ids, env.store.session)
    env.for_each(SESSION, ids, lambda id: _revoke(env, id))


def _revoke(env: Env, id: str) -> None:
    session, changed = actions.end_session(env.store, id, at=env.at)
    if not changed:
        env.printer.note(f"Session {session.id} has ended already; nothing was changed.")
    env.printer.thing(SESSION, session, f"{session.id}  ended")
