"""Which subordinate sites the tag is looked for on: a sample of what the registry has below an agency.

Nobody can prepare for it, and whoever scans in the same month looks at the same sites, so that two scans of one
system differ by what was mended and not by chance.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import date

import msgspec

from thuocdo.assess.probes.target import Below, Target
from thuocdo.core import clock, snapshot
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import SiteEntry
from thuocdo.registry.people import tree_on
from thuocdo.registry.rights import Scope, plain


def sample(settings: Settings, site_id: int, day: date, most: int) -> tuple[Below, ...]:
    """At most so many sites of the agencies below the one a site belongs to, as organised on a day."""
    sites = snapshot.read(settings.snapshot_path).sites
    own = next((each for each in sites if each.site_id == site_id), None)
    if own is None:
        return ()
    scope = Scope(country=False, agencies=frozenset({plain(own.agency)}))
    return chosen(sites, own, tree_on(day).within(scope), day, most)


def with_sample(settings: Settings, target: Target, most: int) -> Target:
    """With its sample of subordinate sites, where the registry knows the site and any below it."""
    if target.site_id is None or not settings.snapshot_path.exists():
        return target
    day = clock.local_day(clock.now_us())
    return msgspec.structs.replace(target, below=sample(settings, target.site_id, day, most))


def chosen(
    sites: Iterable[SiteEntry], own: SiteEntry, agencies: Collection[str], day: date, most: int
) -> tuple[Below, ...]:
    """The first `most` by a hash of month and number, of those with a host that is not the site's; pure."""
    known = {
        each.site_id: Below(each.site_id, each.hostnames[0])
        for each in sites
        if each.agency in agencies
        and each.site_id != own.site_id
        and each.hostnames
        and not set(each.hostnames) & set(own.hostnames)
        and (each.valid_from or "") <= day.isoformat() <= (each.valid_to or "9999")
    }
    return tuple(sorted(known.values(), key=lambda each: _turn(day, each.site_id))[:most])


def _turn(day: date, site_id: int) -> bytes:
    return hashlib.sha256(f"{day:%Y-%m}:{site_id}".encode()).digest()
