"""Whose address a request has when it came through proxies.

Anybody can write anything into X-Forwarded-For, so it is read from the right, where our own
proxies write, and only as far as they are ours: the first address that is not is the client's.
Without THUOCDO_TRUSTED_PROXIES the header is never looked at.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from thuocdo.collect.replies import Scope
from thuocdo.core.settings import Network

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_CACHED = 1 << 12


class Addresses:
    """Reads clients' addresses behind the proxies of some networks."""

    def __init__(self, trusted: tuple[Network, ...] = ()) -> None:
        self._trusted = trusted
        self._is_ours = lru_cache(_CACHED)(self._looked_up)

    def of(self, scope: Scope) -> str:
        """The client's address, without its port."""
        peer = scope.client.rpartition(":")[0]
        if peer.startswith("["):
            peer = peer.strip("[]")
        if not self._trusted or not self._is_ours(peer):
            return peer
        return self.behind(peer, scope.headers.get_all("x-forwarded-for"))

    def behind(self, peer: str, lines: Iterable[str]) -> str:
        """The last address, from the right, that a proxy of ours vouches for.

        peer   who connected
        lines  the X-Forwarded-For headers in their order; several are one list (RFC 9110, 5.3)
        """
        found = peer
        for hop in reversed(",".join(lines).split(",")):
            if not self._is_ours(found):
                break
            address = parsed(hop)
            if address is None:  # what our proxy wrote names nobody: it is the last we know
                break
            found = str(address)
        return found

    def _looked_up(self, text: str) -> bool:
        address = parsed(text)
        return address is not None and any(address in network for network in self._trusted)


def parsed(text: str) -> Address | None:
    """One entry as proxies write it: bare, `1.2.3.4:80`, `[::1]:80`; mapped IPv4 is IPv4."""
    clean = text.strip().strip('"')
    if clean.startswith("["):
        clean = clean[1:].partition("]")[0]
    elif clean.count(":") == 1:
        clean = clean.partition(":")[0]
    try:
        address = ipaddress.ip_address(clean.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
