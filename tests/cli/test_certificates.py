"""Certificates: issue, import, list, check, revoke."""

from __future__ import annotations

import re

import pytest
from builders import AT, OLGA, a_certificate, a_request, later
from conftest import Es
from sessions import as_json, dump, filled, refusal

from expertsupport_cli.actions import certificates
from expertsupport_cli.times import seconds_between


@pytest.fixture
def es(inside: Es) -> Es:
    return inside


SERIAL = re.compile(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}")


def test_issued_serials_are_printed_one_a_line_and_are_all_different(es: Es) -> None:
    with filled(es):
        pass
    issued = es("cert", "issue", "-n", "450")
    serials = issued.stdout.splitlines()
    assert (issued.status, issued.stderr, len(serials), len(set(serials))) == (0, "", 450, 450)
    assert all(SERIAL.fullmatch(serial) for serial in serials)
    rows = as_json(es("cert", "list", "--json"))
    assert [row["certificate"][-4:] for row in reversed(rows)] == [serial[-4:] for serial in serials]
    assert as_json(es("cert", "check", serials[449], "--json"))["id"] == "C-450"


def test_how_long_they_can_be_used_and_a_note_are_kept(es: Es) -> None:
    with filled(es):
        pass
    (made,) = es("cert", "issue", "--valid-for", "365d", "--note", "for Zed", "--format", "csv").stdout.splitlines()[1:]
    (row,) = as_json(es("cert", "list", "--json"))
    assert SERIAL.fullmatch(made)
    assert (row["state"], row["origin"], row["note"]) == ("unused", "issued", "for Zed")
    assert seconds_between(row["created_at"], row["expires_at"]) == 365 * 86400


def test_they_are_listed_newest_first_and_by_state(es: Es) -> None:
    with filled(es) as store:
        a_certificate(store)
        a_certificate(store, valid_for=86400)
        certificates.revoke_certificate(store, a_certificate(store)[1].id, by=OLGA, at=AT)
        a_request(store)
    assert es("cert", "list", "--fields", "id,state").stdout == "C-4\tused\nC-3\trevoked\nC-2\texpired\nC-1\tunused\n"
    for number, state in enumerate(("unused", "expired", "revoked", "used"), start=1):
        assert es("cert", "list", "--state", state, "--fields", "id").stdout == f"C-{number}\n"
    assert es("cert", "list", "--limit", "1", "--fields", "id").stdout == "C-4\n"
    assert es("cert", "list", "--state", "lost").status == 2


def test_check_says_whether_a_serial_would_open_a_request_now_and_ends_as_activation_would(es: Es) -> None:
    with filled(es) as store:
        good, _ = a_certificate(store)
        old, _ = a_certificate(store, valid_for=86400)
        gone, made = a_certificate(store)
        certificates.revoke_certificate(store, made.id, by=OLGA, at=AT)
    before = dump(es)
    assert es("cert", "check", good).id == "C-1"
    assert es("cert", "check", "-", stdin=f" {good.lower()}\n").id == "C-1"
    assert refusal(es("cert", "check", old, "--json")) == (4, "certificate_expired")
    assert refusal(es("cert", "check", gone, "--json")) == (4, "certificate_revoked")
    assert refusal(es("cert", "check", "AAAA-AAAA-AAAA-AAAB", "--json")) == (4, "serial_mistyped")
    assert refusal(es("cert", "check", "AAAA", "--json")) == (2, "malformed_serial")
    assert f"valid until {later(1)}" in es("cert", "check", old).stderr
    assert dump(es) == before


def test_certificates_are_revoked_by_id_or_serial_for_good(es: Es) -> None:
    with filled(es) as store:
        a_certificate(store)
        serial, _ = a_certificate(store)
        a_request(store)
    refused = es("cert", "revoke", "c-1", serial)
    assert (refused.stdout, refused.status) == ("", 2)
    assert es("cert", "revoke", "c-1", serial, "--yes") == ("C-1\nC-2\n", "", 0)
    again = es("cert", "revoke", "C-2", "--yes")
    assert again == ("C-2\n", "Certificate C-2 is already revoked; nothing was changed.\n", 0)
    assert refusal(es("cert", "revoke", "C-3", "--yes", "--json")) == (4, "certificate_used")
    assert refusal(es("cert", "revoke", "C-4", "--json")) == (3, "not_found")
    assert refusal(es("cert", "revoke", "C", "--json")) == (2, "malformed_serial")
    assert refusal(es("cert", "check", serial, "--json")) == (4, "certificate_revoked")


def test_serials_of_other_origin_are_imported(es: Es) -> None:
    with filled(es):
        pass
    result = es("cert", "import", "-", "--note", "old shop", stdin="abcd-efgh-ijkl-mnop\r\n\n1234567890123456\n")
    assert result == ("C-1\nC-2\n", "", 0)
    rows = as_json(es("cert", "list", "--json"))
    assert [(row["certificate"], row["origin"], row["note"]) for row in rows] == [
        ("****-****-****-3456", "imported", "old shop"),
        ("****-****-****-MNOP", "imported", "old shop"),
    ]
    assert es("cert", "check", "ABCD EFGH IJKL MNOP").id == "C-1"


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("AAAABBBBCCCCDDDD\nAAAABBBB\n", 2, (2, "malformed_serial")),
        ("AAAABBBBCCCCDDDD\n\naaaa-bbbb-cccc-dddd\n", 3, (4, "already_exists")),
        ("AAAABBBBCCCCDDDD\nZZZZ-ZZZZ-ZZZZ-ZZZZ\n", 2, (4, "already_exists")),
        ("AAAABBBBCCCCDDDé\n", 1, (2, "malformed_serial")),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_imported(es: Es, text: str, line: int, told: tuple[int, str]) -> None:
    with filled(es):
        pass
    es("cert", "import", "-", stdin="ZZZZ-ZZZZ-ZZZZ-ZZZZ")
    before = dump(es)
    assert refusal(es("cert", "import", "-", "--json", stdin=text)) == told
    plain = es("cert", "import", "-", stdin=text)
    assert plain.stderr.startswith(f"es: Line {line}: ")
    assert plain.stderr.count("\n") <= 3
    assert "AAAA" not in plain.stderr
    assert dump(es) == before


@pytest.mark.parametrize(
    "words", ["issue -n 0", "issue -n 1000001", "issue -n x", "issue --valid-for 1", "issue --valid-for -1d", "import"]
)
def test_what_cannot_be_issued_is_wrong_usage(es: Es, words: str) -> None:
    assert refusal(es("cert", *words.split(), "--json")) == (2, "usage")
    assert es("cert", "list").stdout == ""
