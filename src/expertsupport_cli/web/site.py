"""What a server knows: its own addresses, how to open the store, and what to do with mail."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from expertsupport_cli.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from expertsupport_cli.actions.notices import Post
    from expertsupport_cli.store import Store

DEFAULT_PORTS = {"http": 80, "https": 443}
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Shop(Record):
    """The ways to buy here: the demo shop, or the online store at `url`, which signs what it sends with `key`."""

    demo: bool = False
    url: str | None = None
    key: bytes | None = None


class Site(Record):
    """The addresses and the parts of one server.

    `own` is the address that the server listens on; `url` is the base of all links, the setting `page.url` or the same
    address. `hosts` are the values of Host that are answered, and `origins` the origins whose forms are taken.
    """

    own: str
    url: str
    hosts: frozenset[str]
    origins: frozenset[str]
    new_post: Callable[[], Post | None]
    deliver: Callable[[Store, Post], None]
    clock: Callable[[], str]
    link_lifetime: int  # seconds
    shop: Shop = Shop()

    @property
    def prefix(self) -> str:
        """The path before all paths, where a proxy serves the pages below another site."""
        return urlsplit(self.url).path.rstrip("/")

    def purchase_url(self, token: str) -> str:
        """The address of a purchase link."""
        return f"{self.shop.url or f'{self.url}/buy/'}{token}"

    @property
    def cookie_name(self) -> str:
        """The name of the session's cookie. Browsers send a cookie to all ports of a host, so it has the port.

        By the prefix `__Host-`, browsers take it from this host alone, over https (RFC 6265bis, 4.1.3.2).
        """
        return "__Host-es" if self.is_secure else f"es-{urlsplit(self.own).port}"

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach it by https."""
        return urlsplit(self.url).scheme.lower() == "https"


def known_hosts(url: str, host: str, port: int) -> tuple[frozenset[str], frozenset[str]]:
    """The values of Host that a server answers, and the origins of its own forms.

    They are those of its base URL and, if it listens on a loopback address, of all names of that.
    """
    parts = urlsplit(url)
    scheme, name = parts.scheme.lower(), (parts.hostname or "").lower()
    name = f"[{name}]" if ":" in name else name
    own_port = parts.port or DEFAULT_PORTS[scheme]
    hosts = {f"{name}:{own_port}"} | ({name} if own_port == DEFAULT_PORTS[scheme] else set())
    origins = {f"{scheme}://{each}" for each in hosts}
    if is_loopback(host):
        own = {f"{each}:{port}" for each in LOOPBACK}
        hosts |= own
        origins |= {f"http://{each}" for each in own}
    return frozenset(hosts), frozenset(origins)


def is_loopback(host: str) -> bool:
    """Whether a host can be reached from this machine only."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def address(host: str, port: int) -> str:
    """The URL of a server that listens on a host and a port."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
