"""Where a request may go whose address somebody else wrote: our own network must stay out of reach.

The idea is that of healthchecks' `hc/lib/curl.py`: judge the address a connection is opened to, not
the name it was asked by. A name is resolved once and the connection goes to what was judged, so a
name that answers differently the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from thuocdo.core.settings import Network

SCHEMES: Final = ("http", "https")
RESOLVE_SECONDS: Final = 8.0
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_BROWSERS_OWN: Final = frozenset(("connectivitycheck.gstatic.com",))
"""What Chromium asks by itself, without the page, when a certificate is bad."""
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: the last 32 bits are IPv4
_LOW_32: Final = (1 << 32) - 1

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Refused(Exception):  # noqa: N818 (a refusal, not a failure)
    """The guard says no. `str()` names the address."""


class Unresolved(Exception):  # noqa: N818
    """The name has no address, or the resolver did not answer in time."""


@dataclass(frozen=True, slots=True)
class Guard:
    """What may be visited.

    allowed  networks that may be visited although they are not public
    own      (host, port) of our own collector, which may well live on an inner address
    """

    allowed: tuple[Network, ...] = ()
    own: tuple[str, int] | None = None

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host that may be visited. Raises Refused or Unresolved."""
        if host in _BROWSERS_OWN:
            raise Refused(host)
        found = await resolve(host, port)
        if (host, port) == self.own:
            return found
        permitted = [address for address in found if is_permitted(address, self.allowed)]
        if not permitted:
            raise Refused(f"{host} = {', '.join(found)}")
        return permitted

    async def is_public(self, host: str, port: int) -> bool:
        """Whether a host may be visited by anybody's leave but our own."""
        with contextlib.suppress(Unresolved):
            return any(is_permitted(each, self.allowed) for each in await resolve(host, port))
        return False


def is_permitted(address: str, allowed: Iterable[Network] = ()) -> bool:
    """Whether an address is public, or in a network that was allowed."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    inner = _embedded(parsed)
    candidates = (parsed,) if inner is None else (parsed, inner)
    if any(each in network for each in candidates for network in allowed):
        return True
    return all(_is_public(each) for each in candidates[-1:])


def _is_public(address: Address) -> bool:
    return address.is_global and not (
        address.is_multicast
        or address.is_reserved
        or address.is_loopback
        or address.is_link_local
        or address.is_unspecified
    )


def _embedded(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address an IPv6 one stands for (mapped, 6to4, Teredo, NAT64)."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & _LOW_32)
    return None


async def resolve(host: str, port: int) -> list[str]:
    """Every address of a host, in the resolver's order. Raises Unresolved."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            rows = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError) as problem:
        raise Unresolved(f"{host}: {problem or 'no answer in time'}") from None
    return list(dict.fromkeys(str(row[4][0]) for row in rows))


def endpoint(url: str) -> tuple[str, int] | None:
    """(host, port) of a web address; None when it is none, or carries a name and a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in SCHEMES or not parts.hostname or "@" in parts.netloc:
        return None
    return parts.hostname.lower(), port or _DEFAULT_PORTS[parts.scheme]
