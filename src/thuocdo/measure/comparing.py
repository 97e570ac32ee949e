"""A figure beside the one before it and the one of a year ago, and what makes them unlike.

Both sides are counted under one definition and on one map of organisations, those of the period
asked about: else a new wording or a merger would look like progress. Where another definition was
in force then, the comparison says so. A difference is taken between the values as printed, so that
a reader can check it; where one side has no value there is none, and the reason stands in its place.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum

import msgspec

from thuocdo.core.clock import Period, local_day, now_us
from thuocdo.core.periods import Against, Unlike, running, step
from thuocdo.core.vietnamese import round_half_up
from thuocdo.measure.definitions import Indicator
from thuocdo.measure.disclosure import disclose_ranking, policy_on
from thuocdo.measure.known import Known
from thuocdo.measure.model import Figure, Flag
from thuocdo.measure.service import Measure


class NoDifference(StrEnum):
    """Why there is no difference, or none in percent."""

    NO_VALUE_NOW = "no_value_now"
    NO_VALUE_THEN = "no_value_then"
    FROM_ZERO = "from_zero"  # of counts: nothing is no base for a percentage


class Compared(msgspec.Struct, frozen=True):
    """One figure's other side, and the way from there to here.

    value        in the indicator's unit; None: `flags` say why
    difference   value now less value then: percentage points of percentages, points of points, else the unit
    relative     of counts and amounts: that difference in percent of the value then, two decimals
    reason       why `difference`, or else `relative`, is None; None where both stand
    unlike       Unlike: where the two periods do not match day for day
    in_force     the version that was in force then; `definition_differs` when this side is counted
                 under another one
    """

    against: Against
    first: date
    last: date
    version: str
    numerator: int | None
    denominator: int | None
    value: float | None
    difference: float | None
    relative: float | None
    reason: NoDifference | None
    unlike: tuple[Unlike, ...]
    in_force: str
    definition_differs: bool
    flags: tuple[str, ...]


class Comparison(msgspec.Struct, frozen=True):
    """A figure with its other sides, in the order asked for."""

    figure: Figure
    others: tuple[Compared, ...]


def compare(
    measure: Measure,
    code: str,
    period: Period,
    *,
    against: Sequence[Against] = tuple(Against),
    version: str | None = None,
    each_its_own: bool = False,
    by: str = "agency",
    block: str | None = None,
    agency: str | None = None,
    as_known: Known | None = None,
    as_organised: date | None = None,
    trust: str = "any",
    public: bool = False,
    today: date | None = None,
) -> list[Comparison]:
    """The figures of `Measure.figures`, in its order, each compared.

    version       None: the one in force on the period's last day, for both sides
    each_its_own  each side under the definition in force at its own end instead
    public        both sides as they may be published: without small counts (disclosure.py)
    today         a Vietnamese day, the clock's unless given: tells whether the period is over
    Raises as `Measure.figures` does.
    """
    indicator = measure.definition(code)
    chosen = indicator.version_for(period.last, version).version
    map_day = as_organised or period.last

    def ask(of: Period, under: str) -> list[Figure]:
        found = measure.figures(
            code,
            of,
            version=under,
            by=by,
            block=block,
            agency=agency,
            as_known=as_known,
            as_organised=map_day,
            trust=trust,
        )
        return disclose_ranking(found, policy_on(of.last), measure.definition) if public else found

    now = ask(period, chosen)
    unfinished = running(period, today or local_day(now_us()))
    sides: list[list[Compared]] = []
    for way in against:
        other, unlike = step(period, way)
        if unfinished:
            unlike = (*unlike, Unlike.RUNNING)
        under = indicator.version_for(other.last).version if each_its_own else chosen
        then = {_who(figure): figure for figure in ask(other, under)}
        about = (indicator, way, other, unlike, under)
        sides.append([_compared(figure, then.get(_who(figure)), *about) for figure in now])
    return [
        Comparison(figure, tuple(side[place] for side in sides)) for place, figure in enumerate(now)
    ]


def _who(figure: Figure) -> tuple[str, str | None, bool]:
    return figure.agency, figure.procedure, Flag.DIRECTLY in figure.flags


def _compared(
    now: Figure,
    then: Figure | None,
    indicator: Indicator,
    against: Against,
    period: Period,
    unlike: tuple[Unlike, ...],
    version: str,
) -> Compared:
    value = then.value if then else None
    difference, relative, reason = _difference(now, value)
    in_force = indicator.version_for(period.last).version
    return Compared(
        against=against,
        first=period.first,
        last=period.last,
        version=version,
        numerator=then.numerator if then else None,
        denominator=then.denominator if then else None,
        value=value,
        difference=difference,
        relative=relative,
        reason=reason,
        unlike=unlike,
        in_force=in_force,
        definition_differs=in_force != now.version,
        flags=then.flags if then else (Flag.NO_DATA.value,),
    )


def _difference(
    now: Figure, then: float | None
) -> tuple[float | None, float | None, NoDifference | None]:
    """(difference, relative, reason), exact: decimals as printed."""
    if now.value is None:
        return None, None, NoDifference.NO_VALUE_NOW
    if then is None:
        return None, None, NoDifference.NO_VALUE_THEN
    apart = Decimal(str(now.value)) - Decimal(str(then))
    if now.unit in ("percent", "points"):
        return float(apart), None, None
    if then == 0:
        return float(apart), None, NoDifference.FROM_ZERO
    return float(apart), float(round_half_up(100 * apart / Decimal(str(then)))), None
