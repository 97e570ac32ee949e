"""Whom the scanner asks about names, and whose signatures it believes: ours to say, so no guard is asked."""

from __future__ import annotations

from dataclasses import dataclass

import dns.resolver

from thuocdo.core.settings import Settings

PORT = 53


@dataclass(frozen=True, slots=True)
class Resolving:
    """servers: (address, port), asked in this order; none: what needs one is not measured.

    anchors  DS records of a root of one's own, as text; none: the Internet's (probes/dns/rules.yaml)
    """

    servers: tuple[tuple[str, int], ...] = ()
    anchors: tuple[str, ...] = ()


def of(settings: Settings) -> Resolving:
    """The resolvers that THUOCDO_RESOLVERS names, or else those of the machine (resolv.conf)."""
    if settings.resolvers:
        return Resolving(settings.resolvers)
    try:
        system = dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        return Resolving()
    return Resolving(tuple((str(each), system.port) for each in system.nameservers))
