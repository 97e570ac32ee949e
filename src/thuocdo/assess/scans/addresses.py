"""Where systems answer: one rule for whoever asks them, the monitor and the scans that are asked for alike.

A system answers where the newest open round says, else at the first host of its first site. While a round is open its
list is what the keeper last looked at; once it is published nobody mends it any more, and a system that moved would be
asked where it was. Rounds of fixture sites say nothing: their sites live as long as one run. For a scan somebody may
name a page of their own, on a host that is known for the system.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlsplit

from thuocdo.assess.models import Entry, Round
from thuocdo.assess.site_check.check import normal_url
from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vietnamese import collation_key
from thuocdo.registry.models import Site, System

_OPEN: Final = (Round.State.MEASURING, Round.State.PRELIMINARY)


@dataclass(frozen=True, slots=True)
class Choice:
    """One system, and where it is asked. url: "" when nobody knows where it answers."""

    system: str
    name: str
    url: str
    hosts: frozenset[str]
    site_id: int | None


def known(
    day: date, *, codes: Collection[str] | None = None, agencies: Collection[str] | None = None
) -> list[Choice]:
    """Systems as of a day of Vietnam, by code: some, those of some agencies, or all.

    What an open round names and the registry lacks is among them, unless agencies were asked for.
    """
    systems, sites = System.objects.on(day), Site.objects.on(day).order_by("site_id")
    planned = Entry.objects.filter(round__state__in=_OPEN, round__is_trial=False)
    if agencies is not None:
        systems = systems.filter(agency__in=agencies)
        codes = list(systems.values_list("code", flat=True))
    if codes is not None:
        systems, sites = systems.filter(code__in=codes), sites.filter(system__in=codes)
        planned = planned.filter(code__in=codes)
    of_system: dict[str, list[Site]] = {}
    for site in sites:
        of_system.setdefault(site.system, []).append(site)
    named = {each.code: each for each in planned.order_by("round__planned_at").defer("results")}
    found = {
        each.code: _choice(
            each.code, each.name, of_system.get(each.code, []), named.pop(each.code, None)
        )
        for each in systems
    }
    found |= {code: _choice(code, each.name, [], each) for code, each in named.items()}
    return [each for _code, each in sorted(found.items())]


def choices(agencies: Collection[str]) -> list[Choice]:
    """The systems of some agencies as of today, in Vietnamese order."""
    found = known(clock.local_day(clock.now_us()), agencies=agencies)
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


def _choice(code: str, name: str, sites: list[Site], planned: Entry | None) -> Choice:
    named = [(site.site_id, host) for site in sites for host in site.host_list]
    hosts = {host for _site, host in named}
    url = f"https://{named[0][1]}/" if named else ""
    if planned is not None:
        url = planned.url
        hosts.add(urlsplit(url).hostname or "")
    site_id = named[0][0] if named else (sites[0].site_id if sites else None)
    return Choice(code, name, url, frozenset(hosts), site_id)
