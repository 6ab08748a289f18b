"""At a real terminal: tables, prompts, the browser; golden screens. The editor is in test_editor."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import ANN, AT, BOB, a_certificate, a_request, a_space, a_task
from conftest import Es
from sessions import COLUMNS, Terminal, as_json, dump, filled

from expertsupport_cli.actions import requests, spaces
from expertsupport_cli.times import instant


def ago(days: int) -> str:
    """So many days ago, and an hour, so that it stays so while the test runs."""
    return instant(datetime.now(UTC) - timedelta(days=days, hours=1))


def steady(text: str) -> str:
    """A screen in which what differs from run to run is replaced by signs of the same width."""
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "2026-MM-DD HH:MM:SS UTC", text)
    text = re.sub(r"requests/[0-9a-f]{32}", "requests/" + "t" * 32, text)
    return re.sub(r"\*-[0-9A-Z]{4}\b", "*-SSSS", text)


@pytest.fixture
def told(es: Es) -> Es:
    """Four requests, one of each status; the first one with a conversation."""
    names = ("The printer is on fire", "Café 表ポあ wifi", "A [b]old[/b] name " * 9, "Short")
    with filled(es) as store:
        a_space(store, lifetime=None)
        for days, name in enumerate(names):
            a_request(store, task=a_task(store, name).id, at=ago(13 - days))
        requests.comment(store, "ES-1", "It started when I printed page 404.\n\nHelp!", by=ANN, at=ago(9))
        requests.reply(store, "ES-1", "Is it still plugged in?", asks=True, by=BOB, at=ago(7))
        requests.note(store, "ES-1", "The third one this week.", by=BOB, at=ago(6))
        requests.acknowledge(store, "ES-2", by=BOB, at=ago(1))
        requests.close(store, "ES-4", "Bye", by=ANN, at=ago(3))
    return es


def seen(es: Es, *arguments: str, **env: str) -> Terminal:
    """The terminal, after a command that asked nothing has ended well."""
    terminal = Terminal(es, *arguments, **env)
    assert terminal.ends() == 0, terminal.text
    return terminal


LIST = """\
ID    TASK NAME                  TASK ID  INITIATOR  CREATED  STATUS        TURN      UPDATED  SPACE
ES-4  Short                      T-4      ann        10d ago  Closed                  3d ago   acme
ES-3  A [b]old[/b] name A [b]o…  T-3      ann        11d ago  New           desk      11d ago  acme
ES-2  Café 表ポあ wifi           T-2      ann        12d ago  Acknowledged  desk      1d ago   acme
ES-1  The printer is on fire     T-1      ann        13d ago  Waiting       customer  7d ago   acme
4 requests."""

SHOW = """\
ES-1  Waiting
The printer is on fire

Task         T-1
Space        acme
Initiator    ann <ann@example.org>
Turn         customer
Created      2026-MM-DD HH:MM:SS UTC
Updated      2026-MM-DD HH:MM:SS UTC
Certificate  ****-****-****-SSSS
URL          http://127.0.0.1:8765/requests/tttttttttttttttttttttttttttttttt

2026-MM-DD HH:MM:SS UTC  ann (customer) activated expert support

2026-MM-DD HH:MM:SS UTC  ann (customer) commented
    It started when I printed page 404.

    Help!

2026-MM-DD HH:MM:SS UTC  bob (desk) replied and is waiting for an answer, New → Waiting
    Is it still plugged in?"""


def test_the_list_is_a_table_that_fits_the_screen(told: Es) -> None:
    terminal = seen(told, "list")
    assert all(len(line) <= COLUMNS for line in terminal.lines)
    assert terminal.text == LIST


def test_the_page_of_a_request_and_the_same_text_off_a_terminal(told: Es) -> None:
    assert steady(seen(told, "show", "ES-1").text) == SHOW
    assert steady(told("show", "ES-1").stdout) == SHOW + "\n"


def test_statuses_have_colours_and_the_id_is_a_link_to_the_page(told: Es) -> None:
    terminal = seen(told, "list")
    colours = {word: terminal.colour_of(word) for word in ("New", "Acknowledged", "Waiting", "acme")}
    assert colours == {"New": "brown", "Acknowledged": "cyan", "Waiting": "magenta", "acme": "default"}
    links = re.findall(r"\x1b\]8;[^;]*;([^\x1b]+)\x1b\\\x1b\[1m(ES-\d)\x1b\[0m\x1b\]8;;\x1b\\", terminal.raw)
    assert links == [(row["url"], row["id"]) for row in as_json(told("list", "--json"))]
    dumb = seen(told, "list", TERM="dumb")
    assert "\x1b" not in dumb.raw
    assert dumb.text == LIST


def test_a_table_shows_fifty_rows_and_says_how_to_see_the_rest(es: Es) -> None:
    with filled(es) as store:
        a_space(store, lifetime=None)
        for _ in range(53):
            a_request(store)
    terminal = seen(es, "list")
    assert terminal.raw.count("The printer is on fire") == 50
    assert terminal.lines[-1] == "Showing 50 of 53 requests. To show all, add --limit 53."
    assert seen(es, "list", "--limit", "53").raw.count("The printer is on fire") == 53
    assert seen(es, "list", "--limit", "3").lines[-1].startswith("Showing 3 of 53 requests.")
    assert seen(es, "list", "--format", "tsv").raw.count("\r\n") == 53
    assert "50 of 53 tasks." in seen(es, "task", "list").text
    assert "50 of 53 certificates." in seen(es, "cert", "list").text
    assert "50 of 53 requests." in seen(es, "desk", "queue").text


def test_an_empty_table_says_so(es: Es) -> None:
    with filled(es):
        pass
    for command, said in (
        ("list", "No requests."),
        ("task list", "No tasks."),
        ("space list", "No spaces.\n  Try: es space add NAME"),
        ("link list", "No purchase links.\n  Try: es purchase-link TASK"),
        ("desk queue", "No requests are waiting for the desk."),
    ):
        assert seen(es, *command.split()).text == said


def to_activate(es: Es) -> str:
    """A serial for the task T-1."""
    with filled(es) as store:
        a_space(store, lifetime=None)
        a_task(store)
        spaces.add_partner(store, "Zed & Sons", "https://zed.example", by=BOB, at=AT)
        serial, _ = a_certificate(store)
    return serial


def test_activation_asks_for_the_serial_and_says_what_can_be_done_next(es: Es) -> None:
    serial = to_activate(es)
    terminal = Terminal(es, "activate", "T-1").sees("Serial number").types(serial.lower())
    assert terminal.ends() == 0
    url = as_json(es("show", "ES-1", "--json"))["url"]
    assert terminal.lines[1:3] == ["ES-1  New", url]
    for hint in ("es comment ES-1", "es show ES-1", "es close ES-1", "T-1 no longer expires"):
        assert hint in terminal.text


def test_an_empty_serial_shows_the_ways_to_buy_one(es: Es) -> None:
    to_activate(es)
    before = dump(es)
    terminal = Terminal(es, "activate", "T-1").sees("Serial number").types("")
    assert terminal.ends() == 2
    assert "es purchase-link T-1 --open" in terminal.text
    assert "From a partner: Zed & Sons, https://zed.example" in terminal.text
    assert dump(es) == before


def test_a_malformed_serial_is_asked_for_again_three_times_in_all(es: Es) -> None:
    serial = to_activate(es)
    terminal = Terminal(es, "activate", "T-1").sees("Serial number").types("ABCD-EFGH")
    terminal.sees("Too short: 8 of 16").sees("Serial number").types(serial)
    assert terminal.ends() == 0
    es("close", "ES-1")
    terminal = Terminal(es, "activate", "T-1")
    for _ in range(3):
        terminal.sees("Serial number").types("ABCD-EFGH")
    assert terminal.ends() == 2
    assert terminal.raw.count("Serial number (") == 3


def test_an_unknown_task_is_told_before_the_serial_is_asked_for(es: Es) -> None:
    to_activate(es)
    terminal = Terminal(es, "activate", "T-2")
    assert terminal.ends() == 3
    assert "Serial number" not in terminal.raw


def test_closed_requests_are_named_before_a_new_one_is_offered(es: Es) -> None:
    serial = to_activate(es)
    es("activate", "T-1", serial)
    es("close", "ES-1")
    terminal = Terminal(es, "activate", "T-1").sees("Serial number").types("")
    assert terminal.ends() == 2
    assert "ES-1 on this task is closed.\n  Try: es reopen ES-1" in terminal.text


def test_with_no_input_nothing_is_asked(es: Es) -> None:
    serial = to_activate(es)
    es("cert", "issue")
    terminal = Terminal(es, "--no-input", "activate", "T-1")
    assert terminal.ends() == 2
    assert "es activate T-1 SERIAL" in terminal.text
    es("activate", "T-1", serial)
    terminal = Terminal(es, "--no-input", "comment", "ES-1")
    assert terminal.ends() == 2
    assert "-m TEXT" in terminal.text
    terminal = Terminal(es, "--no-input", "cert", "revoke", "C-2")
    assert terminal.ends() == 2
    assert "--yes" in terminal.text
    assert as_json(es("cert", "list", "--json"))[0]["state"] == "unused"


@pytest.mark.parametrize(
    ("answer", "status", "state"), [("y", 0, "revoked"), ("YES", 0, "revoked"), ("", 1, "unused"), ("n", 1, "unused")]
)
def test_what_cannot_be_undone_is_asked_about(es: Es, answer: str, status: int, state: str) -> None:
    to_activate(es)
    terminal = Terminal(es, "cert", "revoke", "C-1").sees("[y/N] ").types(answer)
    assert "Revoke C-1 (****-****-****-" in terminal.text
    assert terminal.ends() == status
    assert ("Nothing was changed." in terminal.text) == bool(status)
    assert as_json(es("cert", "list", "--json"))[0]["state"] == ("unused" if status else "revoked")


def test_yes_answers_beforehand_and_a_dry_run_does_not_ask(es: Es) -> None:
    to_activate(es)
    es("purchase-link", "T-1")
    before = dump(es)
    for words in (("cert", "revoke", "C-1"), ("link", "revoke", "L-1"), ("partner", "remove", "Zed & Sons")):
        dry = seen(es, *words, "--dry-run")
        assert "[y/N]" not in dry.raw
        assert "Dry run: nothing was changed." in dry.text
        assert dump(es) == before
    for words in (("cert", "revoke", "C-1"), ("link", "revoke", "L-1"), ("partner", "remove", "Zed & Sons")):
        assert "[y/N]" not in seen(es, *words, "--yes").raw
    assert dump(es) != before


def a_browser(folder: Path) -> tuple[str, Path]:
    """The command of a browser that writes down what it is to open, and where."""
    log = folder / "opened"
    script = folder / "browser.py"
    script.write_text(f"import sys\nopen({str(log)!r}, 'a').write(sys.argv[1] + '\\n')\n", encoding="utf-8")
    return f"{sys.executable} {script} %s", log


def test_open_starts_the_browser_on_a_terminal_only(told: Es, tmp_path: Path) -> None:
    browser, log = a_browser(tmp_path)
    told.env["ES_PAGE_URL"] = "https://help.example"  # or this command would serve the page
    url = as_json(told("show", "ES-1", "--json"))["url"]
    assert told("open", "ES-1", env={"BROWSER": browser}).id == url
    assert not log.exists()
    assert url in seen(told, "open", "ES-1", BROWSER=browser).text
    assert log.read_text(encoding="utf-8") == url + "\n"


def test_a_purchase_link_is_opened_only_if_asked_to_since_it_works_once(es: Es, tmp_path: Path) -> None:
    to_activate(es)
    browser, log = a_browser(tmp_path)
    terminal = seen(es, "purchase-link", "T-1", BROWSER=browser)
    assert "The link works once, until 2" in terminal.text
    assert not log.exists()
    es("purchase-link", "T-1", "--open", env={"BROWSER": browser, "ES_SHOP_URL": "https://shop.example/"})
    assert not log.exists(), "off a terminal, nothing is started"
    terminal = seen(es, "purchase-link", "T-1", "--open", BROWSER=browser, ES_SHOP_URL="https://shop.example/")
    assert log.read_text(encoding="utf-8").strip() in terminal.text
    seen(es, "purchase-link", "T-1", "--open", "--dry-run", BROWSER=browser)
    assert log.read_text(encoding="utf-8").count("\n") == 1


def test_without_a_browser_the_address_is_all(told: Es) -> None:
    told.env["ES_PAGE_URL"] = "https://help.example"
    assert (
        "No browser could be started. Open the address above yourself."
        in seen(told, "open", "ES-1", BROWSER="false").text
    )
