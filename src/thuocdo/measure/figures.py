"""Figures: counts brought together on a map of organisations, with coverage, flags and rank.

Nothing here reads; compute.py and coverage.py did. So the rules about missing values stand in one
place: no data is null, a zero denominator is null, and each null says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from thuocdo.core.clock import Period
from thuocdo.core.vietnamese import collation_key
from thuocdo.core.vocabulary import Provenance
from thuocdo.measure import valuing
from thuocdo.measure.compute import Cell
from thuocdo.measure.coverage import SourceSeen
from thuocdo.measure.definitions import Dossiers, Duration, Services, Standing, Version
from thuocdo.measure.frame import Frame
from thuocdo.measure.intervals import interval_of
from thuocdo.measure.model import Coverage, Figure, Flag, NoInterval, Point
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
    left_out: int = 0
    value: int | None = None
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
        self.left_out += cell.left_out or 0
        if cell.value is not None:  # a quantile: there is one cell of it
            self.value = cell.value
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
    return ranked(
        [_figure(frame, agencies[code], total) for code, total in sums.items()],
        lower_is_better=frame.indicator.better == "lower",
    )


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
        inside, child = branch(frame, cell.agency, agency)
        if inside:
            sums[child].add(cell)
    for source in sources:
        inside, child = branch(frame, source.agency, agency)
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


def of_service(frame: Frame, procedure: str, name: str, cells: Iterable[Cell]) -> list[Figure]:
    """One figure per ministry and province that had anything of one service; the busiest first."""
    sums: dict[str, Sum] = {}
    tops = {agency.code: agency for agency in frame.organisation.tops(frame.organised, None)}
    for cell in cells:
        top = frame.organisation.top(cell.agency, frame.organised)
        if top is not None and top.code in tops:
            sums.setdefault(top.code, Sum()).add(cell)
    found = [
        _service_figure(frame, procedure, name, tops[code], None, total)
        for code, total in sums.items()
    ]
    return sorted(found, key=lambda f: (-(f.denominator or 0), f.agency))


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


def of_parts(frame: Frame, parts: Mapping[str, tuple[Version, Sequence[Figure]]]) -> list[Figure]:
    """The points made of other indicators, one figure per agency that all of them are about.

    parts  code → the version its figures are of, and the figures
    """
    found: dict[str, dict[str, Figure]] = {}
    for code, (_, own) in parts.items():
        for figure in own:
            found.setdefault(figure.agency, {})[code] = figure
    whole = [_made_of(frame, {c: v for c, (v, _) in parts.items()}, own) for own in found.values()]
    if any("not_ranked" in figure.flags for figure in whole):
        return whole
    return ranked(whole, lower_is_better=frame.indicator.better == "lower")


def _made_of(frame: Frame, versions: Mapping[str, Version], own: Mapping[str, Figure]) -> Figure:
    ratios = {
        code: valuing.Ratio(versions[code], figure.numerator, figure.denominator)
        for code, figure in own.items()
    }
    valued = valuing.of_parts(frame.version, ratios)
    measured = [figure for code, figure in own.items() if versions[code].is_computable]
    first = (measured or list(own.values()))[0]
    moments = [figure.freshness for figure in measured if figure.freshness is not None]
    inherited = {flag for figure in measured for flag in figure.flags} - _OWN_FLAGS
    later = {"definition_later_than_period"} & set(first.flags)
    return msgspec.structs.replace(
        first,
        indicator=frame.indicator.code,
        version=frame.version.version,
        unit=frame.indicator.unit,
        numerator=None,
        denominator=None,
        value=valued.value,
        freshness=max(moments, default=None),
        flags=tuple(sorted(inherited | later | valued.flags)),
        interval=None,
        no_interval=NoInterval.NOT_A_SHARE.value,
        rank=None,
        rank_low=None,
        rank_high=None,
    )


_OWN_FLAGS = frozenset(
    {valuing.NO_DATA, valuing.ZERO_DENOMINATOR, valuing.ZERO_BY_RULE, valuing.NOT_COMPUTABLE}
)
"""What a part says of its own value; the whole says what became of it."""


def points_of_parts(
    frame: Frame, periods: Sequence[Period], lines: Mapping[str, tuple[Version, Sequence[Point]]]
) -> list[Point]:
    """The points made of other indicators in each period; `lines` as `parts` of `of_parts`."""
    found = []
    for place, period in enumerate(periods):
        ratios = {
            code: valuing.Ratio(version, line[place].numerator, line[place].denominator)
            for code, (version, line) in lines.items()
        }
        valued = valuing.of_parts(frame.version, ratios)
        found.append(Point(period.first, period.last, None, None, valued.value))
    return found


def below(frame: Frame, code: str, agency: Agency) -> bool:
    """Whether `code` is that agency or under it on the frame's map of organisations."""
    return any(step.code == agency.code for step in frame.organisation.path(code, frame.organised))


def branch(frame: Frame, code: str, agency: Agency) -> tuple[bool, str | None]:
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
    if not measured or not frame.version.is_computable:
        return None, None, None
    unit = frame.indicator.unit
    if unit == "duration":
        return total.numerator or None, total.denominator, total.value
    if frame.version.denominator is None:
        return total.numerator, None, total.numerator
    valued = valuing.of_ratio(frame.version, unit, total.numerator, total.denominator)
    return total.numerator, total.denominator, valued.value


def _flags(frame: Frame, total: Sum, *, measured: bool) -> set[str]:
    flags = set()
    if frame.version.valid_from > frame.period.last:
        flags.add("definition_later_than_period")
    if not frame.version.is_computable:
        return {*flags, valuing.NOT_COMPUTABLE}
    if not measured:
        flags.add("no_data")
    elif frame.indicator.unit == "duration" and total.denominator == 0:
        flags.add(valuing.ZERO_DENOMINATOR)
    elif frame.version.denominator is not None:
        numerator, denominator = total.numerator, total.denominator
        flags |= valuing.of_ratio(frame.version, frame.indicator.unit, numerator, denominator).flags
        if denominator == 0 and isinstance(frame.version.numerator, Services) and total.seen == 0:
            flags.add("no_catalogue")
    if total.left_out:
        flags.add("no_due_date_left_out")
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
    """Of dossiers and services the agencies' systems tell; all else our own collector saw."""
    told = isinstance(frame.version.numerator, Dossiers | Standing | Services | Duration)
    return (Provenance.PUSHED if told else Provenance.MEASURED).value


def _figure(frame: Frame, agency: Agency, total: Sum, *more: str) -> Figure:
    measured = total.seen > 0 or total.reporting > 0
    tops = frame.organisation.path(agency.code, frame.organised)
    return _told(
        frame,
        total,
        *_merged(frame, agency),
        *more,
        measured=measured,
        agency=agency.code,
        name=agency.name,
        block=tops[-1].block if tops else None,
        coverage=_coverage(total),
        events=total.events,
        events_verified=total.events_verified,
    )


def _service_figure(
    frame: Frame, procedure: str, name: str, agency: Agency | None, block: str | None, total: Sum
) -> Figure:
    return _told(
        frame,
        total,
        "not_ranked",
        measured=True,
        agency=agency.code if agency else "",
        name=name,
        block=block or (agency.block if agency else None),
        coverage=None,
        procedure=procedure,
    )


def _told(frame: Frame, total: Sum, *more: str, measured: bool, **whose: Any) -> Figure:
    """The figure of a sum, with more flags; `whose`: the fields that the frame and the sum do not tell."""
    numerator, denominator, value = _values(frame, total, measured=measured)
    interval, no_interval = interval_of(frame.version, frame.indicator.unit, numerator, denominator)
    return Figure(
        indicator=frame.indicator.code,
        version=frame.version.version,
        period_first=frame.period.first,
        period_last=frame.period.last,
        unit=frame.indicator.unit,
        numerator=numerator,
        denominator=denominator,
        value=value,
        freshness=total.last_landed,
        as_known=frame.instant,
        log_size=frame.log_size,
        as_organised=frame.organised,
        trust=frame.trust,
        provenance=_provenance(frame),
        interval=interval,
        no_interval=no_interval,
        flags=tuple(sorted({*_flags(frame, total, measured=measured), *more})),
        **whose,
    )
