"""Follows signatures from the root's anchors down to a name: secure, proven unsigned, or broken.

This is a validator of its own (RFC 4035 §5), so that the word of a resolver (its AD bit) need not be
believed. It asks for the DS of every name from the top down, and so finds where zones begin. What
proves nothing either way is Undecided (asking.py), never a guess.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import dns.dnssec
import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rrset
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.CNAME import CNAME
from dns.rdtypes.ANY.DNAME import DNAME
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS
from dns.rdtypes.ANY.NSEC import NSEC
from dns.rdtypes.ANY.NSEC3 import NSEC3
from dns.rdtypes.ANY.RRSIG import RRSIG

from thuocdo.assess.probes.dns.asking import Asker, Undecided
from thuocdo.assess.probes.dns.denial import Denied, Proofs, denied, has_no_closer, is_too_costly
from thuocdo.assess.results import Fault

MAX_ALIASES: Final = 8
MAX_SIGNATURES: Final = (
    6  # of one record set that are tried; and keys of a zone, proofs of an answer:
)
MAX_KEYS: Final = 16  # what costs a validator more is an attack on it (CVE-2023-50387)
MAX_PROOFS: Final = 8
ALGORITHMS: Final = frozenset((5, 7, 8, 10, 13, 14, 15, 16))
"""RSA, ECDSA and EdDSA (RFC 8624, 3.1: what a validator must or should know)."""
_REVOKED: Final = 0x80  # RFC 5011, 2.1
_SHA1: Final = 1
DIGESTS: Final = frozenset((_SHA1, 2, 4))


class State(StrEnum):
    SECURE = "secure"
    INSECURE = "insecure"  # proven to be unsigned
    BOGUS = "bogus"


class Bogus(Exception):  # noqa: N818
    """What should be signed is not, or not rightly. `why` is a code of texts.yaml."""

    def __init__(self, where: dns.name.Name, why: str) -> None:
        super().__init__(why)
        self.where, self.why = where, why


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone on the way, and its keys; None when it is unsigned."""

    name: dns.name.Name
    keys: dns.rrset.RRset | None


@dataclass(frozen=True, slots=True)
class Found:
    """What a name has, whichever alias leads there.

    state    SECURE or INSECURE
    where    the zone that is unsigned; else the one the records stand in
    rrset    None when the name has no such records
    exists   whether there is such a name
    aliases  the names on the way, the first one first
    """

    state: State
    where: dns.name.Name
    rrset: dns.rrset.RRset | None
    exists: bool
    aliases: tuple[dns.name.Name, ...]


@dataclass(frozen=True, slots=True)
class _Link:
    rrset: dns.rrset.RRset | None
    exists: bool = True
    target: dns.name.Name | None = None


@dataclass(slots=True)
class Validator:
    """now: seconds since 1970, by which signatures are in force or not."""

    asker: Asker
    anchors: Sequence[DS]
    now: int
    _zones: dict[dns.name.Name, Zone] = field(default_factory=dict)

    async def find(self, name: dns.name.Name, rdtype: RdataType) -> Found:
        """Raises Bogus and Undecided."""
        unsigned: dns.name.Name | None = None
        aliases = [name]
        while len(aliases) <= MAX_ALIASES:
            zone = await self._zone_of(aliases[-1])
            if zone.keys is None and unsigned is None:
                unsigned = zone.name
            answer = await self.asker.ask(aliases[-1], rdtype)
            link = self._read(zone, answer, aliases[-1], rdtype)
            if link.target is None:
                state = State.SECURE if unsigned is None else State.INSECURE
                return Found(state, unsigned or zone.name, link.rrset, link.exists, tuple(aliases))
            aliases.append(link.target)
        raise Undecided(Fault.REDIRECTS, f"{name}: CNAME > {MAX_ALIASES}")

    async def _zone_of(self, name: dns.name.Name) -> Zone:
        """The zone a name stands in, or the unsigned one above which nothing can be said."""
        zone = await self._root()
        for depth in range(2, len(name) + 1):
            if zone.keys is None:
                break
            cut = name.split(depth)[1]
            if cut not in self._zones:
                self._zones[cut] = await self._below(zone, zone.keys, cut)
            zone = self._zones[cut]
        return zone

    async def _root(self) -> Zone:
        """Raises Undecided: a resolver that cannot show the root's signatures shows nobody's."""
        if dns.name.root not in self._zones:
            try:
                self._zones[dns.name.root] = await self._enter(dns.name.root, self.anchors)
            except Undecided as problem:
                raise Undecided(Fault.NO_TOOL, problem.detail) from None
            except Bogus as problem:
                why = f"DNS resolver: . DNSKEY: {problem.why}"
                raise Undecided(Fault.NO_TOOL, why) from None
            self.asker.is_trusted = True
        return self._zones[dns.name.root]

    async def _below(self, zone: Zone, keys: dns.rrset.RRset, cut: dns.name.Name) -> Zone:
        """The zone that begins at a name, or the one above when none does."""
        answer = await self.asker.ask(cut, RdataType.DS)
        records = _set(answer, cut, RdataType.DS)
        if records is not None:
            self._verify(records, answer.answer, zone.name, keys)
            return await self._enter(cut, [each for each in records if isinstance(each, DS)])
        if self._alias(zone.name, keys, answer, cut) is not None:
            return zone
        proofs = self._proofs(answer, zone.name, keys)
        match denied(proofs, zone.name, cut, RdataType.DS):
            case Denied.TYPE | Denied.NAME:
                return zone
            case Denied.DELEGATION | Denied.OPT_OUT:
                return Zone(cut, None)
            case None:
                if is_too_costly(proofs):
                    return Zone(cut, None)
                raise Bogus(zone.name, "bogus_no_proof")

    async def _enter(self, name: dns.name.Name, records: Sequence[DS]) -> Zone:
        """A signed zone, by the DS records of the one above it, or by the anchors."""
        known = [
            each for each in records if each.algorithm in ALGORITHMS and each.digest_type in DIGESTS
        ]
        strong = [each for each in known if each.digest_type != _SHA1]  # RFC 4509, 3
        if not known:
            return Zone(name, None)  # RFC 4035, 5.2: as good as unsigned
        answer = await self.asker.ask(name, RdataType.DNSKEY)
        keys = _set(answer, name, RdataType.DNSKEY)
        if keys is None:
            raise Bogus(name, "bogus_no_key")
        if len(keys) > MAX_KEYS:
            raise Undecided(Fault.SIZE, f"{name}: {len(keys)} DNSKEY")
        valid = [key for key in keys if isinstance(key, DNSKEY) and not key.flags & _REVOKED]
        entries = [key for key in valid if _is_named(name, key, strong or known)]
        if not entries:
            raise Bogus(name, "bogus_no_key")
        entrance = dns.rrset.from_rdata(name, keys.ttl, *entries)
        self._verify(keys, answer.answer, name, entrance)
        return Zone(name, dns.rrset.from_rdata(name, keys.ttl, *valid))

    def _read(
        self, zone: Zone, answer: dns.message.Message, name: dns.name.Name, rdtype: RdataType
    ) -> _Link:
        """What an answer says of a name, after its signatures were looked at."""
        found = _set(answer, name, rdtype)
        if zone.keys is None:
            target = None if found is not None else _target(answer, name)
            return _Link(found, answer.rcode() != dns.rcode.NXDOMAIN, target)
        if found is not None:
            self._verify_closest(found, answer, zone.name, zone.keys)
            return _Link(found)
        target = self._alias(zone.name, zone.keys, answer, name)
        if target is not None:
            return _Link(None, target=target)
        proofs = self._proofs(answer, zone.name, zone.keys)
        match denied(proofs, zone.name, name, rdtype):
            case None if not is_too_costly(proofs):
                raise Bogus(zone.name, "bogus_no_proof")
            case Denied.NAME:
                return _Link(None, exists=False)
            case _:
                return _Link(None, exists=answer.rcode() != dns.rcode.NXDOMAIN)

    def _alias(
        self,
        zone: dns.name.Name,
        keys: dns.rrset.RRset,
        answer: dns.message.Message,
        name: dns.name.Name,
    ) -> dns.name.Name | None:
        """Where a signed CNAME, or a signed DNAME above the name, leads."""
        for above in answer.answer:
            is_dname = above.rdtype == RdataType.DNAME and name.is_subdomain(above.name)
            if is_dname and name != above.name and above.name.is_subdomain(zone):
                self._verify(above, answer.answer, zone, keys)
                target = above[0].target if isinstance(above[0], DNAME) else name
                return dns.name.Name((*name.relativize(above.name).labels, *target.labels))
        found = _set(answer, name, RdataType.CNAME)
        if found is None:
            return None
        self._verify_closest(found, answer, zone, keys)
        return _target(answer, name)

    def _verify_closest(
        self,
        rrset: dns.rrset.RRset,
        answer: dns.message.Message,
        zone: dns.name.Name,
        keys: dns.rrset.RRset,
    ) -> None:
        """The same, and where a wildcard answered, that nothing nearer is there."""
        signature = self._verify(rrset, answer.answer, zone, keys)
        if signature.labels < len(rrset.name) - 1:
            proofs = self._proofs(answer, zone, keys)
            if not has_no_closer(proofs, zone, rrset.name, signature.labels):
                raise Bogus(zone, "bogus_no_proof")

    def _proofs(
        self, answer: dns.message.Message, zone: dns.name.Name, keys: dns.rrset.RRset
    ) -> Proofs:
        found = Proofs()
        kinds = (RdataType.NSEC, RdataType.NSEC3)
        given = [each for each in answer.authority if each.rdtype in kinds]
        for rrset in given[:MAX_PROOFS]:
            self._verify(rrset, answer.authority, zone, keys)
            for each in rrset:
                if isinstance(each, NSEC):
                    found.nsec.append((rrset.name, each))
                elif isinstance(each, NSEC3):
                    found.nsec3.append((rrset.name, each))
        return found

    def _verify(
        self,
        rrset: dns.rrset.RRset,
        section: Sequence[dns.rrset.RRset],
        zone: dns.name.Name,
        keys: dns.rrset.RRset,
    ) -> RRSIG:
        """The signature that holds. Raises Bogus with what is wrong with the last that does not."""
        why = "bogus_no_signature"
        for signature in _signatures(rrset, section)[:MAX_SIGNATURES]:
            if signature.signer != zone:
                continue
            try:
                dns.dnssec.validate_rrsig(rrset, signature, {zone: keys}, now=self.now)
            except (dns.exception.ValidationFailure, dns.exception.UnsupportedAlgorithm) as problem:
                why = _FAILURES.get(str(problem), "bogus_signature")
            else:
                return signature
        raise Bogus(zone, why)


_FAILURES: Final = {"expired": "bogus_expired", "not yet valid": "bogus_early"}


def _is_named(name: dns.name.Name, key: DNSKEY, records: Sequence[DS]) -> bool:
    """Whether a DS record stands for the key."""
    for each in records:
        if each.key_tag != dns.dnssec.key_id(key) or each.algorithm != key.algorithm:
            continue
        made = dns.dnssec.make_ds(
            name, key, each.digest_type, policy=dns.dnssec.allow_all_policy, validating=True
        )
        if made.digest == each.digest:
            return True
    return False


def _signatures(rrset: dns.rrset.RRset, section: Sequence[dns.rrset.RRset]) -> list[RRSIG]:
    return [
        signature
        for each in section
        if each.rdtype == RdataType.RRSIG and each.name == rrset.name
        for signature in each
        if isinstance(signature, RRSIG) and signature.type_covered == rrset.rdtype
    ]


def _set(
    answer: dns.message.Message, name: dns.name.Name, rdtype: RdataType
) -> dns.rrset.RRset | None:
    for each in answer.answer:
        if each.name == name and each.rdtype == rdtype:
            return each
    return None


def _target(answer: dns.message.Message, name: dns.name.Name) -> dns.name.Name | None:
    found = _set(answer, name, RdataType.CNAME)
    return found[0].target if found is not None and isinstance(found[0], CNAME) else None
