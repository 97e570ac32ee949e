"""One full round now: what `thuocdo refresh` does and what the demo waits for."""

from __future__ import annotations

from thuocdo.core.settings import Settings
from thuocdo.lake.landing import Landed, Lander
from thuocdo.lake.store import Lake
from thuocdo.measure.refresh import Refreshed
from thuocdo.measure.refresh import refresh as refresh_facts


def refresh_now(settings: Settings) -> tuple[Landed, Refreshed]:
    """Land every sealed segment, then bring the facts up to date."""
    lake = Lake.open(settings)
    landed = Lander(settings, lake).land_once()
    return landed, refresh_facts(settings, lake)
