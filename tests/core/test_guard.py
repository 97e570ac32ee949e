"""Which addresses a check may visit."""

from __future__ import annotations

import asyncio
import ipaddress

import pytest

from thuocdo.assess.site_check import proxy
from thuocdo.core import guard
from thuocdo.core.guard import Guard, Refused, Unresolved

INNER = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
    *("100.64.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1"),
    *("::1", "::", "fe80::1", "fc00::1", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:0001::", "64:ff9b::7f00:1"),
]


@pytest.mark.parametrize("address", INNER)
def test_addresses_that_are_not_public_are_refused(address):
    assert not guard.is_permitted(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "203.113.131.1", "2001:4860:4860::8888"])
def test_public_addresses_are_permitted(address):
    assert guard.is_permitted(address)


def test_a_network_may_be_allowed():
    allowed = (ipaddress.ip_network("10.20.0.0/16"),)
    assert guard.is_permitted("10.20.3.4", allowed)
    assert guard.is_permitted("::ffff:10.20.3.4", allowed)
    assert not guard.is_permitted("10.21.0.1", allowed)


def test_a_name_is_judged_by_its_addresses():
    with pytest.raises(Refused, match="localhost"):
        asyncio.run(Guard().addresses("localhost", 80))
    with pytest.raises(Unresolved):
        asyncio.run(Guard().addresses("nobody.invalid", 80))


def test_our_own_collector_is_always_reachable():
    own = Guard((), ("localhost", 8001))
    assert asyncio.run(own.addresses("localhost", 8001))
    with pytest.raises(Refused):
        asyncio.run(own.addresses("localhost", 8002))


def test_a_name_that_answers_differently_the_second_time_gains_nothing(monkeypatch):
    """DNS rebinding: what was judged is what is connected to, and a later answer is judged anew."""
    answers = iter([["10.0.0.1", "203.0.113.9"], ["127.0.0.1"]])

    async def resolve(_host: str, _port: int) -> list[str]:
        return next(answers)

    monkeypatch.setattr(guard, "resolve", resolve)
    monkeypatch.setattr(guard, "is_permitted", lambda address, _allowed: address == "203.0.113.9")
    assert asyncio.run(Guard().addresses("rebind.vn", 80)) == ["203.0.113.9"]
    with pytest.raises(Refused):
        asyncio.run(Guard().addresses("rebind.vn", 80))


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET / HTTP/1.1",
        b"CONNECT 127.0.0.1 HTTP/1.1",
        b"GET ftp://x/ HTTP/1.1",
        b"GET http://u:p@127.0.0.1/ HTTP/1.1",
        b"nonsense",
    ],
)
def test_the_proxy_does_not_serve_what_it_cannot_judge(request_line):
    async def ask() -> bytes:
        async with proxy.serving(Guard(), 1000) as way_out:
            reader, writer = await asyncio.open_connection("127.0.0.1", way_out.port)
            writer.write(request_line + b"\r\nHost: x\r\n\r\n")
            answer = await reader.read()
            writer.close()
            return answer

    answer = asyncio.run(ask())
    assert answer == b"" or answer.split(b" ")[1] in (b"400", b"502")
