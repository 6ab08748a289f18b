"""Buying: purchase links that work once, partners, and many programs at the same moment."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from builders import ANN, AT, OLGA, a_certificate, a_request, a_space, a_task
from conftest import Es, Result
from sessions import as_json, at_once, dump, filled, refusal

from expertsupport_cli.actions import links, tasks
from expertsupport_cli.times import seconds_between


@pytest.fixture
def es(inside: Es) -> Es:
    return inside


ATTEMPTS = 64


def a_task_without_end(es: Es) -> str:
    with filled(es) as store:
        a_space(store, "forever", lifetime=None)
        return a_task(store, space="forever").id


def test_a_link_is_printed_alone_and_has_128_random_bits_or_more(es: Es) -> None:
    task = a_task_without_end(es)
    made = [es("purchase-link", task, *how) for how in ((), ("--online",))]
    assert all(re.fullmatch(r"http://127\.0\.0\.1:8765/buy/[0-9a-f]{32,}", one.id) for one in made)
    assert made[0].id != made[1].id
    assert [one.stderr for one in made] == ["", ""]


def test_its_address_is_the_setting_with_the_token_appended(es: Es) -> None:
    task = a_task_without_end(es)
    assert es("purchase-link", task, env={"ES_PAGE_URL": "https://x.example/"}).id.startswith("https://x.example/buy/")
    shop = {"ES_SHOP_URL": "https://shop.example/?t="}
    link = es("purchase-link", task, env=shop).id
    assert link.startswith("https://shop.example/?t=")
    assert es("link", "redeem", link).status == 0


@pytest.mark.parametrize("token_only", [False, True])
def test_a_link_is_redeemed_once_for_a_certificate_that_activates(es: Es, token_only: bool) -> None:
    task = a_task_without_end(es)
    link = es("purchase-link", task).id
    result = es("link", "redeem", link.rpartition("/")[2] if token_only else link)
    assert re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", result.id)
    (row,) = as_json(es("link", "list", "--json"))
    assert (row["id"], row["state"], row["certificate"]) == ("L-1", "used", f"****-****-****-{result.id[-4:]}")
    again = es("link", "redeem", "-", stdin=link + "\n")
    assert (again.status, again.stdout) == (4, "")
    assert "was already used" in again.stderr
    assert f"es purchase-link {task}" in again.stderr
    assert es("activate", task, result.id).id == "ES-1"
    assert [row.split("\t")[1] for row in es("log", task).stdout.splitlines()] == [
        "task_added",
        "link_made",
        "certificate_bought",
        "link_redeemed",
        "activated",
    ]


def test_the_same_event_is_harmless_and_prints_no_serial_again(es: Es) -> None:
    task = a_task_without_end(es)
    link, other = es("purchase-link", task).id, es("purchase-link", task).id
    first = es("link", "redeem", link, "--event-id", "evt_1")
    assert re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", first.id)
    before = dump(es)
    again = es("link", "redeem", "-", "--event-id", "evt_1", stdin=link)
    assert (again.status, again.stdout) == (0, "\n")
    assert "Event 'evt_1' was already processed; nothing was changed." in again.stderr
    assert "Try: es cert replace C-1" in again.stderr
    taken = es("link", "redeem", other, "--event-id", "evt_1")
    assert taken.status == 4
    assert "Try: es link show L-1" in taken.stderr
    assert es("link", "show", "L-1").status == 0
    assert refusal(es("link", "redeem", link, "--event-id", "evt_2", "--json")) == (4, "link_used")
    assert refusal(es("link", "redeem", other, "--event-id", "a b", "--json")) == (2, "usage")
    assert dump(es) == before


def test_a_link_is_redeemed_and_activated_in_one_step_for_whoever_created_it(es: Es) -> None:
    task = a_task_without_end(es)
    link = es("purchase-link", task).id
    dry = es("link", "redeem", link, "--event-id", "evt_1", "--activate", "--dry-run", "--json")
    assert '"url": "(none: dry run)"' in dry.stdout
    shop = es.as_("shop").inside
    done = shop("link", "redeem", link, "--event-id", "evt_1", "--activate")
    assert (done.status, done.id, done.stderr) == (0, "ES-1", "")
    shown = as_json(es("show", "ES-1", "--json"))
    assert (shown["initiator"], shown["events"][0]["actor"]) == ("ann", "ann")
    bought = as_json(shop("link", "redeem", link, "--event-id", "evt_1", "--activate", "--json"))
    assert bought == {"certificate": "C-1", "serial": None, "request": "ES-1", "url": shown["url"], "refused": None}


def test_if_the_request_cannot_be_opened_the_serial_is_printed_and_the_reason(es: Es) -> None:
    task = a_task_without_end(es)
    link = es("purchase-link", task).id
    assert es("task", "close", task).status == 0
    done = es("link", "redeem", link, "--activate")
    assert (done.status, len(done.id)) == (0, 19)
    assert f"No request could be opened on task {task} (task_closed)." in done.stderr
    assert es("cert", "check", done.id).status == 0


def test_the_store_does_not_keep_the_address(es: Es) -> None:
    task = a_task_without_end(es)
    token = es("purchase-link", task).id.rpartition("/")[2].encode()
    assert token not in es.store.read_bytes()
    es("link", "redeem", token.decode())
    assert token not in es.store.read_bytes()


def test_a_link_that_has_expired_is_refused_and_says_how_to_get_another(es: Es) -> None:
    with filled(es) as store:
        token, _ = links.create_link(store, a_task(store).id, lifetime=1, by=ANN, at=AT)
    before = dump(es)
    result = es("link", "redeem", token)
    assert (result.status, result.stdout) == (4, "")
    assert "has expired" in result.stderr
    assert "es purchase-link T-1" in result.stderr
    assert refusal(es("link", "redeem", token, "--json")) == (4, "link_expired")
    assert dump(es) == before


def test_how_long_a_link_can_be_used_is_a_setting(es: Es) -> None:
    task = a_task_without_end(es)
    es("purchase-link", task, env={"ES_SHOP_LINK_LIFETIME": "1s"})
    es("purchase-link", task)
    day, second = as_json(es("link", "list", "--json"))
    for row, seconds in ((day, 86400), (second, 1)):
        assert seconds_between(row["created_at"], row["expires_at"]) == seconds
    assert es("purchase-link", task, env={"ES_SHOP_LINK_LIFETIME": "soon"}).status == 2


def test_a_revoked_link_is_refused_and_revoking_it_again_is_a_note(es: Es) -> None:
    task = a_task_without_end(es)
    by_id, by_address = es("purchase-link", task).id, es("purchase-link", task).id
    assert es("link", "revoke", "l-1", by_address, "--yes").stdout == "L-1\nL-2\n"
    again = es("link", "revoke", "L-1", "--yes")
    assert again.id == "L-1"
    assert "already revoked; nothing was changed" in again.stderr
    for link in (by_id, by_address):
        assert refusal(es("link", "redeem", link, "--json")) == (4, "link_revoked")


def test_a_used_link_cannot_be_revoked(es: Es) -> None:
    task = a_task_without_end(es)
    es("link", "redeem", es("purchase-link", task).id)
    assert refusal(es("link", "revoke", "L-1", "--yes", "--json")) == (4, "link_used")


def test_an_unknown_link_is_not_found(es: Es) -> None:
    a_task_without_end(es)
    assert refusal(es("link", "redeem", "http://127.0.0.1:8765/buy/" + "0" * 40, "--json")) == (3, "not_found")
    assert refusal(es("link", "revoke", "L-7", "--json")) == (3, "not_found")
    assert refusal(es("link", "redeem", " ", "--json")) == (2, "usage")
    assert refusal(es("link", "redeem", "--json", "-")) == (2, "usage")


def test_no_link_is_made_for_a_task_that_could_not_use_it(es: Es) -> None:
    with filled(es) as store:
        a_task(store)
        tasks.close_task(store, a_task(store).id, by=OLGA, at=AT)
    assert refusal(es("purchase-link", "T-1", "--json")) == (4, "task_expired")
    assert refusal(es("purchase-link", "T-2", "--json")) == (4, "task_closed")
    assert refusal(es("purchase-link", "T-3", "--json")) == (3, "not_found")
    assert es("link", "list").stdout == ""


def test_links_are_listed_by_task_newest_first(es: Es) -> None:
    with filled(es) as store:
        for task in (a_task(store).id, a_task(store).id, "T-1"):
            links.create_link(store, task, lifetime=1, by=ANN, at=AT)
    assert [row["id"] for row in as_json(es("link", "list", "--json"))] == ["L-3", "L-2", "L-1"]
    assert es("link", "list", "--task", "t-1", "--fields", "id").stdout == "L-3\nL-1\n"
    assert es("link", "list", "--task", "T-9").status == 3


def test_a_link_for_a_task_with_an_open_request_comes_with_a_warning(es: Es) -> None:
    with filled(es) as store:
        a_request(store)
    result = es("purchase-link", "T-1")
    assert result.status == 0
    assert "has an open request, ES-1" in result.stderr


def test_partners_are_shown_instead_of_a_link(es: Es) -> None:
    task = a_task_without_end(es)
    es("partner", "add", "Zed", "https://zed.example")
    es("partner", "add", "Amy & Co", "https://amy.example/buy")
    rows = "Amy & Co\thttps://amy.example/buy\nZed\thttps://zed.example\n"
    assert es("purchase-link", task, "--partner").stdout == rows
    assert es("link", "list").stdout == ""
    assert es("purchase-link", task, "--partner", "--online").status == 2
    assert es("purchase-link", "T-9", "--partner").status == 3


def one_won(results: list[Result]) -> Result:
    """The only one that ended well; the others were refused, quietly."""
    assert Counter(result.status for result in results) == {0: 1, 4: ATTEMPTS - 1}
    talk = "".join(result.stderr for result in results)
    assert "Traceback" not in talk
    assert "busy" not in talk
    assert all(result.stdout == "" for result in results if result.status)
    return next(result for result in results if not result.status)


@pytest.mark.program
def test_of_64_programs_redeeming_one_link_at_once_exactly_one_wins(es: Es) -> None:
    task = a_task_without_end(es)
    link = es("purchase-link", task).id
    es.env["ES_STORE_TIMEOUT"] = "200s"  # 64 commits one after the other, on a slow disk
    won = one_won(at_once(es, [("link", "redeem", link)] * ATTEMPTS))
    (certificate,) = as_json(es("cert", "list", "--json"))
    assert certificate["certificate"].endswith(won.id[-4:])
    assert es("db", "check").status == 0


@pytest.mark.program
def test_of_64_programs_activating_one_serial_at_once_exactly_one_wins(es: Es) -> None:
    with filled(es) as store:
        a_space(store, "forever", lifetime=None)
        ids = [a_task(store, space="forever").id for _ in range(ATTEMPTS)]
        serial, _ = a_certificate(store)
    es.env["ES_STORE_TIMEOUT"] = "200s"
    won = one_won(at_once(es, [("activate", id, serial) for id in ids]))
    assert won.id == "ES-1"
    assert es("list", "--fields", "id").stdout == "ES-1\n"
    assert es("db", "check").status == 0


@pytest.mark.program
def test_32_programs_making_the_first_use_of_a_new_store_at_once_all_succeed(es: Es) -> None:
    es.env["ES_STORE_TIMEOUT"] = "200s"
    results = at_once(es, [("space", "add", f"s{number}") for number in range(32)])
    assert [result.status for result in results] == [0] * 32, results
    assert len(es("space", "list").stdout.splitlines()) == 32
    assert es("db", "check").status == 0
