"""The IDs that people see: a prefix and a number, which is the key in the store. `ES-12`, `C-7`, `L-3`, `M-40`, `T-5`.

A task may also have an ID of its creator's choice, such as `INC-4711`.
"""

from __future__ import annotations

REQUEST = "ES"
CERTIFICATE = "C"
LINK = "L"
MAIL = "M"
SESSION = "S"
TASK = "T"

TOKEN_LENGTH = 32  # hexadecimal digits of a request's token: 128 bits; that of a purchase link is longer
_MAX_DIGITS = 15  # what SQLite, JSON readers and spreadsheets all hold exactly


def write_id(prefix: str, number: int) -> str:
    """The ID with this prefix and number."""
    return f"{prefix}-{number}"


def parse_id(text: str, prefix: str) -> int | None:
    """The number in an ID such as `ES-12`, in any case, or None if the text is not of that form."""
    return parse_number(digits_of(text, prefix))


def digits_of(text: str, prefix: str) -> str:
    """The digits in what looks like an ID with this prefix, however many; empty if it does not look like one."""
    head, dash, digits = text.upper().partition("-")
    return digits if dash and head == prefix and digits.isascii() and digits.isdigit() else ""


def parse_request(reference: str) -> tuple[int | None, str | None]:
    """The number or the token of a request in what people type: `ES-12`, `12`, `#12`, its URL, or the token in it.

    The URL may be that of the page for the desk or in a space, which ends in the ID. Neither is found in a task's ID.
    """
    typed = reference.strip(" \t\r\n<>‹›").rstrip(".,;")
    if "://" in typed:
        typed = typed.partition("#")[0].partition("?")[0]
    last = typed.rstrip("/").rpartition("/")[2] if "://" in typed else typed
    number = parse_number(last.removeprefix("#"))
    if number is None:
        number = parse_id(last.removeprefix("#"), REQUEST)
    if number is not None:
        return number, None
    token = last.lower()
    is_token = len(token) == TOKEN_LENGTH and all(character in "0123456789abcdef" for character in token)
    return None, token if is_token else None


def mask_tokens(message: str) -> str:
    """The message with the tokens of requests and purchase links in it masked."""
    import re

    return re.sub(rf"[0-9A-Fa-f]{{{TOKEN_LENGTH},}}", "****", message)


def parse_number(text: str) -> int | None:
    """The number that ASCII digits spell, or None for anything else."""
    if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS:
        return int(text)
    return None


def task_count(task: str) -> int | None:
    """The n of a task's ID of the form `T-n`, as the store counts them; None for any other, `T-007` included."""
    number = parse_id(task, TASK)
    return number if task.upper() == f"{TASK}-{number}" else None
