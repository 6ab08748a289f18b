"""Buying: purchase links, the partners, and what the online store does with a link."""

from __future__ import annotations

from functools import partial

from expertsupport_cli import checks
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
from expertsupport_cli.render.purchase import PURCHASE, bought
from expertsupport_cli.render.shapes import Named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from expertsupport_cli.actions.certificates import Block
    from expertsupport_cli.actions.links import Purchase
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
        from expertsupport_cli.cli.browsing import open_page

        open_page(env, url)


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


@changes(SERIAL, PURCHASE)
def redeem(
    env: Env,
    link: LinkAddress,
    event_id: Annotated[
        str | None, Option("--event-id", metavar="ID", help="The store's ID of the purchase: repeating it is harmless.")
    ] = None,
    activate: Annotated[
        bool, Option("--activate", help="Also open the request that the link was created for.")
    ] = False,
) -> None:
    """Exchange a purchase link for a certificate.

    The online store calls this after payment. Prints the serial once; the link works once. With --activate, the
    certificate opens a request of whoever created the link, whose ID is printed instead. If the same event ID is given
    again for the same link, nothing is changed.
    """
    address = typed_or_on_stdin(link, "The link")
    shape = SERIAL if event_id is None and not activate else PURCHASE
    env.printer.expect(shape)
    purchase = actions.redeem_link(
        env.store,
        address,
        lambda block: print_serials(env, block) if shape is SERIAL else _print_bought(env, block),
        event_id=None if event_id is None else checks.event_id(event_id),
        activate=activate,
        by=env.actor(),
        at=env.at,
        post=env.post,
    )
    task = actions.find_link(env.store, address).task
    if purchase.serial is None:
        _print_without_serial(env, purchase, event_id)
    elif purchase.refused:
        env.printer.note(
            f"No request could be opened on task {task} ({purchase.refused}). Try: es activate {task} SERIAL"
        )
    elif env.printer.on_terminal and not env.dry_run:
        env.printer.hint(f"Save it now: it is not shown again. Try: es activate {task} SERIAL")


def _print_bought(env: Env, block: Block) -> None:
    """Print a serial in one unbuffered write, as `print_serials` does."""
    with env.printer.block(partial(setattr, block, "delivered", True)):
        for serial, certificate in block:
            shown = "(none: dry run)" if env.dry_run else serial
            env.printer.thing(PURCHASE, bought(certificate.id, shown, None, None, block.refused), shown)


def _print_without_serial(env: Env, purchase: Purchase, event_id: str | None) -> None:
    """Print the request that was opened, or what came of the same event before."""
    request, id = purchase.request, purchase.certificate.id
    if purchase.repeated:
        env.printer.note(f"Event '{event_id}' was already processed; nothing was changed.")
    if request is None:
        env.printer.thing(
            PURCHASE, bought(id, None, None, None, purchase.refused), f"{id}  {purchase.certificate.masked}"
        )
        env.printer.note(f"The serial number is not shown again. If it was lost, replace it. Try: es cert replace {id}")
        return
    url = "(none: dry run)" if env.dry_run else request.url(env.printer.view.page_url)
    shape = PURCHASE.replace(key="request")
    env.printer.thing(shape, bought(id, None, request, url, None), f"{request.id}  {url}")


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
