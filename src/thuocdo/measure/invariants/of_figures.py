"""Rules about one indicator's figures: pure functions from a Subject to the rows that break them.

Each answers (rows looked at, broken ones by agency); an empty look means it could not be measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from thuocdo.measure.invariants.model import Count, Evidence, Published
from thuocdo.measure.invariants.subject import Subject, added, counts, is_nested
from thuocdo.measure.model import Figure

_THOUSAND: Final = 1000


class Look(NamedTuple):
    """What one rule saw of one indicator in one block.

    checked  agencies looked at
    broken   evidence of those for which it does not hold
    """

    checked: int
    broken: list[Evidence]


Check = Callable[[Subject, list[Figure]], Look | None]
"""None: the rule has nothing to say of this indicator."""


def part_within_whole(subject: Subject, figures: list[Figure]) -> Look | None:
    """The numerator is among the denominator, so it cannot be more."""
    if not is_nested(subject.version):
        return None
    found = [(figure, counts(figure)) for figure in figures if figure.denominator is not None]
    broken = [
        _row(figure, part=count.numerator, whole=count.denominator)
        for figure, count in found
        if (count.numerator or 0) > (count.denominator or 0)
    ]
    return Look(len(found), broken)


def cumulative_never_falls(subject: Subject, figures: list[Figure]) -> Look | None:
    """A longer stretch from the same first day holds what the shorter one held."""
    if not subject.counts_events:
        return None
    before = subject.before or {}
    pairs = [(f, counts(before[f.agency]), counts(f)) for f in figures if f.agency in before]
    return Look(len(pairs), list(_fallen(pairs, tolerance=0)))


def published_never_falls(
    subject: Subject, figures: list[Figure], published: Published, tolerance: int
) -> Look | None:
    """What a report of the same year said, this one says too, or more."""
    if not subject.counts_events or published.period.first != subject.period.first:
        return None
    if published.period.last > subject.period.last:
        return None
    code, version = subject.indicator.code, subject.version.version
    pairs = [
        (figure, published.counts[key], counts(figure))
        for figure in figures
        if (key := (code, version, figure.agency)) in published.counts
    ]
    return Look(len(pairs), list(_fallen(pairs, tolerance=tolerance)))


def new_within_old(figures: list[Figure], older: Mapping[str, Figure]) -> Look:
    """By the newer words fewer are counted among the whole, never more."""
    pairs = [
        (figure, counts(figure).denominator or 0, counts(older[figure.agency]).denominator or 0)
        for figure in figures
        if figure.agency in older and figure.denominator is not None
    ]
    broken = [_row(figure, new=new, old=old) for figure, new, old in pairs if new > old]
    return Look(len(pairs), broken)


def units_add_up(subject: Subject, figures: list[Figure]) -> Look | None:
    """What units (and the agency itself) have, their agency has; of what adds up at all."""
    if not subject.adds_up:
        return None
    units: dict[str, dict[str, Count]] = {}
    for cell in subject.cells:
        path = subject.organisation.path(cell.agency, subject.organised)
        if path and path[-1].block:
            unit = path[-2].code if len(path) > 1 else path[-1].code
            own = units.setdefault(path[-1].code, {})
            own[unit] = added([own.get(unit, Count(0, 0)), cell.total])
    return _sums(figures, {top: added(sums.values()) for top, sums in units.items()})


def services_add_up(subject: Subject, figures: list[Figure]) -> Look | None:
    """What was counted procedure by procedure is what the agency has; dossiers only."""
    if not subject.counts_events or not subject.by_procedure:
        return None
    tops: dict[str, Count] = {}
    for cell in subject.cells:
        top = subject.organisation.top(cell.agency, subject.organised)
        if top is not None:
            tops[top.code] = added([tops.get(top.code, Count(0, 0)), cell.named])
    return _sums(figures, tops)


def blocks_add_up(subject: Subject) -> list[Evidence]:
    """Everything that belongs to somebody stands in the two blocks together."""
    measured = {figure.agency for figure in subject.figures if figure.numerator is not None}
    placed = added(
        cell.total
        for cell in subject.cells
        if (top := subject.organisation.top(cell.agency, subject.organised))
        and top.code in measured
    )
    blocks = added(counts(figure) for figure in subject.figures)
    return list(_unequal("", "", blocks, placed))


def nobody_left_out(subject: Subject) -> list[Evidence]:
    """Counts of codes that no ministry or province answers for, most first."""
    lost = {
        cell.agency: max(cell.total.numerator or 0, cell.total.denominator or 0)
        for cell in subject.cells
        if subject.organisation.top(cell.agency, subject.organised) is None
    }
    most_first = sorted(lost.items(), key=lambda one: (-one[1], one[0]))
    return [Evidence(code, code, (("left_out", n),)) for code, n in most_first if n]


def _fallen(pairs: Iterable[tuple[Figure, Count, Count]], *, tolerance: int) -> Iterable[Evidence]:
    """tolerance  of a thousand of what was there before."""
    for figure, before, now in pairs:
        for then, there in zip(before, now, strict=True):
            least = (then or 0) * (_THOUSAND - tolerance)
            if (there or 0) * _THOUSAND < least:
                yield _row(figure, before=then, now=there)
                break


def _sums(figures: list[Figure], sums: Mapping[str, Count]) -> Look:
    measured = [figure for figure in figures if figure.numerator is not None]
    broken = [
        row
        for figure in measured
        for row in _unequal(
            figure.agency, figure.name, sums.get(figure.agency, Count(0, 0)), counts(figure)
        )
    ]
    return Look(len(measured), broken)


def _unequal(agency: str, name: str, summed: Count, whole: Count) -> Iterable[Evidence]:
    for left, right in zip(summed, whole, strict=True):
        if left != right:
            yield Evidence(agency, name, (("sum", left or 0), ("whole", right or 0)))
            return


def _row(figure: Figure, **numbers: int | None) -> Evidence:
    return Evidence(
        figure.agency, figure.name, tuple((name, number or 0) for name, number in numbers.items())
    )


BY_BLOCK: Final[Mapping[str, Check]] = {
    "part_within_whole": part_within_whole,
    "cumulative_never_falls": cumulative_never_falls,
    "units_add_up": units_add_up,
    "services_add_up": services_add_up,
}
"""Rules that look at the figures of one block."""
