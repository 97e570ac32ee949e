"""Figures: counts brought together on a map of organisations, with coverage, flags and rank.

Nothing here reads; compute.py and coverage.py did. So the rules about missing values stand in one
place: no data is null, a zero denominator is null, and each null says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from thuocdo.core.clock import Period
from thuocdo.core.vietnamese import collation_key, percent
from thuocdo.core.vocabulary import Provenance
from thuocdo.measure.compute import Cell
from thuocdo.measure.coverage import SourceSeen
from thuocdo.measure.definitions import Services, Visits
from thuocdo.measure.frame import Frame
from thuocdo.measure.intervals import interval_of
from thuocdo.measure.model import Coverage, Figure, Flag, Point
from thuocdo.measure.organisation import Agency
from thuocdo.measure.ranking import ranked


@dataclass(slots=True)
class Sum:
    """Counts added up for one agency or service; `seen` stays 0 when nothing was there at all."""

    numerator: int = 0
    denominator: int = 0
    seen: int = 0
    declared: int = 0
    last_landed: int | None = None
    reporting: int = 0
    expected: int = 0
    new: int = 0
    events: int = 0
    events_verified: int = 0

    def add(self, cell: Cell) -> None:
        self.numerator += cell.numerator
        self.denominator += cell.denominator or 0
        self.seen += cell.seen
        self.declared += cell.declared
        moments = (self.last_landed, cell.last_landed)
        self.last_landed = max((m for m in moments if m is not None), default=None)

    def hear(self, source: SourceSeen) -> None:
        self.expected += source.expected
        self.reporting += source.reporting
        self.new += source.new
        self.events += source.events
        self.events_verified += source.events_verified


def of_tops(
    frame: Frame, cells: Iterable[Cell], sources: Iterable[SourceSeen], block: str | None
) -> list[Figure]:
    """One figure per ministry and province (of a block), ranked, best first."""
    agencies = {agency.code: agency for agency in frame.organisation.tops(frame.organised, block)}
    sums = {code: Sum() for code in agencies}
    for cell in cells:
        top = frame.organisation.top(cell.agency, frame.organised)
        if top is not None and top.code in sums:
            sums[top.code].add(cell)
    for source in sources:
        top = frame.organisation.top(source.agency, frame.organised)
        if top is not None and top.code in sums:
            sums[top.code].hear(source)
    return ranked([_figure(frame, agencies[code], total) for code, total in sums.items()])


def of_agency(
    frame: Frame, agency: Agency, cells: Iterable[Cell], sources: Iterable[SourceSeen]
) -> Figure:
    """The figure of one agency and all below it, not ranked."""
    total = Sum()
    for cell in cells:
        if below(frame, cell.agency, agency):
            total.add(cell)
    for source in sources:
        if below(frame, source.agency, agency):
            total.hear(source)
    return _figure(frame, agency, total, Flag.NOT_RANKED)


def of_children(
    frame: Frame, agency: Agency, cells: Iterable[Cell], sources: Iterable[SourceSeen]
) -> list[Figure]:
    """One figure per agency directly below, by name, each with all below it; what is the agency's
    own, or of a unit nobody registered, stands last and is flagged `directly`.

    Counts add up to the agency's own figure.
    """
    children = frame.organisation.children(agency.code, frame.organised)
    sums: dict[str | None, Sum] = {None: Sum(), **{child.code: Sum() for child in children}}
    for cell in cells:
        inside, child = _branch(frame, cell.agency, agency)
        if inside:
            sums[child].add(cell)
    for source in sources:
        inside, child = _branch(frame, source.agency, agency)
        if inside:
            sums[child].hear(source)
    found = [_figure(frame, child, sums[child.code], Flag.NOT_RANKED) for child in children]
    found.sort(key=lambda figure: collation_key(figure.name))
    rest = sums[None]
    if rest.seen or rest.expected or rest.events:
        found.append(_figure(frame, agency, rest, Flag.NOT_RANKED, Flag.DIRECTLY))
    return found


def of_services(
    frame: Frame,
    names: dict[str, str],
    cells: Iterable[Cell],
    *,
    agency: Agency | None,
    block: str | None,
) -> list[Figure]:
    """One figure per procedure, of an agency, a block or the country; the busiest first."""
    sums: dict[str, Sum] = {}
    for cell in cells:
        if cell.procedure is None or not _wanted(frame, cell.agency, agency, block):
            continue
        sums.setdefault(cell.procedure, Sum()).add(cell)
    figures = [
        _service_figure(frame, procedure, names.get(procedure, procedure), agency, block, total)
        for procedure, total in sums.items()
    ]
    return sorted(
        figures,
        key=lambda f: (-(f.denominator or 0), -(f.numerator or 0), collation_key(f.name)),
    )


def points(
    frame: Frame,
    periods: Sequence[Period],
    cells: Iterable[Cell],
    *,
    agency: Agency | None,
    block: str | None,
) -> list[Point]:
    """One point per period, in their order; null where nothing was there to measure."""
    sums = [Sum() for _ in periods]
    for cell in cells:
        if _wanted(frame, cell.agency, agency, block):
            sums[cell.bucket].add(cell)
    found = []
    for period, total in zip(periods, sums, strict=True):
        numerator, denominator, value = _values(frame, total, measured=total.seen > 0)
        found.append(Point(period.first, period.last, numerator, denominator, value))
    return found


def below(frame: Frame, code: str, agency: Agency) -> bool:
    """Whether `code` is that agency or under it on the frame's map of organisations."""
    return any(step.code == agency.code for step in frame.organisation.path(code, frame.organised))


def _branch(frame: Frame, code: str, agency: Agency) -> tuple[bool, str | None]:
    """Whether `code` is below (or is) an agency, and through which agency directly below it."""
    path = frame.organisation.path(code, frame.organised)
    for place, step in enumerate(path):
        if step.code == agency.code:
            return True, path[place - 1].code if place else None
    return False, None


def _wanted(frame: Frame, code: str, agency: Agency | None, block: str | None) -> bool:
    if agency is not None and not below(frame, code, agency):
        return False
    top = frame.organisation.top(code, frame.organised)
    return top is not None and block in (None, top.block)


def _values(
    frame: Frame, total: Sum, *, measured: bool
) -> tuple[int | None, int | None, float | None]:
    """(numerator, denominator, value) by the definition's rules; all null when not measured."""
    if not measured:
        return None, None, None
    if frame.version.denominator is None:
        return total.numerator, None, total.numerator
    share = percent(total.numerator, total.denominator, frame.version.rounding)
    return total.numerator, total.denominator, None if share is None else float(share)


def _flags(frame: Frame, total: Sum, *, measured: bool) -> set[str]:
    flags = set()
    if frame.version.valid_from > frame.period.last:
        flags.add("definition_later_than_period")
    if not measured:
        flags.add("no_data")
    elif frame.version.denominator is not None:
        if total.denominator == 0:
            flags.add("zero_denominator")
            if isinstance(frame.version.numerator, Services) and total.seen == 0:
                flags.add("no_catalogue")
        elif total.numerator > total.denominator:
            flags.add("numerator_exceeds_denominator")
    if total.declared:
        flags.add("level_declared_used")
    if total.expected and total.reporting < frame.version.coverage_threshold * total.expected:
        flags.add("coverage_below_threshold")
    return flags


def _merged(frame: Frame, agency: Agency) -> set[str]:
    merged = frame.organisation.merged_in(frame.period, frame.organised)
    return {Flag.MERGED_IN_PERIOD.value} if agency.code in merged else set()


def _coverage(total: Sum) -> Coverage | None:
    return Coverage(total.reporting, total.expected, total.new) if total.expected else None


def _provenance(frame: Frame) -> str:
    """Views are seen by our tracker; of dossiers and services the agencies' systems tell."""
    seen = isinstance(frame.version.numerator, Visits)
    return (Provenance.MEASURED if seen else Provenance.PUSHED).value


def _figure(frame: Frame, agency: Agency, total: Sum, *more: str) -> Figure:
    measured = total.seen > 0 or total.reporting > 0
    numerator, denominator, value = _values(frame, total, measured=measured)
    interval, no_interval = interval_of(frame.version, numerator, denominator)
    tops = frame.organisation.path(agency.code, frame.organised)
    return Figure(
        indicator=frame.indicator.code,
        version=frame.version.version,
        agency=agency.code,
        name=agency.name,
        block=tops[-1].block if tops else None,
        period_first=frame.period.first,
        period_last=frame.period.last,
        unit=frame.indicator.unit,
        numerator=numerator,
        denominator=denominator,
        value=value,
        coverage=_coverage(total),
        freshness=total.last_landed,
        as_known=frame.instant,
        log_size=frame.log_size,
        as_organised=frame.organised,
        trust=frame.trust,
        provenance=_provenance(frame),
        events=total.events,
        events_verified=total.events_verified,
        interval=interval,
        no_interval=no_interval,
        flags=tuple(
            sorted({*_flags(frame, total, measured=measured), *_merged(frame, agency), *more})
        ),
    )


def _service_figure(
    frame: Frame, procedure: str, name: str, agency: Agency | None, block: str | None, total: Sum
) -> Figure:
    numerator, denominator, value = _values(frame, total, measured=True)
    interval, no_interval = interval_of(frame.version, numerator, denominator)
    return Figure(
        indicator=frame.indicator.code,
        version=frame.version.version,
        agency=agency.code if agency else "",
        name=name,
        block=block or (agency.block if agency else None),
        period_first=frame.period.first,
        period_last=frame.period.last,
        unit=frame.indicator.unit,
        numerator=numerator,
        denominator=denominator,
        value=value,
        coverage=None,
        freshness=total.last_landed,
        as_known=frame.instant,
        log_size=frame.log_size,
        as_organised=frame.organised,
        trust=frame.trust,
        provenance=_provenance(frame),
        interval=interval,
        no_interval=no_interval,
        flags=tuple(sorted({*_flags(frame, total, measured=True), "not_ranked"})),
        procedure=procedure,
    )
