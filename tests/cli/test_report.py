"""What an error suggests to do next is worded for the command line."""

from __future__ import annotations

import pytest

from expertsupport_cli.cli.report import in_words
from expertsupport_cli.steps import Step, Verb


@pytest.mark.parametrize("verb", Verb)
def test_every_step_has_words(verb: Verb) -> None:
    assert "{" not in in_words(Step(verb=verb, reference="X-1"))
    assert "es " in in_words(Step(verb=verb))
