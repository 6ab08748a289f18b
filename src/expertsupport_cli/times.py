"""Instants and durations as text.

An instant is UTC, of fixed width, `2026-01-31T09:30:00Z`, so that it sorts as text. A duration is a whole number
and a unit, `10d`; the word `never` stands for no duration. Nothing here reads a clock.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from expertsupport_cli.errors import BadUsage, StoreDamaged
from expertsupport_cli.steps import Step, Verb

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
_AGES = (("y", 365 * 86400), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_MAX_DURATION = 1000 * 365 * 86400  # seconds


def instant(moment: datetime) -> str:
    """The instant of an aware datetime."""
    utc = moment.astimezone(UTC)
    return f"{utc.year:04d}{utc.strftime(_FORMAT[2:])}"


def after(at: str, seconds: int) -> str:
    """The instant `seconds` after `at`, or before it if negative. Clamped to the years 1 to 9999."""
    try:
        return instant(_moment(at) + timedelta(seconds=seconds))
    except OverflowError:
        return "9999-12-31T23:59:59Z" if seconds > 0 else "0001-01-01T00:00:00Z"


def seconds_between(earlier: str, later: str) -> int:
    """The seconds from one instant to another; negative if the second comes first."""
    return int((_moment(later) - _moment(earlier)).total_seconds())


def is_instant(text: str) -> bool:
    """Whether the text is an instant in exactly the form above."""
    try:
        return instant(datetime.fromisoformat(text)) == text
    except (ValueError, OverflowError):
        return False


def parse_duration(text: str) -> int:
    """The seconds in a duration such as `90s`, `30m`, `24h`, `10d` or `2w`. Raises BadUsage."""
    number, unit = text[:-1].strip(), text[-1:].lower()
    if unit in UNITS and number.isascii() and number.isdigit() and len(number) < 12:
        seconds = int(number) * UNITS[unit]
        if seconds > _MAX_DURATION:
            raise BadUsage(f"Duration '{text}' is too long.", "The maximum is 1000 years.")
        if seconds:
            return seconds
    raise BadUsage(
        f"Invalid duration '{text}'.",
        "Use a positive whole number and a unit: s, m, h, d or w.",
        "Example: 10d",
    )


def parse_lifetime(text: str) -> int | None:
    """The seconds in a duration, or None for `never`. Raises BadUsage."""
    return None if text.strip().lower() == "never" else parse_duration(text)


def write_duration(seconds: int | None) -> str:
    """Seconds in the largest unit that divides them, as `parse_lifetime` reads it; `never` for None."""
    if seconds is None:
        return "never"
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def in_words(seconds: int) -> str:
    """Seconds in the largest unit that divides them, in words: `10 days`, `1 hour`."""
    written = write_duration(seconds)
    number, unit = written[:-1], {"d": "day", "h": "hour", "m": "minute", "s": "second"}[written[-1]]
    return f"{number} {unit}{'' if number == '1' else 's'}"


def parse_moment(text: str, now: str) -> str:
    """The instant that a person means by `7d` (ago), `2026-01-31` (its start in UTC) or an RFC 3339 time.

    Raises BadUsage.
    """
    stripped = text.strip()
    if stripped[-1:].lower() in UNITS and stripped[:-1].isascii() and stripped[:-1].isdigit():
        return after(now, -parse_duration(stripped))
    try:
        moment = datetime.fromisoformat(stripped.upper()) if len(stripped) >= len("2026-01-31") else None
    except ValueError:
        moment = None
    if moment is None or (len(stripped) > len("2026-01-31") and moment.tzinfo is None):
        raise BadUsage(
            f"Invalid time '{text}'.",
            "Use an age, a date, or an RFC 3339 time with a time zone.",
            "Examples: 7d, 2026-01-31, 2026-01-31T09:30:00Z",
        )
    try:
        return instant(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    except OverflowError as error:
        raise BadUsage(f"The time '{text}' is out of range.") from error


def relative(at: str, now: str, *, past: bool = False) -> str:
    """The time from `now` to an instant, in short: `3d ago`, `in 10d`, `now`.

    What is `past` is never shown as ahead, because a clock was wrong then or is now: it is `now`, or its date if the
    clocks are more than a day apart.
    """
    seconds = seconds_between(at, now)
    size = abs(seconds)
    if past and seconds < 0:
        return "now" if size < UNITS["d"] else at[:10]
    if size < 10:
        return "now"
    if seconds < 0 and size >= 3600:
        size += 60  # a deadline set a moment ago for one day still reads "in 1d"
    unit, length = next(pair for pair in _AGES if size >= pair[1])
    age = f"{size // length}{unit}"
    return f"{age} ago" if seconds > 0 else f"in {age}"


def _moment(at: str) -> datetime:
    """The datetime of an instant, which the clock or the store gave. Raises StoreDamaged."""
    try:
        moment = datetime.fromisoformat(at)
        if moment.tzinfo:
            return moment
    except ValueError:
        pass
    raise StoreDamaged("The store is damaged.", f"{at[:40]!r} is not a time.", Step(verb=Verb.CHECK_STORE))
