"""Runs every rule in force over the figures that are to be published, and over the data behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, timedelta

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.core.clock import Period
from thuocdo.core.vocabulary import Block
from thuocdo.measure.answers import Answers
from thuocdo.measure.invariants import of_data, of_figures
from thuocdo.measure.invariants.model import (
    Evidence,
    Outcome,
    Published,
    Rule,
    State,
    rules_on,
)
from thuocdo.measure.invariants.of_figures import Look
from thuocdo.measure.invariants.subject import Subject, cells
from thuocdo.measure.known import Known
from thuocdo.measure.model import Figure
from thuocdo.measure.offers import Offer, offers
from thuocdo.measure.service import Measure
from thuocdo.measure.view import Facts

_BLOCKS = (Block.MINISTRY.value, Block.PROVINCE.value)
_ROWS = 20
"""Rows of evidence kept of one outcome: enough to find what is wrong, counted in full in the first."""


def check(
    measure: Measure,
    period: Period,
    indicators: Sequence[tuple[str, str | None]] | None = None,
    *,
    as_known: Known | None = None,
    as_organised: date | None = None,
    trust: str = "any",
    published: Published | None = None,
) -> list[Outcome]:
    """What every rule says of these indicators' figures in a period, worst first within a rule.

    indicators    (code, version or None for the one in force on the period's last day); None: all
    as_known      µs UTC; None: now
    as_organised  map of organisations of that day; None: of the period's last day
    published     the report before this one; None: there is none to compare with
    One outcome a rule, indicator and block says that it holds, of how many agencies; one an agency
    says that it is broken. Raises what measuring raises.
    """
    wanted = indicators or [(indicator.code, None) for indicator in measure.definitions()]
    run = _Run(
        measure=measure,
        period=period,
        known=as_known,
        organised=as_organised or period.last,
        trust=trust,
        published=published,
        rules=rules_on(period.last),
    )
    found: list[Outcome] = []
    for code, version in wanted:
        found += run.of_indicator(code, version)
    found += run.of_due_dates()
    found += run.of_catalogue()
    place = {code: n for n, code in enumerate(run.rules)}
    return sorted(found, key=lambda one: place[one.rule])


@dataclass(frozen=True, slots=True)
class _Run:
    measure: Measure
    period: Period
    known: Known | None
    organised: date
    trust: str
    published: Published | None
    rules: dict[str, Rule]

    def of_indicator(self, code: str, version: str | None) -> list[Outcome]:
        """Every rule about one indicator's figures."""
        subject = self._subject(code, version)
        found: list[Outcome] = []
        for block in _BLOCKS:
            figures = [figure for figure in subject.figures if figure.block == block]
            for name, make in of_figures.BY_BLOCK.items():
                if rule := self.rules.get(name):
                    found += _outcomes(rule, subject, block, make(subject, figures))
            found += self._published(subject, block, figures)
            found += self._pairs(subject, block, figures)
        return found + self._whole(subject)

    def of_due_dates(self) -> list[Outcome]:
        """Whether dossiers are due no earlier than the day they came in, agency by agency."""
        if (rule := self.rules.get("due_not_before_received")) is None:
            return []
        with self._reading() as (facts, remember):
            found = of_data.due_dates(facts, remember, self.period, self.trust)
            organisation = facts.dimensions.organisation
            tops: dict[str, list[tuple[str, int, int]]] = {}
            names: dict[str, str] = {}
            for agency, (before, dated) in of_data.due_by_agency(found).items():
                path = organisation.path(agency, self.organised)
                names[agency] = path[0].name if path else agency
                if path and path[-1].block:
                    tops.setdefault(path[-1].code, []).append((agency, before, dated))
                    names[path[-1].code] = path[-1].name
        if not tops:
            return [Outcome(rule.code, rule.severity, State.NOT_MEASURABLE)]
        made: list[Outcome] = []
        tolerated: list[Evidence] = []
        for code, units in tops.items():
            bad, dated = sum(unit[1] for unit in units), sum(unit[2] for unit in units)
            if not bad:
                continue
            sums = Evidence(code, names[code], (("before", bad), ("dated", dated)))
            if 1000 * bad > rule.tolerance * dated:
                own = found.filter(pc.is_in(found["agency"], pa.array([unit[0] for unit in units])))
                rows = (sums, *of_data.due_rows(names, own, _ROWS))
                made.append(_broken(rule, code, names[code], rows, rule.blocks))
            else:
                tolerated.append(sums)
        held = Outcome(
            rule.code,
            rule.severity,
            State.HOLDS,
            checked=len(tops) - len(made),
            evidence=tuple(tolerated),
        )
        return [*made, held]

    def of_catalogue(self) -> list[Outcome]:
        """What changed in the catalogue since the report before, agency by agency."""
        if (rule := self.rules.get("catalogue_changes")) is None:
            return []
        now = self._offers(self.known, self.period.last)
        if self.published is not None:
            before = self._offers(self.published.as_known, self.published.period.last)
        else:
            before = self._offers(self.known, self.period.last - timedelta(days=rule.days or 0))
        if not now and not before:
            return [Outcome(rule.code, rule.severity, State.NOT_MEASURABLE)]
        with self._reading() as (facts, _):
            organisation = facts.dimensions.organisation
        changed = of_data.changes(before, now)
        made = []
        for agency, found in changed.items():
            path = organisation.path(agency, self.organised)
            name = path[0].name if path else agency
            rows = of_data.change_rows(agency, name, found)
            made.append(_broken(rule, agency, name, tuple(rows), ()))
        same = len({offer.agency for offer in now} - changed.keys())
        return [*made, Outcome(rule.code, rule.severity, State.HOLDS, checked=same)]

    def _subject(self, code: str, version: str | None) -> Subject:
        indicator = self.measure.definition(code)
        chosen = indicator.version_for(self.period.last, version)
        rule = self.rules.get("cumulative_never_falls")
        earlier = self.period.last - timedelta(days=(rule.days or 0) if rule else 0)
        before = None
        if rule is not None and earlier >= self.period.first:
            shorter = Period(self.period.first, earlier)
            before = {f.agency: f for f in self._figures(code, chosen.version, shorter)}
        with self._reading() as (facts, remember):
            found = cells(facts, remember, indicator, chosen, self.period, self.trust)
            organisation = facts.dimensions.organisation
        return Subject(
            indicator=indicator,
            version=chosen,
            period=self.period,
            figures=self._figures(code, chosen.version, self.period),
            before=before,
            cells=found,
            organisation=organisation,
            organised=self.organised,
        )

    def _published(self, subject: Subject, block: str, figures: list[Figure]) -> Iterable[Outcome]:
        rule = self.rules.get("published_never_falls")
        if rule is None or self.published is None:
            return []
        look = of_figures.published_never_falls(subject, figures, self.published, rule.tolerance)
        return _outcomes(rule, subject, block, look)

    def _pairs(self, subject: Subject, block: str, figures: list[Figure]) -> list[Outcome]:
        rule = self.rules.get("new_within_old")
        if rule is None:
            return []
        found: list[Outcome] = []
        for code, newer, older in rule.pairs:
            if (code, newer) == (subject.indicator.code, subject.version.version):
                old = {f.agency: f for f in self._figures(code, older, self.period)}
                look = of_figures.new_within_old(figures, old)
                found += _outcomes(rule, subject, block, look)
        return found

    def _whole(self, subject: Subject) -> list[Outcome]:
        """The rules about both blocks at once."""
        found: list[Outcome] = []
        if (rule := self.rules.get("blocks_add_up")) and subject.adds_up:
            look = Look(len(subject.figures), of_figures.blocks_add_up(subject))
            found += _outcomes(rule, subject, None, look)
        if (rule := self.rules.get("nobody_left_out")) and subject.counts_events:
            look = Look(len(subject.figures), of_figures.nobody_left_out(subject))
            found += _outcomes(rule, subject, None, look)
        return found

    def _figures(self, code: str, version: str, period: Period) -> list[Figure]:
        return self.measure.figures(
            code,
            period,
            version=version,
            as_known=self.known,
            as_organised=self.organised,
            trust=self.trust,
        )

    def _offers(self, known: Known | None, day: date) -> list[Offer]:
        with self.measure.reading(known) as (facts, _):
            return offers(facts.dimensions.services, day)

    def _reading(self) -> AbstractContextManager[tuple[Facts, Answers]]:
        return self.measure.reading(self.known)


def _outcomes(rule: Rule, subject: Subject, block: str | None, look: Look | None) -> list[Outcome]:
    """The verdicts of one look: each agency that breaks the rule, and how many keep it."""
    if look is None:
        return []
    holding = look.checked - len(look.broken)
    held = Outcome(
        rule.code,
        rule.severity,
        State.HOLDS if look.checked else State.NOT_MEASURABLE,
        subject.indicator.code,
        subject.version.version,
        block,
        checked=holding,
    )
    broken = [
        msgspec.structs.replace(
            held,
            state=State.BROKEN,
            agency=row.agency or None,
            name=row.name,
            checked=1,
            blocks=(subject.indicator.code,) if rule.severity == "block" else (),
            evidence=(row,),
        )
        for row in look.broken
    ]
    return [*broken, held] if holding > 0 or not broken else broken


def _broken(
    rule: Rule, agency: str, name: str, rows: tuple[Evidence, ...], blocks: tuple[str, ...]
) -> Outcome:
    return Outcome(
        rule.code,
        rule.severity,
        State.BROKEN,
        agency=agency,
        name=name,
        checked=1,
        blocks=blocks,
        evidence=rows[: _ROWS + 1],
    )
