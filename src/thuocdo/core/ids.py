"""Pseudonyms: keyed hashes that cannot be turned back without the instance's secret.

A dossier's number and a visitor's address never reach storage; these do. Visitors get a new
salt every local day and every site, so nobody can be followed across days or sites
(DESIGN.md §5.3).
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from datetime import date


def dossier_key(secret: bytes, system: str, number: str) -> tuple[int, int]:
    """(hi, lo): the 128-bit keyed hash of a system's dossier number, as two signed 64-bit integers.

    Numbers are compared as officials read them: trimmed, NFC, upper case, no inner spaces.
    """
    clean = "".join(unicodedata.normalize("NFC", number).split()).upper()
    digest = hashlib.blake2b(
        f"{system}\x00{clean}".encode(), digest_size=16, key=secret[:64], person=b"dossier"
    ).digest()
    return (
        int.from_bytes(digest[:8], "big", signed=True),
        int.from_bytes(digest[8:], "big", signed=True),
    )


def day_salt(secret: bytes, day: date) -> bytes:
    """16 bytes that key the visitors of one local day."""
    return hashlib.blake2b(
        day.isoformat().encode(), digest_size=16, key=secret[:64], person=b"visitor"
    ).digest()


def visitor_key(salt: bytes, site_id: int, client: str) -> int:
    """A signed 64-bit pseudonym of `client` (first-party id, or address and agent) on one site and day."""
    digest = hashlib.blake2b(f"{site_id}\x00{client}".encode(), digest_size=8, key=salt).digest()
    return int.from_bytes(digest, "big", signed=True)


def visitor_digests(salt: bytes, clients: Iterable[tuple[int, bytes]]) -> bytes:
    """As `visitor_key` for many: (site id, client in UTF-8) → eight bytes each, big-endian and signed."""
    empty = hashlib.blake2b(digest_size=8, key=salt)
    found = []
    for client in clients:
        digest = empty.copy()
        digest.update(b"%d\x00%b" % client)
        found.append(digest.digest())
    return b"".join(found)


def request_seed(secret: bytes) -> int:
    """64 bits that key the ids of requests: without them nobody makes two requests of one id."""
    return int.from_bytes(
        hashlib.blake2b(digest_size=8, key=secret[:64], person=b"request").digest(), "big"
    )


def key_hash(secret: bytes, key: str) -> str:
    """How a site key is stored and compared: hex, never the key itself."""
    return hashlib.blake2b(
        key.encode(), digest_size=16, key=secret[:64], person=b"sitekey"
    ).hexdigest()


def signing_key(key: str) -> bytes:
    """32 bytes with which a key's owner signs requests and the collector checks them.

    Plain SHA-256, so that any vendor's language has it; a site key is random, so nothing is gained
    by guessing. What is stored can check a signature, and cannot be shown as the key itself.
    """
    return hashlib.sha256(f"thuocdo-signing\n{key}".encode()).digest()


def key_id(key: str) -> str:
    """12 hex digits that name a key in public and tell nothing of it."""
    return hashlib.sha256(f"thuocdo-key-id\n{key}".encode()).hexdigest()[:12]
