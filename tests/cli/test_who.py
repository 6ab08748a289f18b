"""Who acts: the one named, with an address that is theirs."""

from __future__ import annotations

import pytest
from builders import a_certificate, a_space, a_task
from conftest import Es
from sessions import as_json, filled


@pytest.fixture
def es(inside: Es) -> Es:
    return inside


@pytest.fixture
def serial(es: Es) -> str:
    """A serial for the task T-1; the settings file says that ann <ann@example.org> acts."""
    with filled(es) as store:
        a_space(store, lifetime=None)
        a_task(store)
        typed, _ = a_certificate(store)
    del es.env["ES_USER"]
    for name, value in (("user.name", "ann"), ("user.email", "ann@example.org")):
        assert es("config", "set", name, value).status == 0
    return typed


@pytest.mark.parametrize(
    ("who", "variable", "name", "email"),
    [
        (None, None, "ann", "ann@example.org"),
        ("ANN", None, "ANN", "ann@example.org"),
        ("zed", None, "zed", None),
        ("zed", "zed@example.org", "zed", "zed@example.org"),
        ("Bob Ray <bob@example.org>", None, "Bob Ray", "bob@example.org"),
        ("Bob <bob@example.org>", "x@example.org", "Bob", "bob@example.org"),
    ],
)
def test_the_one_who_is_named_acts_with_an_address_of_their_own(
    es: Es, serial: str, who: str | None, variable: str | None, name: str, email: str | None
) -> None:
    flags = ["--as", who] if who else []
    env = {"ES_EMAIL": variable} if variable else {}
    assert es(*flags, "activate", "T-1", serial, env=env).status == 0
    [row] = as_json(es("list", "--json"))
    assert (row["initiator"], row["initiator_email"]) == (name, email)


@pytest.mark.parametrize(
    "who",
    ["", "  ", "Bob <bob>", "<bob@example.org>", "Bob <>", "Bob <a@b.org, c@d.org>", "Bob <a@b.org> x", "B <a@b.org"],
)
def test_what_is_no_name_is_wrong_usage_and_spends_nothing(es: Es, serial: str, who: str) -> None:
    assert es("--as", who, "activate", "T-1", serial).status == 2
    assert es("cert", "check", serial).status == 0
