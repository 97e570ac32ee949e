"""What of the measured figures may be shown: nothing that a check blocks, no count too small.

The live pages withhold what a weekly report would withhold, by the same rules. A check looks at all
agencies and at the period before, which takes longer than a page may: its verdict is kept and made
anew every minute (standby.py).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from datetime import date
from functools import cache, partial
from typing import NamedTuple, TypeVar

import msgspec
from django.conf import settings

from thuocdo.core.clock import Period
from thuocdo.measure.definitions import Composite, Version
from thuocdo.measure.disclosure import (
    Table,
    disclose,
    disclose_points,
    disclose_ranking,
    policy_on,
)
from thuocdo.measure.facts.store import FactStore
from thuocdo.measure.invariants.check import check
from thuocdo.measure.invariants.model import Outcome
from thuocdo.measure.invariants.withholding import withhold
from thuocdo.measure.model import BLOCKED, Figure, Flag, NoInterval, Point
from thuocdo.measure.quality import Finding, inspect
from thuocdo.measure.ranking import ranked
from thuocdo.measure.service import Measure
from thuocdo.measure.shelf import Left
from thuocdo.web.standby import Standby

T = TypeVar("T")

_CHECKED_FOR_S = 60.0
_INSPECTED_FOR_S = 600.0
_KEPT = 256
_VERDICTS, _INSPECTION = "verdicts", "inspection"
"""How they are called on the shelf."""
_PATIENCE_S = 1.0


class _Shown(NamedTuple):
    """An answer, and what it was made of: as long as that is held, nothing else goes by its ids."""

    made_of: tuple[object, ...]
    answer: list[Figure]


_tables: OrderedDict[Hashable, _Shown] = OrderedDict()
_looking = threading.Lock()

_checks: Standby[list[Outcome]] = Standby(_CHECKED_FOR_S, _KEPT)
_inspections: Standby[list[Finding]] = Standby(_INSPECTED_FOR_S, _KEPT)


def outcomes(
    measure: Measure, code: str, version: Version, period: Period, organised: date, trust: str
) -> list[Outcome]:
    """What every rule says of one indicator's figures in a period, not older than about a minute."""
    asked = [(code, version.version)]

    def look() -> list[Outcome]:
        behind = _apart(measure)
        with behind.still():
            return check(behind, period, asked, as_organised=organised, trust=trust)

    question = (code, version.identity, period, organised, trust)

    before = partial(_left, measure, (_VERDICTS, *question), list[Outcome])
    return _checks.ask((id(measure), *question), look, of=_facts(), before=before)


def findings(measure: Measure, period: Period) -> list[Finding]:
    """What the detectors of distorted data find in a period, the gravest first."""
    look, before = _inspect(measure, period), _inspected(measure, period)
    return _inspections.ask((id(measure), period), look, of=_facts(), before=before)


def findings_if_ready(measure: Measure, period: Period) -> list[Finding] | None:
    """The same for a page about something else: None while the detectors are still looking."""
    look, before = _inspect(measure, period), _inspected(measure, period)
    key = (id(measure), period)
    return _inspections.ask_briefly(key, look, _PATIENCE_S, of=_facts(), before=before)


def _inspect(measure: Measure, period: Period) -> Callable[[], list[Finding]]:
    return lambda: inspect(_apart(measure), period)


def _inspected(
    measure: Measure, period: Period
) -> Callable[[], tuple[Hashable, list[Finding]] | None]:
    return partial(_left, measure, (_INSPECTION, period), list[Finding])


def _left(measure: Measure, key: Hashable, kind: type[T]) -> tuple[Hashable, T] | None:
    """What an earlier process said last, and of which facts."""
    left = measure.shelf.find(key)
    if not isinstance(left, Left):
        return None
    return left.of, msgspec.msgpack.decode(left.content, type=kind)


def put_on_shelf(measure: Measure) -> int:
    """Leave what is remembered to the next process; how many answers were written. Raises OSError."""
    answers = _apart(measure).remembered() | measure.remembered()
    for (whose, *question), (of, outcomes_) in _checks.everything().items():
        if whose == id(measure):
            answers[_VERDICTS, *question] = Left(of, msgspec.msgpack.encode(outcomes_))
    for (whose, period), (of, found) in _inspections.everything().items():
        if whose == id(measure):
            answers[_INSPECTION, period] = Left(of, msgspec.msgpack.encode(found))
    return measure.shelf.keep(answers)


def _facts() -> tuple[int, int] | None:
    """What set of facts there is: a verdict on the same is the same."""
    return FactStore(settings.THUOCDO.facts_dir).stamp()


@cache
def _apart(measure: Measure) -> Measure:
    """Checks compare many answers of one set of facts; the pages must not wait for that."""
    return measure.apart()


def published(measure: Measure, figures: Sequence[Figure]) -> list[Figure]:
    """Figures of one indicator, period and block as they may be shown, ranked without the others."""
    if not figures:
        return []
    first = figures[0]
    period = Period(first.period_first, first.period_last)
    version = _definition(measure, first)
    verdicts = outcomes(measure, first.indicator, version, period, first.as_organised, first.trust)

    def show() -> list[Figure]:
        allowed = withhold(figures, verdicts, measure.definition)
        return disclose_ranking(allowed, policy_on(period.last), measure.definition)

    return _without_parts(measure, _shown(measure, figures, verdicts, show), version)


def published_services(measure: Measure, figures: Sequence[Figure]) -> list[Figure]:
    """Figures of services, all of one indicator and one table, as they may be shown."""
    if not figures:
        return []
    first = figures[0]
    period = Period(first.period_first, first.period_last)
    version = _definition(measure, first)
    verdicts = outcomes(measure, first.indicator, version, period, first.as_organised, first.trust)

    def show() -> list[Figure]:
        shown = [_blocked(figure, verdicts) for figure in figures]
        (table,) = disclose([Table(tuple(shown))], policy_on(period.last), measure.definition)
        return list(table.parts)

    return _shown(measure, figures, verdicts, show)


def _shown(
    measure: Measure,
    figures: Sequence[Figure],
    verdicts: Sequence[Outcome],
    show: Callable[[], list[Figure]],
) -> list[Figure]:
    """What `show` makes of figures that are remembered: told once as long as they and what blocks are the same.

    Figures are known again as the very objects, which are kept beside the answer; thousands of
    services are not looked at one by one for that.
    """
    blocking = tuple(outcome for outcome in verdicts if outcome.is_blocking)
    definition = measure.definition(figures[0].indicator)
    key = (id(definition), tuple(map(id, figures)), blocking, show.__qualname__)
    with _looking:
        found = _tables.get(key)
        if found is not None:
            _tables.move_to_end(key)
            return list(found.answer)
    answer = show()
    with _looking:
        _tables[key] = _Shown((definition, *figures), answer)
        if len(_tables) > _KEPT:
            _tables.popitem(last=False)
    return list(answer)


def _blocked(figure: Figure, verdicts: Sequence[Outcome]) -> Figure:
    """A service of an agency whose own figure a check blocks is blocked with it."""
    rules = [
        f"{BLOCKED}{outcome.rule}"
        for outcome in verdicts
        if outcome.is_blocking
        and figure.indicator in outcome.blocks
        and outcome.agency in (None, figure.agency)
        and outcome.block in (None, figure.block)
    ]
    return hide(figure, *dict.fromkeys(rules)) if rules else figure


def published_points(
    version: Version, points: Sequence[Point], parts: Sequence[Sequence[Point]]
) -> list[Point]:
    """A line's points as they may be shown; `parts` are the shown lines of what points are made of."""
    found = disclose_points(points, version, policy_on(points[-1].last)) if points else []
    return [
        Point(point.first, point.last, None, None, None)
        if any(_hidden(line[place]) for line in parts)
        else point
        for place, point in enumerate(found)
    ]


def _hidden(point: Point) -> bool:
    """Nothing measured is told from something hidden by nobody: a part without counts hides the whole."""
    return point.numerator is None


def is_withheld(figure: Figure) -> bool:
    """Whether the figure is kept out of print, by a check or for its small counts."""
    return figure.is_blocked or Flag.SUPPRESSED in figure.flags


def _without_parts(measure: Measure, figures: list[Figure], version: Version) -> list[Figure]:
    """Points give a hidden part away, so they are hidden with it."""
    made = version.numerator
    if not isinstance(made, Composite):
        return figures
    first = figures[0]
    hidden: set[str] = set()
    for part in made.parts:
        shown = published(
            measure,
            measure.figures(
                part.of,
                Period(first.period_first, first.period_last),
                as_organised=first.as_organised,
                trust=first.trust,
            ),
        )
        hidden |= {figure.agency for figure in shown if is_withheld(figure)}
    if not hidden & {figure.agency for figure in figures}:
        return figures
    kept = [hide(each) if each.agency in hidden else each for each in figures]
    lower = measure.definition(first.indicator).better == "lower"
    return ranked(kept, lower_is_better=lower)


def hide(figure: Figure, *flags: str) -> Figure:
    """The figure without its numbers, and why: for its small counts unless said otherwise."""
    return figure.emptied(NoInterval.SUPPRESSED, *(flags or (Flag.SUPPRESSED.value,)))


def _definition(measure: Measure, figure: Figure) -> Version:
    return measure.definition(figure.indicator).version_for(figure.period_last, figure.version)
