"""A delivery is over in its time whatever the server does: nothing waits for longer, and no thread is left behind."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from mail.clients import LETTER, refused, sending
from mail.servers import SILENCE, Letterbox, Slowly, certificates, scripted, serving

from expertsupport_cli.mail.letter import Letter

pytestmark = pytest.mark.program  # for it waits, and waits
HANDSHAKE = Slowly("\x16\x03\x03@" + "\0" * 100)  # the header of a TLS record, and the beginning of the record


def client_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if "process_request_thread" not in thread.name}


def is_left_in_time(port: int, letter: Letter = LETTER, **how: Any) -> None:
    """The letter is given up after a second."""
    with sending(port, **{"timeout": 1, **how}) as smtp:
        before, began = client_threads(), time.monotonic()
        failure = refused(smtp, letter)
        assert time.monotonic() - began < 6  # not a measurement: without the limit, it would be 10 at least
        assert client_threads() == before
    assert "127.0.0.1 did not answer within 1 s" in str(failure)
    assert not failure.final


@pytest.mark.parametrize("phase", ["connect", "EHLO", "MAIL", "RCPT", "DATA", "end"])
def test_an_answer_that_comes_byte_by_byte_is_not_waited_for(phase: str) -> None:
    code = {"connect": "220", "DATA": "354"}.get(phase, "250")
    with scripted(**{phase: Slowly(f"{code} {'.' * 100}")}) as server:
        is_left_in_time(server.port)


def test_an_answer_of_very_many_lines_is_not_waited_for() -> None:
    with scripted(EHLO=Slowly("250-fine\r\n" * 10 + "250 fine")) as server:
        is_left_in_time(server.port)


def test_a_server_that_says_nothing_is_left() -> None:
    with scripted(connect=SILENCE) as server:
        is_left_in_time(server.port)


@pytest.mark.parametrize("answer", [HANDSHAKE, SILENCE])
def test_a_server_that_is_slow_in_the_tls_handshake_is_left(answer: str) -> None:
    with scripted(connect=answer) as server:
        is_left_in_time(server.port, security="tls")


def test_a_server_that_is_slow_in_the_handshake_after_starttls_is_left() -> None:
    with scripted(EHLO="250-fine\r\n250 STARTTLS", STARTTLS=Slowly("220 go\r\n" + HANDSHAKE)) as server:
        is_left_in_time(server.port, security="starttls")


def test_the_handshake_after_starttls_has_no_more_time_than_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float | None] = []

    def stop(connection: ssl.SSLSocket, block: bool = False) -> None:
        given.append(connection.gettimeout())
        raise TimeoutError("timed out")

    monkeypatch.setattr(ssl.SSLSocket, "do_handshake", stop)
    script = {"EHLO": "250-fine\r\n250 STARTTLS", "STARTTLS": "220 go"}
    with scripted(**script) as server, sending(server.port, "starttls", timeout=60) as smtp:
        server.pause = 0.4
        assert "did not answer within 60 s" in str(refused(smtp))
    assert given[0] is not None
    assert given[0] <= 60 - 2 * 0.4  # EHLO and STARTTLS have taken the rest


@pytest.mark.parametrize("security", ["none", "tls"])
def test_a_server_that_reads_slowly_is_left(security: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", ours.trusted)
    letter = LETTER.replace(text=f"{'x' * 900}\n" * 20_000)  # more than the system keeps for a slow reader
    with scripted() as server:
        server.pause, server.tls = 0.005, ours if security == "tls" else None
        is_left_in_time(server.port, letter, security=security)
        assert server.taken == 0


def test_a_server_that_answers_to_quit_byte_by_byte_is_left() -> None:
    with scripted(QUIT=Slowly(f"221 {'.' * 300}")) as server:
        began = time.monotonic()
        with sending(server.port, timeout=60) as smtp:
            smtp.deliver(LETTER)
        assert time.monotonic() - began < 20  # not a measurement: it would be 30, at least
        assert server.taken == 1


def test_each_delivery_over_one_connection_has_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    box, later = Letterbox(), 0

    def clock() -> float:
        return time.monotonic() + later

    for module in ("smtp", "session"):
        monkeypatch.setattr(f"expertsupport_cli.mail.{module}.monotonic", clock)
    with serving(box) as port, sending(port, timeout=30) as smtp:
        smtp.deliver(LETTER)
        later = 100
        smtp.deliver(LETTER)
    assert len(box.received) == 2


@contextmanager
def deaf() -> Iterator[tuple[str, int]]:
    """The address of one that lets nobody connect, and does not refuse: its queue is full."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        queue: list[socket.socket] = []
        with suppress(TimeoutError):
            while True:
                queue.append(socket.socket())
                queue[-1].settimeout(0.2)
                queue[-1].connect(listening.getsockname())
        yield listening.getsockname()
        for each in queue:
            each.close()


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int]) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", address) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


def test_all_addresses_of_a_server_share_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with deaf() as address:
        resolve_to(monkeypatch, *[address] * 10)
        is_left_in_time(25)


def test_an_address_that_does_not_answer_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    box = Letterbox()
    with deaf() as address, serving(box) as port:
        resolve_to(monkeypatch, address, ("127.0.0.1", port))
        with sending(port, timeout=4) as smtp:
            smtp.deliver(LETTER)
    assert len(box.received) == 1


def test_a_delivery_that_is_interrupted_lets_go_of_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(letter: Letter, newline: str) -> bytes:
        raise KeyboardInterrupt

    with scripted() as server, sending(server.port) as smtp:
        with monkeypatch.context() as patch:
            patch.setattr(Letter, "to_bytes", interrupt)
            with pytest.raises(KeyboardInterrupt):
                smtp.deliver(LETTER)
        assert server.ended.wait(10)
    assert [line for line in server.seen if line.upper() == "QUIT"] == []
