"""Builds a weekly report: asks the measure room, the registry of issuers and the clock.

The edition (tables and wording), the versions of the definitions and the issuer are those in
force on the report's date.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from thuocdo.core.clock import Period, now_us, parse_week
from thuocdo.core.issuers import issuer_on
from thuocdo.measure.disclosure import disclose_ranking, policy_on
from thuocdo.measure.invariants.check import check
from thuocdo.measure.invariants.withholding import withhold
from thuocdo.measure.known import Known, LogSize
from thuocdo.measure.model import Figure, Log
from thuocdo.measure.service import Measure
from thuocdo.report.assemble import Measured, assemble, definitions_on, letterhead_of
from thuocdo.report.checks import published_of
from thuocdo.report.editions import TableSpec, edition_on, published_periods
from thuocdo.report.model import Definition, WeeklyReport
from thuocdo.report.selection import mean_of_printed

_FRIDAY = 4  # days after the Monday of an ISO week
_AFTER_TABLES: Final = 2
"""Steps of the making that follow the tables: the checks, and the printing of whoever called."""

Tick = Callable[[int, int], None]
"""Told after each step how many are done, and of how many."""


def unwatched(_done: int, _of: int) -> None:
    """Nobody watches how far it is."""


def build(
    measure: Measure,
    week: str,
    *,
    period: Period | None = None,
    number: str | None = None,
    date: dt.date | None = None,
    as_known: int | None = None,
    as_organised: dt.date | None = None,
    now: int | None = None,
    remark: str = "",
    before: WeeklyReport | None = None,
    log: Log | None = None,
    tick: Tick = unwatched,
) -> WeeklyReport:
    """The report of an ISO week (`2022-W18`).

    Without a date it is the Friday of that week. Without a period it is the published report's, else
    1 January to the Sunday before the week. `as_known` and `now` are µs UTC; without `as_known` the
    report stands on everything landed until `now`. `before` is the report before this one, if there
    is one to compare with. What the checks find wrong, and what is too small to be published, is
    withheld, and the report says so.
    `log` is the log of raw segments to stand on, by default that of the current facts.
    Raises ThuocdoError `bad_week` and what measuring raises.
    """
    instant = as_known if as_known is not None else (now or now_us())
    stood_on = log or measure.log()
    known: Known | None = LogSize(stood_on.size, instant) if stood_on else as_known
    days = parse_week(week)
    issued = date or days.first + dt.timedelta(days=_FRIDAY)
    covered = period or published_periods().get(week) or _year_before(days)
    edition, issuer = edition_on(issued), issuer_on(issued)
    organised = as_organised or covered.last
    specs = [spec for section in edition.sections for spec in section.tables]
    codes = [spec.indicator for spec in specs]
    definitions = definitions_on(measure.definitions(), codes, issued)
    figures = _figures(
        measure, specs, definitions, covered, as_known=known, as_organised=organised, tick=tick
    )
    outcomes = check(
        measure,
        covered,
        [(code, one.version) for code, one in definitions.items()],
        as_known=known,
        as_organised=organised,
        published=published_of(before) if before else None,
    )
    tick(len(figures) + 1, len(figures) + _AFTER_TABLES)
    small = policy_on(covered.last)
    figures = {
        key: disclose_ranking(
            withhold(found, outcomes, measure.definition), small, measure.definition
        )
        for key, found in figures.items()
    }
    headline = [
        figure
        for key, found in figures.items()
        if key[0] == edition.headline
        for figure in found
        if figure.rank is not None
    ]
    return assemble(
        edition,
        Measured(
            week=week,
            period=covered,
            date=issued,
            number=number,
            figures=figures,
            definitions=definitions,
            national=msgspec.structs.replace(
                measure.national(headline, None), mean_of_agencies=mean_of_printed(headline)
            ),
            letterhead=letterhead_of(issuer, edition.document_type),
            owner=issuer.system_owner,
            as_known=instant,
            log=stood_on,
            as_organised=organised,
            remark=remark,
            checks=outcomes,
        ),
    )


def _figures(
    measure: Measure,
    specs: Sequence[TableSpec],
    definitions: Mapping[str, Definition],
    period: Period,
    *,
    as_known: Known | None,
    as_organised: dt.date,
    tick: Tick,
) -> dict[tuple[str, str], list[Figure]]:
    """Every agency's figures for every table, by (indicator, block)."""
    asked = list(dict.fromkeys((spec.indicator, spec.block.value) for spec in specs))
    found: dict[tuple[str, str], list[Figure]] = {}
    for indicator, block in asked:
        found[indicator, block] = measure.figures(
            indicator,
            period,
            version=definitions[indicator].version,
            block=block,
            as_known=as_known,
            as_organised=as_organised,
        )
        tick(len(found), len(asked) + _AFTER_TABLES)
    return found


def _year_before(week: Period) -> Period:
    last = week.first - dt.timedelta(days=1)
    return Period(dt.date(last.year, 1, 1), last)
