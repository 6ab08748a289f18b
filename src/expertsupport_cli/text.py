"""Makes text that people typed safe to show: no control character reaches the terminal.

Control characters, bidirectional marks and invisible characters are shown as escapes, so that the reader sees that they
are there. JSON escapes them in its own syntax, so that a parser gets the same text back.

Most text needs no escaping, and `str.isprintable` is a fast way to know: it is false for every character to be escaped.
Only the rest needs regular expressions, whose import and compilation would slow down every command.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

_CONTROLS = (
    "\x00-\x09\x0b-\x1f\x7f-\x9f"  # C0 without the line break, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # bidirectional marks, isolates, deprecated controls
    "\u2028\u2029"  # line and paragraph separators
    "\u2060-\u2065\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # invisible by design
    "\ud800-\udfff"  # surrogates
)
# Letters, marks and symbols that fonts draw as nothing: fillers, joiners, variation selectors, the empty Braille cell
_DRAWN_AS_NOTHING = {
    *"\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u180b\u180c\u180d\u180f",
    *map(chr, range(0xFE00, 0xFE10)),
}
_TSV_NAMES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_LOOK_LIKE = {"…": "...", "→": "->", "“": '"', "”": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "×": "x", "ß": "s"}


def one_line(text: str) -> str:
    """Text for a cell or a sentence: line breaks and tabs become blanks, other control characters escapes."""
    if text.isprintable():
        return text
    import re

    return re.sub(f"[{_CONTROLS}]", _escape, re.sub(r"[\t\r\n]+", " ", text))


def some(names: Sequence[str], most: int) -> str:
    """The first few of many names: `T-1, T-2 and 7 more`."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def did_you_mean(similar: Sequence[str]) -> str:
    """A question about names that are similar to one that is unknown; empty if none is."""
    return f"Did you mean {' or '.join(similar)}?" if similar else ""


def lines(text: str) -> list[str]:
    """The lines of a text for a page: tabs become blanks, other control characters escapes."""
    split = unix_lines(text).split("\n")
    return [line if line.isprintable() else one_line(line.expandtabs(4)) for line in split]


def tsv(text: str) -> str:
    r"""Text for a TSV field, escaped as `\t`, `\n`, `\r`, `\\`, and `\x1b` or `\u202e` for other control characters."""
    if text.isprintable() and "\\" not in text:
        return text
    import re

    return re.sub(f"[\\\\\n{_CONTROLS}]", lambda match: _TSV_NAMES.get(match[0]) or _escape(match), text)


def to_json(value: object, *, indent: int | None = None, ascii: bool = False) -> str:
    """JSON that is safe on a terminal: control characters are escaped, all others are kept, or, with `ascii`, ASCII."""
    import json

    text = json.dumps(value, ensure_ascii=ascii, indent=indent)
    if text.replace("\n", "").isprintable():
        return text
    import re

    return re.sub(f"[{_CONTROLS}]", _json_escape, text)


def is_blank(text: str) -> bool:
    """Whether there is nothing to see: only blanks, bidirectional marks, and what is invisible by design.

    Other control characters count as visible: they are shown as escapes.
    """
    return all(_is_invisible(character) for character in text)


def unix_lines(text: str) -> str:
    """The text with all line ends (CRLF, CR) as line feeds."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _is_invisible(character: str) -> bool:
    if character.isspace() or character in _DRAWN_AS_NOTHING:
        return True
    if character.isprintable():
        return False
    from unicodedata import category

    return category(character) == "Cf"  # private and unassigned characters may have a picture


def ascii_instead(error: UnicodeError) -> tuple[str, int]:
    """An error handler for codecs: the nearest ASCII for what a terminal cannot show, else `?` for each column."""
    assert isinstance(error, UnicodeEncodeError)
    return "".join(map(_ascii, error.object[error.start : error.end])), error.end


def _ascii(character: str) -> str:
    import unicodedata

    if character in _LOOK_LIKE:
        return _LOOK_LIKE[character]
    base = "".join(part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
    if base.isascii() and len(base) <= 1:
        return base
    return "??" if unicodedata.east_asian_width(character) in "WF" else "?"


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(match: re.Match[str]) -> str:
    import json

    return json.dumps(match[0])[1:-1] if match[0] != "\x7f" else "\\u007f"
