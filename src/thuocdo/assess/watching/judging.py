"""From looks to availability: what counts, what was our own side, where an outage began and ended. Pure.

Looks are kept as they were seen; all judgement is here, under the policy of the day. Counts are of intervals:
the first look of an interval speaks for it. A failure counts when the next look at the system failed as
well; one that the next look did not confirm was no outage. Where nobody looked there is a gap.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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
    systems = list(systems)
    every = _Every(looks, systems, policy)
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
    """The looks at some systems, in the order of time, those that were our own side's told apart."""

    def __init__(self, looks: pa.Table, systems: Sequence[str], policy: Policy) -> None:
        names, system = _words(looks["system"])
        place = {fault.value: at for at, fault in enumerate(_FAULTS)}
        faults, index = _words(looks["fault"])
        known = np.array([place.get(name, place["internal"]) for name in faults] + [-1])
        fault = known[index]  # the last one, -1, is that of an answer
        at, kind = _ints(looks["at"]), _kinds(policy)[fault]
        wanted = np.isin(system, [names.index(code) for code in systems if code in names])
        kind[_our_side(at, fault, system, names, wanted, policy)] = _OURS
        own = np.flatnonzero(wanted)
        own = own[np.lexsort((at[own], system[own]))]
        self._one = _One(
            at[own],
            kind[own],
            fault[own],
            _ints(looks["ttfb_ms"])[own],
            looks["again"].to_numpy().astype(bool)[own],
            _ints(looks["status"])[own],
        )
        self._places = {name: number for number, name in enumerate(names)}
        self._bounds = np.searchsorted(system[own], np.arange(len(names) + 1))

    def only(self, code: str) -> _One:
        place = self._places.get(code)
        first, end = (0, 0) if place is None else self._bounds[place : place + 2]
        return _One(*(column[first:end] for column in self._one))


def _words(column: Any) -> tuple[list[str], Ints]:
    """(the words of a column, each row's as an index, null as -1)."""
    whole = column.combine_chunks()
    coded = whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()
    index = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return [str(word) for word in coded.dictionary.to_pylist()], index.astype(np.int64)


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


def _our_side(
    at: Ints, fault: Ints, system: Ints, names: Sequence[str], wanted: Flags, policy: Policy
) -> Ints:
    """Where the failures of wanted systems were our own side's; the others' looks tell."""
    line = np.array([*(fault in policy.line for fault in _FAULTS), False])[fault]
    suspect = np.flatnonzero(line & wanted)
    if not len(suspect):
        return suspect
    order = np.argsort(at, kind="stable")
    at, line, system = at[order], line[order], system[order]
    of_control = np.array([name.startswith(CONTROL) for name in names])[system]
    controls, others = np.flatnonzero(of_control), np.flatnonzero(~of_control)
    where = np.empty(len(order), dtype=np.int64)
    where[order] = np.arange(len(order))
    found = [
        place
        for place in suspect
        if _is_ours(int(where[place]), at, line, system, controls, others, policy)
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
    starts = np.arange(since - since % _HOUR_US, until, _HOUR_US)
    edges = np.searchsorted(one.at[spoke], np.append(starts, until))
    kinds, times = kind[spoke], one.ttfb[spoke]
    answered, down = _sums(kinds == _UP, edges), _sums(kinds == _DOWN, edges)
    unmeasured = _sums((kinds == _REFUSED) | (kinds == _OURS), edges)
    timed = np.where((kinds == _UP) & (times >= 0), times, -1)
    for place, start in enumerate(starts):
        within = timed[edges[place] : edges[place + 1]]
        p50 = _rank(np.sort(within[within >= 0]), 50)
        yield Hour(int(start), int(answered[place]), int(down[place]), int(unmeasured[place]), p50)


def _sums(flags: Flags, edges: Ints) -> Ints:
    """How many are set between each two edges."""
    return np.diff(np.concatenate(([0], np.cumsum(flags)))[edges])


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
