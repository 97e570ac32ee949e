"""What a simulated agency does wrong, and what it does right that looks wrong.

A `Quirk` is planted for a detector to find; a `Trap` is honest and there to tempt it: perfect small
offices, seasons, deadlines, automatic procedures, agencies that use the post much or never. Who has
which is drawn once a seed. Distortions that come with a product are every user's; gamed numbers are a
few agencies', one each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np


class Client(StrEnum):
    """The one-stop software that reports dossiers."""

    CANONICAL = "canonical"  # batches to /v1/dossiers with a key
    OPENCPS = "opencps"  # /TrackingMCDT, form-encoded
    OPENCPS_RAW = "opencps_raw"  # /TrackingMCDT, values not encoded
    TAN_DAN = "tan_dan"  # /TrackingMCDT, JSON


class Quirk(StrEnum):
    """A planted peculiarity; truth.json and cheats.json name who has it. Codes are the detectors'."""

    CONSTANT_LEVEL = "constant_level"  # every dossier is declared partial
    PARTIAL_AS_FULL = "partial_as_full"
    POSTAL_AS_ONLINE = "postal_as_online"
    ALWAYS_ZERO_PORTAL = "always_zero_portal"  # no dossier is said to come from the national portal
    VIEWED_AS_USED = "viewed_as_used"  # trackDVC says 1 for every look, for good or from a day on
    SATURATED_ONLINE = "saturated_online"  # the counter's and the post's dossiers are called online
    SATURATED_ON_TIME = "saturated_on_time"  # late results are dated back
    MONTH_END_BURST = "month_end_burst"  # completions pile up on a month's last working day
    CLOSED_IN_SECONDS = "closed_in_seconds"  # opened and closed within seconds
    OFFICE_HOURS_ONLINE = "office_hours_online"  # officers type in what comes to the counter
    HEAVY_BROWSER = "heavy_browser"  # the counter's machine hands in dozens a day on the portal
    REFRESH_LOOP = "refresh_loop"
    UNRELATED_PAGES = "unrelated_pages"
    SILENT_PORTAL = "silent_portal"  # the main portal stops sending ten days before the end


class Trap(StrEnum):
    """Honest, and tempting."""

    SMALL_AND_PERFECT = "small_and_perfect"  # few dossiers, all online, none late
    SEASON = "season"  # three weeks of school enrolment
    DEADLINE = "deadline"  # receipts, and quick results, at each month's end
    POSTAL_HEAVY = "postal_heavy"
    NO_POST = "no_post"
    ALL_FULL = "all_full"  # every service is full, so every dossier is
    AUTOMATIC = "automatic"  # one procedure answers online dossiers in 15 seconds
    PARTLY_AUTOMATIC = "partly_automatic"  # it does so for two of five
    DAYS_ONLY = "days_only"  # its messages know days, not hours
    HARDLY_LATE = "hardly_late"  # seven in a thousand
    FRIDAY = "friday"  # results are signed on Fridays
    FIRMS = "firms"  # firms hand in, mostly while they work
    KIOSK = "kiosk"  # a machine at the counter for people to use
    LAW_FIRM = "law_firm"  # three days of many submissions by one browser
    MOVED = "moved"  # the portal has a new host that nobody registered
    COPIES = "copies"  # read through a translator and under www. and m.


_OF_CLIENT: Final = {
    Client.OPENCPS: {Quirk.CONSTANT_LEVEL, Quirk.ALWAYS_ZERO_PORTAL},
    Client.OPENCPS_RAW: {Quirk.CONSTANT_LEVEL, Quirk.ALWAYS_ZERO_PORTAL},
    Client.TAN_DAN: {Quirk.POSTAL_AS_ONLINE, Quirk.PARTIAL_AS_FULL},
}
_GAMED: Final = (
    Quirk.SATURATED_ONLINE,
    Quirk.SATURATED_ON_TIME,
    Quirk.MONTH_END_BURST,
    Quirk.CLOSED_IN_SECONDS,
    Quirk.OFFICE_HOURS_ONLINE,
)
_ON_SITES: Final = (
    Quirk.VIEWED_AS_USED,
    Quirk.HEAVY_BROWSER,
    Quirk.REFRESH_LOOP,
    Quirk.UNRELATED_PAGES,
)
_OF_EACH: Final = 3
_BIG: Final = 0.012
"""Part of the country's dossiers from which on an office has numbers worth gaming."""
_MIDDLING: Final = 0.004
_TRAPS: Final = tuple(
    trap for trap in Trap if trap not in {Trap.SMALL_AND_PERFECT, Trap.ALL_FULL, Trap.KIOSK}
)


@dataclass(frozen=True, slots=True)
class Place:
    """What of an office decides what may be planted there. `weight`: its part of all dossiers."""

    client: Client
    weight: float


@dataclass(frozen=True, slots=True)
class Planted:
    quirks: frozenset[Quirk]
    traps: frozenset[Trap]


def plant(seed: int, places: Sequence[Place]) -> list[Planted]:
    """Who does what, office by office."""
    rng = np.random.default_rng([seed, 766])
    quirks = [set(_OF_CLIENT.get(place.client, ())) for place in places]
    traps: list[set[Trap]] = [set() for _ in places]
    big = [n for n, place in enumerate(places) if place.weight >= _BIG]
    order = [int(n) for n in rng.permutation(big)]
    gaming = order[: len(_GAMED) * _OF_EACH]
    for number, office in enumerate(gaming):
        quirks[office].add(_GAMED[number // _OF_EACH])
    for quirk in _ON_SITES:
        for office in rng.choice(big, _OF_EACH, replace=False):
            quirks[int(office)].add(quirk)
    quirks[int(rng.integers(0, len(places)))].add(Quirk.SILENT_PORTAL)
    honest = [n for n, place in enumerate(places) if place.weight >= _MIDDLING and n not in gaming]
    drawn = [*rng.permutation(len(_TRAPS)), *rng.permutation(len(_TRAPS))]
    for office, trap in zip(rng.permutation(honest * len(_TRAPS)), drawn, strict=False):
        traps[int(office)].add(_TRAPS[int(trap)])
    small = [n for n, place in enumerate(places) if 0 < place.weight < _MIDDLING]
    for office in rng.permutation(small)[:2]:
        traps[int(office)].add(Trap.SMALL_AND_PERFECT)
    plain = [n for n in honest if places[n].client is Client.CANONICAL]
    for office in rng.permutation(plain)[:2]:
        traps[int(office)].add(Trap.ALL_FULL)
    for office in rng.permutation(big)[:4]:
        if Quirk.HEAVY_BROWSER not in quirks[int(office)]:
            traps[int(office)].add(Trap.KIOSK)
    return [Planted(frozenset(q), frozenset(t)) for q, t in zip(quirks, traps, strict=True)]
