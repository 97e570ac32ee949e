"""A published round held against its own rules: whether every total, level, rank and share follows from the checks.

What is signed is long, and a signature says who printed it, not that the sums are right. This needs the publication
and the rules it froze, and nothing of the instance that made it. Pure, but for evidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import zip_longest
from typing import Final

import msgspec

from thuocdo.assess.criteria.model import CriteriaSet
from thuocdo.assess.evidence import Kept
from thuocdo.assess.results import Outcome, obstructed
from thuocdo.assess.rounds.publication import CheckLine, Publication, SystemLine, block_line
from thuocdo.assess.rounds.table import OWN, Standing, places
from thuocdo.assess.scoring import Grade, grade
from thuocdo.core.errors import ThuocdoError

ROUND: Final = ""
"""The place of what is wrong with the publication as a whole."""


class Wrong(msgspec.Struct, frozen=True):
    """One thing that does not follow.

    place      a system's code, a block, a vendor; ROUND for the whole
    what       `rules`, `of`, `points`, `outcome`, `grade`, `rank`, `block`, `vendor`, …, with the criterion where there is one
    published  what was signed
    here       what follows from the rest
    """

    place: str
    what: str
    published: str
    here: str


class Evidence(msgspec.Struct, frozen=True):
    """What became of the pieces a publication names: how many, and the hashes of those gone or changed."""

    pieces: int
    missing: list[str]
    changed: list[str]


def recomputed(made: Publication, rules: CriteriaSet) -> list[Wrong]:
    """Everything in a publication that does not follow from its checks under its rules; none when all does."""
    if made.rules_sha256 != rules.sha256:
        return [Wrong(ROUND, "rules", made.rules_sha256, rules.sha256)]
    return [
        *(wrong for line in made.systems for wrong in _of_system(line, rules)),
        *_of_ranks([line.standing for line in made.systems]),
        *_of_blocks(made, rules),
        *_of_vendors(made),
    ]


def wholes(line: SystemLine, rules: CriteriaSet) -> list[str]:
    """The groups of which points are known as a whole alone: no line stands behind them."""
    told = {key.partition(".")[0] for key, _each in _counted(line, rules)}
    known = {each.code for each in line.standing.grade.groups if not each.unmeasured}
    return [each.code for each in rules.groups if each.code in known - told]


def _counted(line: SystemLine, rules: CriteriaSet) -> Iterator[tuple[str, CheckLine]]:
    keys = {
        each.check or f"{group.code}.{each.code}": f"{group.code}.{each.code}"
        for group, each in rules.criteria()
    }
    for each in line.checks:
        if each.of is not None and each.check in keys:
            yield keys[each.check], each


def _of_system(line: SystemLine, rules: CriteriaSet) -> Iterator[Wrong]:
    code, worth = line.standing.code, {f"{group.code}.{each.code}": each.points for group, each in rules.criteria()}  # fmt: skip
    given: dict[str, Decimal | None] = {}
    for key, each in _counted(line, rules):
        if key in given:
            yield Wrong(code, f"twice {key}", str(each.points), str(given[key]))
        given[key] = each.points
        if each.of != worth[key]:
            yield Wrong(code, f"of {key}", str(each.of), str(worth[key]))
        if each.outcome != (due := _outcome(each.points, worth[key])):
            yield Wrong(code, f"outcome {key}", each.outcome, due)
    stated = {each.code: each.points for each in line.standing.grade.groups}
    given |= {each: stated.get(each) for each in wholes(line, rules)}
    try:
        here = grade(
            rules, given, obstructed(rules, {each.check: each.fault for each in line.checks})
        )
    except ThuocdoError as error:
        yield Wrong(code, "points", "", error.message)
        return
    for what, published, follows in _apart(line.standing.grade, here):
        yield Wrong(code, what, published, follows)


def _outcome(points: Decimal | None, of: Decimal) -> str:
    if points is None:
        return Outcome.UNMEASURED.value
    return (Outcome.PASS if points == of else Outcome.FAIL).value


def _apart(published: Grade, here: Grade) -> Iterator[tuple[str, str, str]]:
    """What of two grades differs, part by part."""
    for what in ("criteria", "points", "unmeasured", "obstructed", "withheld", "level"):
        one, other = getattr(published, what), getattr(here, what)
        if one != other:
            yield what, str(one), str(other)
    if published.groups != here.groups:
        for a, b in zip_longest(published.groups, here.groups):
            if a != b:
                yield "group", str(a), str(b)


def _of_ranks(standings: Sequence[Standing]) -> Iterator[Wrong]:
    for block in sorted({each.block for each in standings}):
        own = [each for each in standings if each.block == block]
        able = [each for each in own if not each.unranked] if block != OWN else []
        lows = [each.grade.points for each in able]
        highs = [each.grade.highest for each in able]
        for each in own:
            published = (each.rank, each.rank_best, each.rank_worst)
            here = places(each.grade, lows, highs) if each in able else (None, None, None)
            if published != here:
                yield Wrong(each.code, "rank", _of_places(published), _of_places(here))


def _of_places(found: tuple[int | None, int | None, int | None]) -> str:
    rank, best, worst = found
    return "–" if rank is None else f"{rank} ({best}–{worst})"


def _of_blocks(made: Publication, rules: CriteriaSet) -> Iterator[Wrong]:
    standings = [line.standing for line in made.systems]
    published = {each.block: each for each in made.blocks}
    blocks = {each.block for each in standings} - {OWN}
    for block in sorted(blocks | published.keys()):
        here = block_line(block, standings, rules) if block in blocks else None
        if published.get(block) != here:
            yield Wrong(block, "block", str(published.get(block)), str(here))


def _of_vendors(made: Publication) -> Iterator[Wrong]:
    """A defect that is laid at a vendor's door stands in the checks of every system that is named with it."""
    lines = {line.standing.code: line for line in made.systems}
    for shared in made.vendors:
        for code in shared.systems:
            line = lines.get(code)
            shows = line is not None and line.standing.vendor == shared.vendor and any(
                each.check == shared.check and any(seen.code == shared.remark for seen in each.remarks)
                for each in line.checks
            )  # fmt: skip
            if not shows:
                yield Wrong(
                    code, f"vendor {shared.check}", f"{shared.vendor}: {shared.remark}", "–"
                )


def evidence(made: Publication, kept: Kept) -> Evidence:
    """Every piece a publication names, read and hashed again."""
    names = {name for line in made.systems for each in line.checks for name in each.evidence}
    missing: list[str] = []
    changed: list[str] = []
    for name in sorted(names):
        try:
            kept.read(name)
        except ThuocdoError as error:
            (changed if error.code == "bad_evidence" else missing).append(name)
    return Evidence(len(names), missing, changed)
