"""The serial number of a certificate: read, issue, mask, digest.

A serial is 16 ASCII letters or digits, written `XXXX-XXXX-XXXX-XXXX`. Serials issued by this program use an
alphabet of 32 symbols without look-alikes (Crockford's base 32: no I, L, O, U): 15 random ones, 75 bits, and a check
symbol. Taken as elements of the field of 32 elements, the 16 symbols x0 ... x15 satisfy

    a^15 x0 + a^14 x1 + ... + a x14 + x15 = 0

where a generates the field, so the weights are all different and none is 0. A wrong symbol changes the sum
by weight * difference, a swap by the difference of two weights * the difference of two symbols: neither is
ever 0, so every single wrong symbol and every swap is found.
"""

from __future__ import annotations

import os

from expertsupport_cli.errors import MalformedSerial

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 16
GROUP = 4
RANDOM_BITS = 5 * (LENGTH - 1)

_LOOK_ALIKES = str.maketrans("OIL", "011")
# U+002D and what keyboards, word processors and mail programs turn it into
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\u00ad"
# what pasting from pages and mail brings along: zero-width characters, byte order marks, marks of direction
_INVISIBLE = (
    "\u200b\u200c\u200d\u200e\u200f\u2060\u2061\u2062\u2063\u2064\ufeff\u061c\u202a\u202b\u202c\u202d\u202e\u180e\u034f"
)
_QUOTES = "\"'`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a\u300c\u300d\uff02\uff07<>"
_STOPS = ".,;\u3002\uff0e"
_WIDE = {chr(code + 0xFEE0): chr(code) for code in range(ord("!"), ord("~") + 1)}  # full-width forms of ASCII
_REDUCE = 0b100101  # x^5 + x^2 + 1, primitive over two elements


def read(text: str) -> str:
    """The serial in normal form: 16 upper-case letters or digits, without dashes.

    Case, surrounding blanks and quotes, a full stop at the end, full-width letters, invisible characters and the kind
    of dash do not matter; the groups may also be separated by blanks or by nothing. Raises MalformedSerial, which gives
    the position and never repeats the text.
    """
    symbols = ""
    typed = _visible(text)
    for i, (position, character) in enumerate(typed):
        if character.isascii() and character.isalnum():
            symbols += character.upper()
            if len(symbols) > LENGTH:
                raise MalformedSerial(f"Too long: it continues after 16 letters and digits, at character {position}.")
        elif character in _DASHES or character.isspace():
            if len(symbols) % GROUP or not symbols or i == len(typed) - 1:
                raise MalformedSerial(f"Character {position} is a dash or a blank, but not between two groups of four.")
        else:
            raise MalformedSerial(f"Character {position} is not a letter from A to Z or a digit.")
    if len(symbols) < LENGTH:
        raise MalformedSerial(f"Too short: {len(symbols)} of 16 letters and digits.")
    return symbols


def is_serial(text: str) -> bool:
    """Whether the text has the form of a serial."""
    try:
        read(text)
    except MalformedSerial:
        return False
    return True


def _visible(text: str) -> list[tuple[int, str]]:
    """The characters that count, each with its position in the text, counted from 1 after the blanks at its start."""
    typed = [(i, _WIDE.get(character, character)) for i, character in enumerate(text.strip(), start=1)]
    typed = [(i, character) for i, character in typed if character not in _INVISIBLE]
    while typed and (typed[0][1] in _QUOTES or typed[0][1].isspace()):
        del typed[0]
    while typed and (typed[-1][1] in _QUOTES + _STOPS or typed[-1][1].isspace()):
        del typed[-1]
    return typed


def readings(normal: str) -> tuple[str, ...]:
    """The serials that a typed one may mean, in normal form: itself, and itself with look-alikes read as digits.

    The second is included only if its check symbol then fits.
    """
    folded = normal.translate(_LOOK_ALIKES)
    if folded != normal and has_valid_check_symbol(folded):
        return normal, folded
    return (normal,)


def has_valid_check_symbol(normal: str) -> bool:
    """Whether the check symbol fits, as it does in every serial that this program issues."""
    return all(symbol in ALPHABET for symbol in normal) and _weighted_sum(normal) == 0


def looks_mistyped(normal: str) -> bool:
    """Whether the check symbol fits in no reading of the serial."""
    return not has_valid_check_symbol(normal.translate(_LOOK_ALIKES))


def issue() -> str:
    """A new serial in normal form, from 75 random bits."""
    bits = int.from_bytes(os.urandom(10), "big") >> 5
    body = "".join(ALPHABET[bits >> shift & 31] for shift in range(RANDOM_BITS - 5, -1, -5))
    return body + ALPHABET[_times_a(_weighted_sum(body))]


def write(normal: str) -> str:
    """The serial as it is written: `XXXX-XXXX-XXXX-XXXX`."""
    return "-".join(normal[i : i + GROUP] for i in range(0, LENGTH, GROUP))


def digest(normal: str) -> str:
    """What the store keeps instead of the serial: SHA-256 in hexadecimal, with a prefix for domain separation."""
    import hashlib

    return hashlib.sha256(b"expertsupport serial " + normal.encode("ascii")).hexdigest()


def last_group(normal: str) -> str:
    return normal[-GROUP:]


def mask(group: str) -> str:
    """The masked serial that identifies a certificate on screen: `****-****-****-7K3M`."""
    return f"****-****-****-{group}"


def mask_serials(message: str) -> str:
    """The message with every serial in it masked. For messages that repeat what a person typed."""
    import re

    wide, between = "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a", f"[{_INVISIBLE}]*"
    small = f"(?:[A-Za-z0-9{wide}]{between})"
    grouped = rf"(?:{small}{{4}}[{_DASHES}]{between}){{3}}{small}{{4}}|(?:[A-Z0-9]{{4}} ){{3}}[A-Z0-9]{{4}}"
    solid = r"(?=[A-Za-z]*[0-9])[A-Za-z0-9]{16}|[A-Z]{16}"  # lower case without a digit is a word
    return re.sub(rf"(?<![A-Za-z0-9])(?:{grouped}|{solid})(?![A-Za-z0-9])", mask("****"), message)


def _times_a(element: int) -> int:
    return element << 1 ^ (_REDUCE if element & 16 else 0)


def _weighted_sum(symbols: str) -> int:
    total = 0
    for symbol in symbols:
        total = _times_a(total) ^ ALPHABET.index(symbol)
    return total
