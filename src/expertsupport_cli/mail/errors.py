"""Why a letter was not delivered: because of the letter, the server, or a setting."""

from __future__ import annotations


class Undelivered(Exception):
    """A letter was not delivered; `final` if trying again cannot help."""

    def __init__(self, why: str, *, final: bool) -> None:
        super().__init__(why)
        self.final = final


class Misconfigured(Exception):
    """No letter can be delivered before the setting named `setting` is changed; this one is not to blame."""

    def __init__(self, why: str, setting: str) -> None:
        super().__init__(why)
        self.setting = setting
