"""The rows of each dataset, from measuring: as published, never more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from typing import Any, Final

from thuocdo.core.clock import Period, month_end
from thuocdo.core.codes import old_code
from thuocdo.measure.definitions import Composite
from thuocdo.measure.definitions.wording import Speaker
from thuocdo.measure.disclosure import disclose_ranking, policy_on
from thuocdo.measure.invariants.check import check
from thuocdo.measure.invariants.withholding import withhold
from thuocdo.measure.model import Figure
from thuocdo.measure.passport.asking import figure_name
from thuocdo.measure.ranking import ranked
from thuocdo.measure.service import Measure
from thuocdo.web import publishing

MONTHS: Final = 12


def periods(day: date) -> list[Period]:
    """The last twelve complete months before a day, and the running one to the day before.

    No period is a sum of others: what one hides must not follow from the rest of an edition.
    """
    yesterday = day - timedelta(days=1)
    found, last = list[Period](), day.replace(day=1) - timedelta(days=1)
    for _ in range(MONTHS):
        first = last.replace(day=1)
        found.append(Period(first, month_end(last.year, last.month)))
        last = first - timedelta(days=1)
    running = [Period(day.replace(day=1), yesterday)] if day.day > 1 else []
    return [*reversed(found), *running]


def shown(measure: Measure, day: date) -> list[list[Figure]]:
    """The figures of each indicator, block and period as they are published, a block at a time."""
    found = [block for period in periods(day) for block in _of_period(measure, period)]
    return sorted(found, key=lambda block: (block[0].indicator, block[0].period_first))


def _of_period(measure: Measure, period: Period) -> Iterator[list[Figure]]:
    """As the pages publish them, with one check of all indicators instead of one of each."""
    versions = {
        indicator.code: indicator.version_for(period.last) for indicator in measure.definitions()
    }
    computable = {code: each for code, each in versions.items() if each.is_computable}
    verdicts = check(measure, period, [(code, each.version) for code, each in computable.items()])

    @cache
    def blocks(code: str) -> list[list[Figure]]:
        return [
            disclose_ranking(
                withhold(found, verdicts, measure.definition),
                policy_on(period.last),
                measure.definition,
            )
            for block in measure.definition(code).blocks
            if (found := measure.figures(code, period, block=block))
        ]

    @cache
    def hidden(code: str) -> frozenset[str]:
        """Agencies of which a figure, or one it is made of, may not be shown."""
        made = versions[code].numerator
        own = {
            figure.agency
            for block in blocks(code)
            for figure in block
            if publishing.is_withheld(figure)
        }
        parts = made.parts if isinstance(made, Composite) else ()
        return frozenset(own).union(*(hidden(part.of) for part in parts))

    for code in computable:
        lower = measure.definition(code).better == "lower"
        for block in blocks(code):
            kept = [
                publishing.hide(figure)
                if figure.agency in hidden(code) and not publishing.is_withheld(figure)
                else figure
                for figure in block
            ]
            yield kept if kept == block else ranked(kept, lower_is_better=lower)


def figure_row(measure: Measure, figure: Figure, english: dict[str, str]) -> dict[str, Any]:
    """One row of `figures`."""
    coverage, interval = figure.coverage, figure.interval
    name = None if publishing.is_withheld(figure) else figure_name(measure, figure)
    return {
        "indicator": figure.indicator,
        "version": figure.version,
        "block": figure.block,
        "agency": figure.agency,
        "name": figure.name,
        "name_en": english.get(figure.agency),
        "period_first": figure.period_first,
        "period_last": figure.period_last,
        "unit": figure.unit,
        "value": figure.value,
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "rank": figure.rank,
        "sources_reporting": coverage.reporting if coverage else None,
        "sources_expected": coverage.expected if coverage else None,
        "interval_low": interval.low if interval else None,
        "interval_high": interval.high if interval else None,
        "flags": " ".join(figure.flags),
        "figure": name,
    }


def national_row(measure: Measure, figures: list[Figure]) -> dict[str, Any]:
    """One row of `national`, of the published figures of a block."""
    first = figures[0]
    whole = measure.national(figures, first.block)
    return {
        "indicator": first.indicator,
        "version": first.version,
        "block": first.block,
        "period_first": first.period_first,
        "period_last": first.period_last,
        "mean_of_agencies": whole.mean_of_agencies,
        "ratio_of_sums": whole.ratio_of_sums,
        "numerator": whole.numerator,
        "denominator": whole.denominator,
        "agencies": whole.agencies,
    }


def indicator_rows(measure: Measure) -> Iterator[dict[str, Any]]:
    """The rows of `indicators`."""
    vietnamese, english = Speaker("vi"), Speaker("en")
    for indicator in sorted(measure.definitions(), key=lambda each: each.code):
        for version in indicator.versions:
            yield {
                "indicator": indicator.code,
                "version": version.version,
                "valid_from": version.valid_from,
                "valid_to": version.valid_to,
                "unit": indicator.unit,
                "name_vi": indicator.name.vi,
                "name_en": indicator.name.en,
                "formula_vi": vietnamese.formula(version),
                "formula_en": english.formula(version),
                "document": version.source.document,
                "place": version.source.place,
                "identity": version.identity,
            }


def agency_rows(measure: Measure) -> list[dict[str, Any]]:
    """The rows of `agencies`, by code and time."""
    with measure.reading(None) as (facts, _):
        rows: list[dict[str, Any]] = facts.dimensions.table("agencies").to_pylist()
    rows.sort(key=lambda row: (row["code"], row["valid_from"] or date.min))
    return [
        {
            name: (old_code(row["code"]) if name == "old_code" else row[name]) or None
            for name in (
                *("code", "old_code", "gso_code", "name", "name_en", "kind"),
                *("parent", "successor", "valid_from", "valid_to"),
            )
        }
        for row in rows
    ]
