"""Which sources an indicator should hear from, which of them it heard, and since when not.

The figures carry the counts alone (coverage.py); this is the list behind them, for the agency
that must find out which of its sites has fallen silent.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any, Final

import ibis.expr.types as ir

from thuocdo.core.clock import Period
from thuocdo.measure.compute import Remember
from thuocdo.measure.coverage import KEYS, Heard, heard_in, source_table
from thuocdo.measure.engine import day_number
from thuocdo.measure.frame import Frame
from thuocdo.measure.known import Known
from thuocdo.measure.model import SourceState
from thuocdo.measure.register import Register, Source
from thuocdo.measure.service import Measure
from thuocdo.measure.view import Facts, Piece

_EVER: Final = -(2**31)


def sources(
    measure: Measure,
    code: str,
    period: Period,
    *,
    agency: str | None = None,
    version: str | None = None,
    as_known: Known | None = None,
    as_organised: date | None = None,
    trust: str = "any",
) -> list[SourceState]:
    """The sources behind the coverage of an indicator's figure: the silent first, longest silent on top.

    A source counts for the agency that runs it, on the map of `as_organised` (None: of the period's
    last day); of dossiers for agencies of somebody else it is listed under theirs, once for each
    ministry or province, not `registered` there.
    Raises ThuocdoError as `Measure.figures` does.
    """
    indicator = measure.definition(code)
    with measure.reading(as_known) as (facts, remember):
        organisation, map_day = facts.dimensions.organisation, as_organised or period.last
        chosen = indicator.version_for(period.last, version)
        frame = Frame(indicator, chosen, period, map_day, as_known, trust, organisation)
        whose = organisation.find(agency, map_day, period) if agency else None
        found = states(facts, frame, remember)
    if whose is not None:
        codes = {
            state.agency
            for state in found
            if any(step.code == whose.code for step in organisation.path(state.agency, map_day))
        }
        found = [state for state in found if state.agency in codes]
    return sorted(found, key=_silent_first)


def _silent_first(state: SourceState) -> tuple[bool, int, str, str]:
    return state.reporting, state.last_heard or 0, state.agency, state.key


def states(facts: Facts, frame: Frame, remember: Remember) -> list[SourceState]:
    """The sources of a frame, in no order: what `sources` lists, for who asks for many at once."""
    heard = heard_in(facts, frame, remember)
    last = _last_heard(facts, frame, remember)
    if source_table(frame.version) == "site_sources_daily":
        register = facts.dimensions.sites
        expected = register.expected(frame.indicator.source_kinds, frame.period)
        return [_state(register, frame, site, heard, last) for site in expected]
    register = facts.dimensions.systems
    expected = register.expected(frame.indicator.source_kinds, frame.period)
    by_system = _together(heard, lambda key: (key[0],))
    latest: dict[tuple[Any, ...], int] = {}
    for (system, _), moment in last.items():
        latest[system,] = max(moment, latest.get((system,), moment))
    own = [_state(register, frame, system, by_system, latest) for system in expected]
    return own + _guests(frame, own, heard, last)


def _state(
    register: Register,
    frame: Frame,
    source: Source,
    heard: dict[tuple[Any, ...], Heard],
    last: dict[tuple[Any, ...], int],
) -> SourceState:
    began = register.began(source.key)
    sent = heard.get((source.key,), Heard())
    return SourceState(
        key=str(source.key),
        name=source.name,
        kind=source.kind,
        agency=source.agency,
        registered=True,
        since=None if began == date.min else began,
        new=began >= frame.period.first,
        events=sent.events,
        events_verified=sent.events_verified,
        last_heard=last.get((source.key,)),
    )


def _guests(
    frame: Frame,
    own: list[SourceState],
    heard: dict[tuple[Any, ...], Heard],
    last: dict[tuple[Any, ...], int],
) -> list[SourceState]:
    """Systems that nobody registered, or not for the ministry or province they report of."""
    organisation, day = frame.organisation, frame.organised

    def top(key: tuple[Any, ...]) -> tuple[Any, ...] | None:
        found = organisation.top(key[1], day)
        return (key[0], found.code) if found else None

    at_home = {top((state.key, state.agency)) for state in own}
    latest: dict[tuple[Any, ...] | None, int] = {}
    for pair, moment in last.items():
        latest[top(pair)] = max(moment, latest.get(top(pair), moment))
    return [
        SourceState(
            key=key[0],
            name=None,
            kind=None,
            agency=key[1],
            registered=False,
            since=None,
            new=False,
            events=sent.events,
            events_verified=sent.events_verified,
            last_heard=latest.get(key),
        )
        for key, sent in _together(heard, top).items()
        if key not in at_home
    ]


def _together(
    heard: dict[tuple[Any, ...], Heard],
    key_of: Callable[[tuple[Any, ...]], tuple[Any, ...] | None],
) -> dict[tuple[Any, ...], Heard]:
    """What was sent, added up under other keys; those of None are left out."""
    found: dict[tuple[Any, ...], Heard] = {}
    for source, sent in heard.items():
        key = key_of(source)
        if key is not None:
            before = found.get(key, Heard())
            found[key] = Heard(
                before.events + sent.events, before.events_verified + sent.events_verified
            )
    return found


def _last_heard(facts: Facts, frame: Frame, remember: Remember) -> dict[tuple[Any, ...], int]:
    """The youngest event of each source by the period's end, µs UTC, by the keys of its fact table."""
    table, until = source_table(frame.version), day_number(frame.period.last)
    verified = frame.trust == "verified"

    def look(piece: Piece) -> dict[tuple[Any, ...], int]:
        rows = facts.engine.rows(
            last_events, piece.rows(), keys=KEYS[table], until=until, verified=verified
        )
        facts.engine.forget()
        sources = zip(*(rows[name].to_pylist() for name in KEYS[table]), strict=True)
        return dict(zip(sources, rows["last_event"].to_pylist(), strict=True))

    found: dict[tuple[Any, ...], int] = {}
    for piece in facts.pieces(table, _EVER, until):
        for key, moment in remember(
            ("last heard", piece.key, until, verified), partial(look, piece)
        ).items():
            found[key] = max(moment, found.get(key, moment))
    return found


def last_events(rows: ir.Table, *, keys: list[str], until: int, verified: bool) -> ir.Table:
    """(`keys`, last_event) of the days up to one; of those with a verified event if so asked."""
    inside = rows.filter(rows.day <= until)
    if verified:
        inside = inside.filter(inside.events_verified > 0)
    return inside.group_by(keys).agg(last_event=inside.last_event.max())
