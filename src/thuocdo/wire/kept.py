"""What is kept of a refused dossier message, so that it can be judged again after the fix.

A payload is one flat JSON object of texts: the protocol's own fields, and beside them

    received    µs UTC, the server's clock then
    number_key  core.ids.number_key of the dossier's number, 32 hex digits; the number is never kept
    redacted    names of the fields that hold a shape in their value's place, with spaces between
    key         id of the key that was shown, where one was (collect)
    network     "own" where the sender's address was in the networks its site had then (collect)

Only codes and dates stay as they were (`rules.redacted`); a record that says anything else cannot be
judged again, and `read` says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import msgspec

from thuocdo.core.ids import number_key
from thuocdo.wire import rules
from thuocdo.wire.events import Refused

OWN_NETWORK: Final = "own"
_NOT_FIELDS: Final = frozenset(("received", "number_key", "redacted", "key", "network"))
_decode = msgspec.json.Decoder(dict[str, str]).decode


class Kept(NamedTuple):
    """A payload that can be judged again. `fields` are the protocol's own."""

    received: int
    number: bytes
    fields: dict[str, str]
    key_id: str
    from_own_network: bool


class KeptNumber(NamedTuple):
    """What is left of a dossier's number whose first part named an agency."""

    key: bytes
    agency: str  # code, "" when the number named none


def text(
    received: int,
    fields: Iterable[tuple[str, object]],
    secret: bytes,
    number: str | bytes | None,
    coded: Mapping[str, str] | None = None,
) -> str:
    """The payload of a refused message.

    received  µs UTC
    number    the dossier's number as it passed `rules.number`, or its key; None when it has none
    coded     what the protocol's module has already turned into codes
    """
    kept = {"received": str(received), **rules.redacted(fields), **(coded or {})}
    if number is not None and secret:
        key = number if isinstance(number, bytes) else number_key(secret, number)
        kept["number_key"] = key.hex()
    return msgspec.json.encode(kept).decode()


def noted(refused: Refused, *, key_id: str = "", from_own_network: bool = False) -> Refused:
    """The row with what the door knew of its sender; as it is when nothing of the message was kept."""
    notes = {"key": key_id} if key_id else {}
    if from_own_network:
        notes["network"] = OWN_NETWORK
    if not notes or not refused.payload:
        return refused
    payload = msgspec.json.encode(_decode(refused.payload) | notes).decode()
    return msgspec.structs.replace(refused, payload=payload)


def read(payload: str) -> Kept | str:
    """The payload to be judged again, or why it cannot be: a stable English phrase."""
    try:
        kept = _decode(payload) if payload else {}
    except msgspec.DecodeError:
        return "nothing of a dossier was kept"
    if not kept:
        return "nothing was kept"
    if redacted := kept.get(rules.REDACTED):
        return f"redacted: {redacted}"
    if "number_key" not in kept:
        return "no dossier number"
    try:
        received, number = int(kept["received"]), bytes.fromhex(kept["number_key"])
    except (KeyError, ValueError):
        return "no time of receipt, or not as this program writes it"
    return Kept(
        received=received,
        number=number,
        fields={name: value for name, value in kept.items() if name not in _NOT_FIELDS},
        key_id=kept.get("key", ""),
        from_own_network=kept.get("network") == OWN_NETWORK,
    )
