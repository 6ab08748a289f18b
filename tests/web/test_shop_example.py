"""The online store in docs/shop.md, run as it stands there: it sells, and it sells each link once."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlencode
from urllib.request import urlopen

from conftest import Es
from examples import ROOT, blocks
from playwright.sync_api import Browser
from web.serving import Server, opened, serving, wait_for
from web.shop import a_token, is_unused, key_file, link_of

MAX_LINES = 40  # of code


def example() -> str:
    """The program in the document."""
    text = (ROOT / "docs" / "shop.md").read_text(encoding="utf-8")
    (block,) = [block for block in blocks(text) if block.language == "sh" and "cat > shop.py" in block.text]
    found = re.fullmatch(r"cat > shop\.py <<'END'\n(.*)\nEND\n", block.text, re.DOTALL)
    assert found
    return found[1]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def a_shop(es: Es, key: str, server: Server, port: int) -> Iterator[None]:
    """The program of the document, as long as the block lasts."""
    program = es.home / "shop.py"
    program.write_text(example(), encoding="utf-8")
    command = [sys.executable, str(program), key, server.url, str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: answers(port), "an answer of the store")
            yield
        finally:
            process.terminate()


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    time.sleep(0.01)
    return False


def pay(address: str, token: str) -> str:
    """The page after the button."""
    with urlopen(address, urlencode({"link": token}).encode(), timeout=60) as answer:  # noqa: S310 -- ours
        return str(answer.read().decode())


def test_the_example_has_40_lines_of_code() -> None:
    assert len([line for line in example().splitlines() if line.strip()]) <= MAX_LINES


def test_the_store_of_the_document_sells_a_request_once(es: Es, browser: Browser) -> None:
    with opened(es):
        pass
    port, key = free_port(), key_file(es)
    shop_url = f"http://127.0.0.1:{port}/?link="
    with serving(es, ES_SHOP_SECRET_FILE=key, ES_SHOP_URL=shop_url) as server, a_shop(es, key, server, port):
        token = a_token(es)
        page = browser.new_page()
        page.goto(f"{server.url}/buy/{token}")
        page.get_by_role("link", name="Go to the online store").click()
        assert page.url == shop_url + token
        page.reload(wait_until="networkidle")
        assert is_unused(es, token), "looking buys nothing"
        page.get_by_role("button", name="Pay").click()
        page.get_by_role("link", name="Your request: ES-1").click()
        page.get_by_role("heading", name="The printer is on fire").wait_for()
        assert page.url.startswith(f"{server.url}/requests/")
        page.close()
        assert "was already used" in pay(shop_url, token)
        assert "Unknown purchase link" in pay(shop_url, "<b>" + "0" * 40)
        closed = a_token(es)
        assert es.inside("task", "close", link_of(es, closed).task).status == 0
        (serial,) = re.findall(r"<p>(\w{4}-\w{4}-\w{4}-\w{4})</p>", pay(shop_url, closed))
        assert es.inside("cert", "check", serial).status == 0
    assert es.inside("db", "check").status == 0
