"""What the rules look at: one indicator's figures, and the cells they were added up from.

Figures are brought together by ministry and province; here the same counts are walked agency by agency
up the map of organisations, so that a sum which does not come out is seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.core.clock import Period
from thuocdo.measure import compute
from thuocdo.measure.answering import OF_SERVICES
from thuocdo.measure.answers import Answers
from thuocdo.measure.definitions import Dossiers, Duration, Indicator, Version, Visits
from thuocdo.measure.invariants.model import Count
from thuocdo.measure.model import Figure
from thuocdo.measure.organisation import Organisation
from thuocdo.measure.view import Facts


class Cell(NamedTuple):
    """Counts of one agency as events name it, in the whole period.

    named  those of them that name their procedure
    """

    agency: str
    total: Count
    named: Count


@dataclass(frozen=True, slots=True)
class Subject:
    """One indicator under one version and all that is known of it in the period.

    figures    of every ministry and province
    before     the same to some days earlier, by agency; None when the period is too short
    """

    indicator: Indicator
    version: Version
    period: Period
    figures: list[Figure]
    before: dict[str, Figure] | None
    cells: list[Cell]
    organisation: Organisation
    organised: date

    @property
    def counts_events(self) -> bool:
        """Whether it counts what happened (visits, dossiers) and not what there is (services)."""
        return isinstance(self.version.numerator, (Visits, Dossiers))

    @property
    def adds_up(self) -> bool:
        """Whether its figures are sums of its cells."""
        return adds_up(self.version)

    @property
    def by_procedure(self) -> bool:
        """Whether its cells name procedures."""
        return isinstance(self.version.numerator, OF_SERVICES)


def cells(
    facts: Facts,
    remember: Answers,
    indicator: Indicator,
    version: Version,
    period: Period,
    trust: str,
) -> list[Cell]:
    """The counts behind a version's figures; those of all parts of the facts added up.

    None of what is not counted: points made of others, medians, what cannot be computed.
    """
    if not adds_up(version):
        return []
    by_procedure = isinstance(version.numerator, OF_SERVICES)
    asked = compute.question(indicator, version, [period], trust, by_procedure)
    found = compute.batches(facts, asked, remember)
    together = pa.concat_tables([compute.CELLS.empty_table(), *(batch.cells for batch in found)])
    named = _by_agency(together.filter(pc.is_valid(together["procedure"])))
    return [
        Cell(agency, count, named.get(agency, Count(0, 0)))
        for agency, count in _by_agency(together).items()
    ]


def _by_agency(counted: pa.Table) -> dict[str, Count]:
    """CELLS added up agency by agency: millions of them stand behind a year of the country."""
    summed = counted.group_by("agency").aggregate([("numerator", "sum"), ("denominator", "sum")])
    names = ("agency", "numerator_sum", "denominator_sum")
    rows: Any = zip(*(summed[name].to_pylist() for name in names), strict=True)
    return {agency: Count(part or 0, whole or 0) for agency, part, whole in rows}


def adds_up(version: Version) -> bool:
    """Whether a version's figures are sums of counts."""
    return compute.fact_of(version) is not None and not isinstance(version.numerator, Duration)


def added(found: Iterable[Count]) -> Count:
    """Counts together; what was not measured counts nothing."""
    numerator = denominator = 0
    for count in found:
        numerator += count.numerator or 0
        denominator += count.denominator or 0
    return Count(numerator, denominator)


def counts(figure: Figure) -> Count:
    """The counts of a figure; what was not measured counts nothing."""
    return Count(figure.numerator or 0, figure.denominator or 0)


def is_nested(version: Version) -> bool:
    """Whether whatever counts in the numerator counts in the denominator, by their own words."""
    part, whole = version.numerator, version.denominator
    return whole is not None and type(part) is type(whole) and _within(part, whole)


def _within(part: Any, whole: Any) -> bool:
    """Condition by condition: none asked of the whole, the same, or a choice among its choices."""
    for field in msgspec.structs.fields(whole):
        wanted, given = getattr(whole, field.name), getattr(part, field.name)
        if field.name == "with_dossiers" and wanted and "any" in wanted:
            wanted = None if given else wanted  # any channel at all holds every other choice
        is_choice = isinstance(wanted, list) and isinstance(given, list)
        if wanted is None or wanted == given or (is_choice and set(given) <= set(wanted)):
            continue
        return False
    return True
