"""One full round now: what `thuocdo refresh` does and what the demo waits for.

Facts are always made of what a head of the ledger tells: first the ledger, then the facts.
"""

from __future__ import annotations

from thuocdo.core.settings import Settings
from thuocdo.lake.landing import Landed, Lander
from thuocdo.lake.ledger.erase import Erased, erase
from thuocdo.lake.ledger.ledger import extended
from thuocdo.lake.store import Lake
from thuocdo.measure.refresh import Refreshed
from thuocdo.measure.refresh import refresh as refresh_facts


def refresh_now(settings: Settings) -> tuple[Landed, Refreshed]:
    """Land every sealed segment, then bring the facts up to date."""
    lake = Lake.open(settings)
    landed = Lander(settings, lake).land_once()
    return landed, refresh_facts(settings, lake, head=extended(settings, lake))


def erase_now(settings: Settings, system: str, number: str, reason: str) -> Erased:
    """Land what waits, take a dossier out of the lake by law, and out of the facts."""
    settings.require_initialised()
    lake = Lake.open(settings)
    Lander(settings, lake).land_once()
    done = erase(settings, lake, system, number, reason)
    refresh_facts(settings, lake, head=extended(settings, lake))
    return done


def rebuild_now(settings: Settings) -> Refreshed:
    """Make all facts again from the raw lake."""
    lake = Lake.open(settings)
    return refresh_facts(settings, lake, full=True, head=extended(settings, lake))
