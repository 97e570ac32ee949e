"""Who of the country is heard from: every ministry and province, every kind of source, week by week.

The same sources as the coverage of figures counts (coverage.py, listening.py), asked for by kind and not
by indicator: an officer who looks after the country's coverage thinks in portals and one-stop systems.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import msgspec

from thuocdo.core.clock import Period
from thuocdo.measure.frame import Frame
from thuocdo.measure.listening import states
from thuocdo.measure.model import SourceState
from thuocdo.measure.organisation import Agency, Organisation
from thuocdo.measure.service import Measure

HEARD_BY: Final = {
    "portal": "portal_visits",
    "service_portal": "portal_visits",
    "one_stop": "online_dossier_rate",
}
"""Kind of source → an indicator that hears such sources: by their sites, or by their dossiers."""


class Week(msgspec.Struct, frozen=True):
    """Sources of one week: expected, and of them heard. Nothing expected: nothing to measure."""

    period: Period
    expected: int
    reporting: int


class Call(msgspec.Struct, frozen=True):
    """One kind of source of one ministry or province.

    weeks         oldest first; the last is the week asked about
    last_heard    youngest event of any of its sources by the end of the last week, µs UTC; None: never
    silent        keys of sources expected in the last week and not heard, the longest silent first
    silent_since  youngest event of the one that is silent longest; None: none is, or it was never heard
    """

    agency: str
    name: str
    block: str
    kind: str
    weeks: tuple[Week, ...]
    last_heard: int | None
    silent: tuple[str, ...]
    silent_since: int | None

    @property
    def now(self) -> Week:
        return self.weeks[-1]


def roll_call(
    measure: Measure, weeks: Sequence[Period], *, kinds: Sequence[str] = tuple(HEARD_BY)
) -> list[Call]:
    """Every ministry and province of the map of the last week's last day, by kind; `weeks` oldest first.

    One for which nothing is or was expected in any of the weeks has no row of that kind.
    """
    day = weeks[-1].last
    with measure.reading(None) as (facts, remember):
        organisation = facts.dimensions.organisation
        tops = organisation.tops(day)
        found: list[Call] = []
        for kind in kinds:
            indicator = msgspec.structs.replace(
                measure.definition(HEARD_BY[kind]), source_kinds=[kind]
            )
            by_week = []
            for week in weeks:
                version = indicator.version_for(week.last)
                frame = Frame(indicator, version, week, day, None, "any", organisation)
                by_week.append(_by_top(states(facts, frame, remember), organisation, day))
            found += [call for top in tops if (call := _call(top, kind, weeks, by_week))]
    return found


def _by_top(
    found: Sequence[SourceState], organisation: Organisation, day: date
) -> dict[str, list[SourceState]]:
    by_top: dict[str, list[SourceState]] = {}
    for state in found:
        top = organisation.top(state.agency, day)
        if top is not None:
            by_top.setdefault(top.code, []).append(state)
    return by_top


def _call(
    top: Agency,
    kind: str,
    weeks: Sequence[Period],
    by_week: Sequence[dict[str, list[SourceState]]],
) -> Call | None:
    own = [by_top.get(top.code, []) for by_top in by_week]
    if not any(own):
        return None
    silent = sorted(
        (state for state in own[-1] if not state.reporting),
        key=lambda state: (state.last_heard or 0, state.key),
    )
    moments = [state.last_heard for state in own[-1] if state.last_heard is not None]
    return Call(
        top.code,
        top.name,
        top.block or "",
        kind,
        tuple(
            Week(week, len(there), sum(state.reporting for state in there))
            for week, there in zip(weeks, own, strict=True)
        ),
        max(moments, default=None),
        tuple(state.key for state in silent),
        silent[0].last_heard if silent else None,
    )
