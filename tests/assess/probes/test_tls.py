"""TLS by sslyze against real servers: believed, unbelieved, too old, none at all."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl

import pytest
from tests.assess.fixtures.certificates import from_hell
from tests.assess.fixtures.servers import Odd, page

from thuocdo.assess.citizen import Citizen, Manners
from thuocdo.assess.fetch import Failure, Fetcher, Limits
from thuocdo.assess.probes.tls import judge, probe
from thuocdo.assess.results import Fault, Outcome
from thuocdo.core.guard import Guard

LOOPBACK = Guard((ipaddress.ip_network("127.0.0.0/8"),))


@pytest.fixture(scope="module")
def server(certificate):
    found = Odd({"/": page(b"ok")}, certificate.both)
    yield found
    found.close()


def https(server):
    """By name: certificates are believed for names."""
    return f"https://localhost:{server.port}/"


def test_a_believed_certificate_and_new_versions_pass(server, probing, certificate):
    (found,) = probing(probe.PROBE, https(server), believing=certificate.authority)
    assert (found.outcome, found.remarks) == (Outcome.PASS, ())
    assert [each.kind for each in found.evidence] == ["report"]


def test_a_certificate_nobody_signed_is_worth_nothing(server, probing):
    (found,) = probing(probe.PROBE, https(server))
    assert found.share == 0
    assert {remark.code for remark in found.remarks} == {"tls_untrusted"}


@pytest.fixture(scope="module")
def hell(tmp_path_factory):
    return from_hell(tmp_path_factory.mktemp("hell"))


@pytest.mark.parametrize("wrong", ["expired", "other_host", "self_signed", "huge_chain"])
def test_a_certificate_from_hell_is_worth_nothing_and_shows_no_page(hell, probing, wrong):
    authority, files = hell
    server = Odd({"/": page(b"ok")}, files[wrong])
    (found,) = probing(probe.PROBE, https(server), believing=authority)
    assert found.share in (None, 0)
    if found.share is None:
        assert found.fault is Fault.TLS
    else:
        assert {remark.code for remark in found.remarks} == {"tls_untrusted"}
    fetcher = Fetcher(LOOPBACK, "T", Limits(seconds=8.0), str(authority))
    seen = asyncio.run(Citizen(fetcher, Manners(pause=0.0)).page(https(server)))
    assert isinstance(seen, Failure)
    assert seen.fault is Fault.TLS
    server.close()


def test_without_tls_1_3_a_part_is_lost(probing, certificate):
    older = Odd({"/": page(b"ok")}, certificate.both)
    older._context.maximum_version = ssl.TLSVersion.TLSv1_2
    (found,) = probing(probe.PROBE, https(older), believing=certificate.authority)
    assert 0 < found.share < 1
    assert {remark.code for remark in found.remarks} == {"tls_no_13"}
    older.close()


def test_a_port_without_tls_is_not_measured_and_the_site_is_to_blame(probing):
    plain = Odd({"/": page(b"ok")})
    (found,) = probing(probe.PROBE, plain.url.replace("http:", "https:") + "/")
    assert found.outcome is Outcome.UNMEASURED
    assert found.fault in (Fault.TLS, Fault.CONNECT)
    plain.close()


def test_an_inner_address_is_never_handed_to_the_tool(probing):
    (found,) = probing(probe.PROBE, "https://10.0.0.1/")
    assert found.fault is Fault.GUARD


@pytest.mark.parametrize(
    "report", [{}, {"server_scan_results": [{"connectivity_status": "ERROR"}]}]
)
def test_what_sslyze_did_not_find_out_is_not_graded(report):
    assert judge.judge(report, 1).outcome is Outcome.UNMEASURED
