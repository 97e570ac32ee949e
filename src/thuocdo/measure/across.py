"""One service across all agencies: whose dossiers they are, and what became of them.

The other way round than `by="service"`, which is all services of one agency. Counts of a service are
those the agencies' own tables are made of; times are counted of its dossiers alone.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.core.clock import Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.measure import compute, figures
from thuocdo.measure.answering import OF_SERVICES
from thuocdo.measure.answers import Answers
from thuocdo.measure.compute import Cell
from thuocdo.measure.definitions import Duration
from thuocdo.measure.frame import Frame
from thuocdo.measure.model import Figure
from thuocdo.measure.service import Measure
from thuocdo.measure.view import Facts


def across(
    measure: Measure,
    code: str,
    procedure: str,
    period: Period,
    *,
    as_organised: date | None = None,
    trust: str = "any",
) -> list[Figure]:
    """One figure per ministry and province that had dossiers of a service, the busiest first, unranked.

    Raises ThuocdoError `unknown_indicator`, and `not_by_service` for what is not counted by service.
    """
    indicator = measure.definition(code)
    version = indicator.version_for(period.last)
    if not isinstance(version.numerator, OF_SERVICES):
        raise ThuocdoError(
            "not_by_service",
            f"{code} is not counted by service.",
            "Choose an indicator of dossiers or services.",
        )
    with measure.reading(None) as (facts, remember):
        frame = Frame(
            indicator=indicator,
            version=version,
            period=period,
            organised=as_organised or period.last,
            known=None,
            trust=trust,
            organisation=facts.dimensions.organisation,
            log_size=facts.log_size,
        )
        name = facts.dimensions.procedure_names.get(procedure, procedure)
        cells = _cells(facts, remember, frame, procedure)
        return figures.of_service(frame, procedure, name, cells)


def _cells(facts: Facts, remember: Answers, frame: Frame, procedure: str) -> list[Cell]:
    indicator, version, periods = frame.indicator, frame.version, [frame.period]
    counted = version.numerator
    if not isinstance(counted, Duration):
        asked = compute.question(indicator, version, periods, frame.trust, by_procedure=True)
        return compute.to_cells(
            [
                compute.Batch(
                    (batch.key, procedure),
                    remember(("by procedure", batch.key), partial(_Sorted.of, batch.cells)).only(
                        procedure
                    ),
                )
                for batch in compute.batches(facts, asked, remember)
            ]
        )
    own = msgspec.structs.replace(
        version, numerator=msgspec.structs.replace(counted, procedures=[procedure])
    )
    asked = compute.question(indicator, own, periods, frame.trust, by_procedure=False)

    def top(agency: str) -> str | None:
        found = frame.organisation.top(agency, frame.organised)
        return found.code if found else None

    around = facts.fingerprint("dimensions", *compute.span(periods))
    key = ("across", frame.organised, around)
    return compute.to_cells([compute.durations_of(facts, asked, remember, top, key)])


class _Sorted(NamedTuple):
    """CELLS in the order of their procedures; `places`: procedure → where its rows begin and how many."""

    cells: pa.Table
    places: dict[str | None, tuple[int, int]]

    @classmethod
    def of(cls, cells: pa.Table) -> _Sorted:
        ordered = cells.sort_by("procedure").combine_chunks()
        places, begin = {}, 0
        found: Any = pc.value_counts(ordered["procedure"])  # in the order they appear
        names, counts = found.field("values").to_pylist(), found.field("counts").to_pylist()
        for name, count in zip(names, counts, strict=True):
            places[name] = (begin, count)
            begin += count
        return cls(ordered, places)

    def only(self, procedure: str) -> pa.Table:
        return self.cells.slice(*self.places.get(procedure, (0, 0)))
