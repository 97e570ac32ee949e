"""Dossiers and a catalogue of services that make one agency's goal true, with traps around it.

What must not count is there on purpose: dossiers finished outside the period, still open,
withdrawn, stopped or refused; online dossiers of services that only give information; services
whose level changed in the middle of the period; systems that declare one level for everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from thuocdo.core.clock import DAY_US, OFFSET_US, Period, local_day
from thuocdo.core.vocabulary import Channel, Level, Outcome
from thuocdo.simulate.dossiers import (
    HOUR_US,
    NEVER,
    Cases,
    Draft,
    complete,
    office_instants,
)
from thuocdo.simulate.golden_plan import Goal
from thuocdo.simulate.nation import long_catalogue, old_form

Ints = npt.NDArray[np.int64]

CATALOGUE_SINCE = date(2021, 1, 1)
CATALOGUE_UNTIL = date(2022, 12, 31)

_CHANGED = 2  # services raised, and as many lowered, in the middle of the period
_INFORMATION_SHARE = 0.15
_CARRIED_SHARE = 0.08  # finished in the period, received before it
_LONGEST_DAYS = 24
_CONSTANT_LEVEL_OF = 7  # one agency in so many runs a system that always declares "partial"


@dataclass(frozen=True, slots=True)
class Service:
    """One dated row of the catalogue."""

    procedure: str
    name: str
    field: str
    level: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class _Offer:
    """An agency's services by the part they play; each list holds procedure codes.

    online, other   have an online dossier in the period / only one of another channel
    unused          have none in the period
    raised          among `online`: information before `change`, partial since
    lowered         full before `change`, information since: not in any denominator
    """

    rows: tuple[Service, ...]
    online: list[str]
    other: list[str]
    unused: list[str]
    raised: list[str]
    lowered: list[str]
    information: list[str]
    change: date

    @property
    def steady(self) -> list[str]:
        """Services with online dossiers whose level never changed."""
        return self.online[: len(self.online) - len(self.raised)]


def dossiers_of(
    rng: np.random.Generator, goal: Goal, period: Period, system: str, units: tuple[str, ...]
) -> tuple[Cases, tuple[Service, ...]]:
    """The cases of one agency and its catalogue. Cases number a fifth more than `goal.resolved`."""
    offer = _offer(rng, goal, period)
    drafts = [
        *_resolved_online(rng, goal, period, offer),
        *_resolved_otherwise(rng, goal, period, offer),
        *_unresolved(rng, goal, period, offer),
        *_outside(rng, goal, period, offer),
    ]
    draft = _declared(_joined(drafts), goal, offer)
    code = goal.agency.code
    cases = complete(
        rng, draft, system=system, agency=code, units=units, number_head=old_form(code)
    )
    return cases, offer.rows


def _offer(rng: np.random.Generator, goal: Goal, period: Period) -> _Offer:
    change = period.first + timedelta(days=period.days // 2)
    information = round(goal.services_all * _INFORMATION_SHARE) + 1
    roomy = goal.services_online >= 2 * _CHANGED and goal.resolved_online > 4 * goal.services_online
    changed = _CHANGED if roomy else 0
    count = goal.services_all + information + changed
    chosen = rng.permutation(np.array(long_catalogue(goal.agency.kind)[:count], dtype=object))
    codes = [entry.code for entry in chosen]
    online = codes[: goal.services_online]
    raised = online[len(online) - changed :]
    lowered = codes[goal.services_all : goal.services_all + changed]
    rows: list[Service] = []
    for place, entry in enumerate(chosen):

        def row(level: Level, first: date, last: date, entry=entry) -> Service:  # type: ignore[no-untyped-def]
            return Service(entry.code, entry.name, entry.field, level.value, first, last)

        before = change - timedelta(days=1)
        if entry.code in raised:
            rows.append(row(Level.INFORMATION, CATALOGUE_SINCE, before))
            rows.append(row(Level.PARTIAL, change, CATALOGUE_UNTIL))
        elif entry.code in lowered:
            rows.append(row(Level.FULL, CATALOGUE_SINCE, before))
            rows.append(row(Level.INFORMATION, change, CATALOGUE_UNTIL))
        else:
            high = Level.FULL if place % 3 else Level.PARTIAL
            level = high if place < goal.services_all else Level.INFORMATION
            rows.append(row(level, CATALOGUE_SINCE, CATALOGUE_UNTIL))
    return _Offer(
        rows=tuple(rows),
        online=online,
        other=codes[goal.services_online : goal.services_any],
        unused=codes[goal.services_any : goal.services_all],
        raised=raised,
        lowered=lowered,
        information=codes[goal.services_all + changed :],
        change=change,
    )


def _resolved_online(
    rng: np.random.Generator, goal: Goal, period: Period, offer: _Offer
) -> list[Draft]:
    """The numerator of the online rate, and the witnesses of the services with online dossiers."""
    lowered = 3 * len(offer.lowered)
    carried = round(goal.resolved_online * _CARRIED_SHARE)
    fresh = goal.resolved_online - carried - lowered
    witnesses = min(fresh, len(offer.steady))
    popular = _popular(rng, offer.steady, fresh - witnesses)
    inside = _draft([*offer.steady[:witnesses], *popular], Channel.ONLINE, Outcome.RESOLVED)
    before = _draft(
        _popular(rng, [*offer.steady, *offer.other, *offer.unused], carried),
        Channel.ONLINE,
        Outcome.RESOLVED,
    )
    early = _draft(_popular(rng, offer.lowered, lowered), Channel.ONLINE, Outcome.RESOLVED)
    missing = [*offer.steady[witnesses:], *offer.raised]
    waiting = _draft(missing, Channel.ONLINE, Outcome.OPEN)
    return [
        _timed(inside, *_within(rng, period, fresh)),
        _timed(before, *_carried(rng, period, carried)),
        _timed(early, *_within(rng, Period(period.first, offer.change - _DAY), lowered)),
        _timed(waiting, _received(rng, Period(offer.change, period.last), len(missing)), None),
    ]


def _resolved_otherwise(
    rng: np.random.Generator, goal: Goal, period: Period, offer: _Offer
) -> list[Draft]:
    """The rest of the denominator: counter, post, and online where the level does not count."""
    rest = goal.resolved - goal.resolved_online
    raised = min(3 * len(offer.raised), rest // 20)
    uncounted = round(0.06 * rest)
    plain = round(0.2 * rest)
    carried = round(rest * _CARRIED_SHARE)
    posted = round(0.05 * rest)
    fresh = rest - raised - uncounted - plain - carried - posted
    witnesses = min(fresh, len(offer.other))
    used = [*offer.online, *offer.other]
    counter = [*offer.other[:witnesses], *_popular(rng, used, fresh - witnesses)]
    missing = offer.other[witnesses:]
    until_change = Period(period.first, offer.change - _DAY)
    everything = [*used, *offer.unused, *offer.information]

    def draft(codes: list[str], channel: Channel) -> _Untimed:
        return _draft(codes, channel, Outcome.RESOLVED)

    return [
        _timed(draft(counter, Channel.COUNTER), *_within(rng, period, fresh)),
        _timed(
            draft(_popular(rng, offer.information, plain), Channel.COUNTER),
            *_within(rng, period, plain),
        ),
        _timed(
            draft(_popular(rng, offer.information, uncounted), Channel.ONLINE),
            *_within(rng, period, uncounted),
        ),
        _timed(
            draft(_popular(rng, offer.raised, raised), Channel.ONLINE),
            *_within(rng, until_change, raised),
        ),
        _timed(
            draft(_popular(rng, everything, carried), Channel.COUNTER),
            *_carried(rng, period, carried),
        ),
        _timed(draft(_popular(rng, used, posted), Channel.POSTAL), *_within(rng, period, posted)),
        _timed(
            _draft(missing, Channel.COUNTER, Outcome.OPEN),
            _received(rng, period, len(missing)),
            None,
        ),
    ]


def _unresolved(rng: np.random.Generator, goal: Goal, period: Period, offer: _Offer) -> list[Draft]:
    """Received in the period and not completed in it, on services that have such dossiers anyhow."""
    used = [*offer.online, *offer.other]
    drafts: list[Draft] = []
    for share, channel, outcome in (
        (0.05, Channel.ONLINE, Outcome.OPEN),
        (0.04, Channel.COUNTER, Outcome.OPEN),
        (0.01, Channel.ONLINE, Outcome.WITHDRAWN),
        (0.01, Channel.COUNTER, Outcome.STOPPED),
        (0.01, Channel.ONLINE, Outcome.REJECTED),
    ):
        count = round(share * goal.resolved)
        services = offer.steady if channel is Channel.ONLINE else used
        draft = _draft(_popular(rng, services, count), channel, outcome)
        if outcome is Outcome.OPEN:
            drafts.append(_timed(draft, _received(rng, period, count), None))
        else:
            drafts.append(_timed(draft, *_within(rng, period, count)))
    count = round(0.03 * goal.resolved)
    late = _draft(_popular(rng, offer.steady, count), Channel.ONLINE, Outcome.RESOLVED)
    received = _received(rng, Period(offer.change, period.last), count)
    after = period.end_us + rng.integers(0, _LONGEST_DAYS, count) * DAY_US + 8 * HOUR_US
    after[: min(1, count)] = period.end_us  # the first instant that is too late
    return [*drafts, _timed(late, received, after)]


def _outside(rng: np.random.Generator, goal: Goal, period: Period, offer: _Offer) -> list[Draft]:
    """Finished before the period, or received after it: any service, any channel."""
    anything = [*offer.online, *offer.other, *offer.unused, *offer.information]
    drafts: list[Draft] = []
    for channel in (Channel.ONLINE, Channel.COUNTER):
        count = round(0.02 * goal.resolved)
        earlier = Period(period.first - timedelta(days=40), period.first - timedelta(days=1))
        old = _draft(_popular(rng, anything, count), channel, Outcome.RESOLVED)
        drafts.append(_timed(old, *_within(rng, earlier, count)))
        later = Period(period.end, period.end + timedelta(days=9))
        new = _draft(_popular(rng, anything, count), channel, Outcome.OPEN)
        received = _received(rng, later, count)
        received[: min(1, count)] = later.start_us
        drafts.append(_timed(new, received, None))
    return drafts


_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Untimed:
    procedures: list[str]
    channel: str
    outcome: str


def _draft(procedures: list[str], channel: Channel, outcome: Outcome) -> _Untimed:
    return _Untimed(procedures, channel.value, outcome.value)


def _timed(untimed: _Untimed, received: Ints, finished: Ints | None) -> Draft:
    count = len(untimed.procedures)
    return Draft(
        procedure=np.array(untimed.procedures, dtype=object),
        channel=np.full(count, untimed.channel, dtype=object),
        level=np.full(count, Level.FULL.value, dtype=object),
        outcome=np.full(count, untimed.outcome, dtype=object),
        received=received,
        finished=np.full(count, NEVER, dtype=np.int64) if finished is None else finished,
    )


def _joined(drafts: list[Draft]) -> Draft:
    def column(name: str) -> npt.NDArray[np.generic]:
        return np.concatenate([getattr(draft, name) for draft in drafts])

    return Draft(**{name: column(name) for name in Draft.__dataclass_fields__})  # type: ignore[arg-type]


def _declared(draft: Draft, goal: Goal, offer: _Offer) -> Draft:
    """The level the agency's system declares: the catalogue's on the day, or one for everything."""
    if int(goal.agency.code[1:]) % _CONSTANT_LEVEL_OF == 0:
        levels = np.full(len(draft.procedure), Level.PARTIAL.value, dtype=object)
    else:
        rows: dict[str, list[Service]] = {}
        for row in offer.rows:
            rows.setdefault(row.procedure, []).append(row)
        levels = np.array(
            [
                _level_on(rows[code], instant)
                for code, instant in zip(draft.procedure, draft.received.tolist(), strict=True)
            ],
            dtype=object,
        )
    return Draft(
        draft.procedure, draft.channel, levels, draft.outcome, draft.received, draft.finished
    )


def _level_on(rows: list[Service], instant: int) -> str:
    if len(rows) == 1:
        return rows[0].level
    day = local_day(instant)
    return next(row.level for row in rows if row.valid_from <= day <= row.valid_to)


def _popular(rng: np.random.Generator, codes: list[str], count: int) -> list[str]:
    """`count` draws, the first codes far more often than the last."""
    if not codes or count <= 0:
        return []
    places = (rng.random(count) ** 3 * len(codes)).astype(np.int64)
    return [codes[place] for place in places.tolist()]


def _days(period: Period, offsets: Ints) -> Ints:
    return (period.start_us + OFFSET_US) // DAY_US + offsets


def _received(rng: np.random.Generator, period: Period, count: int) -> Ints:
    return office_instants(rng, _days(period, rng.integers(0, period.days, count)))


def _within(rng: np.random.Generator, period: Period, count: int) -> tuple[Ints, Ints]:
    """(received, finished), both in the period; the first two lie on its very edges."""
    first = rng.integers(0, period.days, count)
    lasts = np.minimum(rng.geometric(0.2, count), _LONGEST_DAYS)
    last = np.minimum(first + lasts, period.days - 1)
    received = office_instants(rng, _days(period, first))
    finished = office_instants(rng, _days(period, last))
    finished = np.maximum(finished, received + HOUR_US)
    received[: min(1, count)] = period.start_us
    finished[1 : min(2, count)] = period.end_us - 1
    return received, finished


def _carried(rng: np.random.Generator, period: Period, count: int) -> tuple[Ints, Ints]:
    """(received, finished): received in the weeks before the period, finished in its first ones."""
    first = -rng.integers(1, _LONGEST_DAYS, count)
    last = rng.integers(0, min(_LONGEST_DAYS, period.days), count)
    received = office_instants(rng, _days(period, first))
    finished = office_instants(rng, _days(period, last))
    received[: min(1, count)] = period.start_us - 1
    return received, finished
