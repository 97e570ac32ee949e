"""Funnels: how many get from the first step of a service, or of a campaign, to its last.

The steps are data (`campaigns/*.yaml`, and `<home>/campaigns/*.yaml`): each counts by the vocabulary
of definitions, in days of its own or in the period asked for. The model is the university admission
of 2022 (report of Week 40/2022): register, submit, pay, confirm. `trackDVC` calls may stand among the
steps as interest; they are no dossiers and have no shares.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec

from thuocdo.core.clock import Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vietnamese import percent
from thuocdo.core.vocabulary import Trust
from thuocdo.measure import compute
from thuocdo.measure.answers import Answers
from thuocdo.measure.definitions import Dossiers, Interest, Source, Text, Version
from thuocdo.measure.definitions.reading import read, refusal
from thuocdo.measure.known import Known
from thuocdo.measure.service import Measure
from thuocdo.measure.view import Facts

FOLDER: Final = Path(__file__).parent / "campaigns"
OPERATORS: Final = "campaigns"
"""The operator's folder below an instance's home."""


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step; without days of its own it is counted in the period asked for."""

    name: Text
    counts: Dossiers | Interest
    first: date | None = None
    last: date | None = None


class StepExpected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a vector must give for one step."""

    count: int | None
    of_first: float | None
    of_before: float | None


class FunnelVector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A small set of dossiers, and the steps that must come out of it."""

    name: str
    dossiers: list[dict[str, Any]]
    expect: list[StepExpected]
    period: str | None = None


class Funnel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A service's or a campaign's steps, in their order."""

    code: str
    name: Text
    source: Source
    steps: list[Step]
    vectors: list[FunnelVector]
    notes: list[Text] = []


class StepCount(msgspec.Struct, frozen=True):
    """What became of one step.

    count      None where nothing of the period is known
    of_first   percent of the first step of dossiers; of_before: of the one before. Two decimals;
               None for interest, without a count, and of nothing
    """

    name: Text
    first: date
    last: date
    count: int | None
    of_first: float | None
    of_before: float | None


def funnels(home: Path | None = None) -> list[Funnel]:
    """The packaged funnels and an operator's, by code. Raises ThuocdoError `bad_definition`."""
    paths = sorted(FOLDER.glob("*.yaml"))
    paths += sorted((home / OPERATORS).glob("*.yaml")) if home else []
    found: dict[str, Funnel] = {}
    for path in paths:
        funnel = _read(path)
        if funnel.code in found:
            raise refusal(path, f"there is a funnel {funnel.code!r} already - at `$.code`")
        found[funnel.code] = funnel
    return list(found.values())


def find(code: str, home: Path | None = None) -> Funnel:
    """Raises ThuocdoError `unknown_funnel`, `bad_definition`."""
    known = funnels(home)
    for funnel in known:
        if funnel.code == code:
            return funnel
    raise ThuocdoError(
        "unknown_funnel",
        f"There is no funnel {code!r}.",
        f"Write one of: {', '.join(each.code for each in known)}.",
    )


def _read(path: Path) -> Funnel:
    funnel = read(path, Funnel)
    if funnel.code != path.stem:
        raise refusal(path, f"the code {funnel.code!r} is not the file's name - at `$.code`")
    for place, step in enumerate(funnel.steps):
        if (step.first is None) != (step.last is None):
            raise refusal(path, f"a step has both days or none - at `$.steps[{place}]`")
        if step.first is not None and step.last is not None and step.first > step.last:
            raise refusal(path, f"a step ends before it begins - at `$.steps[{place}]`")
    if not funnel.steps:
        raise refusal(path, "there is no step - at `$.steps`")
    return funnel


def counted(
    measure: Measure,
    funnel: Funnel,
    *,
    period: Period | None = None,
    procedure: str | None = None,
    agency: str | None = None,
    as_known: Known | None = None,
    as_organised: date | None = None,
    trust: str = "any",
) -> list[StepCount]:
    """Every step of a funnel: of one procedure and one agency with all below it, if so asked.

    period  of the steps without days of their own; raises ThuocdoError `period_needed` without it
    """
    periods = [_period_of(step, period) for step in funnel.steps]
    map_day = as_organised or max(each.last for each in periods)
    with measure.reading(as_known) as (facts, remember):
        organisation = facts.dimensions.organisation
        code = organisation.find(agency, map_day, periods[-1]).code if agency else None

        def is_wanted(of: str) -> bool:
            path = organisation.path(of, map_day)
            return bool(path) if code is None else any(each.code == code for each in path)

        counts: list[int | None] = []
        for step, own in zip(funnel.steps, periods, strict=True):
            cells = _cells(facts, remember, _version(funnel, step, procedure), own, trust)
            mine = [cell for cell in cells if is_wanted(cell.agency)]
            seen = any(cell.seen for cell in mine)
            counts.append(sum(cell.numerator for cell in mine) if seen else None)
    return [
        StepCount(step.name, own.first, own.last, count, of_first, of_before)
        for step, own, count, (of_first, of_before) in zip(
            funnel.steps, periods, counts, shares(funnel.steps, counts), strict=True
        )
    ]


def shares(
    steps: Sequence[Step], counts: Sequence[int | None]
) -> list[tuple[float | None, float | None]]:
    """(of the first step, of the step before) in percent, among the steps that count dossiers."""
    found: list[tuple[float | None, float | None]] = []
    first: int | None = None
    before: int | None = None
    is_first = True
    for step, count in zip(steps, counts, strict=True):
        if isinstance(step.counts, Interest):
            found.append((None, None))
            continue
        if is_first:
            first, is_first = count, False
        found.append((_share(count, first), _share(count, before)))
        before = count
    return found


def _share(part: int | None, whole: int | None) -> float | None:
    if part is None or whole is None:
        return None
    share = percent(part, whole)
    return None if share is None else float(share)


def _period_of(step: Step, period: Period | None) -> Period:
    if step.first is not None and step.last is not None:
        return Period(step.first, step.last)
    if period is None:
        raise ThuocdoError(
            "period_needed",
            "The steps of this funnel have no days of their own.",
            "Write --period A..B.",
        )
    return period


def _version(funnel: Funnel, step: Step, procedure: str | None) -> Version:
    term = step.counts
    if procedure is not None:
        term = msgspec.structs.replace(term, procedures=[procedure])
    return Version(
        version=funnel.code,
        valid_from=step.first or date.min,
        source=funnel.source,
        description=step.name,
        numerator=term,
        coverage_threshold=0,
        vectors=[],
    )


def _cells(
    facts: Facts, remember: Answers, version: Version, period: Period, trust: str
) -> list[compute.Cell]:
    asked = compute.Question(version, (), (period,), trust == Trust.VERIFIED, by_procedure=False)
    return compute.to_cells(compute.batches(facts, asked, remember))
