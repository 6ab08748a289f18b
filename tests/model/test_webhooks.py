"""Signatures of Standard Webhooks: what is genuine, and what is forged, late or broken."""

from __future__ import annotations

import base64

import pytest

from expertsupport_cli import times
from expertsupport_cli.errors import BadUsage
from expertsupport_cli.model.webhooks import TOLERANCE, is_genuine, read_key, sign

# the example in the libraries of the standard
WRITTEN = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, SECOND, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
AT = "2021-02-25T15:02:10Z"
KEY = read_key(WRITTEN)
GENUINE = {"webhook-id": ID, "webhook-timestamp": SECOND, "webhook-signature": SIGNATURE}


def test_the_example_of_the_standard_is_signed_and_recognised() -> None:
    assert sign(KEY, ID, SECOND, BODY) == SIGNATURE
    assert is_genuine(KEY, GENUINE, BODY, AT)


@pytest.mark.parametrize(
    "others", ["v1,AAAA {}", "{} v1,AAAA", "v2,x  {} v1a,y", "v1,ä {}"], ids=["second", "first", "others", "not ASCII"]
)
def test_one_signature_of_several_is_enough(others: str) -> None:
    assert is_genuine(KEY, {**GENUINE, "webhook-signature": others.format(SIGNATURE)}, BODY, AT)


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-id": "msg_other"},
        {"webhook-id": ""},
        {"webhook-timestamp": "1614265331"},
        {"webhook-timestamp": "-1614265330"},
        {"webhook-timestamp": "1614265330.0"},
        {"webhook-timestamp": "١٦١٤٢٦٥٣٣٠"},
        {"webhook-timestamp": "9" * 5_000},
        {"webhook-timestamp": ""},
        {"webhook-signature": ""},
        {"webhook-signature": SIGNATURE.removeprefix("v1,")},
        {"webhook-signature": SIGNATURE.replace("v1", "v2")},
        {"webhook-signature": SIGNATURE[:-1]},
        {"webhook-signature": f"{SIGNATURE},"},
    ],
)
def test_a_header_that_is_changed_or_missing_makes_it_worthless(changes: dict[str, str]) -> None:
    assert not is_genuine(KEY, {**GENUINE, **changes}, BODY, AT)
    for name in changes:
        assert not is_genuine(KEY, {key: value for key, value in GENUINE.items() if key != name}, BODY, AT)


def test_a_body_or_a_key_that_is_changed_makes_it_worthless() -> None:
    assert not is_genuine(KEY, GENUINE, BODY + b" ", AT)
    assert not is_genuine(KEY[:-1] + b"x", GENUINE, BODY, AT)


def test_it_counts_for_five_minutes_before_and_after() -> None:
    assert TOLERANCE == 300
    for seconds in (-TOLERANCE, TOLERANCE):
        assert is_genuine(KEY, GENUINE, BODY, times.after(AT, seconds))
    for seconds in (-TOLERANCE - 1, TOLERANCE + 1):
        assert not is_genuine(KEY, GENUINE, BODY, times.after(AT, seconds))


def test_a_key_is_whsec_and_24_to_64_bytes_in_base64() -> None:
    for size in (24, 64):
        assert read_key(f" whsec_{base64.b64encode(b'k' * size).decode()} ") == b"k" * size
    wrong = [base64.b64encode(b"k" * 32).decode(), "whsec_", "whsec_#", "whsec_MfKQ", "whsec_ä" * 20, ""]
    wrong += [f"whsec_{base64.b64encode(b'k' * size).decode()}" for size in (23, 65)]
    for text in wrong:
        with pytest.raises(BadUsage) as refusal:
            read_key(text)
        assert len(text) < 8 or text not in refusal.value.message
