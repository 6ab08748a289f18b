"""What is true of every serial number."""

from __future__ import annotations

import os
import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expertsupport_cli import serial
from expertsupport_cli.errors import MalformedSerial

CHARACTERS = string.ascii_uppercase + string.digits
SYMBOLS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
DASHES = "-‐‑‒–—―−﹘﹣-\N{SOFT HYPHEN}"
READ_AS = {"O": "0", "I": "1", "L": "1"}


def fitting(body: str) -> list[str]:
    """The serials that begin with these 15 symbols and have a check symbol that fits."""
    return [body + symbol for symbol in SYMBOLS if serial.has_valid_check_symbol(body + symbol)]


bodies = st.text(SYMBOLS, min_size=15, max_size=15)
serials = bodies.map(lambda body: fitting(body)[0])
places = st.integers(0, 15)
some = settings(max_examples=40, deadline=None)


@some
@given(bodies)
def test_exactly_one_check_symbol_fits(body: str) -> None:
    assert len(fitting(body)) == 1


@some
@given(serials)
def test_every_single_wrong_character_is_a_look_alike_or_breaks_the_check(good: str) -> None:
    for place, right in enumerate(good):
        for character in CHARACTERS:
            typed = good[:place] + character + good[place + 1 :]
            if READ_AS.get(character, character) == right:
                assert good in serial.readings(typed)
                assert not serial.looks_mistyped(typed)
            else:
                assert serial.readings(typed) == (typed,)
                assert not serial.has_valid_check_symbol(typed)
                assert serial.looks_mistyped(typed)


@some
@given(serials)
def test_every_swap_of_neighbours_breaks_the_check(good: str) -> None:
    for place in range(15):
        swapped = good[:place] + good[place + 1] + good[place] + good[place + 2 :]
        assert (swapped == good) or (serial.looks_mistyped(swapped) and not serial.has_valid_check_symbol(swapped))


@some
@given(serials, st.permutations(range(16)).map(lambda order: sorted(order[:2])))
def test_every_swap_of_any_two_characters_breaks_the_check(good: str, two: list[int]) -> None:
    typed = list(good)
    typed[two[0]], typed[two[1]] = typed[two[1]], typed[two[0]]
    assert "".join(typed) == good or serial.looks_mistyped("".join(typed))


@some
@given(serials, st.data())
def test_reading_ignores_case_surrounding_blanks_and_the_kind_of_dash(good: str, data: st.DataObject) -> None:
    groups = [good[start : start + 4] for start in range(0, 16, 4)]
    typed = groups[0]
    for group in groups[1:]:
        typed += data.draw(st.sampled_from([*DASHES, "", " ", "\t", "\N{NO-BREAK SPACE}", " - "])) + group
    typed = "".join(data.draw(st.sampled_from([character, character.lower()])) for character in typed)
    blanks = st.text(" \t\n\r\N{NO-BREAK SPACE}", max_size=3)
    assert serial.read(data.draw(blanks) + typed + data.draw(blanks)) == good


@some
@given(st.text(CHARACTERS, min_size=16, max_size=16))
def test_any_sixteen_letters_and_digits_can_be_read_and_written(imported: str) -> None:
    written = serial.write(imported)
    assert [len(group) for group in written.split("-")] == [4, 4, 4, 4]
    assert serial.read(written) == imported
    assert serial.readings(imported)[0] == imported


@some
@given(serials, places, st.sampled_from("!_/\\*?é٣Ω\x00ſ"))
def test_a_foreign_character_is_named_by_its_position_and_not_repeated(good: str, place: int, foreign: str) -> None:
    typed = good[:place] + foreign + good[place + 1 :]
    fault = refusal(typed)
    assert f"Character {place + 1} is not a letter from A to Z or a digit." in fault.message
    assert foreign not in fault.why
    assert_not_repeated(typed, fault)


@some
@given(serials, st.integers(0, 15))
def test_a_serial_that_ends_early_says_after_how_many(good: str, length: int) -> None:
    fault = refusal(good[:length])
    assert fault.why == f"Too short: {length} of 16 letters and digits."
    assert_not_repeated(good, fault)


@some
@given(serials, st.text(CHARACTERS, min_size=1, max_size=20))
def test_a_serial_that_goes_on_says_from_where(good: str, more: str) -> None:
    assert "at character 17." in refusal(good + more).why
    assert "at character 20." in refusal(serial.write(good) + more).why
    assert_not_repeated(good, refusal(good + more))


@pytest.mark.parametrize(
    ("typed", "position"),
    [
        ("-ABCD-EFGH-JKMN-PQRS", 1),
        ("ABC-DEFG-HJKM-NPQR-S", 4),
        ("ABCD-EF GH-JKMN-PQRS", 8),
        ("ABCD-EFGH-JKMN-PQRS-", 20),
    ],
)
def test_a_dash_in_the_wrong_place_is_named_by_its_position(typed: str, position: int) -> None:
    fault = refusal(typed)
    assert fault.why.startswith(f"Character {position} is a dash or a blank")
    assert_not_repeated(typed, fault)


def test_what_pasting_and_typing_put_around_and_into_a_serial_is_passed_over() -> None:
    plain, normal = "ABCD-EFGH-JKMN-PQRS", "ABCDEFGHJKMNPQRS"
    wide = plain.translate({ord(character): ord(character) + 0xFEE0 for character in plain})
    typed = [f"{before}{plain}{after}" for before, after in zip("\"'`“‘„«‹「<", "\"'`”’“»›」>", strict=True)]
    typed += [f"{plain}.", f' "{plain}". ', f"{plain}。", f"{plain},", wide, wide.lower(), f"＂{wide}．"]
    typed += [f"\ufeff{plain}", f"{plain}\u200b", plain.replace("-", "\u2060-\u200d"), f"\u202a{plain}\u202c"]
    for text in typed:
        assert serial.read(text) == normal, ascii(text)
        assert serial.is_serial(text), ascii(text)
        assert not {"EFGH", "efgh", "ＥＦＧＨ"} & set(re.split("[^A-Za-zＡ-Ｚ]", serial.mask_serials(f"x {text} y"))), (
            ascii(text)
        )
    for text in (f"“{plain}-", f"{plain}!", f"A{plain}.", "“”", "ABCD.EFGH.JKMN.PQRS"):
        assert not serial.is_serial(text), text


@pytest.mark.parametrize("between", ["", "\u200b", "\ufeff"])
def test_concealing_masks_a_serial_in_full_width_letters_or_with_invisible_ones_in_it(between: str) -> None:
    typed = between.join("ＡＢＣＤ-EFGH-JKMN-PQR7")
    assert serial.mask_serials(f"No such task “{typed}”.") == "No such task “****-****-****-****”."


def test_serials_have_75_random_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    def issued(bits: int) -> str:
        monkeypatch.setattr(os, "urandom", lambda size: bits.to_bytes(size, "big"))
        return serial.issue()

    ground = 0x5A5A_5A5A_5A5A_5A5A_5A5A
    flipped = [issued(ground ^ 1 << bit) for bit in range(80)]
    changed = {text for text in flipped if text != issued(ground)}
    assert len(changed) == 75
    assert all(map(serial.has_valid_check_symbol, flipped))


def test_serials_differ_and_use_the_whole_alphabet() -> None:
    issued = {serial.issue() for _ in range(300)}
    assert len(issued) == 300
    assert set("".join(issued)) == set(SYMBOLS)
    assert all(serial.has_valid_check_symbol(serial.read(text)) for text in issued)


def test_the_digest_tells_serials_apart_and_not_what_they_are() -> None:
    first, second = serial.digest("A" * 16), serial.digest("A" * 15 + "B")
    assert first != second
    assert len(first) == 64
    assert set(first) <= set(string.hexdigits.lower())


def test_a_mask_shows_the_last_group_alone() -> None:
    assert serial.mask(serial.last_group("ABCDEFGHJKMN7K3M")) == "****-****-****-7K3M"


@some
@given(serials, st.sampled_from(DASHES), st.booleans())
def test_concealing_masks_a_serial_wherever_it_stands(good: str, dash: str, lower: bool) -> None:
    typed = serial.write(good).replace("-", dash)
    typed = typed.lower() if lower else typed
    assert serial.mask_serials(f"No such command '{typed}'.") == "No such command '****-****-****-****'."


@some
@given(serials.filter(lambda text: not text.isalpha()))
def test_concealing_masks_a_serial_without_dashes(good: str) -> None:
    assert good not in serial.mask_serials(f"Got unexpected extra argument ({good})")


@pytest.mark.parametrize("text", ["ES-1 of T-12", "internationaliza", "0" * 40, "2026-01-31T09:30:00Z", "INC-4711"])
def test_concealing_leaves_other_things_as_they_are(text: str) -> None:
    assert serial.mask_serials(text) == text


def refusal(typed: str) -> MalformedSerial:
    with pytest.raises(MalformedSerial) as caught:
        serial.read(typed)
    return caught.value


def assert_not_repeated(typed: str, fault: MalformedSerial) -> None:
    said = f"{fault.what} {fault.why} {fault.hint}"
    assert not [start for start in range(len(typed) - 2) if typed[start : start + 3] in said and typed[start].isalnum()]
