"""What a round publishes: one frozen object, of which pages and reports are only prints."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import zip_longest

import msgspec
from msgspec import UNSET

from thuocdo.assess.criteria.model import CriteriaSet, Criterion
from thuocdo.assess.printable import fit_struct
from thuocdo.assess.probes.catalogue import ASKED_ONLY
from thuocdo.assess.probes.files import texts
from thuocdo.assess.results import Fault, Measure, Outcome, Remark, Result, is_machines
from thuocdo.assess.rounds.table import OWN, Graded, Shared, Standing, shared_defects, standings
from thuocdo.assess.scoring import shares
from thuocdo.core.vietnamese import round_half_up
from thuocdo.measure.definitions import Text


class CheckLine(msgspec.Struct, frozen=True):
    """One check of one system. points: None where unmeasured, or where no criterion uses the check.

    fix    how to mend it, where it did not pass and the rules say how
    configured  its points stand in no document; None in what was published before this was told
    words  what assessors saw and why points were settled, as they wrote it
    kinds  what each piece of evidence is; none in what was published before this was told
    """

    check: str
    name: Text
    outcome: str
    points: Decimal | None
    of: Decimal | None
    fault: str
    blame: str
    detail: str
    remarks: list[Remark]
    measures: list[Measure]
    evidence: list[str]  # sha256
    fix: Text | None = None
    words: list[str] = []
    configured: bool | None = None
    kinds: list[str] = []

    @property
    def kept(self) -> dict[str, str]:
        """The evidence: kinds by hash, "" for one of which none was told."""
        return dict(zip_longest(self.evidence, self.kinds, fillvalue=""))

    def is_configured(self, rules_official: bool) -> bool:
        """Whether its points are this system's configuration; none where no criterion uses it."""
        if self.of is None:
            return False
        return not rules_official if self.configured is None else self.configured


class SystemLine(msgspec.Struct, frozen=True):
    """One system: its place, and every check behind it."""

    standing: Standing
    url: str
    checks: list[CheckLine]


class BlockLine(msgspec.Struct, frozen=True):
    """A block's systems by level; `levels` counts those whose level is certain.

    open_level  ranked ones whose level is open; withheld  those that have none for what they kept from being measured
    """

    block: str
    systems: int
    ranked: int
    mean: Decimal | None  # of the ranked systems' points, two decimals
    levels: dict[str, int]
    open_level: int
    withheld: int = 0


class Publication(msgspec.Struct, frozen=True):
    """A round as published; the same for ever. published_at: µs UTC.

    configured_groups  those whose points stand in no document
    withheld_why  when a level is withheld, where the rules say so
    """

    round: str
    title: Text
    is_trial: bool
    published_at: int
    rules: str
    rules_name: Text
    rules_sha256: str
    rules_official: bool
    rules_remark: Text | None
    software: str
    groups: dict[str, Text]
    blocks: list[BlockLine]
    systems: list[SystemLine]
    vendors: list[Shared]
    configured_groups: list[str] = []
    withheld_why: Text | None = None


def publication(
    *,
    code: str,
    is_trial: bool,
    at: int,
    criteria: CriteriaSet,
    rules_sha256: str,
    software: str,
    graded: Sequence[Graded],
) -> Publication:
    """The publication of what was graded; pure."""
    lines = standings(graded)
    counted = {each.check or f"{group.code}.{each.code}" for group, each in criteria.criteria()}
    by_code = {each.code: each for each in graded}
    made = Publication(
        round=code,
        title=Text(
            vi=f"Kết quả đánh giá hệ thống, đợt {code}", en=f"Assessment of systems, round {code}"
        ),
        is_trial=is_trial,
        published_at=at,
        rules=criteria.code,
        rules_name=criteria.name,
        rules_sha256=rules_sha256,
        rules_official=criteria.official,
        rules_remark=criteria.unofficial_because,
        software=software,
        groups={group.code: group.name for group in criteria.groups},
        blocks=[
            block_line(block, lines, criteria)
            for block in sorted({each.block for each in lines} - {OWN})
        ],
        systems=[system_line(line, by_code[line.code], criteria) for line in lines],
        vendors=[each for each in shared_defects(graded) if each.check in counted],
        configured_groups=[each.code for each in criteria.groups if not criteria.is_official(each)],
        withheld_why=None if criteria.obstruction is UNSET else criteria.obstruction.why,
    )
    return fit_struct(made)


def block_line(block: str, lines: Iterable[Standing], criteria: CriteriaSet) -> BlockLine:
    """A block's systems, counted."""
    own = [each for each in lines if each.block == block]
    ranked = [each for each in own if each.rank is not None]
    total = sum((each.grade.points for each in ranked), Decimal())
    certain = [each.grade.level for each in ranked if each.grade.level is not None]
    withheld = sum(each.grade.withheld and each.grade.level is None for each in ranked)
    return BlockLine(
        block=block,
        systems=len(own),
        ranked=len(ranked),
        mean=round_half_up(total / len(ranked)) if ranked else None,
        levels=shares(certain, criteria.levels),
        open_level=len(ranked) - len(certain) - withheld,
        withheld=withheld,
    )


def system_line(line: Standing, graded: Graded, criteria: CriteriaSet) -> SystemLine:
    """One system's place with every check behind it, those of the assessors last."""
    by_check = {
        each.check or f"{group.code}.{each.code}": (f"{group.code}.{each.code}", each)
        for group, each in criteria.criteria()
    }
    checks = [
        _check(result, graded, criteria, *by_check.get(result.check, ("", None)))
        for result in graded.results
        if _is_told(result, by_check.get(result.check))
    ]
    return SystemLine(line, graded.url, [*checks, *_by_hand(graded, criteria)])


def unfound(graded: Graded, criteria: CriteriaSet) -> Iterator[CheckLine]:
    """What a machine may find and did not: no "no", and for people to judge."""
    results = {each.check: each for each in graded.results}
    for group, each in criteria.criteria():
        key = f"{group.code}.{each.code}"
        result = results.get(each.check or key)
        if each.method != "found" or result is None or is_machines(each, result):
            continue
        line = _check(result, graded, criteria, key, each)
        if line.points is not None:  # people have judged it since
            line = msgspec.structs.replace(line, fault="", blame="")
        elif result.outcome is Outcome.FAIL:
            fault = Fault.NOT_SEEN
            line = msgspec.structs.replace(
                line, outcome=Outcome.UNMEASURED.value, fault=fault.value, blame=fault.blame.value
            )
        yield line


def _is_told(result: Result, asked: tuple[str, Criterion] | None) -> bool:
    """What no rule asks for is told but for probes that say so; what people judge instead is theirs to tell."""
    if asked is None:
        return result.check not in ASKED_ONLY
    return is_machines(asked[1], result) or not asked[1].by_people


def _by_hand(graded: Graded, criteria: CriteriaSet) -> Iterator[CheckLine]:
    """What assessors gave points for; without two of them nothing was given, which is our side's fault."""
    found = {result.check for result in graded.results if result.outcome is Outcome.PASS}
    for group, each in criteria.criteria():
        if not each.by_people or graded.points.get(group.code) is not None:
            continue  # of a group known as a whole, nobody knows the parts
        if (each.check or f"{group.code}.{each.code}") in found and each.by_machine:
            continue
        key = f"{group.code}.{each.code}"
        points = graded.points.get(key)
        outcome = Outcome.UNMEASURED if points is None else _outcome(points, each)
        fault = Fault.NOT_MARKED if points is None else None
        yield CheckLine(
            check=key,
            name=each.name,
            outcome=outcome.value,
            points=points,
            of=each.points,
            fault=fault.value if fault else "",
            blame=fault.blame.value if fault else "",
            detail="",
            remarks=[],
            measures=[],
            evidence=[],
            fix=each.fix if outcome is Outcome.FAIL else None,
            words=graded.words.get(key, []),
            configured=not criteria.is_official(each),
        )


def _check(
    result: Result, graded: Graded, rules: CriteriaSet, key: str, criterion: Criterion | None
) -> CheckLine:
    points = graded.points.get(key)
    outcome = _outcome(points, criterion) if criterion and points is not None else result.outcome
    return CheckLine(
        check=result.check,
        name=criterion.name if criterion else texts()[result.check],
        outcome=outcome.value,
        points=points,
        of=criterion.points if criterion else None,
        fault=result.fault.value if result.fault else "",
        blame=result.fault.blame.value if result.fault else "",
        detail=result.detail,
        remarks=list(result.remarks),
        measures=list(result.measures),
        evidence=[each.sha256 for each in result.evidence],
        fix=criterion.fix if criterion and outcome is Outcome.FAIL else None,
        words=graded.words.get(key, []),
        configured=not rules.is_official(criterion) if criterion else None,
        kinds=[each.kind for each in result.evidence],
    )


def _outcome(points: Decimal, criterion: Criterion) -> Outcome:
    """By the points that hold: an appeal that was allowed may have made whole what a probe did not."""
    return Outcome.PASS if points == criterion.points else Outcome.FAIL
