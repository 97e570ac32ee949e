"""Transport and headers: real servers that do it right, wrong and not at all."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.assess.fixtures.servers import Odd, page, silence, to

from thuocdo.assess.fetch import Answer
from thuocdo.assess.probes.files import texts
from thuocdo.assess.probes.transport import judge, probe
from thuocdo.assess.results import Fault, Outcome

SAFE = (
    "Strict-Transport-Security: max-age=63072000; includeSubDomains",
    "Content-Security-Policy: default-src 'self'; script-src 'self'",
    "Set-Cookie: session=1; Secure; HttpOnly; SameSite=Lax",
    "Server: nginx",
)
SECURITY_TXT = b"Contact: mailto:antoan@example.gov.vn\nExpires: 2099-01-01T00:00:00Z\n"
GOOD = {
    "/": page(b'<!doctype html><link rel="stylesheet" href="/css/a.css"><p>ok', *SAFE),
    "/.well-known/security.txt": page(SECURITY_TXT, "Content-Type: text/plain"),
}
BAD = {
    "/": page(
        b'<!doctype html><meta name=generator content="Portal 6.2">'
        b'<script src="http://cdn.example.vn/a.js"></script><img src="/images/logo.png">',
        "Strict-Transport-Security: max-age=300",
        "Content-Security-Policy: script-src * 'unsafe-inline'",
        "Set-Cookie: session=1; Secure",
        "Set-Cookie: lang=vi; Secure; HttpOnly; SameSite=Lax",
        "X-Powered-By: PHP/5.6.40",
    ),
    "/images/": page(b"<html><title>Index of /images</title>"),
    "/.well-known/security.txt": page(b"Contact: mailto:a@b.vn\nExpires: 2020-01-01T00:00:00Z", "Content-Type: text/plain"),
}  # fmt: skip


@pytest.fixture(scope="module")
def servers(certificate):
    good, bad = Odd(GOOD, certificate.both), Odd(BAD, certificate.both)
    plain = {"/good": to(f"{good.url}/"), "/bad": page(b"still http"), "/dead": silence}
    door = Odd(plain)
    yield good, bad, door
    for server in (good, bad, door):
        server.close()


def by_check(results):
    return {result.check.removeprefix("security."): result for result in results}


def test_a_site_that_does_everything_right_passes_every_check(servers, probing, certificate):
    good, _, door = servers
    found = probing(
        probe.PROBE, f"{good.url}/", believing=certificate.authority, plain=f"{door.url}/good"
    )
    assert [each.check for each in found if each.outcome is not Outcome.PASS] == []
    assert {each.check for each in found} == set(probe.CHECKS)


def test_each_thing_done_wrong_is_named_with_what_was_seen(servers, probing, certificate):
    _, bad, door = servers
    found = by_check(
        probing(
            probe.PROBE, f"{bad.url}/", believing=certificate.authority, plain=f"{door.url}/bad"
        )
    )
    said = {name: {remark.code for remark in result.remarks} for name, result in found.items()}
    assert said == {
        "hsts": {"hsts_short"},
        "csp": {"csp_any_source"},
        "cookies": {"cookie_weak"},
        "mixed_content": {"mixed"},
        "exposed_version": {"version_shown"},
        "redirect": {"no_redirect"},
        "exposed_directory": {"directory_listed"},
        "security_txt": {"security_txt_expired"},
    }
    assert found["cookies"].share == Decimal("0.5")
    assert found["hsts"].share == 0
    assert len(found["exposed_version"].remarks) == 2
    assert all(result.evidence for name, result in found.items() if name == "csp")


def test_what_does_not_answer_is_not_measured_and_the_rest_is(servers, probing, certificate):
    good, _, door = servers
    found = by_check(
        probing(
            probe.PROBE, f"{good.url}/", believing=certificate.authority, plain=f"{door.url}/dead"
        )
    )
    assert found["redirect"].fault is Fault.TIMEOUT
    assert found["hsts"].outcome is Outcome.PASS


def test_a_closed_http_port_is_no_danger(servers, probing, certificate):
    good, _, _ = servers
    found = by_check(
        probing(
            probe.PROBE,
            f"{good.url}/",
            believing=certificate.authority,
            plain="http://127.0.0.1:1/",
        )
    )
    assert found["redirect"].outcome is Outcome.PASS


def front(*headers: tuple[str, str], url: str = "https://a.vn/", body: bytes = b"") -> Answer:
    return Answer(url, 200, headers, body, "203.0.113.1")


def seen(answer: Answer) -> judge.Requests:
    return judge.Requests(answer, answer, answer, [answer], "2026-11-28")


@pytest.mark.parametrize(
    ("policy", "share"),
    [
        ("script-src 'self'", "1"),
        ("default-src 'none'", "1"),
        ("default-src 'self' 'unsafe-inline'", "0.5"),
        ("script-src 'nonce-abc' 'unsafe-inline'", "1"),
        ("script-src https:", "0.25"),
        ("frame-ancestors 'none'", "0.25"),
        ("", "0.25"),
        ("script-src *, script-src 'self'", "1"),
    ],
)
def test_a_content_policy_is_worth_what_its_strictest_part_holds_back(policy, share):
    results = judge.judge(seen(front(("content-security-policy", policy))), 1, [])
    assert by_check(results)["csp"].share == Decimal(share)


@pytest.mark.parametrize(
    ("value", "share"),
    [
        ("max-age=31536000", "1"),
        ('max-age="31536000"; preload', "1"),
        ("includeSubDomains; max-age=15552000", "0.5"),
        ("max-age=0", "0"),
        ("max-age=-1", "0"),
        ("nonsense", "0"),
    ],
)
def test_hsts_is_worth_how_long_it_holds(value, share):
    results = judge.judge(seen(front(("strict-transport-security", value))), 1, [])
    assert by_check(results)["hsts"].share == Decimal(share)


@pytest.mark.parametrize(
    "body",
    [b"<" * 50_000, b"<a href='" * 5000, b"\xff\xfe\x00<script src=//[::bad", b"<!--" + b"x" * 9],
)
def test_hostile_html_is_read_without_a_failure(body):
    assert len(judge.judge(seen(front(body=body)), 1, [])) == len(probe.CHECKS)


def test_every_remark_has_words_in_both_languages():
    import re
    from pathlib import Path

    folder = Path(judge.__file__).parents[1]
    source = "".join(path.read_text("utf-8") for path in folder.glob("*/*.py"))
    codes = set(re.findall(r'Remark\(\s*"(\w+)"', source)) | {fault.value for fault in Fault}
    assert len(codes) > 30
    assert codes <= texts().keys()
    assert all(text.vi and text.en for text in texts().values())
