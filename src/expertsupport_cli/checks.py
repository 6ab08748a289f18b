"""Checks of user input: IDs, text, addresses. Each returns its input, or a part of it, or raises BadUsage."""

from __future__ import annotations

from expertsupport_cli.errors import BadUsage
from expertsupport_cli.ids import REQUEST, TASK, digits_of
from expertsupport_cli.text import is_blank, one_line

MAX_TASK_DIGITS = 12  # in a T-n that is given; automatic IDs go on from the highest n, and an ID holds 15 digits
NOT_IN_NAMES = "@,;:<>()[]"  # they separate names and addresses, unless in double quotes


def identifier(text: str, what: str) -> str:
    """The ID of a task or the name of a space: letters, digits, dot, dash, underscore. Raises BadUsage."""
    valid = text.isascii() and text.replace("-", "a").replace(".", "a").replace("_", "a").isalnum()
    if not valid or not text[0].isalnum() or len(text) > 64:
        raise BadUsage(
            f"Invalid {what} '{text[:80]}'.",
            "Use 1 to 64 ASCII letters, digits, dots, dashes and underscores, starting with a letter or digit.",
        )
    return text


def task_id(text: str) -> str:
    """The ID of a task. Raises BadUsage if it could be mistaken for the ID of a request, or is too high a T-n."""
    if text.isdigit() or digits_of(text, REQUEST):
        raise BadUsage(f"Invalid task ID '{text[:80]}'.", "Plain numbers and ES-N are request IDs.")
    if len(digits_of(text, TASK).lstrip("0")) > MAX_TASK_DIGITS:
        highest = "9" * MAX_TASK_DIGITS
        raise BadUsage(f"Invalid task ID '{text[:80]}'.", f"{TASK}-{highest} is the highest number.")
    return identifier(text, "task ID")


def event_id(text: str) -> str:
    """The ID that an online store gives to an event: 1 to 200 visible ASCII characters. Raises BadUsage."""
    if not text.isascii() or not text.isprintable() or " " in text or not 0 < len(text) <= 200:
        raise BadUsage(f"Invalid event ID '{text[:80]}'.", "Use 1 to 200 visible ASCII characters, without spaces.")
    return text


def refuse_blanks(reference: str, what: str) -> None:
    """Raises BadUsage for a reference with a blank in it: that is never an ID, but a message without its option."""
    if any(character.isspace() for character in reference.strip()):
        raise BadUsage(f"'{reference[:80]}' is not {what}.", "IDs contain no spaces. A message goes after -m.")


def prose(text: str, what: str, *, max_length: int = 1_000) -> str:
    """Free text, unchanged: valid Unicode without NUL, not blank or invisible, at most `max_length` characters.

    Raises BadUsage.

    `what` names the text in the message.
    """
    if is_blank(text):
        raise BadUsage(f"{what} is empty.")
    return prose_or_empty(text, what, max_length=max_length)


def prose_or_empty(text: str, what: str, *, max_length: int = 1_000) -> str:
    """Like `prose`, but blank text is allowed."""
    if "\0" in text:
        raise BadUsage(f"{what} contains a NUL character at position {text.index(chr(0)) + 1}.")
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise BadUsage(f"{what} is not valid UTF-8.")
    if len(text) > max_length:
        raise BadUsage(f"{what} is too long.", f"It has {len(text):,} characters; the maximum is {max_length:,}.")
    return text


def actor_name(text: str, what: str = "A name") -> str:
    """The name of somebody who acts: one line of text to see, at most 200 characters. Raises BadUsage."""
    prose(text, what, max_length=200)
    for position, character in enumerate(text, start=1):
        if character < " " or "\x7f" <= character <= "\x9f" or character in "\u2028\u2029":
            raise BadUsage(f"{what} contains a control character at position {position}.")
    return text


def file_path(text: str, what: str = "The path") -> str:
    """The path of a file or folder, whose name may be any bytes. Raises BadUsage."""
    if is_blank(text):
        raise BadUsage(f"{what} is empty.")
    if "\0" in text:
        raise BadUsage(f"{what} contains a NUL character.")
    return text


def address(text: str, what: str = "An email address") -> str:
    """An email address in its simple form, `ann@example.org`. Raises BadUsage."""
    local, _, domain = text.partition("@")
    # mail programs decode =?…?=
    valid = text.isascii() and text.isprintable() and domain.strip(".-") and "=?" not in text
    parts = [*local.split("."), *domain.split(".")]
    if not valid or not all(parts) or any(character in ' <>,;:"()[]\\@' for character in local + domain):
        why = "Use only one address." if "," in text or ";" in text else "Use an address such as ann@example.org."
        raise BadUsage(f"Invalid email address '{text[:80]}'.", why)
    return prose(text, what, max_length=254)


def addresses(text: str) -> list[str]:
    """Email addresses, separated by commas. Raises BadUsage."""
    return [address(part.strip()) for part in text.split(",")]


def person(text: str) -> tuple[str, str | None]:
    """The name and the address in `Name <address>`, or a name and None. Raises BadUsage."""
    if "<" not in text and ">" not in text:
        return actor_name(text), None
    name, found = _named_address(text.strip())
    return actor_name(name), found


def mailbox(text: str) -> str:
    """The address in `Name <address>`, or an address alone. Raises BadUsage."""
    return _named_address(text)[1] if "<" in text or ">" in text else address(text)


def _named_address(text: str) -> tuple[str, str]:
    """The name and the address in `Name <address>`: one of each. Raises BadUsage.

    A list, a group, a route or a comment is refused, because mail programs would read another name or address than is
    meant. In double quotes, a name may have these characters.
    """
    name, _, rest = prose(text, "The address", max_length=300).rpartition("<")
    name = name.strip(" ")
    quoted = len(name) > 2 and name[0] == name[-1] == '"'
    name = name[1:-1].strip(" ") if quoted else name
    if not name or not rest.endswith(">") or one_line(actor_name(name)) != name or '"' in name or "\\" in name:
        raise BadUsage(f"'{text[:80]}' is not an address with a name.", "Use 'Bob <bob@example.org>'.")
    if not quoted and any(character in NOT_IN_NAMES for character in name):
        why = f"Put a name with any of {NOT_IN_NAMES} in double quotes, and use only one address."
        raise BadUsage(f"'{text[:80]}' is not an address with a name.", why)
    return name, address(rest[:-1])


def domain_of(text: str) -> str:
    """The domain of a mailbox: the part after the @. Raises BadUsage."""
    return mailbox(text).partition("@")[2]


def web_address(text: str, what: str) -> str:
    """An http or https URL without whitespace or control characters. Raises BadUsage."""
    head, _, rest = text.partition("://")
    if (
        head.lower() not in ("http", "https")
        or not rest.strip("/")
        or any(c.isspace() or not c.isprintable() for c in text)
    ):
        raise BadUsage(f"Invalid URL '{text[:80]}'.", f"{what} starts with http:// or https://.")
    return prose(text, what, max_length=2_000)
