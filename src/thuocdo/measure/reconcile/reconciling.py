"""One agency and period: measured, declared and national figures side by side, and why they differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

import msgspec

from thuocdo.core.clock import Period, now_us
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.core.vocabulary import SaidBy, Trust
from thuocdo.lake.store import Lake
from thuocdo.measure import definitions
from thuocdo.measure.definitions import Indicator, Text
from thuocdo.measure.model import Figure
from thuocdo.measure.organisation import Agency
from thuocdo.measure.reconcile import (
    agreements,
    cases,
    causes,
    comparing,
    measured,
    refused,
    stated,
)
from thuocdo.measure.reconcile.causes import Folded
from thuocdo.measure.reconcile.comparing import Sides
from thuocdo.measure.reconcile.measured import Scope
from thuocdo.measure.reconcile.model import (
    Cause,
    Comparison,
    Number,
    Reconciliation,
)
from thuocdo.measure.reconcile.policy import Count, Policy, policy_on
from thuocdo.measure.reconcile.stated import Stated, Statements
from thuocdo.measure.service import Measure
from thuocdo.measure.view import Facts

RECEIVED: Final = "dossiers_received"
"""The count that refusals, silent days and doubles bear on."""


@dataclass(frozen=True)
class Books:
    """Where both sides' figures are: one instance's lake and facts."""

    settings: Settings
    lake: Lake
    measure: Measure

    @classmethod
    def open(cls, settings: Settings) -> Books:
        return cls(settings, Lake.open(settings), Measure(settings))


def reconcile(
    books: Books,
    agency: str,
    period: Period,
    *,
    as_known: int | None = None,
    as_organised: date | None = None,
    trust: str = "any",
) -> Reconciliation:
    """Measured beside stated figures of an agency with all below it.

    agency        a code in either form
    as_known      µs UTC; None: now. Statements written down later do not count either
    as_organised  map of organisations of that day; None: of the period's last day
    trust         "any" or "verified"
    Raises ThuocdoError `unknown_agency`, `bad_choice`, `bad_policy` or `no_table`.
    """
    if trust not in ("any", Trust.VERIFIED):
        raise ThuocdoError("bad_choice", f"{trust!r} is no trust.", "Write one of: any, verified.")
    organised = as_organised or period.last
    known = now_us() if as_known is None else as_known
    policy = policy_on(period.last)
    with books.measure.reading(as_known) as (facts, _):
        whose = facts.dimensions.organisation.find(agency, organised)
        scope = Scope(whose, organised, period, trust == Trust.VERIFIED)
        rows = stated.read(books.lake, facts.dimensions.organisation, whose, period, known)
        landed = as_known if as_known is not None else books.measure.freshness().landed_at or 0
        work = _Work(books, facts, scope, policy, rows, landed)
        comparisons = work.counts()
        silent = work.silent
    asked = _Asked(books, policy, whose, period, as_known, as_organised, trust)
    comparisons += _indicators(asked, rows)
    found = Reconciliation(
        agency=whose.code,
        name=whose.name,
        first=period.first,
        last=period.last,
        trust=trust,
        as_known=known,
        as_organised=organised,
        policy=policy.version,
        made_at=now_us(),
        comparisons=tuple(comparisons),
        silent_days=tuple(silent),
        notes=_notes(policy, rows),
    )
    decided = [
        msgspec.structs.replace(one, agreements=agreements.of(books.lake, found, one))
        for one in found.comparisons
    ]
    return msgspec.structs.replace(found, comparisons=tuple(decided))


class _Work:
    """The basic counts of one question; `landed` bounds the raw events to those the facts know."""

    def __init__(
        self,
        books: Books,
        facts: Facts,
        scope: Scope,
        policy: Policy,
        rows: list[Stated],
        landed: int,
    ) -> None:
        self._books, self._facts, self._scope = books, facts, scope
        self._policy, self._landed = policy, landed
        self._sides = {
            count.code: _sides(rows, count.code, scope.period, adds_up=True)
            for count in policy.counts
        }
        self._grids = measured.grids(facts, scope, policy.counts)
        self._heard_on = measured.heard_days(facts, scope)
        self._heard = bool(self._heard_on) or any(grid.cells for grid in self._grids.values())
        self.silent = self._silent_days()

    def counts(self) -> list[Comparison]:
        """Every basic count, with what may explain its differences."""
        found = self._causes() if self._heard else {}
        return [self._comparison(count, found.get(count.code, [])) for count in self._policy.counts]

    def _comparison(self, count: Count, found: list[Cause]) -> Comparison:
        grid, sides = self._grids[count.code], self._sides[count.code]
        total = grid.total() if self._heard else None
        declared, national = sides.declared.total(), sides.national.total()
        tolerance = self._policy.tolerance
        names = self._facts.dimensions.procedure_names
        others = [int(said.value) for said in (declared, national) if said is not None]
        return Comparison(
            code=count.code,
            name=count.name,
            unit="count",
            definition=count.identity,
            measured=total,
            numerator=None,
            denominator=None,
            declared=declared,
            national=national,
            to_declared=comparing.against(total, comparing.whole(declared), tolerance),
            to_national=comparing.against(total, comparing.whole(national), tolerance),
            services=comparing.by_service(grid, sides, tolerance, names, heard=self._heard),
            days=comparing.by_day(grid, sides, tolerance, self._heard_on),
            cells=comparing.by_cell(grid, sides, tolerance, names, self._heard_on),
            causes=causes.judged(found, total or 0, others),
        )

    def _causes(self) -> dict[str, list[Cause]]:
        totals = {code: grid.total() for code, grid in self._grids.items()}
        found: dict[str, list[Cause]] = defaultdict(list)
        engine, policy, period = self._facts.engine, self._policy, self._scope.period
        try:
            folded, mine, systems = self._folded()
            told = causes.ways(policy, folded, period, totals)
            if not self._scope.verified:
                told += causes.unverified(policy, folded, period, totals)
            told += self._late(folded, totals)
            for code, cause in told:
                found[code].append(cause)
            received = [
                *causes.border(policy, folded, period, totals[RECEIVED]),
                causes.doubles(policy, folded, period, totals[RECEIVED]),
                causes.refused(policy, self._refused(folded, mine, systems), totals[RECEIVED]),
                self._silent_cause(),
            ]
            found[RECEIVED] += [cause for cause in received if cause is not None]
        finally:
            engine.forget()
        return found

    def _folded(self) -> tuple[Folded, Callable[[str], bool], list[str]]:
        """The agency's dossiers, whether a code counts for it, and its systems."""
        engine, facts = self._facts.engine, self._facts
        every = cases.raw(engine, self._books.lake, self._landed)
        told = engine.rows(cases.told_of, every).to_pylist()
        mine = measured.belongs(facts, self._scope)
        codes = sorted({row["agency"] for row in told if mine(row["agency"])})
        registered = facts.dimensions.systems.expected(("one_stop",), self._scope.period)
        systems = sorted({str(one.key) for one in registered if mine(one.agency)})
        agencies = cases.one_column(engine, "agency", codes)
        own = cases.one_column(engine, "system", systems)
        events = engine.keep(cases.of, every, agencies, own)
        counted = engine.view(cases.verified, events) if self._scope.verified else events
        rows = engine.keep(cases.folded, counted)
        return Folded(engine, counted, rows, agencies, own), mine, systems

    def _late(self, folded: Folded, totals: dict[str, int]) -> list[tuple[str, Cause]]:
        """For each count, what it was when the stated totals were written down."""
        moments: dict[int, set[str]] = defaultdict(set)
        for code, sides in self._sides.items():
            for said in (sides.declared.total(), sides.national.total()):
                if said is not None and said.said_at < self._landed:
                    moments[said.said_at].add(code)
        found = []
        for said_at, codes in moments.items():
            wanted = {code: totals[code] for code in codes}
            found += causes.late(self._policy, folded, self._scope.period, wanted, said_at)
        return found

    def _refused(
        self, folded: Folded, mine: Callable[[str], bool], systems: list[str]
    ) -> list[refused.Refusal]:
        keys = folded.engine.rows(cases.keys, folded.rows)
        there = set(
            zip(keys["dossier_hi"].to_pylist(), keys["dossier_lo"].to_pylist(), strict=True)
        )
        found = refused.of_days(
            self._books.lake, self._facts.dimensions, self._landed, self._scope.period.first
        )
        secret, period = self._books.settings.secret, self._scope.period
        return refused.never_landed(found, period, mine, systems, secret, there.__contains__)

    def _silent_days(self) -> list[date]:
        return [day for day in causes.working_days(self._scope.period) if day not in self._heard_on]

    def _silent_cause(self) -> Cause | None:
        sides = self._sides[RECEIVED]

        def stated_on(day: date) -> int | None:
            return comparing.whole(sides.declared.of_day(day) or sides.national.of_day(day))

        return causes.silent_days(self._policy, self.silent, self._grids[RECEIVED], stated_on)


def _sides(rows: list[Stated], code: str, period: Period, *, adds_up: bool) -> Sides:
    of_code = [row for row in rows if row.indicator == code]
    return Sides(
        *(
            Statements([r for r in of_code if r.said_by == side], period, adds_up=adds_up)
            for side in (SaidBy.AGENCY, SaidBy.NATIONAL_PORTAL)
        )
    )


class _Asked(NamedTuple):
    """A question, as `reconcile` has it."""

    books: Books
    policy: Policy
    whose: Agency
    period: Period
    as_known: int | None
    as_organised: date | None
    trust: str


def _indicators(asked: _Asked, rows: list[Stated]) -> list[Comparison]:
    """The indicators of which anybody states a figure."""
    codes = {row.indicator for row in rows}
    known = [one for one in definitions.definitions() if one.code in codes]
    return [_indicator(asked, rows, indicator) for indicator in known]


def _indicator(asked: _Asked, rows: list[Stated], indicator: Indicator) -> Comparison:
    figures = asked.books.measure.figures(
        indicator.code,
        asked.period,
        agency=asked.whose.code,
        as_known=asked.as_known,
        as_organised=asked.as_organised,
        trust=asked.trust,
    )
    figure = figures[0] if figures else None
    version = indicator.version_for(asked.period.last, figure.version if figure else None)
    value, unit, tolerance = _measured(figure), indicator.unit, asked.policy.tolerance
    sides = _sides(rows, indicator.code, asked.period, adds_up=unit == "count")
    declared, national = sides.declared.total(), sides.national.total()
    return Comparison(
        code=indicator.code,
        name=indicator.name,
        unit=unit,
        definition=version.identity,
        measured=value,
        numerator=figure.numerator if figure else None,
        denominator=figure.denominator if figure else None,
        declared=declared,
        national=national,
        to_declared=comparing.against(value, comparing.number(declared), tolerance, unit),
        to_national=comparing.against(value, comparing.number(national), tolerance, unit),
    )


def _measured(figure: Figure | None) -> Number | None:
    if figure is None or figure.value is None:
        return None
    return int(figure.value) if figure.unit == "count" else Decimal(str(figure.value))


def _notes(policy: Policy, rows: list[Stated]) -> tuple[Text, ...]:
    """What a reader must know: whose statements were not found at all."""
    said = {row.said_by for row in rows}
    return tuple(policy.silences[side] for side in SaidBy if side not in said)
