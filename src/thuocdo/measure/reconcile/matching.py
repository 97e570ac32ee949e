"""Which dossiers one side has and the other has not, found by keyed hashes of their numbers.

The agency's numbers are hashed as they are read and forgotten; what comes out are line numbers of
its own list, and of our dossiers what anybody may see (day, service, channel, last status) with a
tag that its list can be paired by. The threat model stands in docs/reconciliation.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from thuocdo.core.clock import Period, local_day, now_us
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.ids import dossier_key, number_key, pairing_tag
from thuocdo.measure.engine import day_number, number_day
from thuocdo.measure.reconcile import cases, refused
from thuocdo.measure.reconcile.listing import Entry, entries
from thuocdo.measure.reconcile.matched import Extra, Matched, Missing, Why
from thuocdo.measure.reconcile.reconciling import Books
from thuocdo.measure.reconcile.refused import Refusal
from thuocdo.measure.view import Facts

_AT_ONCE: Final = 20_000
_CANDIDATES: Final = 5_000_000
"""Pairs of an unknown number and another system that are looked for at most."""
_SHOWN: Final = ("procedure", "channel", "last_status")

Ints = npt.NDArray[np.int64]


class _Unknown(NamedTuple):
    """A line whose number is none of the system's."""

    line: int
    key: bytes
    day: date | None
    procedure: str | None


class _Ours:
    """The dossiers of one system, to be asked by key."""

    def __init__(self, rows: pa.Table) -> None:
        rows = rows.sort_by([("dossier_hi", "ascending"), ("dossier_lo", "ascending")])
        self.rows = rows
        self._hi: Ints = rows["dossier_hi"].to_numpy()
        self._lo: Ints = rows["dossier_lo"].to_numpy()
        self.received_day: Ints = rows["received_day"].to_numpy()
        self.first_landed: Ints = rows["first_landed"].to_numpy()
        self.listed_on: Ints = np.zeros(rows.num_rows, np.int64)  # the line that named it; 0: none

    def place(self, hi: int, lo: int) -> int | None:
        """Where a dossier stands among the rows."""
        place = int(np.searchsorted(self._hi, hi))
        while place < len(self._hi) and self._hi[place] == hi:
            if self._lo[place] == lo:
                return place
            place += 1
        return None

    def row(self, place: int) -> dict[str, Any]:
        return {name: self.rows[name][place].as_py() for name in _SHOWN}

    def key(self, place: int) -> tuple[int, int]:
        return int(self._hi[place]), int(self._lo[place])


def match(
    books: Books,
    system: str,
    path: Path,
    period: Period,
    *,
    column: str | None = None,
    as_known: int | None = None,
) -> Matched:
    """Compare an agency's list with what was received of its system in a period.

    column    as `listing.entries`
    as_known  µs UTC; None: now. What landed later is missing, and said to have come later
    Raises ThuocdoError `unknown_system`, and what `listing.entries` raises.
    """
    known = now_us() if as_known is None else as_known
    with books.measure.reading(None) as (facts, _):
        try:
            return _Match(books, facts, system, period, known).of(path, column)
        finally:
            facts.engine.forget()


def tags(
    books: Books, system: str, path: Path, column: str | None = None
) -> Iterator[tuple[int, str | None]]:
    """(line, tag) for each line of a list; the tag that our dossier of that number would have.

    Raises as `match`.
    """
    with books.measure.reading(None) as (facts, _):
        _require(books, facts, system)
    secret = books.settings.secret
    for entry in entries(path, column):
        number = entry.number
        yield entry.line, number and pairing_tag(secret, dossier_key(secret, system, number))


class _Match:
    """One comparison."""

    def __init__(self, books: Books, facts: Facts, system: str, period: Period, known: int) -> None:
        _require(books, facts, system)
        self._books, self._facts, self._system = books, facts, system
        self._period, self._known = period, known
        self._secret = books.settings.secret
        self._events = cases.raw(facts.engine, books.lake, now_us())

    def of(self, path: Path, column: str | None) -> Matched:
        engine = self._facts.engine
        own = cases.one_column(engine, "system", [self._system])
        none = cases.one_column(engine, "agency", [])
        folded = engine.keep(cases.folded, engine.view(cases.of, self._events, none, own))
        twins = engine.rows(cases.doubles, folded, self._agencies(folded)).to_pylist()
        ours = _Ours(engine.rows(shown, folded))
        counts = {"lines": 0, "unreadable": 0, "matched": 0, "repeated": 0}
        missing: list[Missing] = []
        unknown: list[_Unknown] = []
        for some in _some(entries(path, column)):
            for entry in some:
                self._take(entry, ours, counts, missing, unknown)
        extra = self._extra(ours, twins)
        missing += self._explained(unknown, extra)
        missing.sort(key=lambda one: one.line)
        return Matched(
            system=self._system,
            first=self._period.first,
            last=self._period.last,
            as_known=self._known,
            missing=tuple(missing),
            extra=tuple(extra),
            **counts,
        )

    def _agencies(self, folded: Any) -> Any:
        engine = self._facts.engine
        names = engine.rows(agencies, folded)["agency"].to_pylist()
        return cases.one_column(engine, "agency", [str(name) for name in names])

    def _take(
        self,
        entry: Entry,
        ours: _Ours,
        counts: dict[str, int],
        missing: list[Missing],
        unknown: list[_Unknown],
    ) -> None:
        """Put one line where it belongs."""
        counts["lines"] += 1
        if entry.number is None:
            counts["unreadable"] += 1
            missing.append(Missing(entry.line, Why.UNREADABLE))
            return
        key = number_key(self._secret, entry.number)
        place = ours.place(*dossier_key(self._secret, self._system, key))
        if place is None:
            unknown.append(_Unknown(entry.line, key, entry.day, entry.procedure))
            return
        if first := int(ours.listed_on[place]):
            counts["repeated"] += 1
            missing.append(Missing(entry.line, Why.REPEATED, other_line=first))
            return
        ours.listed_on[place] = entry.line
        landed, received = int(ours.first_landed[place]), int(ours.received_day[place])
        if landed > self._known:
            missing.append(Missing(entry.line, Why.LANDED_LATER, day=local_day(landed)))
        elif not self._inside(received):
            missing.append(Missing(entry.line, Why.OTHER_PERIOD, day=number_day(received)))
        else:
            counts["matched"] += 1

    def _inside(self, day: int) -> bool:
        return day_number(self._period.first) <= day < day_number(self._period.end)

    def _extra(self, ours: _Ours, twins: list[dict[str, Any]]) -> list[Extra]:
        """Our dossiers of the period that no line names."""
        other = {
            (row["dossier_hi"], row["dossier_lo"]): (row["twin_hi"], row["twin_lo"])
            for row in twins
        }
        found = []
        for place in np.flatnonzero(ours.listed_on == 0).tolist():
            landed, received = int(ours.first_landed[place]), int(ours.received_day[place])
            if landed > self._known or not self._inside(received):
                continue
            row = ours.row(place)
            twin = other.get(ours.key(place))
            at = ours.place(*twin) if twin else None
            line = int(ours.listed_on[at]) if at is not None else 0
            found.append(
                Extra(
                    tag=pairing_tag(self._secret, ours.key(place)),
                    day=number_day(received),
                    procedure=row["procedure"],
                    channel=row["channel"],
                    last_status=row["last_status"],
                    double_of_line=line or None,
                )
            )
        return sorted(found, key=lambda one: (one.day, one.procedure, one.tag))

    def _explained(self, unknown: list[_Unknown], extra: list[Extra]) -> list[Missing]:
        """Why each unknown number may be unknown: refused, of another system, or never sent."""
        refusals = self._refusals({one.key for one in unknown})
        elsewhere = self._elsewhere([one for one in unknown if one.key not in refusals])
        alike: dict[tuple[str, date], list[str]] = {}
        for ours in extra:
            alike.setdefault((ours.procedure, ours.day), []).append(ours.tag)
        made = []
        for one in unknown:
            refusal = refusals.get(one.key)
            if refusal is not None:
                made.append(Missing(one.line, Why.REFUSED, day=refusal.day, reason=refusal.reason))
            elif one.key in elsewhere:
                made.append(Missing(one.line, Why.OTHER_SYSTEM, system=elsewhere[one.key]))
            else:
                same = alike.get((one.procedure or "", one.day or date.min), [])
                perhaps = same[0] if len(same) == 1 else ""
                made.append(Missing(one.line, Why.NEVER_CAME, perhaps=perhaps))
        return made

    def _refusals(self, keys: set[bytes]) -> dict[bytes, Refusal]:
        found: dict[bytes, Refusal] = {}
        if not keys:
            return found
        for one in refused.of_days(self._books.lake, self._facts.dimensions, self._known):
            if one.number in keys and one.system in (None, self._system):
                found.setdefault(one.number, one)
        return found

    def _elsewhere(self, unknown: list[_Unknown]) -> dict[bytes, str]:
        """Number's key → another system that has a dossier of that number."""
        engine = self._facts.engine
        told = engine.rows(systems, self._events)["system"].to_pylist()
        others = sorted(str(one) for one in told if one != self._system)
        if not unknown or not others:
            return {}
        keys: dict[tuple[int, int], tuple[bytes, str]] = {}
        for other in others[: max(1, _CANDIDATES // len(unknown))]:
            for one in unknown:
                keys[dossier_key(self._secret, other, one.key)] = (one.key, other)
        halves = np.array(list(keys), np.int64).reshape(-1, 2)
        wanted = engine.hold(pa.table({"dossier_hi": halves[:, 0], "dossier_lo": halves[:, 1]}))
        there = engine.rows(present, self._events, wanted)
        found: Iterator[Any] = zip(*(half.to_pylist() for half in there.columns), strict=True)
        return dict(keys[key] for key in found)


def shown(rows: ir.Table) -> ir.Table:
    """(KEY, what may be shown of a dossier)."""
    return rows.select(*cases.KEY, "received_day", "first_landed", *_SHOWN)


def agencies(rows: ir.Table) -> ir.Table:
    """(agency)"""
    return rows.select("agency").distinct()


def systems(events: ir.Table) -> ir.Table:
    """(system)"""
    return events.select("system").distinct()


def present(events: ir.Table, wanted: ir.Table) -> ir.Table:
    """Those of the wanted KEYs that there are events of."""
    return events.select(*cases.KEY).semi_join(wanted, cases.KEY).distinct()


def _some(given: Iterator[Entry]) -> Iterator[list[Entry]]:
    while some := list(islice(given, _AT_ONCE)):
        yield some


def _require(books: Books, facts: Facts, system: str) -> None:
    """Raises ThuocdoError `unknown_system`: neither registered nor ever heard of."""
    if facts.dimensions.systems.knows(system):
        return
    events = cases.raw(facts.engine, books.lake, now_us())
    told = facts.engine.rows(systems, events)["system"].to_pylist()
    facts.engine.forget()
    if system not in told:
        known = ", ".join(sorted(str(one) for one in told)[:8]) or "none yet"
        raise ThuocdoError(
            "unknown_system",
            f"No system {system} is registered, and none of that code ever sent anything.",
            f"Write the system's code as the registry has it; heard of: {known}.",
        )
