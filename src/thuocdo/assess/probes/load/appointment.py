"""The owner's leave: a token that names host, window and size, which only the host's owner can put there.

This instance signs the token (core/signing.py); the owner publishes it under /.well-known/ of the very
host. Neither alone starts a test: a token that is not there is no leave, and one not ours is no plan.
"""

from __future__ import annotations

from typing import Final

import msgspec

from thuocdo.core.signing import PublicKey, Signer, payload_of

PATH: Final = "/.well-known/thuocdo-load-test"
MAX_WINDOW_US: Final = 24 * 3600 * 1_000_000
_PURPOSE: Final = "thuocdo load test"


class Appointment(msgspec.Struct, frozen=True):
    """host: as in the address, with its port; since, until: µs UTC, half-open; users: at most, at once."""

    host: str
    since: int
    until: int
    users: int
    owner: str
    purpose: str = _PURPOSE


def token(signer: Signer, appointment: Appointment) -> str:
    """What the owner puts at PATH."""
    return signer.sign(msgspec.json.encode(appointment))


def permitted(text: str, public: PublicKey, host: str, now: int) -> Appointment | str:
    """The appointment a host shows, when it holds for this host and moment; else why it does not."""
    payload = payload_of(text.strip(), public)
    if payload is None:
        return "the token is not this instance's"
    try:
        found = msgspec.json.decode(payload, type=Appointment)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return "the token is no appointment"
    if found.purpose != _PURPOSE:
        return "the token is no appointment"
    if found.host != host:
        return f"the token is for {found.host}"
    if not found.since <= now < found.until or found.until - found.since > MAX_WINDOW_US:
        return "the window is not open"
    return found
