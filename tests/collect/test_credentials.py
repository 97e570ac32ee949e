"""Which signatures are taken when the server's clock is not what it was."""

from __future__ import annotations

from thuocdo.collect.credentials import Nonces, Signature

BEGAN = 1_800_000_000


def signature(time: int, nonce: str = "n" * 16) -> Signature:
    return Signature("key", time, nonce, "")


def test_what_was_signed_before_this_process_began_is_not_taken():
    nonces = Nonces(BEGAN + 0.2)
    assert nonces.refusal(signature(BEGAN - 1), BEGAN + 0.5)
    assert nonces.refusal(signature(BEGAN), BEGAN + 0.5) is None


def test_what_was_on_its_way_when_a_clock_was_set_right_is_taken_once():
    nonces = Nonces(BEGAN + 86_400.0)
    sent = signature(BEGAN - 1)
    assert nonces.refusal(sent, BEGAN + 0.1) is None
    assert nonces.refusal(sent, BEGAN + 0.2)
    assert nonces.refusal(signature(BEGAN - 60, "o" * 16), BEGAN + 0.3)
