"""What an error suggests to do next is worded for the command line."""

from __future__ import annotations

import pytest

from expertsupport_cli.cli.report import hint_text
from expertsupport_cli.steps import Step, Verb


@pytest.mark.parametrize("verb", Verb)
def test_every_step_has_words(verb: Verb) -> None:
    assert "{" not in hint_text(Step(verb=verb, reference="X-1"))
    assert "es " in hint_text(Step(verb=verb))
