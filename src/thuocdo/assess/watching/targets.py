"""What the monitor asks: every system of the registry that has an address today (scans/addresses.py says which)."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from thuocdo.assess.scans.addresses import known
from thuocdo.assess.watching.model import CONTROL, Target
from thuocdo.core import clock
from thuocdo.core.settings import Settings
from thuocdo.registry.models import System


class Named(NamedTuple):
    """A system of the registry: whose it is, how it is called."""

    code: str
    agency: str
    name: str


def targets(settings: Settings, now: int) -> list[Target]:
    """Controls first, then systems by code, each once. now: µs UTC."""
    controls = [Target(f"{CONTROL}{at}", url) for at, url in enumerate(settings.control_urls, 1)]
    return [*controls, *(Target(code, url) for code, url in addresses(now).items())]


def addresses(now: int, codes: Collection[str] | None = None) -> dict[str, str]:
    """System → where it is asked, by code; of some systems, or of all that have an address. now: µs UTC."""
    found = known(clock.local_day(now), codes=codes)
    return {each.system: each.url for each in found if each.url}


def named(codes: Collection[str], now: int) -> list[Named]:
    """Those of some codes that are systems of the registry today. now: µs UTC."""
    rows = System.objects.on(clock.local_day(now)).filter(code__in=list(codes)) if codes else ()
    return [Named(row.code, row.agency, row.name) for row in rows]
