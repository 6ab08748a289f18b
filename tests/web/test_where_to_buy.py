"""Where there is a demo shop, and what a purchase link says where there is none."""

from __future__ import annotations

import re

import pytest
from builders import AT, OLGA, a_certificate
from conftest import Es
from web.serving import opened, serving
from web.shop import a_token, is_unused

from expertsupport_cli.actions import spaces

# what opens the demo shop to others, or closes it; the server listens on loopback in all cases
ELSEWHERE: list[tuple[tuple[str, ...], dict[str, str]]] = [
    ((), {"ES_SHOP_MODE": "off"}),
    ((), {"ES_PAGE_URL": "https://support.example.org"}),
    ((), {"ES_SHOP_URL": "https://shop.example/?link="}),
    ((), {"ES_SERVE_TRUSTED_PROXIES": "127.0.0.1"}),
    (("--host", "0.0.0.0"), {"ES_PAGE_URL": "http://127.0.0.1:8765"}),  # noqa: S104
]


@pytest.mark.parametrize(("arguments", "env"), ELSEWHERE, ids=["off", "page.url", "shop.url", "proxy", "host"])
def test_without_the_demo_shop_a_link_says_where_to_buy_and_nothing_spends_it(
    es: Es, arguments: tuple[str, ...], env: dict[str, str]
) -> None:
    token = a_token(es)
    host = {"Host": "support.example.org"} if "https" in env.get("ES_PAGE_URL", "") else {}
    host = {"Host": "127.0.0.1:8765"} if arguments else host
    with serving(es, *arguments, **env) as server:
        nowhere = server.get(f"/buy/{token}", **host)
        with opened(es) as store:
            spaces.add_partner(store, "Zed & Co", "https://zed.example/?a=1&b=2", by=OLGA, at=AT)
            serial, _ = a_certificate(store)
        page, bought = server.get(f"/buy/{token}", **host), server.post(f"/buy/{token}", {}, **host)
        assert server.post(f"/buy/{token}/activate", {"serial": serial}, **host).status == 404
    assert (nowhere.status, page.status, bought.status) == (200, 200, 409)
    assert "This server has no shop. Nothing was bought." in re.sub("<[^>]+>", "", bought.text)
    assert "<button" not in page.text
    if "ES_SHOP_URL" in env:
        assert f'href="https://shop.example/?link={token}"' in page.text
    else:
        assert "Ask whoever gave it to you where to buy." in nowhere.text
        assert (
            '<a href="https://zed.example/?a=1&amp;b=2" rel="noopener noreferrer" target="_blank">Zed &amp; Co</a>'
            in page.text
        )
    assert is_unused(es, token)


def test_the_demo_shop_is_refused_wherever_others_could_use_it(es: Es) -> None:
    for arguments, env in ELSEWHERE[1:]:
        result = es("serve", "--port", "0", *arguments, env={**env, "ES_SHOP_MODE": "demo"})
        assert (result.status, result.stdout) == (2, "")
        assert "The demo shop takes no payment: it is for this machine alone." in result.stderr
        assert "Try: unset ES_SHOP_MODE" in result.stderr
    es("config", "set", "shop.mode", "demo")
    result = es("serve", env={"ES_PAGE_URL": "https://x.example", "ES_SHOP_URL": "https://y.example/"})
    assert "page.url and shop.url are set." in result.stderr
    assert "Try: es config unset shop.mode" in result.stderr
    assert not es.store.exists()
    with opened(es):
        pass
    with serving(es) as server:
        assert server.get("/sign-in").status == 200


def test_a_link_of_purchase_link_leads_to_the_shop_of_a_server_on_the_default_port(es: Es) -> None:
    with opened(es):
        pass
    with serving(es) as server:
        es.env["ES_PAGE_URL"] = ""
        a_token(es)
        url = es.inside("purchase-link", "T-1").id
        assert url.startswith("http://127.0.0.1:8765/buy/")
        assert server.get("/buy/" + url.rpartition("/")[2]).status == 200
