"""DNSSEC and CAA of a site's name, by questions of our own to a recursive resolver and our own validation."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import dns.exception
import dns.name
import dns.rdata
import msgspec
from dns.rdataclass import RdataClass
from dns.rdatatype import RdataType
from dns.rdtypes.ANY.DS import DS

from thuocdo.assess.probes.dns.asking import Asker, Bounds, Undecided
from thuocdo.assess.probes.dns.caa import holding
from thuocdo.assess.probes.dns.chain import Bogus, State, Validator
from thuocdo.assess.probes.files import RulesFile, rules_of
from thuocdo.assess.probes.scene import Probe, Scene
from thuocdo.assess.results import (
    FULL,
    NONE,
    Evidence,
    Fault,
    Remark,
    Result,
    measured,
    unmeasured,
)
from thuocdo.core import clock

DNSSEC: Final = "security.dnssec"
CAA: Final = "security.caa"
CHECKS: Final = (DNSSEC, CAA)
_SECONDS: Final = 1_000_000  # µs

Judged = tuple[Decimal, tuple[Remark, ...]]


class Shares(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of what the name's chain of signatures turned out to be."""

    secure: Decimal
    insecure: Decimal
    bogus: Decimal


class Rules(RulesFile, frozen=True):
    shares: Shares
    bounds: Bounds
    anchors: list[str]
    private: list[str]


RULES: Final = rules_of(Path(__file__).with_name("rules.yaml"), Rules)


@dataclass(slots=True)
class Looking:
    """What both checks share: the name, whom to ask, whom to believe; seconds since 1970."""

    scene: Scene
    name: dns.name.Name
    anchors: Sequence[DS]
    now: int
    _validators: dict[bool, Validator] = field(default_factory=dict)

    async def result(
        self, check: str, look: Callable[[Validator, dns.name.Name], Awaitable[Judged]]
    ) -> Result:
        """One check's result. What is broken is looked at again over TCP, where nobody slips an answer in."""
        try:
            try:
                share, remarks = await look(self._validator(is_over_tcp=False), self.name)
            except Bogus:
                share, remarks = await look(self._validator(is_over_tcp=True), self.name)
        except Undecided as problem:
            return unmeasured(check, problem.fault, problem.detail, self.scene.at, self._kept())
        except Bogus as problem:
            zone = _shown(problem.where)
            if (
                check == CAA
            ):  # no certificate may be given: whether there is a record, nobody can say
                why = f"{zone}: {problem.why}"
                return unmeasured(check, Fault.DNS, why, self.scene.at, self._kept())
            share, remarks = RULES.shares.bogus, (Remark(problem.why, {"zone": zone}),)
        return measured(check, share, self.scene.at, *remarks, evidence=self._kept())

    def _validator(self, *, is_over_tcp: bool) -> Validator:
        if is_over_tcp not in self._validators:
            asker = Asker(self.scene.resolving.servers, RULES.bounds, is_over_tcp)
            self._validators[is_over_tcp] = Validator(asker, self.anchors, self.now)
        return self._validators[is_over_tcp]

    def _kept(self) -> list[Evidence]:
        said = [text for each in self._validators.values() for text in each.asker.transcript]
        text = "\n\n".join(said).encode("utf-8", "replace")
        return [self.scene.kept.keep("dns", text)] if text else []


async def run(scene: Scene) -> list[Result]:
    host = (urlsplit(scene.target.url).hostname or "").rstrip(".")
    name = _name(host, is_public=not scene.resolving.anchors)
    if name is None:
        return [unmeasured(check, Fault.DNS, host, scene.at) for check in CHECKS]
    given = scene.resolving.anchors or tuple(RULES.anchors)
    looking = Looking(scene, name, [anchor(each) for each in given], clock.now_us() // _SECONDS)
    return [await looking.result(DNSSEC, _signed), await looking.result(CAA, _certificates)]


async def _signed(validator: Validator, name: dns.name.Name) -> Judged:
    """The host's own address records, or the proof that it has none of one family, and all aliases."""
    for rdtype in (RdataType.A, RdataType.AAAA):
        found = await validator.find(name, rdtype)
        if not found.exists:
            raise Undecided(Fault.DNS, f"{_shown(found.aliases[-1])}: NXDOMAIN")
        if found.state is State.INSECURE:
            facts = {"zone": _shown(found.where), "alias": _shown(found.aliases[-1])}
            is_own = name.is_subdomain(found.where)
            code = "dnssec_unsigned" if is_own else "dnssec_alias_unsigned"
            return RULES.shares.insecure, (Remark(code, facts),)
    return RULES.shares.secure, ()


async def _certificates(validator: Validator, name: dns.name.Name) -> Judged:
    found = await holding(validator, name)
    if found is None:
        there = await validator.find(name, RdataType.A)
        if not there.exists:
            raise Undecided(Fault.DNS, f"{_shown(name)}: NXDOMAIN")
        return NONE, (Remark("caa_absent", {"name": _shown(name)}),)
    if not found.restricts:
        return NONE, (Remark("caa_no_issue", {"name": _shown(found.name)}),)
    return FULL, ()


def anchor(text: str) -> DS:
    """A trust anchor as a DS record is written. Raises ValueError."""
    try:
        found = dns.rdata.from_text(RdataClass.IN, RdataType.DS, text)
    except dns.exception.DNSException as problem:
        raise ValueError(f"{text!r} is no DS record: {problem}") from None
    assert isinstance(found, DS)
    return found


def _name(host: str, *, is_public: bool) -> dns.name.Name | None:
    """None for what no domain name is, and for names that only a tree of one's own can hold."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return None
    try:
        found = dns.name.from_text(host.encode("idna").decode("ascii"))
    except (dns.exception.DNSException, UnicodeError):
        return None
    private = (dns.name.from_text(each) for each in RULES.private)
    is_private = any(found.is_subdomain(each) for each in private)
    is_root = found == dns.name.root
    return None if is_root or (is_public and is_private) else found


def _shown(name: dns.name.Name) -> str:
    return name.to_text(omit_final_dot=True) or "."


PROBE: Final = Probe("dns", CHECKS, run, needs_page=False, needs_answers=False)
