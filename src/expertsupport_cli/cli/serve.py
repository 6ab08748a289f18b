"""`es serve`: the pages, for a browser."""

from __future__ import annotations

import sys

from expertsupport_cli import credentials, wiring
from expertsupport_cli.actions import sessions
from expertsupport_cli.cli.perform import changes
from expertsupport_cli.errors import BadUsage, NotFound
from expertsupport_cli.model.people import Side
from expertsupport_cli.render.terminal.capabilities import is_terminal
from expertsupport_cli.render.terminal.printer import flush_stdout
from expertsupport_cli.settings.known import ip_addresses

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from typing import Annotated

    from expertsupport_cli.actions.notices import Post
    from expertsupport_cli.cli.env import Env
    from expertsupport_cli.cli.options import Option
    from expertsupport_cli.settings import Settings
    from expertsupport_cli.store import Store
    from expertsupport_cli.web.site import Shop, Site
    from expertsupport_cli.web.stores import Stores

WRITE_TIMEOUT = 2  # seconds, for a form to wait for its turn
SIGN_IN_LIFETIME = 600  # seconds, of the link that is shown when the server starts


@changes()
def serve(
    env: Env,
    host: Annotated[str | None, Option("--host", metavar="HOST", help="The address to listen on.")] = None,
    port: Annotated[
        int | None, Option("--port", metavar="PORT", min=0, max=65535, help="The port; 0: a free one.")
    ] = None,
    open_: Annotated[bool, Option("--open", help="Also open the pages in the browser.")] = False,
) -> None:
    """Serve the pages in a browser, until interrupted.

    Prints the address, and on a terminal a link that signs you in. A host that other machines can reach needs the
    setting page.url. With --dry-run, the address is printed if it can be used, and nothing is served.
    """
    from expertsupport_cli.web.site import is_loopback

    host = env.settings["serve.host"] if host is None else host
    port = int(env.settings["serve.port"]) if port is None else port
    if not env.settings.is_set("page.url") and not is_loopback(host):
        raise BadUsage(
            f"Host {host} needs the setting page.url.", "Links are built from it.", "Try: es config set page.url URL"
        )
    run_server(env, host, port, lambda site: _offer_a_session(env, site, open_))


def run_server(env: Env, host: str, port: int, started: Callable[[Site], None]) -> None:
    """Listen, create the store if there is none, print the address, and serve until interrupted.

    `started` is called when the server listens. Raises BadUsage for a wrong setting, SystemRefused if the port is in
    use.
    """
    from expertsupport_cli.web.app import create_app
    from expertsupport_cli.web.server import listen, serve_until_interrupted
    from expertsupport_cli.web.site import address

    wiring.post_of(env.settings)  # a wrong setting would refuse each form
    shop = shop_of(env.settings, host)
    listening = listen(host, port)
    own = address(host, listening.getsockname()[1])
    site = _site(env, own, host, listening, shop)
    sessions.prepare_to_serve(env.store)
    if env.dry_run:
        listening.close()
        env.printer.write(f"{own}\n")
        return
    stores = _stores(env)

    def announce() -> None:
        started(site)
        env.store.close()

    proxies = env.settings.get("serve.trusted-proxies")
    trusted = ip_addresses(proxies) if proxies else []
    serve_until_interrupted(create_app(site, stores), listening, trusted, announce)


def _stores(env: Env) -> Stores:
    from expertsupport_cli.web.stores import Pool, Stores

    if wiring.is_in_database(env.settings):
        return Pool(int(env.settings["serve.connections"]), WRITE_TIMEOUT, lambda: _open(env))
    return Stores(wiring.store_path(env.settings), lambda: _open(env))


def shop_of(settings: Settings, host: str) -> Shop:
    """The ways to buy at a server that listens on a host. The demo shop is for this machine alone.

    Raises BadUsage if the demo shop was asked for elsewhere, or if the key of the online store is invalid.
    """
    from expertsupport_cli.web.site import Shop, is_loopback

    names = [name for name in ("page.url", "shop.url", "serve.trusted-proxies") if settings.is_set(name)]
    others = f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} set." if names else ""
    if not is_loopback(host):
        others = f"Other machines can reach {host}."
    mode = settings.find("shop.mode")
    if mode.value == "demo" and others:
        unset = f"unset {mode.setting.variable}" if mode.origin.startswith("variable") else "es config unset shop.mode"
        raise BadUsage("The demo shop takes no payment: it is for this machine alone.", others, f"Try: {unset}")
    try:
        key = credentials.shop_key(settings)
    except NotFound as fault:
        raise BadUsage(fault.what, fault.why, fault.hint) from fault
    url = settings["shop.url"] if "shop.url" in names else None
    return Shop(demo=mode.value != "off" and not others, url=url, key=key)


def _open(env: Env) -> Store:
    """The store, for a worker thread."""
    return wiring.open_store(env.settings, writes=True, notify=lambda _: None, timeout=WRITE_TIMEOUT)


def _site(env: Env, own: str, host: str, listening: socket.socket, shop: Shop) -> Site:
    from expertsupport_cli.web.site import Site, known_hosts

    found = env.settings.find("page.url")
    url = own if found.origin == "default" else str(found.value)
    hosts, origins = known_hosts(url, host, listening.getsockname()[1])
    settings, clock = env.settings, env.clock

    def deliver(store: Store, post: Post) -> None:
        if post.lease:
            wiring.deliver_leased(store, settings, post.lease, clock)

    return Site(
        own=own,
        url=url.rstrip("/"),
        hosts=hosts,
        origins=origins,
        new_post=lambda: wiring.post_of(settings),
        deliver=deliver,
        clock=clock,
        shop=shop,
        link_lifetime=settings.seconds("shop.link-lifetime"),
    )


def _offer_a_session(env: Env, site: Site, open_: bool) -> None:
    """Print the address, and a link that signs the user in, where only a person can see it.

    It is for the owner; for the desk, if the store is shared by a team.
    """
    env.printer.write(f"{site.own}\n")
    flush_stdout()
    if not is_terminal(sys.stderr):
        env.printer.note("To sign in, create a link. Try: es sign-in --side owner")
        return
    side = Side.DESK if wiring.store_is_shared(env.settings) else Side.OWNER
    by = env.actor(side)
    token, _ = sessions.create_sign_in(env.store, side, None, lifetime=SIGN_IN_LIFETIME, by=by, at=env.at)
    url = f"{site.url}/sign-in/{token}"
    env.printer.note(f"To sign in, open {url}")
    env.printer.note("Serving until Ctrl-C.")
    if open_:
        env.browse_while_serving(url)
