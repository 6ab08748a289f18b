"""Where a serial may come from and how it may be written, and where it must never go."""

from __future__ import annotations

from pathlib import Path

import pytest
from builders import a_certificate
from conftest import Es, Result
from sessions import filled, open_task

from expertsupport_cli import serial as serials


@pytest.fixture
def es(inside: Es) -> Es:
    return inside


UNKNOWN = serials.write(serials.issue())


def activated(es: Es, *how: str, stdin: str = "") -> Result:
    return es("activate", "t-1", *how, stdin=stdin)


@pytest.mark.parametrize("way", ["argument", "stdin", "file"])
def test_the_serial_comes_from_the_argument_from_stdin_or_from_a_file(es: Es, tmp_path: Path, way: str) -> None:
    with filled(es) as store:
        open_task(store)
        serial, _ = a_certificate(store)
    (tmp_path / "serial").write_text(f"\n {serial}\n", encoding="utf-8")
    how, stdin = {
        "argument": ((serial,), ""),
        "stdin": (("-",), f"{serial}\n"),
        "file": (("--serial-file", str(tmp_path / "serial")), ""),
    }[way]
    assert activated(es, *how, stdin=stdin).stdout == "ES-1\n"


@pytest.mark.parametrize(
    "write", [str.lower, lambda s: s.replace("-", "–"), lambda s: s.replace("-", ""), lambda s: f"  {s}\t"]
)
def test_case_dashes_and_blanks_do_not_matter(es: Es, write: object) -> None:
    assert callable(write)
    with filled(es) as store:
        open_task(store)
        serial, _ = a_certificate(store)
    assert activated(es, write(serial)).id == "ES-1"


def test_look_alikes_are_read_as_the_digits_that_they_look_like(es: Es) -> None:
    with filled(es) as store:
        open_task(store)
        serial = ""
        while "0" not in serial or "1" not in serial:
            serial, _ = a_certificate(store)
    assert activated(es, serial.replace("0", "O").replace("1", "l")).id == "ES-1"


def test_an_imported_serial_is_taken_as_it_is_with_its_own_letters(es: Es) -> None:
    with filled(es) as store:
        open_task(store)
    assert es("cert", "import", "-", stdin="oooo-iiii-llll-uuuu\n").stdout == "C-1\n"
    assert activated(es, "0000-1111-1111-UUUU").status == 4
    assert activated(es, "OOOO-IIII-LLLL-UUUU").id == "ES-1"


def test_the_serial_given_twice_or_not_at_all_is_wrong_usage(es: Es) -> None:
    with filled(es) as store:
        open_task(store)
    assert es("activate", "T-1", UNKNOWN, "--serial-file", "x").status == 2
    none = es("activate", "T-1")
    assert none.status == 2
    assert "es activate T-1 SERIAL" in none.stderr
    assert es("activate", "T-1", "--serial-file", str(es.home / "none")).status == 3


def traces(es: Es, serial: str) -> list[str]:
    """Where the serial is found below the home, in any of its writings."""
    writings = [form(text).encode() for text in (serial, serial.replace("-", "")) for form in (str.upper, str.lower)]
    files = [path for path in es.home.rglob("*") if path.is_file()]
    assert es.store in files
    return [str(path) for path in files if any(writing in path.read_bytes() for writing in writings)]


def test_the_serial_is_nowhere_but_on_stdout_at_the_moment_of_issue(es: Es) -> None:
    with filled(es) as store:
        open_task(store)
        open_task(store, "T-2")
    issued = es("--debug", "cert", "issue")
    serial = issued.id
    assert serial not in issued.stderr
    assert not traces(es, serial)
    imported = "QWER-TZUI-1234-5678"
    results = [
        es("--debug", "cert", "import", "-", "--json", stdin=imported),
        es("--debug", "cert", "import", "-", stdin=f"\n{imported}\n"),
        es("--debug", "activate", "T-9", serial),
        es("--debug", "activate", "T-1", serial),
        es("--debug", "activate", "T-1", serial, "--json"),
        es("--debug", "activate", "T-2", serial),
        es("--debug", "activate", "T-2", imported),
        es("--debug", "activate", "T-2", imported[:-1]),
        es("--debug", "activate", "T-2", imported + "9"),
        es("--debug", "activate", "T-2", "x", serial),
        es("--debug", "activate", serial, "T-2"),
        es("--debug", "show", serial),
        es("--debug", "show", serial, "--json"),
        es("--debug", serial),
        es("--debug", "cert", "check", serial),
        es("--debug", "cert", "revoke", serial, "--yes"),
        es("--debug", "cert", "list", "--json"),
        es("--debug", "log", "T-1", "--expand"),
        es("--debug", "show", "ES-1", "--json"),
    ]
    assert [result.status for result in results] == [0, 4, 3, 0, 0, 4, 0, 2, 2, 2, 4, 3, 3, 2, 4, 4, 0, 0, 0]
    for result in results:
        for secret in (serial, imported[:-1]):
            assert secret not in result.stdout + result.stderr, result
    assert not traces(es, serial) + traces(es, imported)


def test_a_serial_typed_with_blanks_and_no_quotes_is_not_repeated_group_by_group(es: Es) -> None:
    with filled(es) as store:
        open_task(store)
        serial, _ = a_certificate(store)
    groups = serial.split("-")
    for command in (("activate", "T-1"), ("cert", "check")):
        result = es("--debug", *command, *groups)
        assert result.status == 2
        assert not [group for group in groups if group in result.stderr]
