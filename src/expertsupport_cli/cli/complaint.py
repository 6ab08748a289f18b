"""How a fault is told: at most three plain lines on stderr, or a JSON object where JSON was asked for."""

from __future__ import annotations

from expertsupport_cli.errors import Fault
from expertsupport_cli.render.printer import talk, talk_raw
from expertsupport_cli.serial import conceal
from expertsupport_cli.text import to_json

PROGRAM = "es"


def complain(fault: Fault, *, as_json: bool) -> None:
    """Tell a fault. Whatever it repeats of what was typed is made safe, and any serial in it masked."""
    if as_json:
        told = {"code": fault.code, "message": conceal(fault.message), "hint": conceal(fault.hint) or None}
        talk_raw(to_json({"error": told}))
        return
    talk(f"{PROGRAM}: {conceal(fault.what)}")
    for line in (fault.why, fault.hint):
        if line:
            talk(f"  {conceal(line)}")


def asks_for_json(arguments: list[str]) -> bool:
    """Whether the command line asks for JSON: also where it is too wrong to be understood."""
    formats = {"json", "jsonl"}
    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    return (
        "--json" in arguments
        or any(argument.startswith("--format=") and argument[9:] in formats for argument in arguments)
        or any(flag == "--format" and value in formats for flag, value in pairs)
    )
