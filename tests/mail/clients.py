"""A letter, and clients that deliver it by SMTP to a server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from builders import AT
from conftest import Es

from expertsupport_cli.mail.errors import Misconfigured, Undelivered
from expertsupport_cli.mail.letter import Letter
from expertsupport_cli.mail.smtp import Smtp
from expertsupport_cli.mail.transport import Server

LETTER = Letter(
    message_id="<es-1@desk.example>",
    sender="Expert Support <support@desk.example>",
    reply_to=None,
    recipient="ann@example.org",
    subject="[ES-1] The printer is on fire",
    text="First\n.\n..dots\nlast: é",
    at=AT,
)


BY_SMTP = {"ES_MAIL_TRANSPORT": "smtp", "ES_MAIL_FROM": "support@desk.example"}


@contextmanager
def sending(port: int, security: str = "none", host: str = "127.0.0.1", **more: Any) -> Iterator[Smtp]:
    smtp = Smtp(Server(host=host, port=port, security=security, **{"timeout": 5, **more}))
    try:
        yield smtp
    finally:
        smtp.close()


def refused(smtp: Smtp, letter: Letter = LETTER) -> Undelivered:
    with pytest.raises(Undelivered) as caught:
        smtp.deliver(letter)
    return caught.value


def misset(smtp: Smtp) -> Misconfigured:
    with pytest.raises(Misconfigured) as failure:
        smtp.deliver(LETTER)
    return failure.value


def over_smtp(es: Es, port: int, **more: str) -> dict[str, str]:
    return {
        **es.env,
        "ES_MAIL_TRANSPORT": "smtp",
        "ES_MAIL_SMTP_HOST": "127.0.0.1",
        "ES_MAIL_SMTP_PORT": str(port),
        "ES_MAIL_SMTP_SECURITY": "none",
        "ES_MAIL_FROM": "Expert Support <support@desk.example>",
        **more,
    }
