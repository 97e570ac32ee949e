"""From looks to availability: what counts, what was our own side, where an outage began and ended. Pure.

Looks are kept as they were seen; all judgement is here, under the policy of the day. Counts are of intervals:
the first look of an interval speaks for it. A failure counts when the next look at the system failed as
well; one that the next look did not confirm was no outage. Where nobody looked there is a gap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa

from thuocdo.assess.results import Fault
from thuocdo.assess.watching.model import CONTROL, Availability, Hour, Look, Outage, Verdict
from thuocdo.assess.watching.policy import Policy

_HOUR_US: Final = 3_600_000_000
_UP, _DOWN, _REFUSED, _OURS, _UNCONFIRMED = range(5)
_NAMES: Final = (
    Verdict.ANSWERED,
    Verdict.DOWN,
    Verdict.REFUSED,
    Verdict.OURS,
    Verdict.UNCONFIRMED,
)
Ints: TypeAlias = "np.ndarray[Any, Any]"
Flags: TypeAlias = "np.ndarray[Any, Any]"


def margin_us(policy: Policy) -> int:
    """How far before and after a stretch looks are needed to judge those within it."""
    return 2 * policy.interval_us


def aligned(instant: int, policy: Policy) -> int:
    """The beginning of the interval an instant lies in, µs UTC."""
    return instant - instant % policy.interval_us


def judge(
    looks: pa.Table, systems: Iterable[str], since: int, until: int, policy: Policy, now: int
) -> dict[str, Availability]:
    """System → its availability over [since, until), or as much of it as is over at `now` (µs UTC).

    looks  of every system and control (kept.SCHEMA), `margin_us` more at both ends: what failed
           everywhere at once can only be told from all of them
    """
    every = _Every.of(looks, policy)
    within = _Within(aligned(since, policy), until, now)
    return {code: _availability(code, every.only(code), within, policy) for code in systems}


class _Within(NamedTuple):
    """The stretch asked for, and what time it is."""

    since: int
    until: int
    now: int

    @property
    def end(self) -> int:
        """How far it has come."""
        return max(self.since, min(self.until, self.now))


class _One(NamedTuple):
    """One system's looks in the order of time; `kind` is judged, `fault` an index into `_FAULTS`."""

    at: Ints
    kind: Ints
    fault: Ints
    ttfb: Ints  # -1: none
    again: Flags
    status: Ints  # -1: none


_FAULTS: Final = tuple(Fault)


class _Every:
    """All looks, the order of time, ours told apart."""

    def __init__(self, one: _One, system: Ints, names: list[str]) -> None:
        self._one, self._names = one, {name: place for place, name in enumerate(names)}
        order = np.lexsort((one.at, system))
        self._one = _One(*(column[order] for column in one))
        bounds = np.searchsorted(system[order], np.arange(len(names) + 1))
        self._bounds = bounds

    @classmethod
    def of(cls, looks: pa.Table, policy: Policy) -> _Every:
        looks = looks.take(np.argsort(_ints(looks["at"]), kind="stable"))
        coded = looks["system"].combine_chunks().dictionary_encode()
        if isinstance(coded, pa.ChunkedArray):
            coded = coded.combine_chunks()
        names = [str(name) for name in coded.dictionary.to_pylist()]
        system = coded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        place = {fault.value: at for at, fault in enumerate(_FAULTS)}
        faults = looks["fault"].combine_chunks().dictionary_encode()
        known = np.array(
            [place.get(str(name), place["internal"]) for name in faults.dictionary.to_pylist()]
            or [0],
            dtype=np.int64,
        )
        index = faults.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        fault = np.where(index < 0, -1, known[np.maximum(index, 0)]) if len(index) else index
        one = _One(
            _ints(looks["at"]),
            _kinds(policy)[fault.astype(np.int64)],
            fault.astype(np.int64),
            _ints(looks["ttfb_ms"]),
            looks["again"].to_numpy(zero_copy_only=False).astype(bool),
            _ints(looks["status"]),
        )
        is_control = np.array([name.startswith(CONTROL) for name in names] or [False], dtype=bool)
        kind = one.kind.copy()
        kind[_our_side(one, system, is_control, policy)] = _OURS
        return cls(one._replace(kind=kind), system, names)

    def only(self, code: str) -> _One:
        place = self._names.get(code)
        if place is None:
            return _One(*(column[:0] for column in self._one))
        return _One(*(c[self._bounds[place] : self._bounds[place + 1]] for c in self._one))


def _ints(column: Any) -> Ints:
    """A column as numbers, null as -1."""
    return column.fill_null(-1).to_numpy().astype(np.int64)  # type: ignore[no-any-return]


def _kinds(policy: Policy) -> Ints:
    """Index of a fault → kind; the last element, which index -1 names, is that of an answer."""
    kinds = [
        _DOWN if fault in policy.down else _REFUSED if fault in policy.refused else _OURS
        for fault in _FAULTS
    ]
    return np.array([*kinds, _UP], dtype=np.int64)


def _our_side(one: _One, system: Ints, is_control: Flags, policy: Policy) -> Ints:
    """Where in the looks (in the order of time) a failure was our own side's."""
    line = np.array([*(fault in policy.line for fault in _FAULTS), False])[one.fault]
    of_control = is_control[system] if len(system) else np.zeros(0, dtype=bool)
    controls = np.flatnonzero(of_control)
    others = np.flatnonzero(~of_control)
    found = [
        place
        for place in np.flatnonzero(line & ~of_control)
        if _is_ours(int(place), one.at, line, system, controls, others, policy)
    ]
    return np.array(found, dtype=np.int64)


def _is_ours(
    place: int, at: Ints, line: Flags, system: Ints, controls: Ints, others: Ints, policy: Policy
) -> bool:
    moment, window = int(at[place]), policy.ours.window_us
    asked = _around(at, controls, moment, window)
    if len(asked):
        return bool(line[asked].all())
    near = _around(at, others, moment, window)
    if np.unique(system[near]).size < policy.ours.fewest:
        near = _around(at, others, moment, max(window, policy.interval_us // 2))
    seen = np.unique(system[near]).size
    failing = seen - np.unique(system[near[~line[near]]]).size
    if seen < policy.ours.fewest:
        return bool(failing == seen)  # nothing answered that could tell it from our own line
    return bool(1000 * failing >= policy.ours.permille * seen)


def _around(at: Ints, places: Ints, moment: int, window: int) -> Ints:
    """Those of `places` (in the order of time) that lie within a window before and after a moment."""
    times = at[places]
    first, last = np.searchsorted(times, (moment - window, moment + window + 1))
    return places[first:last]


class _Run(NamedTuple):
    """Consecutive failures: their places, and the look that ended them (-1: none, or a gap)."""

    places: list[int]
    ended: int


def _runs(one: _One, reach: int) -> Iterator[_Run]:
    """Failures with nothing between them but looks of our own making, and no gap longer than `reach`."""
    run: list[int] = []
    for place in np.flatnonzero(one.kind != _OURS):
        is_near = not run or one.at[place] - one.at[run[-1]] <= reach
        if run and not (is_near and one.kind[place] == _DOWN):
            yield _Run(run, int(place) if is_near else -1)
            run = []
        if one.kind[place] == _DOWN:
            run.append(int(place))
    if run:
        yield _Run(run, -1)


def _availability(code: str, one: _One, within: _Within, policy: Policy) -> Availability:
    since, until = within.since, aligned(within.end, policy)
    kind, outages, blips = one.kind.copy(), [], []
    reach = margin_us(policy)
    for run in _runs(one, reach) if (one.kind == _DOWN).any() else ():
        if len(run.places) > 1:
            outages.append(_outage(one, run, within, reach))
        elif run.ended >= 0 and kind[run.ended] == _UP:
            kind[run.places[0]] = _UP
            blips.append(run.places[0])
        else:
            kind[run.places[0]] = _UNCONFIRMED
    own = np.flatnonzero(~one.again)
    _, first = np.unique(one.at[own] // policy.interval_us, return_index=True)
    spoke = own[first]
    spoke = spoke[(one.at[spoke] >= since) & (one.at[spoke] < until)]
    counts = np.bincount(kind[spoke], minlength=len(_NAMES))
    expected = (until - since) // policy.interval_us
    measured = int(counts[_UP] + counts[_DOWN])
    times = np.sort(one.ttfb[spoke[(kind[spoke] == _UP) & (one.ttfb[spoke] >= 0)]])
    return Availability(
        system=code,
        since=since,
        until=until,
        policy=policy.version,
        expected=expected,
        answered=int(counts[_UP]),
        down=int(counts[_DOWN]),
        refused=int(counts[_REFUSED]),
        ours=int(counts[_OURS]),
        blips=len(set(spoke.tolist()) & set(blips)),
        covered=expected > 0 and 1000 * measured >= policy.coverage_permille * expected,
        p50_ms=_rank(times, 50),
        p95_ms=_rank(times, 95),
        outages=tuple(each for each in outages if each is not None),
        hours=tuple(_hours(one, kind, spoke, since, until)),
        last=_last(code, one),
        answered_at=_latest(one.at[one.kind == _UP]),
    )


def _outage(one: _One, run: _Run, within: _Within, reach: int) -> Outage | None:
    """The outage as far as it lies within the stretch; None when it does not."""
    begun, latest = int(one.at[run.places[0]]), int(one.at[run.places[-1]])
    ended: int | None = latest
    if run.ended >= 0:
        ended = int(one.at[run.ended])
    elif within.now - latest <= reach:
        ended = None if within.until > within.now else within.end  # nothing says that it is over
    if begun >= within.end or (ended is not None and ended <= within.since):
        return None
    faults = Counter(int(one.fault[place]) for place in run.places)
    return Outage(
        max(begun, within.since),
        None if ended is None else min(ended, within.end),
        _FAULTS[faults.most_common(1)[0][0]],
        len(run.places),
    )


def _rank(times: Ints, percent: int) -> int | None:
    """Nearest rank; None of nothing."""
    return int(times[-(-len(times) * percent // 100) - 1]) if len(times) else None


def _hours(one: _One, kind: Ints, spoke: Ints, since: int, until: int) -> Iterator[Hour]:
    """Every hour of [since, until), the one that begins before `since` included where it does."""
    start = since - since % _HOUR_US
    while start < until:
        first, last = np.searchsorted(one.at[spoke], (start, start + _HOUR_US))
        places = spoke[first:last]
        counts = np.bincount(kind[places], minlength=len(_NAMES))
        times = np.sort(one.ttfb[places[(kind[places] == _UP) & (one.ttfb[places] >= 0)]])
        unmeasured = int(counts[_REFUSED] + counts[_OURS])
        yield Hour(start, int(counts[_UP]), int(counts[_DOWN]), unmeasured, _rank(times, 50))
        start += _HOUR_US


def _latest(times: Ints) -> int | None:
    return int(times[-1]) if len(times) else None


def _last(code: str, one: _One) -> Look | None:
    if not len(one.at):
        return None
    fault, status, ttfb = int(one.fault[-1]), int(one.status[-1]), int(one.ttfb[-1])
    return Look(
        code,
        int(one.at[-1]),
        _FAULTS[fault] if fault >= 0 else None,
        status if status >= 0 else None,
        ttfb if ttfb >= 0 else None,
        None,
        bool(one.again[-1]),
    )
