"""Networks of datacentres, as their owners publish them and as an operator writes them."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from thuocdo.core import settings as settings_module
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.core.vocabulary import BOT_TEXTS, BotReason
from thuocdo.lake.networks import Network, Networks, Watched, install

NETWORKS = st.one_of(
    st.builds(
        lambda number, bits: ipaddress.ip_network((number >> (32 - bits) << (32 - bits), bits)),
        st.integers(0, 2**32 - 1),
        st.integers(1, 32),
    ),
    st.builds(
        lambda number, bits: ipaddress.ip_network((number >> (128 - bits) << (128 - bits), bits)),
        st.integers(0, 2**128 - 1),
        st.integers(1, 128),
    ),
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_module.load({"THUOCDO_HOME": str(tmp_path / "home")})


@given(networks=st.lists(NETWORKS, max_size=6), data=st.data())
@hypothesis_settings(max_examples=150, deadline=None)
def test_an_address_is_in_a_network_when_the_library_says_so(
    networks: list[Network], data: st.DataObject
) -> None:
    edges = [
        edge + step
        for network in networks
        for edge in (network.network_address, network.broadcast_address)
        for step in (-1, 0, 1)
        if 0 <= int(edge) + step < 2**edge.max_prefixlen
    ]
    addresses = edges + data.draw(st.lists(st.ip_addresses(), max_size=3))
    # IPv4 written as IPv6 is the IPv4 address
    asked = [address for address in addresses if getattr(address, "ipv4_mapped", None) is None]
    found = Networks(networks).hold([str(address).encode() for address in asked])
    assert found.tolist() == [
        any(address in network for network in networks if network.version == address.version)
        for address in asked
    ]


def test_what_is_no_address_is_in_no_network() -> None:
    everything = Networks(map(ipaddress.ip_network, ("0.0.0.0/0", "::/0")))
    assert everything.holds("::ffff:203.0.113.9")
    assert not any(everything.holds(text) for text in ("", "-", "1.2.3", "unix:", "1.2.3.4.5", "đ"))
    assert not Networks().holds("203.0.113.9")


def test_each_provider_publishes_in_its_own_way(settings: Settings, tmp_path: Path) -> None:
    published = {
        "aws": '{"prefixes": [{"ip_prefix": "3.5.140.0/22", "region": "a"}], '
        '"ipv6_prefixes": [{"ipv6_prefix": "2600:1ff2:4000::/40"}]}',
        "google": '{"creationTime": "x/y", "prefixes": [{"ipv4Prefix": "34.1.208.0/20"}]}',
        "linode": "# geofeed\n\n45.33.0.0/17,US,US-TX,Richardson,\n",
        "own": "192.0.2.0/24\n2001:db8::/32 ; a comment",
    }
    counts = {}
    for provider, text in published.items():
        (tmp_path / provider).write_text(text)
        counts[provider] = install(settings, tmp_path / provider, provider)
    assert counts == {"aws": 2, "google": 1, "linode": 1, "own": 2}
    (tmp_path / "aws").write_text("3.5.144.0/23")
    install(settings, tmp_path / "aws", "aws")
    networks = Watched(settings).now()
    inside = ("3.5.144.1", "34.1.208.9", "45.33.1.1", "192.0.2.7", "2001:db8::1")
    assert all(networks.holds(address) for address in inside)
    assert not networks.holds("3.5.140.1"), "an older list of the same provider is gone"


@pytest.mark.parametrize("text", ["", "{}", "{broken", "no network", "300.1.1.0/24", "10.0.0.1/8"])
def test_a_list_that_is_none_changes_nothing(settings: Settings, tmp_path: Path, text: str) -> None:
    settings.home.mkdir(exist_ok=True)
    (settings.home / "datacentres.txt").write_text("192.0.2.0/24 own\n")
    (tmp_path / "bad").write_text(text)
    with pytest.raises(ThuocdoError) as raised:
        install(settings, tmp_path / "bad", "bad")
    assert raised.value.code == "bad_networks"
    assert Watched(settings).now().holds("192.0.2.1")


def test_a_slip_in_a_list_written_by_hand_keeps_what_was_known(settings: Settings) -> None:
    settings.home.mkdir(exist_ok=True)
    path = settings.home / "datacentres.txt"
    path.write_text("192.0.2.0/24\n")
    watched = Watched(settings)
    assert watched.now().holds("192.0.2.1")
    path.write_text("192.0.2.0/24\n198.51.100.0/33\n")
    assert watched.now().holds("192.0.2.1")
    path.write_text("198.51.100.0/24\n")
    assert watched.now().holds("198.51.100.1")


def test_every_reason_is_told_in_both_languages() -> None:
    assert set(BOT_TEXTS) == set(BotReason)
    assert all(len(text) > 10 for texts in BOT_TEXTS.values() for text in texts)
