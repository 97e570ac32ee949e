"""What the monitor asks: every system of the registry that has an address today, and what open rounds name."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from thuocdo.assess.models import Entry, Round
from thuocdo.assess.watching.model import CONTROL, Target
from thuocdo.core import clock
from thuocdo.core.settings import Settings
from thuocdo.registry.models import Site, System


class Named(NamedTuple):
    """A system of the registry: whose it is, how it is called."""

    code: str
    agency: str
    name: str


_OPEN = (Round.State.MEASURING, Round.State.PRELIMINARY)


def targets(settings: Settings, now: int) -> list[Target]:
    """Controls first, then systems by code, each once. now: µs UTC."""
    controls = [Target(f"{CONTROL}{at}", url) for at, url in enumerate(settings.control_urls, 1)]
    return [*controls, *(Target(code, url) for code, url in sorted(addresses(now).items()))]


def addresses(now: int, codes: Collection[str] | None = None) -> dict[str, str]:
    """System → where it is asked; of some systems, or of all. now: µs UTC.

    An address that an open round gives a system goes before that of its first site. Rounds of fixture
    sites are left out: their sites live as long as one run.
    """
    day = clock.local_day(now)
    systems, sites = System.objects.on(day), Site.objects.on(day)
    entries = Entry.objects.filter(round__state__in=_OPEN, round__is_trial=False)
    if codes is not None:
        systems, sites = systems.filter(code__in=codes), sites.filter(system__in=codes)
        entries = entries.filter(code__in=codes)
    alive = set(systems.values_list("code", flat=True))
    found: dict[str, str] = {}
    for site in sites.order_by("site_id"):
        if site.system in alive and site.host_list:
            found.setdefault(site.system, f"https://{site.host_list[0]}/")
    return found | dict(entries.order_by("round__planned_at").values_list("code", "url"))


def named(codes: Collection[str], now: int) -> list[Named]:
    """Those of some codes that are systems of the registry today. now: µs UTC."""
    rows = System.objects.on(clock.local_day(now)).filter(code__in=list(codes)) if codes else ()
    return [Named(row.code, row.agency, row.name) for row in rows]
