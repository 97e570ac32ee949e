"""Reads what NSEC and NSEC3 records prove: that a type, or a name, is not there; pure.

The records given here were signed by the zone that is asked about: who calls has seen to that. What is
not proved is None, never "so it is not there" (RFC 4035 §5.4, RFC 5155 §8, RFC 6840 §4).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

import dns.dnssec
import dns.name
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.NSEC import NSEC
from dns.rdtypes.ANY.NSEC3 import NSEC3

MAX_ITERATIONS: Final = 150
"""A chain that costs more hashing proves nothing to us (RFC 9276, 3.2)."""
_OPT_OUT: Final = 1
_SHA1: Final = 1  # the only hash there is (RFC 5155, 11)
_WINDOW: Final = 256


class Denied(Enum):
    """What is proved."""

    TYPE = auto()  # the name is there, without the type
    DELEGATION = auto()  # the name is another zone's, and has no DS: that zone is unsigned
    OPT_OUT = auto()  # an unsigned zone may be there, and nothing signed
    NAME = auto()  # there is no such name


@dataclass(frozen=True, slots=True)
class Proofs:
    """Validated records of one answer, each with its owner."""

    nsec: list[tuple[dns.name.Name, NSEC]] = field(default_factory=list)
    nsec3: list[tuple[dns.name.Name, NSEC3]] = field(default_factory=list)


def denied(
    proofs: Proofs, zone: dns.name.Name, name: dns.name.Name, rdtype: RdataType
) -> Denied | None:
    """What the proofs say of one name and type of a zone; None when they prove nothing."""
    return _by_nsec(proofs.nsec, name, rdtype) or _by_nsec3(
        _usable(proofs.nsec3), zone, name, rdtype
    )


def has_no_closer(proofs: Proofs, zone: dns.name.Name, name: dns.name.Name, labels: int) -> bool:
    """Whether nothing nearer than the wildcard stands where it answered (RFC 4035, 5.3.4).

    labels  of the signature: those of the wildcard's parent, the root not counted
    """
    if any(_covers(owner, each.next, name) for owner, each in proofs.nsec):
        return True
    usable = _usable(proofs.nsec3)
    return bool(usable) and _Hashed(usable, zone).covering(name.split(labels + 2)[1]) is not None


def _by_nsec(
    records: Sequence[tuple[dns.name.Name, NSEC]], name: dns.name.Name, rdtype: RdataType
) -> Denied | None:
    for owner, each in records:
        if owner == name:
            return _without(each, rdtype)
    for owner, each in records:
        if not _covers(owner, each.next, name) or _is_cut_above(owner, each, name):
            continue
        if each.next.is_subdomain(name):
            return Denied.TYPE  # an empty name between two others
        closest = max(
            (owner.fullcompare(name)[2], owner), (each.next.fullcompare(name)[2], each.next)
        )[0]
        wildcard = dns.name.Name((b"*", *name.labels[-closest:]))
        return _by_wildcard(records, wildcard, rdtype)
    return None


def _by_wildcard(
    records: Sequence[tuple[dns.name.Name, NSEC]], wildcard: dns.name.Name, rdtype: RdataType
) -> Denied | None:
    for owner, each in records:
        if owner == wildcard:
            return _without(each, rdtype)
        if _covers(owner, each.next, wildcard):
            return Denied.NAME
    return None


def _covers(owner: dns.name.Name, following: dns.name.Name, name: dns.name.Name) -> bool:
    """Whether the name lies between; the last record of a zone leads back to its first."""
    return bool(owner < name and (name < following or following <= owner))


def _is_cut_above(owner: dns.name.Name, record: NSEC, name: dns.name.Name) -> bool:
    """A delegation, or a DNAME, says nothing of what is below it (RFC 6840, 4.1)."""
    if not name.is_subdomain(owner):
        return False
    is_delegation = _has(record, RdataType.NS) and not _has(record, RdataType.SOA)
    return is_delegation or _has(record, RdataType.DNAME)


def _without(record: NSEC | NSEC3, rdtype: RdataType) -> Denied | None:
    """What a record of the very name says."""
    if _has(record, rdtype) or _has(record, RdataType.CNAME):
        return None
    is_delegation = _has(record, RdataType.NS) and not _has(record, RdataType.SOA)
    if is_delegation:
        return Denied.DELEGATION if rdtype is RdataType.DS else None
    return Denied.TYPE


def _has(record: NSEC | NSEC3, rdtype: RdataType) -> bool:
    window, place = divmod(int(rdtype), _WINDOW)
    for number, bits in record.windows:
        if number == window and place // 8 < len(bits):
            return bool(bits[place // 8] & (0x80 >> place % 8))
    return False


def _usable(records: Sequence[tuple[dns.name.Name, NSEC3]]) -> list[tuple[dns.name.Name, NSEC3]]:
    """Those of the first record's chain, when its hash is known and cheap enough."""
    if not records:
        return []
    first = records[0][1]
    if first.algorithm != _SHA1 or first.iterations > MAX_ITERATIONS:
        return []
    key = (first.salt, first.iterations, first.algorithm)
    return [row for row in records if (row[1].salt, row[1].iterations, row[1].algorithm) == key]


def is_too_costly(proofs: Proofs) -> bool:
    """Whether a chain is there, and of a kind that nobody needs to follow."""
    return bool(proofs.nsec3) and not _usable(proofs.nsec3)


@dataclass(frozen=True, slots=True)
class _Hashed:
    records: Sequence[tuple[dns.name.Name, NSEC3]]
    zone: dns.name.Name

    def matching(self, name: dns.name.Name) -> NSEC3 | None:
        wanted = self._hash(name)
        return self._first(lambda owner, _: owner == wanted)

    def covering(self, name: dns.name.Name) -> NSEC3 | None:
        wanted = self._hash(name)
        return self._first(
            lambda owner, following: (
                owner < wanted < following
                if owner < following
                else wanted > owner or wanted < following
            )
        )

    def _first(self, fits: Callable[[bytes, bytes], bool]) -> NSEC3 | None:
        for owner, each in self.records:
            if owner.parent() == self.zone and fits(_unhex(owner.labels[0]), each.next):
                return each
        return None

    def _hash(self, name: dns.name.Name) -> bytes:
        one = self.records[0][1]
        text = dns.dnssec.nsec3_hash(name.canonicalize(), one.salt, one.iterations, one.algorithm)
        return _unhex(text.encode())


def _unhex(label: bytes) -> bytes:
    try:
        return base64.b32hexdecode(label.upper())
    except ValueError:
        return b""


def _by_nsec3(
    records: Sequence[tuple[dns.name.Name, NSEC3]],
    zone: dns.name.Name,
    name: dns.name.Name,
    rdtype: RdataType,
) -> Denied | None:
    if not records:
        return None
    hashed = _Hashed(records, zone)
    exact = hashed.matching(name)
    if exact is not None:
        return _without(exact, rdtype)
    for closest, nearer in _above(zone, name):
        if hashed.matching(closest) is None:
            continue
        cover = hashed.covering(nearer)
        if cover is None:
            return None
        if cover.flags & _OPT_OUT:
            return Denied.OPT_OUT
        return _by_hashed_wildcard(hashed, dns.name.Name((b"*", *closest.labels)), rdtype)
    return None


def _by_hashed_wildcard(
    hashed: _Hashed, wildcard: dns.name.Name, rdtype: RdataType
) -> Denied | None:
    exact = hashed.matching(wildcard)
    if exact is not None:
        return _without(exact, rdtype)
    return Denied.NAME if hashed.covering(wildcard) is not None else None


def _above(
    zone: dns.name.Name, name: dns.name.Name
) -> Iterator[tuple[dns.name.Name, dns.name.Name]]:
    """(a name above, the one below it on the way), nearest first, up to the zone itself."""
    while name != zone:
        yield name.parent(), name
        name = name.parent()
