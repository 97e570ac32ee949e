"""Answers: from a question and the facts to figures and points.

A question about points made of several indicators is asked of each of them; any other is counted
(compute.py), its sources are heard (coverage.py), and both are brought together on the map of
organisations (figures.py). All of it is remembered by the files it was made of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import msgspec

from thuocdo.core.clock import Period
from thuocdo.measure import compute, coverage, figures
from thuocdo.measure.answers import Answers
from thuocdo.measure.definitions import (
    Composite,
    Definitions,
    Dossiers,
    Duration,
    Services,
    Standing,
    Version,
)
from thuocdo.measure.frame import Frame
from thuocdo.measure.model import Figure, Flag, Point
from thuocdo.measure.organisation import Agency
from thuocdo.measure.view import Facts

OF_SERVICES: Final = (Dossiers, Services, Standing, Duration)
"""Terms that can be counted by service."""


def figures_of(
    facts: Facts,
    remember: Answers,
    known: Definitions,
    frame: Frame,
    by: str,
    block: str | None,
    agency: str | None,
) -> list[Figure]:
    """The figures of `Measure.figures`; an ended agency's are its successor's, and say so."""
    if agency is None:
        return _figures(facts, remember, known, frame, by, block, None)
    code = frame.organisation.meant(agency, frame.organised, frame.period)
    whose = frame.organisation.at(code, frame.organised)
    found = _figures(facts, remember, known, frame, by, block, whose)
    if whose.code == code:
        return found
    said = Flag.SUCCESSOR_ANSWERS.value
    return [msgspec.structs.replace(f, flags=tuple(sorted({*f.flags, said}))) for f in found]


def _figures(
    facts: Facts,
    remember: Answers,
    known: Definitions,
    frame: Frame,
    by: str,
    block: str | None,
    whose: Agency | None,
) -> list[Figure]:
    parts = _parts(known, frame)
    if parts:
        made = {
            part.indicator.code: (
                part.version,
                _figures(facts, remember, known, part, by, block, whose),
            )
            for part in parts
        }
        return figures.of_parts(frame, made)
    periods = [frame.period]
    if by == "service":
        crowd = _Crowd(frame, whose, block, together=True)
        found = _cells(facts, remember, crowd, periods, by_procedure=True)
        names = facts.dimensions.procedure_names
        return figures.of_services(frame, names, found, agency=whose, block=block)
    inside = by == "children"
    crowd = _Crowd(frame, whose, block, children=inside)
    found = _cells(facts, remember, crowd, periods, whole=_is_top(whose) and not inside)
    key = ("sources", frame.indicator.code, frame.version.identity, frame.period, frame.trust)
    heard = remember(
        (*key, frame.organised, fingerprint(facts, known, frame.version, periods)),
        lambda: coverage.sources(facts, frame, remember),
    )
    if whose is not None and inside:
        return figures.of_children(frame, whose, found, heard)
    if whose is not None and not _is_top(whose):
        return [figures.of_agency(frame, whose, found, heard)]
    ranked = figures.of_tops(frame, found, heard, block)
    return [f for f in ranked if whose is None or f.agency == whose.code]


def points_of(
    facts: Facts,
    remember: Answers,
    known: Definitions,
    frame: Frame,
    periods: Sequence[Period],
    agency: Agency | None,
    block: str | None,
) -> list[Point]:
    """The points of `Measure.series`."""
    parts = _parts(known, frame)
    if parts:
        lines = {
            part.indicator.code: (
                part.version,
                points_of(facts, remember, known, part, periods, agency, block),
            )
            for part in parts
        }
        return figures.points_of_parts(frame, periods, lines)
    crowd = _Crowd(frame, agency, block, together=True)
    found = _cells(facts, remember, crowd, periods, whole=_is_top(agency))
    return figures.points(frame, periods, found, agency=agency, block=block)


def fingerprint(
    facts: Facts, known: Definitions, version: Version, periods: Sequence[Period]
) -> tuple[str, ...]:
    """Names the files an answer comes from: other facts may change without touching it."""
    first, last = compute.span(periods)
    counted = [version]
    if isinstance(version.numerator, Composite):
        counted = [v for part in version.numerator.parts for v in known.find(part.of).versions]
    tables = {coverage.source_table(each) for each in counted}
    tables |= {table for each in counted if (table := compute.fact_of(each)) is not None}
    return tuple(
        file
        for table in (*sorted(tables), "dimensions")
        for file in facts.fingerprint(table, first, last)
    )


class _Crowd(msgspec.Struct, frozen=True):
    """Whose dossiers are one crowd, for what does not add up: a median of several is none of theirs.

    An agency below the top, or one block's whole, is one crowd, and goes by the code of any of its
    members: so it is found again on the map of organisations.

    together  of several tops their dossiers together
    children  of each agency directly below `agency` its own
    """

    frame: Frame
    agency: Agency | None
    block: str | None
    together: bool = False
    children: bool = False

    def code_for(self, code: str) -> str | None:
        """Under which code the dossiers of an agency are brought together, None: nobody's."""
        frame = self.frame
        top = frame.organisation.top(code, frame.organised)
        if top is None or self.block not in (None, top.block):
            return None
        if self.agency is not None:
            inside, child = figures.branch(frame, code, self.agency)
            if not inside:
                return None
            return child if self.children and child else self.agency.code
        if not self.together:
            return top.code
        tops = frame.organisation.tops(frame.organised, self.block)
        return tops[0].code if tops else None


def _cells(
    facts: Facts,
    remember: Answers,
    crowd: _Crowd,
    periods: Sequence[Period],
    *,
    by_procedure: bool = False,
    whole: bool = False,
) -> list[compute.Cell]:
    """The counts in each period; `whole`: added up by ministry and province, which are few."""
    frame = crowd.frame
    if compute.fact_of(frame.version) is None:
        return []
    asked = compute.question(frame.indicator, frame.version, periods, frame.trust, by_procedure)
    around = facts.fingerprint("dimensions", *compute.span(periods))
    if isinstance(frame.version.numerator, Duration):
        agency = crowd.agency.code if crowd.agency else None
        crowded = (frame.organised, agency, crowd.block, crowd.together, crowd.children, around)
        return compute.to_cells(
            [compute.durations_of(facts, asked, remember, crowd.code_for, crowded)]
        )
    batches = compute.batches(facts, asked, remember)
    if not whole:
        return compute.to_cells(batches)
    found: list[compute.Cell] = []
    for batch in batches:
        key = ("tops", batch.key, around, frame.organised)
        add_up = partial(compute.by_top, batch.cells, frame.organisation, frame.organised)
        found.extend(remember(key, add_up))
    return found


def _parts(known: Definitions, frame: Frame) -> list[Frame]:
    """The questions that points are made of, in the versions in force with them."""
    made = frame.version.numerator
    if not isinstance(made, Composite):
        return []
    indicators = [known.find(part.of) for part in made.parts]
    return [
        replace(frame, indicator=each, version=each.version_for(frame.version_day))
        for each in indicators
    ]


def _is_top(agency: Agency | None) -> bool:
    """Whether figures of tops answer for it; nobody in particular is all of them."""
    return agency is None or (agency.parent is None and agency.block is not None)
