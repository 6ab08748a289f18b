"""Text that people typed, made safe to show: nothing raw reaches the terminal.

Control characters, the marks that turn the direction of writing, and what is invisible by design are shown as
escapes, so that one sees that they are there. JSON has them as its own escapes and gives back the same text.

Most text is harmless, and Python tells it at once: of what is to be escaped, nothing is printable. Regular expressions,
which take longer to load and to compile than a command has to spare, are only for the rest.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

_CONTROLS = (
    "\x00-\x09\x0b-\x1f\x7f-\x9f"  # C0 without the line break, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f"  # marks of direction, isolates, deprecated controls
    "\u2028\u2029"  # separators of lines and paragraphs
    "\u2060-\u2065\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # invisible by design
    "\ud800-\udfff"  # no characters at all
)
_TSV_NAMES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def one_line(text: str) -> str:
    """For a cell or a sentence: breaks and tabs become blanks, other controls are shown as escapes."""
    if text.isprintable():
        return text
    import re

    return re.sub(f"[{_CONTROLS}]", _shown, re.sub(r"[\t\r\n]+", " ", text))


def lines(text: str) -> list[str]:
    """For a page: the lines of the text, tabs as blanks, other controls shown as escapes."""
    split = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [line if line.isprintable() else one_line(line.expandtabs(4)) for line in split]


def tsv(text: str) -> str:
    r"""For a field of tab-separated values: `\t`, `\n`, `\\`, and `\x1b` or `\u202e` for other controls."""
    if text.isprintable() and "\\" not in text:
        return text
    import re

    return re.sub(f"[\\\\\n{_CONTROLS}]", lambda found: _TSV_NAMES.get(found[0]) or _shown(found), text)


def to_json(value: object, *, indent: int | None = None) -> str:
    """JSON in which text is as it was, but whatever a terminal might obey is escaped."""
    import json

    text = json.dumps(value, ensure_ascii=False, indent=indent)
    if text.replace("\n", "").isprintable():
        return text
    import re

    return re.sub(f"[{_CONTROLS}]", _json_escape, text)


def _shown(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(found: re.Match[str]) -> str:
    import json

    return json.dumps(found[0])[1:-1] if found[0] != "\x7f" else "\\u007f"
