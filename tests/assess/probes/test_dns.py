"""DNSSEC and CAA by real questions to a real resolver over signed zones, all on loopback."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from decimal import Decimal
from random import Random

import dns.message
import dns.name
import dns.rdata
import dns.rdataset
import msgspec
import pytest
from dns.rdataclass import IN
from dns.rdatatype import RdataType
from tests.assess.fixtures import names
from tests.assess.fixtures.names import Area, Resolver

from thuocdo.assess.evidence import Kept
from thuocdo.assess.fetch import Failure
from thuocdo.assess.patience import bounds
from thuocdo.assess.probes.dns import probe as subject
from thuocdo.assess.probes.dns.asking import Asker, Bounds, Undecided
from thuocdo.assess.probes.dns.chain import Bogus, State, Validator
from thuocdo.assess.probes.files import texts
from thuocdo.assess.probes.scene import Depth, Scene
from thuocdo.assess.probes.target import Target
from thuocdo.assess.resolving import Resolving
from thuocdo.assess.results import Blame, Fault, Outcome
from thuocdo.core import settings as instance

ADDRESS = "@ 300 IN A 192.0.2.1\n"
CAA = '@ 300 IN CAA 0 issue "ca.example.vn"\n'


def forged(name):
    """Another address where a signed one was."""

    def spoil(zone):
        rdataset = dns.rdataset.from_text(IN, RdataType.A, 300, "198.51.100.66")
        zone.nodes[dns.name.from_text(name)].replace_rdataset(rdataset)

    return spoil


def without(rdtype, covers=RdataType.NONE):
    def spoil(zone):
        for name in list(zone.nodes):
            zone.delete_rdataset(name, rdtype, covers)

    return spoil


AREAS = [
    Area("."),
    Area("vn", kind="opt-out"),
    Area("gov.vn", CAA, kind="nsec3"),
    Area(
        "ky.gov.vn",
        ADDRESS
        + CAA
        + "www 300 IN CNAME cong\ncong 300 IN A 192.0.2.2\nxa.mot 300 IN A 192.0.2.9\n"
        "*.hoang 300 IN A 192.0.2.3\nngoai 300 IN CNAME khong-ky.vn.\nvong 300 IN CNAME vong2\n"
        "vong2 300 IN CNAME vong\ncu 300 IN DNAME ky3.gov.vn.\ntrong 300 IN TXT trong\n",
    ),
    Area(
        "ky3.gov.vn",
        ADDRESS + "xa.mot 300 IN A 192.0.2.9\n*.hoang 300 IN A 192.0.2.3\n",
        kind="nsec3",
    ),
    Area("khong-ky.vn", ADDRESS, kind="unsigned"),
    Area("khong-ky.gov.vn", ADDRESS + "cong 300 IN A 192.0.2.4\n", kind="unsigned"),
    Area("quen-ds.gov.vn", ADDRESS, has_ds=False),
    Area("sai.gov.vn", ADDRESS, spoil=forged("sai.gov.vn")),
    Area("qua-han.gov.vn", ADDRESS, expires=-60),
    Area("thieu.gov.vn", ADDRESS, spoil=without(RdataType.RRSIG, RdataType.A)),
    Area("khong-chung.gov.vn", ADDRESS, spoil=without(RdataType.NSEC)),
    Area("mat-khoa.gov.vn", ADDRESS, spoil=without(RdataType.DNSKEY)),
    Area("quanh.gov.vn", kind="unsigned", is_lame=True),
    Area("iodef.gov.vn", ADDRESS + '@ 300 IN CAA 0 iodef "mailto:a@b.vn"\n'),
    Area(
        "nhieu.gov.vn",
        ADDRESS + "".join(f'@ 300 IN CAA 0 issue "ca{n}.mot-ten-that-dai.example.vn"\n' for n in range(60)),
    ),
    Area("khac", ADDRESS),
]  # fmt: skip


@pytest.fixture(scope="module")
def tree():
    return names.grown(AREAS)


@pytest.fixture
def look(tmp_path, monkeypatch):
    bounds = replace(subject.RULES.bounds, seconds=0.4)
    monkeypatch.setattr(subject, "RULES", _with_bounds(bounds))

    def run(resolving, host):
        scene = Scene(
            settings=instance.load({"THUOCDO_HOME": str(tmp_path)}),
            target=Target(f"https://{host}/"),
            citizen=None,
            kept=Kept(tmp_path),
            depth=Depth(),
            page=Failure(Fault.CONNECT, ""),
            browser=None,
            at=1,
            resolving=resolving,
        )
        return {each.check: each for each in asyncio.run(subject.run(scene))}

    return run


def _with_bounds(bounds):
    return msgspec.structs.replace(subject.RULES, bounds=bounds)


@pytest.fixture
def seen(tree, look):
    """What comes of one host over a resolver with nothing the matter."""

    def run(host, **matter):
        resolver = Resolver(tree, **matter)
        with names.serving(resolver) as resolving:
            return look(resolving, host), resolver

    return run


def codes(result):
    return [remark.code for remark in result.remarks]


@pytest.mark.parametrize(
    "host",
    [
        "ky.gov.vn",
        "www.ky.gov.vn",  # an alias within
        "xa.mot.ky.gov.vn",  # below an empty name
        "a.hoang.ky.gov.vn",  # by a wildcard
        "xa.mot.cu.ky.gov.vn",  # by a DNAME into a zone with NSEC3
        "ky3.gov.vn",
        "xa.mot.ky3.gov.vn",
        "a.hoang.ky3.gov.vn",
        "trong.ky.gov.vn",  # it has no address, and its zone proves so
        "KY.GOV.VN.",
        "khac",
    ],
)
def test_a_name_whose_signatures_lead_to_the_anchor_is_signed(seen, host):
    found, _ = seen(host)
    assert found["security.dnssec"].outcome is Outcome.PASS, found


@pytest.mark.parametrize(
    ("host", "code", "zone"),
    [
        ("khong-ky.vn", "dnssec_unsigned", "khong-ky.vn"),  # opt-out
        ("cong.khong-ky.gov.vn", "dnssec_unsigned", "khong-ky.gov.vn"),
        ("quen-ds.gov.vn", "dnssec_unsigned", "quen-ds.gov.vn"),  # signed, and nobody can know
        ("ngoai.ky.gov.vn", "dnssec_alias_unsigned", "khong-ky.vn"),
    ],
)
def test_a_name_proven_to_be_unsigned_has_no_share_and_the_zone_is_named(seen, host, code, zone):
    found = seen(host)[0]["security.dnssec"]
    assert (found.share, codes(found)) == (0, [code])
    assert found.remarks[0].facts["zone"] == zone


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("sai.gov.vn", "bogus_signature"),
        ("qua-han.gov.vn", "bogus_expired"),
        ("thieu.gov.vn", "bogus_no_signature"),
        ("khong-chung.gov.vn", "bogus_no_proof"),
        ("mat-khoa.gov.vn", "bogus_no_key"),
    ],
)
def test_a_broken_chain_is_told_apart_from_an_unsigned_one_and_looked_at_twice(seen, host, code):
    found, resolver = seen(host)
    result = found["security.dnssec"]
    assert (result.share, codes(result)) == (0, [code])
    assert resolver.asked_over_tcp
    assert code in texts()


@pytest.mark.parametrize(
    ("host", "share", "code"),
    [
        ("ky.gov.vn", 1, []),
        ("www.ky.gov.vn", 1, []),  # not at the alias nor its target: the zone above has it
        ("khong-ky.gov.vn", 1, []),  # gov.vn has it
        ("khong-ky.vn", 0, ["caa_absent"]),
        ("iodef.gov.vn", 0, ["caa_no_issue"]),
        ("khac", 0, ["caa_absent"]),
    ],
)
def test_the_caa_record_that_holds_is_the_nearest_one_upward(seen, host, share, code):
    found = seen(host)[0]["security.caa"]
    assert (found.share, codes(found)) == (Decimal(share), code)


def test_whether_a_broken_zone_has_a_caa_record_nobody_can_say(seen):
    found = seen("qua-han.gov.vn")[0]["security.caa"]
    assert (found.share, found.fault, found.fault.blame) == (None, Fault.DNS, Blame.SITE)


@pytest.mark.parametrize(
    "host", ["khong-co.ky.gov.vn", "khong-co.ky3.gov.vn", "khong-co.vn", "x.khac"]
)
def test_a_name_that_is_not_there_is_not_measurable(seen, host):
    found = seen(host)[0]["security.dnssec"]
    if host == "khong-co.vn":  # an opt-out zone does not prove it: the name may be an unsigned one
        assert found.fault is Fault.DNS or codes(found) == ["dnssec_unsigned"]
    else:
        assert (found.fault, found.detail) == (Fault.DNS, f"{host}: NXDOMAIN")


def test_an_answer_too_long_for_a_datagram_is_asked_for_over_tcp(seen):
    found, resolver = seen("nhieu.gov.vn")
    assert found["security.caa"].outcome is Outcome.PASS
    assert resolver.asked_over_tcp == 1


def test_a_site_whose_servers_never_answer_is_at_fault_when_the_resolver_answers_for_others(seen):
    found = seen("ky.gov.vn", silent=("ky.gov.vn",))[0]
    assert {each.fault for each in found.values()} == {Fault.TIMEOUT}


def test_servers_that_refer_without_end_are_the_sites_fault(seen):
    found = seen("quanh.gov.vn")[0]["security.dnssec"]
    assert (found.fault, found.fault.blame) == (Fault.DNS, Blame.SITE)
    assert "SERVFAIL" in found.detail


def test_aliases_in_a_circle_end(seen):
    found = seen("vong.ky.gov.vn")[0]["security.dnssec"]
    assert found.fault in (Fault.REDIRECTS, Fault.DNS)
    assert found.fault.blame is Blame.SITE


@pytest.mark.parametrize("matter", [{"strips": True}, {"is_closed": True}, {"silent": (".",)}])
def test_a_resolver_that_cannot_show_the_root_signed_is_our_fault(seen, matter):
    found = seen("ky.gov.vn", **matter)[0]
    assert {(each.fault, each.fault.blame) for each in found.values()} == {
        (Fault.NO_TOOL, Blame.US)
    }


def test_no_resolver_is_our_fault_and_asks_nobody(look):
    found = look(Resolving((), ("1 8 2 " + "00" * 32,)), "ky.gov.vn")
    assert {each.detail for each in found.values()} == {"DNS resolver"}


def test_a_dead_resolver_is_passed_over_for_the_next(tree, look):
    with names.serving(Resolver(tree)) as resolving:
        both = Resolving((("127.0.0.1", 9), *resolving.servers), resolving.anchors)
        assert look(both, "ky.gov.vn")["security.dnssec"].outcome is Outcome.PASS


def test_a_resolver_without_the_anchors_key_is_believed_by_nobody(tree, look):
    with names.serving(Resolver(tree)) as resolving:
        other = Resolving(resolving.servers, ("20326 8 2 " + "ab" * 32,))
        found = look(other, "ky.gov.vn")["security.dnssec"]
    assert found.fault is Fault.NO_TOOL


def test_an_answer_forged_on_the_way_does_not_make_the_site_broken(seen):
    def forge(response):
        for rrset in response.answer:
            if rrset.rdtype == RdataType.A:
                rrset.clear()
                rrset.add(dns.rdata.from_text(IN, RdataType.A, "198.51.100.66"))

    found, resolver = seen("ky.gov.vn", forge=forge)
    assert found["security.dnssec"].outcome is Outcome.PASS
    assert resolver.asked_over_tcp


def test_the_resolvers_own_word_is_not_believed(seen):
    def forge(response):
        response.flags |= 0x0020  # AD

    found = seen("sai.gov.vn", forge=forge)[0]["security.dnssec"]
    assert found.share == 0


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "cong.local"])
def test_what_the_public_dns_cannot_hold_is_asked_of_nobody(look, host):
    found = look(Resolving((("127.0.0.1", 9),)), host)
    assert {each.fault for each in found.values()} == {Fault.DNS}


def test_a_scan_asks_no_more_than_its_bound_and_keeps_what_was_said(seen, tmp_path):
    started = time.monotonic()
    found, resolver = seen("www.ky.gov.vn")
    assert resolver.asked < subject.RULES.bounds.questions / 2
    assert time.monotonic() - started < bounds().steps[subject.PROBE.name]
    (kept,) = found["security.dnssec"].evidence
    assert "RRSIG" in Kept(tmp_path).read(kept.sha256).decode()


def test_questions_without_end_are_cut(tree, look, monkeypatch):
    monkeypatch.setattr(subject, "RULES", _with_bounds(replace(subject.RULES.bounds, questions=3)))
    with names.serving(Resolver(tree)) as resolving:
        found = look(resolving, "ky.gov.vn")["security.dnssec"]
    assert (found.fault, found.fault.blame) == (Fault.BUDGET, Blame.US)


class Tampered(Asker):
    """Reaches a resolver's answers by hand, and changes some octets of some of those below the root."""

    def __init__(self, resolver, random):
        super().__init__([("", 0)], Bounds(seconds=1, tries=1, questions=80))
        self.resolver, self.random = resolver, random

    async def _once(self, server, name, rdtype):
        query = dns.message.make_query(name, rdtype, want_dnssec=True)
        wire = bytearray(self.resolver.answer(query.to_wire(), is_over_tcp=True))
        if name != dns.name.root and self.random.random() < 0.4:
            for _ in range(self.random.choice((1, 1, 2, 8))):
                wire[self.random.randrange(12, len(wire))] = self.random.randrange(256)
        return dns.message.from_wire(bytes(wire))


@pytest.mark.parametrize("seed", range(6))
def test_no_octets_changed_on_the_way_make_a_signed_name_unsigned_or_another(tree, seed):
    random, resolver = Random(seed), Resolver(tree)
    seen = set()
    for _ in range(20):
        asker = Tampered(resolver, random)
        validator = Validator(asker, [subject.anchor(tree.anchor)], int(time.time()))
        try:
            found = asyncio.run(validator.find(dns.name.from_text("www.ky.gov.vn"), RdataType.A))
        except (Bogus, Undecided) as problem:
            seen.add(type(problem))
            continue
        seen.add(found.state)
        assert (found.state, [str(each) for each in found.rrset]) == (State.SECURE, ["192.0.2.2"])
    assert Bogus in seen
