"""The dossiers of today's country: how people hand them in, how offices work, and what is planted.

A case is drawn honest first; what its office does wrong is done to the record of it, so that the truth
knows how many records each distortion touches. Free hours, post, the national portal and documents
certified on the spot are as they are in life: without them honest offices would be too easy to tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final

import holidays
import numpy as np
import numpy.typing as npt

from thuocdo.core.clock import DAY_US, OFFSET_US, Period
from thuocdo.core.vocabulary import Channel, Level, Outcome, Payment
from thuocdo.simulate.country_plan import Office
from thuocdo.simulate.dossiers import (
    HOUR_US,
    MINUTE_US,
    NEVER,
    Cases,
    Draft,
    complete,
    concat,
    office_instants,
    until,
)
from thuocdo.simulate.nation import old_form
from thuocdo.simulate.quirks import Quirk, Trap
from thuocdo.simulate.visits import spread

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]
Touched = dict[Quirk, Bools]
"""Quirk → which of the office's cases it touches."""

DOSSIERS_A_DAY: Final = 2_750  # of the whole country at scale 1
_WARM_UP_DAYS = 20
_SATURDAY, _SUNDAY_OR_HOLIDAY = 0.25, 0.04
_OUTCOMES = (Outcome.RESOLVED, Outcome.WITHDRAWN, Outcome.REJECTED, Outcome.STOPPED)
_OUTCOME_SHARES = (0.965, 0.015, 0.013, 0.007)
_EAGER = {Level.FULL.value: 1.12, Level.PARTIAL.value: 0.7, Level.INFORMATION.value: 0.02}
_POSTAL, _POSTAL_HEAVY = 0.035, 0.25
_SENT_BACK = {Channel.ONLINE.value: 0.12, Channel.COUNTER.value: 0.06, Channel.POSTAL.value: 0.85}
_TYPED_IN = 0.97  # of the "online" dossiers of an office that types them in
_ON_THE_SPOT = "2.000815"  # certified copies: done while one waits, often entered afterwards
_SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Dossiers:
    """touched  quirk → system → records it distorts, of dossiers received in the period"""

    cases: Cases
    touched: Mapping[Quirk, Mapping[str, int]]


def working_weights(period: Period) -> Floats:
    """How busy an office is on each day: 1 on a working day, little on weekends and holidays."""
    free = holidays.country_holidays("VN", years=range(period.first.year, period.last.year + 1))
    days = [period.first + timedelta(days=place) for place in range(period.days)]
    return np.array(
        [
            _SUNDAY_OR_HOLIDAY
            if day in free or day.weekday() == 6
            else _SATURDAY
            if day.weekday() == 5
            else 1.0
            for day in days
        ]
    )


def all_dossiers(
    rng: np.random.Generator, offices: tuple[Office, ...], period: Period, scale: float
) -> Dossiers:
    """Every case received in the period or shortly before it, as it stood at the period's end."""
    longer = Period(period.first - timedelta(days=_WARM_UP_DAYS), period.last)
    weights = np.array([office.dossier_weight for office in offices])
    counts = spread(round(DOSSIERS_A_DAY * scale * longer.days), weights)
    parts: list[Cases] = []
    touched: dict[Quirk, dict[str, int]] = {}
    for office, count in zip(offices, counts, strict=True):
        if not count:
            continue
        cases, marks = _cases_of(rng, office, longer, int(count))
        inside = cases.received >= period.start_us
        for quirk, mark in marks.items():
            touched.setdefault(quirk, {})[office.system] = int((mark & inside).sum())
        parts.append(cases)
    return Dossiers(until(concat(parts), period.end_us), touched)


def _cases_of(
    rng: np.random.Generator, office: Office, period: Period, count: int
) -> tuple[Cases, Touched]:
    weights = _office_weights(rng, office, period)
    chosen_days = rng.choice(period.days, count, p=weights / weights.sum())
    received = office_instants(rng, (period.start_us + OFFSET_US) // DAY_US + chosen_days)
    shares = np.array([offered.procedure.share for offered in office.services], dtype=np.float64)
    service = rng.choice(len(shares), count, p=shares / shares.sum())
    codes = np.array([offered.procedure.code for offered in office.services], dtype=object)[service]
    levels = _levels(office, service, received)
    grown = office.maturity + office.growth * chosen_days / period.days
    eager = np.vectorize(_EAGER.__getitem__, otypes=[np.float64])(levels)
    true_channel = _channels(rng, office, np.minimum(grown * eager, 0.995))
    outcome = rng.choice([o.value for o in _OUTCOMES], count, p=_OUTCOME_SHARES).astype(object)
    allowed = np.array([offered.procedure.days for offered in office.services])[service]
    due_day = _next_open((received + OFFSET_US) // DAY_US + allowed + 1, period)
    due = due_day * DAY_US + (received + OFFSET_US) % DAY_US - OFFSET_US
    touched: Touched = {}
    online = true_channel == Channel.ONLINE.value
    finished = _finished(rng, office, received, allowed, period)
    finished = _at_once(rng, office, finished, received, codes, online)
    finished = _gamed(rng, office, finished, received, due, period, touched)
    channel = _recorded(office, true_channel, touched)
    draft = Draft(codes, channel, _declared(office, levels, touched), outcome, received, finished)
    cases = complete(
        rng,
        draft,
        system=office.system,
        agency=office.agency.code,
        units=office.units,
        number_head=old_form(office.agency.code),
    )
    fee = np.array([offered.procedure.fee for offered in office.services])[service]
    sent_back = np.vectorize(_SENT_BACK.__getitem__, otypes=[np.float64])(true_channel)
    if Trap.NO_POST in office.traps:
        sent_back = np.zeros(count)
    cases = replace(
        cases,
        payment=_payments(rng, office, channel, fee),
        due=due,
        by_post=rng.random(count) < sent_back,
        submitted=_submitted(rng, office, cases, online, touched),
        national=_national(rng, office, channel, touched),
    )
    cases = replace(
        cases,
        electronic=_electronic(rng, office, levels, online),
        reused=_said(rng, rng.random(count) < 0.2 + 0.45 * office.maturity),
    )
    return (_in_days(cases) if Trap.DAYS_ONLY in office.traps else cases), touched


def _office_weights(rng: np.random.Generator, office: Office, period: Period) -> Floats:
    weights = working_weights(period)
    days = np.arange(period.days)
    if Trap.SEASON in office.traps:
        start = int(rng.integers(0, max(period.days - 21, 1)))
        weights = np.where((days >= start) & (days < start + 21), 4 * weights, weights)
    if Trap.DEADLINE in office.traps:
        weights = np.where(_last_days(period, 4), 6 * weights, weights)
    if Quirk.OFFICE_HOURS_ONLINE in office.quirks:  # a counter that is closed on Sundays
        weights = np.where(weights == _SUNDAY_OR_HOLIDAY, 0.0, weights)
    return weights


def _last_days(period: Period, count: int) -> Bools:
    """Which days of the period are among the last `count` days of their month."""
    later = [period.first + timedelta(days=place + count) for place in range(period.days)]
    return np.array(
        [(period.first + timedelta(days=n)).month != day.month for n, day in enumerate(later)]
    )


def _levels(office: Office, service: Ints, received: Ints) -> Texts:
    """The catalogue's level on the day of receipt."""
    now = np.array([offered.level for offered in office.services], dtype=object)[service]
    raised = np.array(
        [
            (offered.raised - date(1970, 1, 1)).days if offered.raised else NEVER
            for offered in office.services
        ]
    )[service]
    days = (received + OFFSET_US) // DAY_US
    return np.where(days < raised, Level.PARTIAL.value, now).astype(object)


def _declared(office: Office, levels: Texts, touched: Touched) -> Texts:
    if Quirk.CONSTANT_LEVEL in office.quirks:
        touched[Quirk.CONSTANT_LEVEL] = levels != Level.PARTIAL.value
        return np.full(len(levels), Level.PARTIAL.value, dtype=object)
    if Quirk.PARTIAL_AS_FULL in office.quirks:
        partial = levels == Level.PARTIAL.value
        touched[Quirk.PARTIAL_AS_FULL] = partial
        below = np.where(levels == Level.INFORMATION.value, Level.PARTIAL.value, levels)
        declared: Texts = np.where(partial, Level.FULL.value, below).astype(object)
        if (declared == Level.FULL.value).all():  # nothing else is offered: a constant, too
            touched[Quirk.CONSTANT_LEVEL] = partial
        return declared
    return levels


def _channels(rng: np.random.Generator, office: Office, online: Floats) -> Texts:
    """How people really handed in."""
    drawn, posted = rng.random(len(online)), rng.random(len(online))
    if Trap.SMALL_AND_PERFECT in office.traps:
        return np.full(len(online), Channel.ONLINE.value, dtype=object)
    share = _POSTAL_HEAVY if Trap.POSTAL_HEAVY in office.traps else _POSTAL
    postal = posted < (0.0 if Trap.NO_POST in office.traps else share)
    channel = np.where(drawn < online, Channel.ONLINE.value, Channel.COUNTER.value)
    return np.where(postal, Channel.POSTAL.value, channel).astype(object)


def _recorded(office: Office, true: Texts, touched: Touched) -> Texts:
    """How the system says they did."""
    postal = true == Channel.POSTAL.value
    if Quirk.SATURATED_ONLINE in office.quirks:
        touched[Quirk.SATURATED_ONLINE] = true != Channel.ONLINE.value
        touched[Quirk.POSTAL_AS_ONLINE] = postal
        return np.full(len(true), Channel.ONLINE.value, dtype=object)
    if Quirk.POSTAL_AS_ONLINE in office.quirks:
        touched[Quirk.POSTAL_AS_ONLINE] = postal
        return np.where(postal, Channel.ONLINE.value, true).astype(object)
    return true


def _national(rng: np.random.Generator, office: Office, channel: Texts, touched: Touched) -> Texts:
    """Since the agencies' own portals closed nearly all online dossiers come by the national one."""
    online = channel == Channel.ONLINE.value
    came = online & (rng.random(len(channel)) < rng.uniform(0.7, 0.98))
    if Quirk.ALWAYS_ZERO_PORTAL in office.quirks:
        touched[Quirk.ALWAYS_ZERO_PORTAL] = came
        came = np.zeros(len(channel), dtype=np.bool_)
    said: Texts = came.astype(object)
    said[(rng.random(len(channel)) < 0.05) & ~came] = None
    return said


def _electronic(rng: np.random.Generator, office: Office, levels: Texts, online: Bools) -> Texts:
    """Whether the result is a file, too: of full services nearly always, at counters where they scan."""
    usual = np.where(online & (levels == Level.FULL.value), 0.93, 0.15 + 0.6 * office.maturity)
    return _said(rng, rng.random(len(online)) < usual)


def _said(rng: np.random.Generator, true: Bools) -> Texts:
    """What messages say of a mark that some leave out."""
    said: Texts = true.astype(object)
    said[rng.random(len(true)) < 0.04] = None
    return said


def _submitted(
    rng: np.random.Generator, office: Office, cases: Cases, online: Bools, touched: Touched
) -> Ints:
    """When it was handed in: online also in the evening before, and at the weekend before a Monday."""
    count = len(online)
    low, high = (0.06, 0.1) if Trap.FIRMS in office.traps else (0.14, 0.34)
    free = online & (rng.random(count) < rng.uniform(low, high))
    typed = (cases.channel == Channel.ONLINE.value) & ~online
    if Quirk.OFFICE_HOURS_ONLINE in office.quirks:
        typed = (cases.channel == Channel.ONLINE.value) & (rng.random(count) < _TYPED_IN)
        touched[Quirk.OFFICE_HOURS_ONLINE] = typed
        free &= ~typed
    arrived = np.where(cases.received == NEVER, cases.submitted, cases.received)
    day = (arrived + OFFSET_US) // DAY_US
    monday = (day + 3) % 7 == 0
    back = np.where(monday & (rng.random(count) < 0.6), rng.integers(1, 3, count), 1)
    evening = (day - back) * DAY_US - OFFSET_US + 18 * HOUR_US
    evening = evening + rng.integers(0, 6 * 3600, count) * _SECOND_US
    opens = day * DAY_US - OFFSET_US + 7 * HOUR_US
    waited = rng.integers(2, 240, count) * MINUTE_US
    by_day = np.maximum(arrived - waited, opens + rng.integers(0, 1_500, count) * _SECOND_US)
    return np.where(cases.submitted == NEVER, NEVER, np.where(free, evening, by_day))


def _in_days(cases: Cases) -> Cases:
    """What a system that keeps days sends: every instant is its day's midnight."""

    def day(instants: Ints) -> Ints:
        start = (instants + OFFSET_US) // DAY_US * DAY_US - OFFSET_US
        return np.where(instants == NEVER, NEVER, start)

    return replace(
        cases,
        submitted=day(cases.submitted),
        received=day(cases.received),
        processing=day(cases.processing),
        supplement=day(cases.supplement),
        finished=day(cases.finished),
        returned=day(cases.returned),
        due=day(cases.due),
    )


# --- how offices work ------------------------------------------------------------------------------


def _finished(
    rng: np.random.Generator, office: Office, received: Ints, allowed: Ints, period: Period
) -> Ints:
    """When the office was done: mostly before the due day, a few weeks late at worst."""
    count = len(received)
    pace = 0.75 - 0.25 * office.maturity
    took = np.ceil(allowed * rng.lognormal(np.log(pace), 0.45, count)).astype(np.int64)
    if Trap.HARDLY_LATE in office.traps:
        took = np.where(rng.random(count) < 0.993, np.minimum(took, allowed), allowed + 3)
    if Trap.SMALL_AND_PERFECT in office.traps:
        took = np.minimum(took, np.maximum(allowed - 1, 0))
    if Trap.DEADLINE in office.traps:
        took = np.minimum(took, rng.integers(0, 3, count))
    days = (received + OFFSET_US) // DAY_US + took
    if Trap.FRIDAY in office.traps:
        days = days + (4 - (days + 3) % 7) % 7
    finished = office_instants(rng, _next_open(days, period))
    return np.maximum(finished, received + 10 * MINUTE_US)


def _next_open(days: Ints, period: Period) -> Ints:
    """The days themselves, or the next working day where the office is closed."""
    longer = Period(period.first, period.last + timedelta(days=400))
    is_open = working_weights(longer) == 1.0
    places = np.arange(len(is_open))
    following = np.minimum.accumulate(np.where(is_open, places, len(is_open) - 1)[::-1])[::-1]
    first = (period.start_us + OFFSET_US) // DAY_US
    return first + following[np.minimum(days - first, len(is_open) - 1)]


def _at_once(
    rng: np.random.Generator,
    office: Office,
    finished: Ints,
    received: Ints,
    codes: Texts,
    online: Bools,
) -> Ints:
    """What is honestly done within a minute: automatic procedures, and copies certified on the spot."""
    count = len(received)
    quick = (codes == _ON_THE_SPOT) & ~online & (rng.random(count) < rng.uniform(0.2, 0.4))
    share = (Trap.AUTOMATIC in office.traps) * 0.97 or (Trap.PARTLY_AUTOMATIC in office.traps) * 0.4
    if share:
        full = [o.procedure.code for o in office.services if o.level == Level.FULL]
        quick |= (codes == full[0]) & online & (rng.random(count) < share)
    return np.where(quick, received + rng.integers(12, 20, count) * _SECOND_US, finished)


def _gamed(
    rng: np.random.Generator,
    office: Office,
    finished: Ints,
    received: Ints,
    due: Ints,
    period: Period,
    touched: Touched,
) -> Ints:
    """What the office then writes down as the moment of the result."""
    count = len(received)
    if Quirk.MONTH_END_BURST in office.quirks:
        months = ((finished + OFFSET_US) // DAY_US).astype("datetime64[D]").astype("datetime64[M]")
        ends = (months + 1).astype("datetime64[D]").astype(np.int64) - 1
        open_ends = _last_open(ends, period)
        piled = (rng.random(count) < 0.55) & (open_ends * DAY_US - OFFSET_US > received)
        touched[Quirk.MONTH_END_BURST] = piled
        finished = np.where(piled, office_instants(rng, open_ends), finished)
    if Quirk.SATURATED_ON_TIME in office.quirks:
        due_day = (due + OFFSET_US) // DAY_US
        late = (finished + OFFSET_US) // DAY_US > due_day
        touched[Quirk.SATURATED_ON_TIME] = late
        dated_back = np.maximum(office_instants(rng, due_day), received + 10 * MINUTE_US)
        finished = np.where(late, dated_back, finished)
    if Quirk.CLOSED_IN_SECONDS in office.quirks:
        hasty = rng.random(count) < rng.uniform(0.15, 0.4)
        touched[Quirk.CLOSED_IN_SECONDS] = hasty
        seconds = rng.integers(2, 30, count) * _SECOND_US
        finished = np.where(hasty, received + seconds, finished)
    return finished


def _last_open(days: Ints, period: Period) -> Ints:
    """The days themselves, or the last working day before where the office is closed."""
    longer = Period(period.first, period.last + timedelta(days=400))
    is_open = working_weights(longer) == 1.0
    before = np.maximum.accumulate(np.where(is_open, np.arange(len(is_open)), 0))
    first = (period.start_us + OFFSET_US) // DAY_US
    return first + before[np.minimum(days - first, len(is_open) - 1)]


def _payments(rng: np.random.Generator, office: Office, channel: Texts, fee: Bools) -> Texts:
    online = (channel == Channel.ONLINE.value) & (rng.random(len(fee)) < office.maturity)
    paid = np.where(online, Payment.ONLINE.value, Payment.OFFLINE.value)
    return np.where(fee, paid, Payment.NONE.value).astype(object)
