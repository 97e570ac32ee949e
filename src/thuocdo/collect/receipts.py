"""Receipts: what the collector promises about a batch, signed so that it can be held to it.

A receipt names the batch by the digest of its body, says what became of how many records, and in
which segment of which log they lie. Who keeps it can show years later that a dossier was sent, and
when; the collector cannot say otherwise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from thuocdo.core.clock import to_datetime
from thuocdo.core.signing import Signer
from thuocdo.wire.canonical import Verdict


class Receipt(msgspec.Struct, frozen=True):
    """The payload of a receipt's signature (a compact JWS; the key is at `/v1/receipts/keys`)."""

    received_at: str  # ISO 8601, UTC
    feed: str  # the path it was sent to
    key: str  # public id of the sender's key
    body_sha256: str  # of the body as sent
    accepted: int
    rejected: int
    verdicts_sha256: str  # of the `verdicts` array as answered
    segment: str  # <writer>/<number>: the raw log's segment


class Receipts:
    """Makes receipts in the name of one instance."""

    def __init__(self, signer: Signer) -> None:
        self._sign = signer.sign
        self.keys = msgspec.json.encode({"keys": [signer.public]})

    def of(
        self, received: int, feed: str, key_id: str, body: bytes, answered: Answered, segment: str
    ) -> str:
        """The receipt of one batch. received: µs UTC"""
        receipt = Receipt(
            received_at=to_datetime(received).isoformat(),
            feed=feed,
            key=key_id,
            body_sha256=hashlib.sha256(body).hexdigest(),
            accepted=answered.accepted,
            rejected=answered.rejected,
            verdicts_sha256=hashlib.sha256(answered.verdicts).hexdigest(),
            segment=segment,
        )
        return self._sign(msgspec.json.encode(receipt))


class Answered(msgspec.Struct, frozen=True):
    """The verdicts of a batch, counted and as they are sent."""

    accepted: int
    rejected: int
    verdicts: msgspec.Raw

    @classmethod
    def of(cls, verdicts: Sequence[Verdict]) -> Answered:
        accepted = sum(verdict.verdict == "accepted" for verdict in verdicts)
        raw = msgspec.Raw(msgspec.json.encode(verdicts))
        return cls(accepted, len(verdicts) - accepted, raw)
