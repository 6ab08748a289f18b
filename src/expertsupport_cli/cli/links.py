"""Buying: purchase links, the partners, and what the online store does with a link."""

from __future__ import annotations

from expertsupport_cli.actions import links as actions
from expertsupport_cli.cli.certificates import print_serials
from expertsupport_cli.cli.listing import rows_wanted, summarize
from expertsupport_cli.cli.perform import changes, reads
from expertsupport_cli.cli.spaces import show_partners
from expertsupport_cli.errors import BadUsage
from expertsupport_cli.model.people import Side
from expertsupport_cli.reading import typed_or_on_stdin
from expertsupport_cli.render.conversation import LINK_HISTORY, LinkPage
from expertsupport_cli.render.fields import ADDRESS, EVENT, LINK, PARTNER, SERIAL
from expertsupport_cli.render.pages import link_page
from expertsupport_cli.render.shapes import Named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from expertsupport_cli.cli.env import Env
    from expertsupport_cli.cli.options import Argument, Limit, LinkAddress, Option, TaskId


@changes(ADDRESS, PARTNER)
def purchase_link(
    env: Env,
    task: TaskId,
    online: Annotated[bool, Option("--online", help="Create a link to the online store (the default).")] = False,
    partner: Annotated[bool, Option("--partner", help="List the partners instead.")] = False,
    open_: Annotated[bool, Option("--open", help="Also open the link in the browser.")] = False,
) -> None:
    """Create a link to buy a certificate, or list the partners.

    The link is created for one task, works once, and expires after the setting shop.link-lifetime. To visit the store
    again, create another.
    """
    if partner and (online or open_):
        raise BadUsage("--partner goes with neither --online nor --open.")
    if partner:
        env.writes = False
        env.store.task(task)
        show_partners(env)
        return
    env.printer.expect(ADDRESS)
    shop, lifetime = env.settings["shop.url"], env.settings.seconds("shop.link-lifetime")
    token, link = actions.create_link(env.store, task, lifetime=lifetime, by=env.actor(), at=env.at)
    url = "(none: dry run)" if env.dry_run else shop + token
    env.printer.thing(ADDRESS, Named(values={"url": url, "id": link.id, "expires_at": link.expires_at}), url)
    current = env.store.open_request(link.task)
    if current:
        env.printer.note(
            f"Task {link.task} has an open request, {current.id}. A new one can be opened when it is closed."
        )
    if not env.dry_run:
        env.printer.hint(f"The link works once, until {link.expires_at}. After buying: es activate {link.task}")
    if open_ and not env.dry_run:
        env.browse(url)


@reads(LINK)
def list_links(
    env: Env,
    task: Annotated[str | None, Option("--task", metavar="TASK", help="Only this task.")] = None,
    limit: Limit = None,
) -> None:
    """List purchase links, newest first."""
    if task is not None:
        env.store.task(task)
    shown = env.printer.list(LINK, env.store.links(task, rows_wanted(env, limit)))
    empty = "No purchase links. Try: es purchase-link TASK"
    summarize(env, shown, lambda: env.store.count_links(task), "link", empty)


@reads(LINK_HISTORY, EVENT)
def show(env: Env, link: Annotated[str, Argument(metavar="LINK", help="Its ID (L-1) or address.")]) -> None:
    """Show a purchase link and its history.

    This does not use it up.
    """
    with env.store.snapshot():
        found = actions.find_link(env.store, link)
        page = LinkPage(link=found, events=env.store.events_of_link(found))
    env.printer.page(LINK_HISTORY, page, lambda: link_page(page, env.printer.view))


@changes(SERIAL)
def redeem(env: Env, link: LinkAddress) -> None:
    """Exchange a purchase link for a certificate.

    The online store calls this after payment. Prints the serial once; the link works once.
    """
    address = typed_or_on_stdin(link, "The link")
    actions.redeem_link(env.store, address, lambda block: print_serials(env, block), by=env.actor(), at=env.at)
    if env.printer.on_terminal and not env.dry_run:
        task = actions.find_link(env.store, address).task
        env.printer.hint(f"Save it now: it is not shown again. Try: es activate {task} SERIAL")


@changes(LINK, asks=True)
def revoke(
    env: Env,
    links: Annotated[
        list[str],
        Argument(metavar="LINK...", help="IDs (L-1) or addresses; repeatable; - reads one per line from stdin."),
    ],
) -> None:
    """Revoke unused purchase links for good."""

    def revocable(reference: str) -> str:
        link = actions.find_link(env.store, reference)
        if link.used_at:
            link.refuse_if_spent(env.at)
        return "" if link.revoked_at else f"{link.id} (for task {link.task})"

    named = env.describe(links, revocable)
    if named:
        env.confirm(f"Revoke {named}? A revoked link cannot be used again.")
    env.for_each(LINK, links, lambda reference: _revoke(env, reference))


def _revoke(env: Env, reference: str) -> None:
    found, changed = actions.revoke_link(env.store, reference, by=env.actor(Side.OWNER), at=env.at)
    if not changed:
        env.printer.note(f"Purchase link {found.id} is already revoked; nothing was changed.")
    env.printer.thing(LINK, found, f"{found.id}  revoked")
