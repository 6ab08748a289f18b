"""Styles as escape codes: the only place that knows colours and converts a style to escape codes."""

from __future__ import annotations

from expertsupport_cli.model.requests import Status
from expertsupport_cli.render.terminal.capabilities import colour_depth

STATUS_STYLES: dict[str, str] = {
    Status.NEW: "bold yellow",
    Status.ACKNOWLEDGED: "cyan",
    Status.WAITING: "magenta",
    Status.CLOSED: "dim",
}

URL_CHARACTERS = frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:/?#[]@!$&'()*+,;=%"  # of RFC 3986
)


class Styles:
    """Paints text in a style of Rich, such as "bold yellow"; without colour it returns the text unchanged.

    Each style is parsed once, because that takes Rich longer than everything else in a table row.
    """

    def __init__(self, *, colour: bool) -> None:
        self.colour = colour
        self._codes: dict[str, tuple[str, str]] = {"": ("", "")}

    def paint(self, text: str, style: str) -> str:
        """The text in this style."""
        if not text:
            return text
        before, after = self._codes.get(style) or self._look_up(style)
        return f"{before}{text}{after}"

    def link(self, text: str, address: str) -> str:
        """The text, which may be painted already, as a link to an address, which may be anything."""
        if not self.colour or not text:
            return text
        from rich.style import Style

        return Style(link=_percent_encoded(address)).render(text)

    def _look_up(self, style: str) -> tuple[str, str]:
        codes = ("", "")
        if self.colour:
            from rich.color import ColorSystem
            from rich.style import Style

            depths = {"standard": ColorSystem.STANDARD, "256": ColorSystem.EIGHT_BIT}
            system = depths.get(colour_depth(), ColorSystem.TRUECOLOR)
            before, _, after = Style.parse(style).render("\0", color_system=system).partition("\0")
            codes = (before, after)
        self._codes[style] = codes
        return codes


def _percent_encoded(address: str) -> str:
    """The address with all characters encoded that may not stand in one: an escape code would end the link."""
    if URL_CHARACTERS.issuperset(address):
        return address
    data = address.encode("utf-8", "surrogatepass")
    return "".join(chr(byte) if chr(byte) in URL_CHARACTERS else f"%{byte:02X}" for byte in data)
