"""What a sender shows to be believed: a key, or a signature made with one.

Three ways, for three kinds of clients:

* `Authorization: Bearer <key>`;
* `Authorization: TD-HMAC-SHA256 Key=<key id>, Time=<unix seconds>, Nonce=<16 to 64 letters>,
  Signature=<hex>`: the key itself never travels, and what was sent once cannot be sent again. Signed
  are the lines method, path with its query, time, nonce and SHA-256 of the body as sent (hex), joined
  by line feeds, with HMAC-SHA256 under `core.ids.signing_key` of the key;
* `?key=<key>` in the address, for systems that can be given nothing but an address.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final, NamedTuple
from urllib.parse import unquote

from thuocdo.collect.replies import Scope
from thuocdo.core.vocabulary import RejectReason
from thuocdo.wire.events import Unreadable

SCHEME: Final = "TD-HMAC-SHA256"
SIGNED_FOR_SECONDS: Final = 300
"""How far a signature's time may be from the server's, as AWS Signature 4 has it."""
MAX_NONCES: Final = 1 << 18
_TIDY_SECONDS: Final = 30
_ON_ITS_WAY_SECONDS: Final = 2
"""Between signing a message and its arrival."""

_IN_ADDRESS: Final = re.compile(r"(?:^|&)key=([^&]*)")
_PART: Final = re.compile(r"\s*(Key|Time|Nonce|Signature)=([0-9A-Za-z_-]{1,128})\s*", re.ASCII)
_NONCE: Final = re.compile(r"[0-9A-Za-z_-]{16,64}", re.ASCII)
_TIME: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


class Signature(NamedTuple):
    """The parts of a signature, as text."""

    key_id: str
    time: int  # unix seconds
    nonce: str
    value: str  # hex


def shown(scope: Scope, *, in_address: bool = False) -> str | Signature | Unreadable | None:
    """A key, a signature, what is wrong with it, or None when nothing is shown.

    in_address  whether `?key=` counts: only at doors whose clients know no headers
    """
    header = scope.headers.get("authorization") or ""
    if not header:
        found = _IN_ADDRESS.search(scope.query_string) if in_address else None
        return unquote(found[1]) if found else None
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer" and rest.strip():
        return rest.strip()
    if scheme.upper() == SCHEME:
        return _signature(rest)
    return Unreadable(RejectReason.BAD_KEY, f"authorization: neither Bearer nor {SCHEME}")


def _signature(text: str) -> Signature | Unreadable:
    found = (_PART.fullmatch(part) for part in text.split(","))
    parts = {match[1]: match[2] for match in found if match}
    missing = next(
        (name for name in ("Key", "Time", "Nonce", "Signature") if name not in parts), ""
    )
    if missing:
        return Unreadable(RejectReason.BAD_KEY, f"authorization: no {missing}")
    if not _TIME.fullmatch(parts["Time"]) or not _NONCE.fullmatch(parts["Nonce"]):
        return Unreadable(RejectReason.BAD_KEY, "authorization: Time or Nonce is of another shape")
    return Signature(parts["Key"], int(parts["Time"]), parts["Nonce"], parts["Signature"].lower())


def to_sign(method: str, target: str, time: int, nonce: str, body: bytes) -> bytes:
    """What is signed. target: the path, and `?` and the query when there is one."""
    digest = hashlib.sha256(body).hexdigest()
    return "\n".join((method, target, str(time), nonce, digest)).encode()


def signed(signing_key: bytes, method: str, target: str, time: int, nonce: str, body: bytes) -> str:
    """The signature, in hex, that a sender makes of a request."""
    return hmac.new(signing_key, to_sign(method, target, time, nonce, body), "sha256").hexdigest()


class Nonces:
    """Signatures are taken once: what was signed before this process began, or was seen, is not.

    So a restart forgets nothing that could be sent again. Several collectors behind one address
    each remember their own; what slips through there is still known by its content.
    """

    def __init__(self, now: float) -> None:
        self._began = int(now)
        self._tidied = now
        self._seen: dict[int, int] = {}

    def refusal(self, signature: Signature, now: float) -> Unreadable | None:
        """Why this signature, otherwise good, is not taken now; remembers it when it is."""
        if (
            now < self._began
        ):  # a clock that was ahead has been set right; what comes was signed before
            self._began = int(now) - _ON_ITS_WAY_SECONDS
        if abs(now - signature.time) > SIGNED_FOR_SECONDS or signature.time < self._began:
            return Unreadable(
                RejectReason.BAD_KEY, "authorization: Time is not the server's; sign again"
            )
        if abs(now - self._tidied) > _TIDY_SECONDS or len(self._seen) >= MAX_NONCES:
            self._forget(now)
            if len(self._seen) >= MAX_NONCES:
                return Unreadable(RejectReason.TOO_MANY, "authorization: too many signatures")
        known = _named(signature)
        if known in self._seen:
            return Unreadable(RejectReason.REPLAYED, "authorization: this nonce was used")
        self._seen[known] = signature.time
        return None

    def _forget(self, now: float) -> None:
        """Drop what is too old to be taken anyway."""
        oldest = now - SIGNED_FOR_SECONDS
        self._seen = {known: time for known, time in self._seen.items() if time >= oldest}
        self._tidied = now


def _named(signature: Signature) -> int:
    """64 bits that name a key's nonce: a tenth of what the words would hold."""
    text = f"{signature.key_id} {signature.nonce}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")
