"""X-Forwarded-For is believed as far as our own proxies wrote it, and no further."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.collect.addresses import Addresses, parsed
from thuocdo.core import settings
from thuocdo.core.errors import ThuocdoError

PROXIES = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "2001:db8::/32")))
OURS = Addresses(PROXIES)


def scope(client: str, *forwarded: str) -> SimpleNamespace:
    return SimpleNamespace(
        client=client, headers=SimpleNamespace(get_all=lambda _: list(forwarded))
    )


def test_without_trusted_proxies_the_header_is_never_looked_at() -> None:
    assert Addresses().of(scope("203.0.113.5:4711", "1.1.1.1")) == "203.0.113.5"
    assert Addresses().of(scope("[::1]:4711", "1.1.1.1")) == "::1"


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ((), "10.0.0.1"),
        (("203.0.113.5",), "203.0.113.5"),
        (("203.0.113.5, 10.1.2.3",), "203.0.113.5"),
        (("203.0.113.5", "10.1.2.3, 10.9.9.9"), "203.0.113.5"),
        (("10.1.2.3, 10.9.9.9",), "10.1.2.3"),  # a client of our own network
        (("203.0.113.5:52100",), "203.0.113.5"),
        (("[2001:db9::7]:443, 2001:db8::1",), "2001:db9::7"),
        (("::ffff:203.0.113.5",), "203.0.113.5"),
        (("  203.0.113.5  ",), "203.0.113.5"),
    ],
)
def test_the_chain_is_walked_right_to_left(forwarded: tuple[str, ...], client: str) -> None:
    assert OURS.of(scope("10.0.0.1:80", *forwarded)) == client
    assert OURS.of(scope("::ffff:10.0.0.1:80", *forwarded)) == client or not forwarded


@pytest.mark.parametrize(
    ("forged", "client"),
    [
        ("1.1.1.1, 203.0.113.5", "203.0.113.5"),  # the client wrote the first itself
        ("10.0.0.9, 203.0.113.5, 10.1.2.3", "203.0.113.5"),  # even one of ours
        ("1.1.1.1, rubbish", "10.0.0.1"),
        ("1.1.1.1, , 10.1.2.3", "10.1.2.3"),
        ("unknown", "10.0.0.1"),
        ("1.1.1.1,203.0.113.5,203.0.113.6", "203.0.113.6"),
    ],
)
def test_a_forged_beginning_changes_nothing(forged: str, client: str) -> None:
    assert OURS.of(scope("10.0.0.1:80", forged)) == client


def test_who_is_no_proxy_of_ours_is_not_believed() -> None:
    assert OURS.of(scope("203.0.113.9:80", "1.1.1.1")) == "203.0.113.9"


@given(st.text(max_size=60))
def test_no_header_makes_it_raise_or_leave_an_address(header: str) -> None:
    assert parsed(OURS.behind("10.0.0.1", [header])) is not None


@given(st.lists(st.ip_addresses(v=4).map(str), max_size=4), st.ip_addresses(v=4).map(str))
def test_nothing_before_the_first_foreign_address_counts(before: list[str], last: str) -> None:
    alone = OURS.behind("10.0.0.1", [last])
    if alone == last and not last.startswith("10."):
        assert OURS.behind("10.0.0.1", [*before, last]) == last


def test_the_networks_come_from_the_environment(tmp_path: Path) -> None:
    def load(text: str) -> settings.Settings:
        return settings.load({"THUOCDO_HOME": str(tmp_path), "THUOCDO_TRUSTED_PROXIES": text})

    assert load("").trusted_proxies == ()
    assert load(" 10.0.0.0/8, 192.0.2.7 ,").trusted_proxies == (
        ipaddress.ip_network("10.0.0.0/8"),
        ipaddress.ip_network("192.0.2.7/32"),
    )
    with pytest.raises(ThuocdoError, match="no list of networks") as told:
        load("10.0.0.0/8;all")
    assert told.value.code == "bad_proxies"
