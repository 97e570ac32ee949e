"""What of small counts may be published, so that nobody is singled out and no sum gives it away.

Hiding a small cell is not enough: whoever knows the total and the other cells subtracts. So others
are hidden with it (secondary suppression) until no hidden cell follows from what is published by
adding and subtracting, over all tables published together; and until what is hidden of a sum is
itself no small count. That is checked by exact elimination, not by counting holes: two cells hidden
in each line are not always safe. Which counts are concerned, and from how many on, is data
(disclosure.yaml). Pure.

Rankings of ministries and provinces are practically never touched: their denominators are thousands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Final, Literal, NamedTuple

import msgspec
import yaml

from thuocdo.measure.definitions import Find, Source, Text, Version, definition
from thuocdo.measure.intervals import is_part
from thuocdo.measure.model import Figure, Flag, NoInterval, Point
from thuocdo.measure.ranking import ranked

_NUMERATOR: Final = "numerator"
_REST: Final = "rest"  # the denominator less the numerator: anybody can take it away
_DENOMINATOR: Final = "denominator"


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One dated rule about small counts.

    smallest  the smallest count that is published; 0 is published too
    among     below this denominator a numerator, or the rest, must reach `smallest` as well
    counts    kinds of terms of definitions that are concerned
    """

    valid_from: date
    smallest: int
    among: int
    counts: list[Literal["dossiers", "standing", "duration", "services", "visits"]]
    source: Source
    description: Text


class Table(NamedTuple):
    """Figures that are published together, and what they add up to.

    total         None: nobody prints it, but everybody can know the sum
    total_hidden  of a `total` of None: it must not be published anywhere
    Figures of the same agency and procedure in two tables are one figure.
    """

    parts: tuple[Figure, ...]
    total: Figure | None = None
    total_hidden: bool = False


class Line(NamedTuple):
    """A sum anybody can check: `total` is all `parts` together."""

    total: Hashable
    parts: tuple[Hashable, ...]


@cache
def policies() -> tuple[Policy, ...]:
    """Every rule, oldest first."""
    text = (files("thuocdo.measure") / "disclosure.yaml").read_text("utf-8")
    return tuple(msgspec.convert(yaml.safe_load(text), list[Policy]))


def policy_on(day: date) -> Policy:
    """The rule in force on a Vietnamese day, else the first there was."""
    begun = [policy for policy in policies() if policy.valid_from <= day]
    return begun[-1] if begun else policies()[0]


def disclose(tables: Sequence[Table], policy: Policy, find: Find = definition) -> list[Table]:
    """The tables as they may be published, in their order.

    All tables published of one indicator and period belong in one call: what one of them gives away
    can hide in no other. A figure that loses a number is flagged `suppressed` and loses its value,
    interval and rank, whether it was small itself or hides another: which of both is not said. A
    national mean is to be made of these figures, not of those before.
    """
    find = cache(find)  # thousands of figures are of a few indicators
    values: dict[Hashable, int] = {}
    lines: list[Line] = []
    primary: set[Hashable] = set()
    unseen: set[Hashable] = set()
    for place, table in enumerate(tables):
        concerned = [figure for figure in table.parts if _concerned(figure, policy, find)]
        whole = [table.total] if table.total and _concerned(table.total, policy, find) else []
        for figure in [*concerned, *whole]:
            cells = _cells(figure, find)
            values |= cells
            primary |= _small(figure, cells, policy)
            if _cell(figure, _REST) in cells:
                lines.append(Line(_cell(figure, _DENOMINATOR), _parts(figure)))
        if concerned:
            lines += _sums(place, table.total, concerned, values, unseen)
    kept = hidden(values, lines, primary | unseen, policy.smallest) - unseen
    return [
        Table(
            tuple(_published(figure, kept) for figure in table.parts),
            _published(table.total, kept) if table.total else None,
            any((place, what) in kept for what in (_NUMERATOR, _REST, _DENOMINATOR)),
        )
        for place, table in enumerate(tables)
    ]


def disclose_ranking(
    figures: Sequence[Figure], policy: Policy, find: Find = definition
) -> list[Figure]:
    """Figures of one indicator as they may be published, ranked without those that may not.

    A rank left empty would tell between whom the hidden figure lies. Where none is ranked the order
    stays.
    """
    (table,) = disclose([Table(tuple(figures))], policy, find)
    is_touched = any(Flag.SUPPRESSED in figure.flags for figure in table.parts)
    if not is_touched or all(Flag.NOT_RANKED in figure.flags for figure in table.parts):
        return list(table.parts)
    lower = find(figures[0].indicator).better == "lower"
    return ranked(table.parts, lower_is_better=lower)


def disclose_points(points: Sequence[Point], version: Version, policy: Policy) -> list[Point]:
    """A line's points as they may be published beside the figure of the whole period.

    The whole is the sum of its points, so what one of them hides must not follow from the others.
    """
    if version.numerator.__struct_config__.tag not in policy.counts:
        return list(points)
    shown: dict[tuple[int, str], int] = {}
    primary: set[Hashable] = set()
    for place, point in enumerate(points):
        within = point.denominator is None or point.denominator < policy.among
        for what, value in _counts_of(point, version).items():
            shown[place, what] = value
            if 0 < value < policy.smallest and (within or what == _DENOMINATOR):
                primary.add((place, what))
    values: dict[Hashable, int] = dict(shown.items())
    lines = [
        Line((place, _DENOMINATOR), ((place, _NUMERATOR), (place, _REST)))
        for place, what in shown
        if what == _REST
    ]
    for what in (_NUMERATOR, _REST, _DENOMINATOR):
        parts = tuple(cell for cell in shown if cell[1] == what)
        values["whole", what] = sum(shown[cell] for cell in parts)
        if parts:
            lines.append(Line(("whole", what), parts))
    kept = hidden(values, lines, primary, policy.smallest)
    gone = {place for place, what in shown if (place, what) in kept}
    return [
        Point(point.first, point.last, None, None, None) if place in gone else point
        for place, point in enumerate(points)
    ]


def _counts_of(point: Point, version: Version) -> dict[str, int]:
    if point.numerator is None:
        return {}
    cells = {_NUMERATOR: point.numerator}
    if point.denominator is not None:
        cells[_DENOMINATOR] = point.denominator
        if is_part(version):
            cells[_REST] = point.denominator - point.numerator
    return cells


def hidden(
    values: Mapping[Hashable, int],
    lines: Sequence[Line],
    primary: Iterable[Hashable],
    smallest: int,
) -> frozenset[Hashable]:
    """`primary` and the fewest that a simple table needs beside it, so that none can be worked out.

    None of them follows from the others by the sums of `lines`; and what is hidden below a published
    total comes to `smallest` or more, where there is that much.
    """
    found = set(primary)
    around: dict[Hashable, list[Line]] = defaultdict(list)
    for line in lines:
        for cell in (line.total, *line.parts):
            around[cell].append(line)
    while True:
        while sum(_close(line, values, found, smallest) for line in lines):
            pass  # what one line hides may lay another bare
        known = sorted(determined(lines, found), key=repr)
        wider = [line for cell in known for line in around[cell]]
        wider += [line for line in lines if known and _hidden_in(line, found)]
        more = next((cell for line in wider for cell in _next(line, values, found)), None)
        if more is None:
            return frozenset(found)
        found.add(more)


def _close(line: Line, values: Mapping[Hashable, int], found: set[Hashable], smallest: int) -> bool:
    """Hide more of a line until it gives nothing away by itself; whether that took anything."""
    before = len(found)
    while _gives_away(line, values, found, smallest):
        found.update(_next(line, values, found))
    return len(found) > before


def determined(lines: Sequence[Line], hidden_cells: set[Hashable]) -> set[Hashable]:
    """The hidden cells that follow from the published ones by adding and subtracting lines.

    Gauss and Jordan over the hidden cells alone, in fractions; rows are sparse.
    """
    pivots: dict[Hashable, dict[Hashable, Fraction]] = {}
    users: dict[Hashable, set[Hashable]] = defaultdict(set)
    for line in sorted(lines, key=lambda line: len(line.parts)):
        row = {cell: Fraction(-1) for cell in line.parts if cell in hidden_cells}
        if line.total in hidden_cells:
            row[line.total] = Fraction(1)
        for cell in [cell for cell in row if cell in pivots]:
            _subtract(row, pivots[cell], row[cell])
        if not row:
            continue
        pivot = next(iter(row))
        scale = row[pivot]
        row = {cell: value / scale for cell, value in row.items()}
        for other in list(users[pivot]):
            _subtract(pivots[other], row, pivots[other][pivot])
            _note(users, other, row, pivots[other])
        pivots[pivot] = row
        _note(users, pivot, row, row)
    return {pivot for pivot, row in pivots.items() if len(row) == 1}


def _note(
    users: dict[Hashable, set[Hashable]],
    pivot: Hashable,
    touched: Iterable[Hashable],
    row: Mapping[Hashable, Fraction],
) -> None:
    """Keep which rows hold a cell, of the cells that changed."""
    for cell in touched:
        if cell in row and cell != pivot:
            users[cell].add(pivot)
        else:
            users[cell].discard(pivot)


def _subtract(
    row: dict[Hashable, Fraction], other: Mapping[Hashable, Fraction], times: Fraction
) -> None:
    for cell, value in other.items():
        left = row.get(cell, Fraction(0)) - times * value
        if left:
            row[cell] = left
        else:
            row.pop(cell, None)


def _hidden_in(line: Line, found: set[Hashable]) -> list[Hashable]:
    return [cell for cell in (line.total, *line.parts) if cell in found]


def _gives_away(
    line: Line, values: Mapping[Hashable, int], found: set[Hashable], smallest: int
) -> bool:
    """Whether one line alone tells what it hides, or that what it hides is a small count."""
    inside = _hidden_in(line, found)
    if not inside or len(inside) == 1 + len(line.parts):
        return False
    if len(inside) == 1:
        return True
    return line.total not in found and sum(values.get(cell, 0) for cell in inside) < smallest


def _next(line: Line, values: Mapping[Hashable, int], found: set[Hashable]) -> tuple[Hashable, ...]:
    """What a line hides next: its smallest part that is not 0, else a 0, else the total, else nothing."""
    open_ones = [cell for cell in line.parts if cell not in found]
    if open_ones:
        return (min(open_ones, key=lambda cell: (values[cell] == 0, values[cell], repr(cell))),)
    return () if line.total in found else (line.total,)


def _concerned(figure: Figure, policy: Policy, find: Find) -> bool:
    """Whether a figure counts what the policy protects, and counts anything."""
    if figure.numerator is None:
        return False
    return _version(figure, find).numerator.__struct_config__.tag in policy.counts


def _version(figure: Figure, find: Find) -> Version:
    return find(figure.indicator).version_for(figure.period_last, figure.version)


def _cell(figure: Figure, what: str) -> Hashable:
    directly = Flag.DIRECTLY in figure.flags
    return figure.agency, figure.procedure or "", directly, what


def _parts(figure: Figure) -> tuple[Hashable, ...]:
    return _cell(figure, _NUMERATOR), _cell(figure, _REST)


def _cells(figure: Figure, find: Find) -> dict[Hashable, int]:
    """The counts a figure publishes; of one that is no part of its denominator both by themselves."""
    numerator, denominator = figure.numerator or 0, figure.denominator
    cells = {_cell(figure, _NUMERATOR): numerator}
    if denominator is not None:
        cells[_cell(figure, _DENOMINATOR)] = denominator
        if is_part(_version(figure, find)):
            cells[_cell(figure, _REST)] = denominator - numerator
    return cells


def _small(figure: Figure, cells: Mapping[Hashable, int], policy: Policy) -> set[Hashable]:
    denominator = figure.denominator
    within = denominator is None or denominator < policy.among
    always = {_cell(figure, _DENOMINATOR)}
    return {
        cell
        for cell, value in cells.items()
        if 0 < value < policy.smallest and (within or cell in always)
    }


def _sums(
    place: int,
    total: Figure | None,
    parts: Sequence[Figure],
    values: dict[Hashable, int],
    unseen: set[Hashable],
) -> list[Line]:
    """The lines of a table: its parts and their total, of each of the counts.

    Where parts do not come to the total there is something that no row shows: a cell `unseen`.
    """
    lines = []
    for what in (_NUMERATOR, _REST, _DENOMINATOR):
        cells = [_cell(figure, what) for figure in parts]
        if not all(cell in values for cell in cells):
            continue
        together = sum(values[cell] for cell in cells)
        whole = _cell(total, what) if total else (place, what)
        if whole not in values:
            whole = (place, what)
        values.setdefault(whole, together)
        if values[whole] != together:
            rest = (place, what, "unseen")
            values[rest] = values[whole] - together
            unseen.add(rest)
            cells.append(rest)
        lines.append(Line(whole, tuple(cells)))
    return lines


def _published(figure: Figure, kept: frozenset[Hashable]) -> Figure:
    gone = {what for what in (_NUMERATOR, _REST, _DENOMINATOR) if _cell(figure, what) in kept}
    if not gone:
        return figure
    return figure.emptied(
        NoInterval.SUPPRESSED,
        Flag.SUPPRESSED.value,
        numerator=None if _NUMERATOR in gone else figure.numerator,
        denominator=None if _DENOMINATOR in gone else figure.denominator,
    )
