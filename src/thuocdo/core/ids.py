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
from functools import lru_cache
from struct import Struct
from typing import Final

_HALVES: Final = Struct(">qq")
_TAG_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_KEYS_KEPT: Final = 16
_SYSTEMS_KEPT: Final = 4096


def number_key(secret: bytes, number: str) -> bytes:
    """16 bytes: the keyed hash of a dossier's number alone, whatever system it belongs to.

    It stands in the number's place where the system is not known yet; `dossier_key` takes it.
    Numbers are compared as officials read them: trimmed, NFC, upper case, no inner spaces.
    """
    if number.isascii() and number.isprintable():  # a space is the only gap in such a text
        clean = number.replace(" ", "").upper()
    else:
        clean = "".join(unicodedata.normalize("NFC", number).split()).upper()
    digest = _keyed(secret, b"number").copy()
    digest.update(clean.encode())
    return digest.digest()


def dossier_key(secret: bytes, system: str, number: str | bytes) -> tuple[int, int]:
    """(hi, lo): the 128-bit keyed hash of a system's dossier number, as two signed 64-bit integers.

    number  as the system writes it, or its `number_key`: both give the same dossier
    """
    digest = _of_system(secret, system).copy()
    digest.update(number if isinstance(number, bytes) else number_key(secret, number))
    hi, lo = _HALVES.unpack(digest.digest())
    return hi, lo


@lru_cache(_KEYS_KEPT)
def _keyed(secret: bytes, person: bytes) -> hashlib.blake2b:
    """A hash that has its key and waits for the text: copying one costs less than keying one."""
    return hashlib.blake2b(digest_size=16, key=secret[:64], person=person)


@lru_cache(_SYSTEMS_KEPT)
def _of_system(secret: bytes, system: str) -> hashlib.blake2b:
    begun = _keyed(secret, b"dossier").copy()
    begun.update(f"{system}\x00".encode())
    return begun


def pairing_tag(secret: bytes, dossier: tuple[int, int]) -> str:
    """`ABCD-EFGH-JKMN`: names a dossier between us and whoever holds its number, and nobody else.

    60 bits, in letters and digits that are not mistaken for one another (Crockford's base 32). It
    tells nothing of the key it is made of, by which the dossier is stored.
    """
    digest = hashlib.blake2b(
        _HALVES.pack(*dossier), digest_size=8, key=secret[:64], person=b"pairing"
    ).digest()
    bits = int.from_bytes(digest, "big") >> 4
    letters = "".join(_TAG_LETTERS[bits >> shift & 31] for shift in range(55, -1, -5))
    return "-".join(letters[at : at + 4] for at in (0, 4, 8))


def day_salt(secret: bytes, day: date) -> bytes:
    """16 bytes that key the visitors of one local day."""
    return hashlib.blake2b(
        day.isoformat().encode(), digest_size=16, key=secret[:64], person=b"visitor"
    ).digest()


def visitor_key(salt: bytes, site_id: int, client: str) -> int:
    """A signed 64-bit pseudonym of `client` (first-party id, or address and agent) on one site and day."""
    digest = hashlib.blake2b(f"{site_id}\x00{client}".encode(), digest_size=8, key=salt).digest()
    return int.from_bytes(digest, "big", signed=True)


def visitor_digests(salt: bytes, clients: Iterable[bytes]) -> bytes:
    """As `visitor_key` for many: eight bytes each, big-endian and signed.

    clients  site id, a zero byte and the client, in UTF-8
    """
    copied = hashlib.blake2b(digest_size=8, key=salt).copy
    found = []
    for client in clients:
        digest = copied()
        digest.update(client)
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
