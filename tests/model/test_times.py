"""Instants and durations as text."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expertsupport_cli import times
from expertsupport_cli.errors import BadUsage, StoreDamaged

NOW = "2026-01-31T09:30:00Z"
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=zones)
some = settings(max_examples=100, deadline=None)


def test_an_instant_is_utc_and_of_fixed_width() -> None:
    assert times.instant(datetime.fromisoformat("2026-01-31T10:30:00.999+01:00")) == NOW
    assert times.instant(datetime.fromisoformat("0026-01-31T09:30:00Z")) == "0026-01-31T09:30:00Z"


@some
@given(moments, moments)
def test_instants_sort_as_text(one: datetime, other: datetime) -> None:
    texts = [times.instant(one.replace(microsecond=0)), times.instant(other.replace(microsecond=0))]
    assert {len(text) for text in texts} == {20}
    assert (texts[0] < texts[1]) == (one.replace(microsecond=0) < other.replace(microsecond=0))


@some
@given(moments, st.integers(-(10**9), 10**9))
def test_going_on_and_back_leads_to_the_same_instant(moment: datetime, seconds: int) -> None:
    at = times.instant(moment)
    there = times.after(at, seconds)
    if there not in ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z"):
        assert times.after(there, -seconds) == at
        assert times.seconds_between(at, there) == seconds


def test_no_instant_is_beyond_the_calendar() -> None:
    assert times.after("9999-12-31T00:00:00Z", 10**9) == "9999-12-31T23:59:59Z"
    assert times.after("0001-01-02T00:00:00Z", -(10**9)) == "0001-01-01T00:00:00Z"


def test_only_our_own_form_is_an_instant() -> None:
    assert times.is_instant(NOW)
    for text in ("2026-01-31T09:30:00+00:00", "2026-01-31 09:30:00Z", "2026-02-30T09:30:00Z", "2026-01-31", "", "x"):
        assert not times.is_instant(text), text


@pytest.mark.parametrize("text", ["9999-99-99T99:99:99Z", "2026-02-30T09:30:00Z", "2026-01-31T09:30:00", "", "now"])
def test_what_is_no_time_in_the_store_is_damage(text: str) -> None:
    with pytest.raises(StoreDamaged):
        times.relative(text, NOW)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("24h", 86400), ("10d", 864000), ("2w", 1209600), ("10D", 864000)]
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert times.parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "d", "10", "0d", "-1d", "1.5h", "1 day", "10y", "١d", "²d", "1e3s", "10d10h", "999999999999d", "never"]
)
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(BadUsage, match="Invalid duration"):
        times.parse_duration(text)


def test_a_lifetime_may_have_no_end() -> None:
    assert times.parse_lifetime("never") is None
    assert times.parse_lifetime(" Never ") is None
    assert times.parse_lifetime("10d") == 864000


@some
@given(st.none() | st.integers(1, 10**9))
def test_a_lifetime_that_was_written_reads_back(seconds: int | None) -> None:
    assert times.parse_lifetime(times.write_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("7d", "2026-01-24T09:30:00Z"),
        ("90s", "2026-01-31T09:28:30Z"),
        (" 2W ", "2026-01-17T09:30:00Z"),
        ("2026-01-30", "2026-01-30T00:00:00Z"),
        ("2026-01-30T12:00:00Z", "2026-01-30T12:00:00Z"),
        ("2026-01-30t12:00:00z", "2026-01-30T12:00:00Z"),
        ("2026-01-30 12:00:00+02:00", "2026-01-30T10:00:00Z"),
        ("2026-01-30T12:00:00.75-00:30", "2026-01-30T12:30:00Z"),
    ],
)
def test_a_moment_is_an_age_a_date_or_a_time_with_its_zone(text: str, instant: str) -> None:
    assert times.parse_moment(text, NOW) == instant


@pytest.mark.parametrize(
    "text",
    ["", "5", "yesterday", "2026", "2026-13-01", "2026-02-30", "2026-01-30T12:00:00", "31.01.2026", "0d", "99999999w"],
)
def test_anything_else_is_no_moment(text: str) -> None:
    with pytest.raises(BadUsage):
        times.parse_moment(text, NOW)


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00"])
def test_a_moment_beyond_the_calendar_is_wrong_usage(text: str) -> None:
    with pytest.raises(BadUsage, match="out of range"):
        times.parse_moment(text, NOW)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "now"),
        (-9, "now"),
        (10, "in 10s"),
        (-59, "59s ago"),
        (-60, "1m ago"),
        (-7199, "1h ago"),
        (-7200, "2h ago"),
        (10 * 86400, "in 10d"),
        (10 * 86400 - 30, "in 10d"),
        (-45 * 86400, "45d ago"),
        (-800 * 86400, "2y ago"),
    ],
)
def test_relative_times_are_told_in_the_largest_whole_unit(seconds: int, words: str) -> None:
    assert times.relative(times.after(NOW, seconds), NOW) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "now"), (5, "now"), (86399, "now"), (86400, "2026-02-01"), (3650 * 86400, "2036-01-29"), (-60, "1m ago")],
)
def test_what_is_past_never_lies_ahead_though_a_clock_was_wrong(seconds: int, words: str) -> None:
    assert NOW.startswith("2026-01-31")
    assert times.relative(times.after(NOW, seconds), NOW, past=True) == words
