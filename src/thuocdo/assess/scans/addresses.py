"""Where an agency's systems answer: what may be scanned for it, and nothing else.

A system's address is that of its sites' first host, unless a round was planned with another. Somebody may
name a page of their own, on a host that is registered for the system.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from thuocdo.assess.models import Entry
from thuocdo.assess.site_check.check import normal_url
from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vietnamese import collation_key
from thuocdo.registry.models import Site, System


@dataclass(frozen=True, slots=True)
class Choice:
    """One system that may be scanned. url: "" when nobody knows where it answers."""

    system: str
    name: str
    url: str
    hosts: frozenset[str]
    site_id: int | None


def choices(agencies: Collection[str]) -> list[Choice]:
    """The systems of some agencies as of today, in Vietnamese order."""
    today = clock.local_day(clock.now_us())
    systems = list(System.objects.on(today).filter(agency__in=agencies))
    codes = [each.code for each in systems]
    sites: dict[str, list[Site]] = {}
    for site in Site.objects.on(today).filter(system__in=codes).order_by("site_id"):
        sites.setdefault(site.system, []).append(site)
    planned = dict(
        Entry.objects.filter(code__in=codes, round__is_trial=False)
        .order_by("round__planned_at")
        .values_list("code", "url")
    )
    found = [
        _choice(each, sites.get(each.code, []), planned.get(each.code, "")) for each in systems
    ]
    return sorted(found, key=lambda each: collation_key(each.name))


def chosen(among: Collection[Choice], system: str, url: str = "") -> Choice:
    """The system that was chosen, at the address that was written.

    Raises ThuocdoError `unknown_system`, `no_address` where none is known and none was written, `bad_url`,
    `foreign_host` for a host that is not registered for the system.
    """
    found = next((each for each in among if each.system == system), None)
    if found is None:
        raise ThuocdoError("unknown_system", f"There is no system {system!r} here.")
    if not found.hosts:
        raise ThuocdoError(
            "no_address",
            f"Nobody registered a host of {system}.",
            "Write the host into the registry, at the page of the system's sites.",
        )
    if not url.strip():
        return found
    wanted = normal_url(url)
    if (urlsplit(wanted).hostname or "") not in found.hosts:
        raise ThuocdoError(
            "foreign_host",
            f"{wanted!r} is on no host registered for {system}.",
            f"Write a page of: {', '.join(sorted(found.hosts))}.",
        )
    return Choice(found.system, found.name, wanted, found.hosts, found.site_id)


def _choice(system: System, sites: list[Site], planned: str) -> Choice:
    named = [(site.site_id, host) for site in sites for host in site.host_list]
    hosts = {host for _site, host in named}
    if planned:
        hosts.add(urlsplit(planned).hostname or "")
    url = planned or (f"https://{named[0][1]}/" if named else "")
    site_id = named[0][0] if named else (sites[0].site_id if sites else None)
    return Choice(system.code, system.name, url, frozenset(hosts), site_id)
