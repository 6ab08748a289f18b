"""The list of requests: filters, sorting, full-text search, pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from builders import AT, BOB, a_request, a_space, a_task, later

from expertsupport_cli.actions import requests
from expertsupport_cli.errors import BadUsage
from expertsupport_cli.folding import fold_key
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.model.requests import Turn
from expertsupport_cli.search import MAX_PHRASES
from expertsupport_cli.store import Store, Wanted, engine, listing
from expertsupport_cli.store.listing import SORTS

NAMES = ["The printer is on fire", "Größe falsch", "foo-bar baz", "the Printer again", "100% [b]bold[/b]", "zebra"]
WHO = [
    Actor(name="ann", side=Side.CUSTOMER, email="ann@example.org"),
    Actor(name="Zoë", side=Side.CUSTOMER),
    Actor(name="bea", side=Side.CUSTOMER, email="Bea@example.org"),
]


@pytest.fixture(autouse=True, params=[1, 2_000])
def small_pages(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of four, so that there are several; every word common, or none."""
    monkeypatch.setattr(engine, "PAGE", 4)
    monkeypatch.setattr(listing, "COMMON_PHRASE", request.param)


@pytest.fixture(scope="module")
def store(
    kind_of_store: Callable[[Path], Callable[[], Store]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """Twelve requests of all kinds, for tests that only read."""
    with closing(kind_of_store(tmp_path_factory.mktemp("listing"))()) as filled:
        a_space(filled, "beta")
        for number in range(12):
            add(filled, number)
        yield filled


@pytest.fixture
def fresh(opener: Callable[[], Store]) -> Iterator[Store]:
    """The first four of them, for tests that write."""
    with closing(opener()) as filled:
        a_space(filled, "beta")
        for number in range(4):
            add(filled, number)
        yield filled


def add(store: Store, number: int) -> None:
    task = a_task(store, NAMES[number % 6], id=f"A-{12 - number}", space=("acme", "beta")[number % 2])
    request = a_request(store, task=task.id, by=WHO[number % 3], at=later(number % 5)).id
    at = later(6 + number % 4)
    if number % 4 == 1:
        requests.acknowledge(store, request, by=BOB, at=at)
    elif number % 4 == 2:
        requests.reply(store, request, "Please reboot.", asks=True, by=BOB, at=at)
    elif number % 4 == 3:
        requests.close(store, request, "Quuxified it", by=WHO[0], at=at)


def numbers(store: Store, **wanted: object) -> list[int]:
    """What is found, which is the same however it is sorted and paged, and as many as are counted."""
    filters = Wanted(**wanted)  # type: ignore[arg-type]
    found = [request.number for request in store.requests(filters)]
    for sort in SORTS:
        for ascending in (True, False):
            assert sorted(r.number for r in store.requests(filters, sort, ascending=ascending)) == sorted(found)
    assert store.count_requests(filters) == len(found)
    return found


def test_the_newest_come_first(store: Store) -> None:
    assert numbers(store) == list(range(12, 0, -1))
    assert [request.number for request in store.requests(Wanted(), ascending=True)] == list(range(1, 13))


@pytest.mark.parametrize("limit", range(14))
def test_a_limit_is_kept_to_whatever_the_size_of_a_page(limit: int, store: Store) -> None:
    assert [request.number for request in store.requests(Wanted(), limit=limit)] == list(range(12, 0, -1))[:limit]


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("sort", SORTS)
def test_requests_are_sorted_by_what_is_asked_for_and_then_by_number(sort: str, ascending: bool, store: Store) -> None:
    found = list(store.requests(Wanted(), sort, ascending=ascending))
    fields = {"id": "number", "created_at": "number", "task_id": "task"}
    rows = [(fold_key(str(getattr(r, fields.get(sort, sort)))).zfill(2), r.number) for r in found]
    assert len(rows) == 12
    assert rows == sorted(rows, reverse=not ascending)


def test_filters_find_what_fits_all_of_them(store: Store) -> None:
    assert numbers(store, space="BETA") == [12, 10, 8, 6, 4, 2]
    assert numbers(store, space="nowhere") == []
    assert numbers(store, task="a-12") == [1]
    assert numbers(store, statuses=["New"]) == [9, 5, 1]
    assert numbers(store, statuses=["Waiting", "Closed"]) == [12, 11, 8, 7, 4, 3]
    assert numbers(store, turn=Turn.DESK) == [10, 9, 6, 5, 2, 1]
    assert numbers(store, turn=Turn.CUSTOMER) == [11, 7, 3]
    assert numbers(store, space="acme", statuses=["New", "Closed"], initiator="ann") == [1]


def test_an_initiator_is_found_by_name_or_email_in_any_case(store: Store) -> None:
    assert numbers(store, initiator="ANN") == [10, 7, 4, 1]
    assert numbers(store, initiator="bea@EXAMPLE.org") == [12, 9, 6, 3]
    assert numbers(store, initiator="Zoë") == numbers(store, initiator="ZOË") == [11, 8, 5, 2]
    assert numbers(store, initiator="zoë") == numbers(store, initiator="Ｚｏe\u0308") == [11, 8, 5, 2]
    assert numbers(store, initiator="zoe") == []
    assert numbers(store, initiator="an") == []


def test_who_opened_a_request_is_known_by_address_and_else_by_name(store: Store) -> None:
    ann, zoe, bea = WHO
    assert numbers(store, opened_by=ann.replace(name="another", email="ANN@example.org")) == [10, 7, 4, 1]
    assert numbers(store, opened_by=ann.replace(email=None)) == [10, 7, 4, 1]
    assert numbers(store, opened_by=ann.replace(email="another@example.org")) == []
    assert numbers(store, opened_by=zoe.replace(email="zoe@example.org")) == [11, 8, 5, 2]  # opened without an address
    assert numbers(store, opened_by=bea.replace(name="ZOË")) == [12, 11, 9, 8, 6, 5, 3, 2]


def test_since_is_included_and_until_is_not(store: Store) -> None:
    created = {request.number: request.created_at for request in store.requests(Wanted())}
    found = numbers(store, since=later(1), until=later(3))
    assert found == [n for n in range(12, 0, -1) if later(1) <= created[n] < later(3)]
    assert later(1) in {created[n] for n in found}
    assert numbers(store, since=later(99)) == numbers(store, until=AT) == []


def test_words_are_searched_in_task_names_and_comments(store: Store) -> None:
    assert numbers(store, words=["printer"]) == [10, 7, 4, 1]
    assert numbers(store, words=["PRINTER", "fire"]) == [7, 1]
    assert numbers(store, words=["reboot"]) == [11, 7, 3]
    assert numbers(store, words=["fire", "reboot"]) == [7]
    assert numbers(store, words=["quux"]) == [12, 8, 4]  # by how a word begins
    assert numbers(store, words=["rinter"]) == []
    assert numbers(store, words=["printer"], space="beta") == [10, 4]


def test_accents_make_no_difference_to_a_search(store: Store) -> None:
    for word in ("große", "GRÖßE", "GRÖSSE", "grosse", "gros"):
        assert numbers(store, words=[word]) == [8, 2]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("foo-bar", [9, 3]),
        ('"foo"', [9, 3]),
        ("100%", [11, 5]),
        ("[b]bold[/b]", [11, 5]),
        ("foo bar", [9, 3]),
        ("bar foo", []),
        ("foo AND baz", []),
        ("NOT", []),
        ("name:foo", []),
        ("foo*", [9, 3]),
        ("x' OR 1=1 --", []),
        ("NEAR(foo baz)", []),
        ("{foo", [9, 3]),
    ],
)
def test_what_means_something_to_the_search_engine_is_searched_as_it_stands(
    word: str, found: list[int], store: Store
) -> None:
    assert numbers(store, words=[word]) == found


@pytest.mark.parametrize("word", ["", " ", '"', '""', "-", "*", "%", "^", "(", "👩", "\x1b", "\u202e", "'"])
def test_a_word_without_a_letter_finds_nothing_and_breaks_nothing(word: str, store: Store) -> None:
    assert numbers(store, words=[word]) == []


def test_notes_are_not_searchable(fresh: Store) -> None:
    requests.note(fresh, "ES-1", "secretive hoax", by=BOB, at=AT)
    assert numbers(fresh, words=["secretive"]) == numbers(fresh, words=["hoax"]) == []
    requests.reply(fresh, "ES-2", "No hoax.", asks=False, by=BOB, at=AT)
    assert numbers(fresh, words=["hoax"]) == [2]


def test_the_queue_is_what_waits_for_the_desk_longest_first(store: Store) -> None:
    queue = list(store.queue())
    assert {request.number for request in queue} == {1, 2, 5, 6, 9, 10}
    order = [(r.unanswered_since is None, r.unanswered_since or r.turn_since, r.number) for r in queue]
    assert order == sorted(order)
    assert store.count_queue() == 6
    assert [request.number for request in store.queue(limit=5)] == [number for _, _, number in order[:5]]
    assert {request.number for request in store.queue("beta")} == {2, 6, 10}
    assert store.count_queue("beta") == 3


def test_what_nobody_has_answered_comes_before_what_was_answered(fresh: Store) -> None:
    for number in (1, 2, 3):
        requests.comment(fresh, f"ES-{number}", "Hello?", by=WHO[0], at=later(number))
    requests.reply(fresh, "ES-1", "We look into it.", asks=False, by=BOB, at=later(10))
    assert [request.number for request in fresh.queue()] == [2, 3, 1]
    assert [request.number for request in fresh.queue(unanswered=True)] == [2, 3]
    assert fresh.count_queue(unanswered=True) == 2
    requests.comment(fresh, "ES-1", "Thanks, and?", by=WHO[0], at=later(20))
    assert [request.number for request in fresh.queue()][-1] == 1
    assert [request.number for request in fresh.queue(unanswered=True)][-1] == 1
    requests.note(fresh, "ES-2", "A hoax?", by=BOB, at=later(30))
    assert [request.number for request in fresh.queue(limit=1)] == [2]
    [first] = fresh.queue(limit=1)
    assert (first.last_by, first.last_side, first.last_at) == (WHO[0].name, "customer", later(2))


def test_a_request_that_a_customer_reopens_is_unanswered(fresh: Store) -> None:
    requests.reply(fresh, "ES-1", "Done.", asks=False, by=BOB, at=later(1))
    requests.close(fresh, "ES-1", None, by=BOB, at=later(2))
    assert requests.reopen(fresh, "ES-1", None, by=WHO[0], at=later(3)).request.unanswered_since == later(3)


def test_an_answer_puts_a_request_at_the_end_of_the_queue_again(fresh: Store) -> None:
    requests.comment(fresh, "ES-3", "Rebooted.", by=WHO[0], at=later(60))
    assert [request.number for request in fresh.queue()] == [1, 2, 3]


def test_words_are_found_in_the_ids_of_tasks(store: Store) -> None:
    assert numbers(store, words=["A-11"]) == numbers(store, words=["a-11"]) == [2, *numbers(store, words=["A-110"])]
    assert numbers(store, words=["a-1"]) == [12, 3, 2, 1]  # by how it begins
    assert numbers(store, words=["A-11", "größe"]) == [2]
    assert numbers(store, words=["fire-A"]) == []  # name and ID are two texts


# what a task is called, and what finds it or does not
FINDS = [
    ("Written in C++ and C#", ["C++", "c#", "c", "C", "written", "C+"], ["C++11", "d", "++", "c##"]),
    ("The F# compiler, g++-12", ["f#", "g++", "g++-12", "compiler"], ["f++", "g#"]),
    (
        "打印机着火了，请帮忙",
        ["打印机", "着火", "印机着", "火", "请帮忙", "打印机着火了，请帮忙"],
        ["机打", "打机", "帮请"],
    ),
    ("プリンターが燃えている", ["プリンター", "ﾌﾟﾘﾝﾀ", "燃え", "ンター"], ["フリンター", "ター燃"]),
    ("เครื่องพิมพ์ไฟไหม้", ["พิมพ์", "ไฟไหม้", "เครื่อง"], ["พมพ", "ไฟไหมอ"]),
    ("프린터가 고장", ["프린터", "프린", "고장"], ["린터"]),
    ("हिन्दी प्रिंटर", ["हिन्दी", "प्रिंट"], ["हनद", "प्रट"]),
    (
        "Ärger mit der Straße in İstanbul",
        ["arger", "STRASSE", "straße", "istanbul", "İSTANBUL"],
        ["ıstanbul", "trasse"],
    ),
    ("Irmak ve ılık", ["irmak", "ılık"], ["ırmak", "ilik"]),
    ("Ёлка, Ωμέγα", ["елка", "ЁЛКА", "ωμεγα", "ΩΜΕΓΑ"], ["лка"]),
    ("Ｆｕｌｌ　ｗｉｄｔｈ", ["full", "WIDTH", "ｗｉｄ"], ["idth"]),
    ("Nai\u0308ve cafe\u0301", ["naïve", "naive", "café", "CAFE"], ["nai\u0308f"]),
    ("e-mail@example.org", ["e-mail", "mail@example", "example.org", "e-mail@ex"], ["email"]),
]


@pytest.mark.parametrize(("name", "finds", "does_not"), FINDS, ids=[name for name, _, _ in FINDS])
def test_words_are_found_in_every_script(name: str, finds: list[str], does_not: list[str], fresh: Store) -> None:
    number = a_request(fresh, task=a_task(fresh, name, id="X-1").id).number
    assert {word for word in finds if number not in numbers(fresh, words=[word])} == set()
    assert {word for word in does_not if number in numbers(fresh, words=[word])} == set()
    requests.comment(fresh, "ES-1", f"I have seen it before: {name}", by=WHO[0], at=AT)
    assert {word for word in finds if numbers(fresh, words=["seen", word]) != [1]} == set()


def test_a_phrase_is_found_across_the_pieces_of_a_long_text(fresh: Store) -> None:
    requests.comment(fresh, "ES-1", " ".join(f"w{n}" for n in range(9_000)), by=WHO[0], at=AT)
    for first in (0, 3_970, 3_979, 3_980, 3_990, 3_999, 7_959, 7_979, 8_980):
        assert numbers(fresh, words=["-".join(f"w{n}" for n in range(first, first + 20))]) == [1], first
    assert numbers(fresh, words=["w3999-w4001"]) == []
    assert numbers(fresh, words=["w1", "w8999"]) == [1]


def test_a_phrase_that_is_very_long_is_searched_by_its_words(fresh: Store) -> None:
    requests.comment(fresh, "ES-1", " ".join(f"w{n}" for n in range(30)), by=WHO[0], at=AT)
    assert numbers(fresh, words=["-".join(f"w{n}" for n in range(30))]) == [1]
    assert numbers(fresh, words=["-".join(f"w{n}" for n in reversed(range(30)))]) == [1]
    assert numbers(fresh, words=["-".join(f"w{n}" for n in range(31))]) == []


def test_many_words_are_searched_and_too_many_are_refused(store: Store) -> None:
    assert numbers(store, words=["printer"] * 1_000) == [10, 7, 4, 1]
    assert numbers(store, words=[f"printer{n}" for n in range(MAX_PHRASES)]) == []
    for count in (MAX_PHRASES + 1, 1_000):
        with pytest.raises(BadUsage, match="Too many search words") as refusal:
            store.requests(Wanted(words=[f"printer{n}" for n in range(count)]))
        assert f"at most {MAX_PHRASES}" in refusal.value.why


def test_an_empty_store_lists_nothing(opener: Callable[[], Store]) -> None:
    with closing(opener()) as empty:
        assert numbers(empty) == list(empty.queue()) == []
