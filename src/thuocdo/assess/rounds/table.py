"""From graded systems to a ranking that says how firm it is; pure (DESIGN.md §5.5).

"1224" within a block. What was not measured of a system is not 0: beside its rank stands the best and
the worst it could have had, were those points given or not; what a site itself kept from being measured beyond what the
rules allow is not held open for it. A system of which no probe could measure
anything is listed unranked, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from thuocdo.assess.results import Outcome, Result
from thuocdo.assess.scoring import Grade
from thuocdo.core.vietnamese import collation_key

OWN: Final = "own"
"""The block of the measuring system's own site: graded like any other, ranked with none."""


class Graded(msgspec.Struct, frozen=True):
    """One system and what it was given.

    points  by `group.criterion`, None where unmeasured
    words   what assessors saw and why points were settled, by `group.criterion`; of whom is not told
    """

    code: str
    name: str
    block: str
    vendor: str
    url: str
    grade: Grade
    points: dict[str, Decimal | None]
    results: list[Result]
    words: dict[str, list[str]] = {}


class Standing(msgspec.Struct, frozen=True):
    """One line of the ranking. rank: None when unranked, for the reason `unranked` (a Fault's name).

    Our own site (block OWN) is ranked with none, and has no such reason unless it could not be seen.
    """

    code: str
    name: str
    block: str
    vendor: str
    grade: Grade
    rank: int | None
    rank_best: int | None
    rank_worst: int | None
    unranked: str = ""


class Shared(msgspec.Struct, frozen=True):
    """One defect in several systems of one vendor: one entry, however many systems have it."""

    vendor: str
    check: str
    remark: str
    systems: list[str]


def standings(graded: Iterable[Graded]) -> list[Standing]:
    """Ranked, each block by itself, best first; unranked ones last. Ties in Vietnamese order."""
    found: list[Standing] = []
    everybody = list(graded)
    for block in sorted({each.block for each in everybody}):
        own = [each for each in everybody if each.block == block]
        able = [] if block == OWN else [each for each in own if not why_unranked(each.results)]
        lows = [each.grade.points for each in able]
        highs = [each.grade.highest for each in able]
        found += sorted(
            (_standing(each, lows, highs) for each in own),
            key=lambda each: (each.rank is None, each.rank or 0, collation_key(each.name)),
        )
    return found


def _standing(each: Graded, lows: Sequence[Decimal], highs: Sequence[Decimal]) -> Standing:
    why = why_unranked(each.results)
    is_ranked = not why and each.block != OWN
    rank, best, worst = places(each.grade, lows, highs) if is_ranked else (None, None, None)
    return Standing(
        code=each.code,
        name=each.name,
        block=each.block,
        vendor=each.vendor,
        grade=each.grade,
        rank=rank,
        rank_best=best,
        rank_worst=worst,
        unranked=why,
    )


def places(grade: Grade, lows: Sequence[Decimal], highs: Sequence[Decimal]) -> tuple[int, int, int]:
    """A grade's rank, and the best and the worst it could have; lows, highs: of all of its block, itself among them."""
    low, high = grade.points, grade.highest
    # itself is among `highs`, and is not above itself
    worst = sum(other > low for other in highs) + (1 if high == low else 0)
    return rank_of(low, lows), rank_of(high, lows), worst


def rank_of(points: Decimal, among: Iterable[Decimal]) -> int:
    """Standard competition rank: one more than those above."""
    return 1 + sum(other > points for other in among)


def why_unranked(results: Sequence[Result]) -> str:
    """The fault that kept every look at the site from being made; "" when there was one."""
    looks = [each for each in results if each.check.startswith("interface.")]
    if not looks or any(each.outcome is not Outcome.UNMEASURED for each in looks):
        return ""
    fault = looks[0].fault
    return fault.value if fault else ""


def shared_defects(graded: Iterable[Graded]) -> list[Shared]:
    """Each vendor's defects, the most widespread first: what is mended once is mended everywhere."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for system in graded:
        for result in system.results if system.block != OWN else ():
            if result.outcome is Outcome.FAIL and not result.check.startswith("functions."):
                for code in dict.fromkeys(remark.code for remark in result.remarks):
                    found.setdefault((system.vendor, result.check, code), []).append(system.code)
    shared = [Shared(*key, systems) for key, systems in found.items()]
    return sorted(shared, key=lambda each: (-len(each.systems), each.vendor, each.check))
