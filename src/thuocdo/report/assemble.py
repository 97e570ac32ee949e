"""From measured figures to the frozen report: every number cut, every word in place; pure.

The edition gives the tables and sentences, the definitions the versions in force; nothing here
asks the clock, the disk or the lake.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version as installed_version

import msgspec

from thuocdo.core.clock import Period, to_datetime
from thuocdo.core.issuers import Issuer
from thuocdo.core.vietnamese import format_day
from thuocdo.measure.definitions import Indicator
from thuocdo.measure.invariants.model import Outcome
from thuocdo.measure.model import Figure, Log, NationalFigure
from thuocdo.report import checks, words
from thuocdo.report.editions import Edition, TableSpec
from thuocdo.report.model import COUNT, Definition, Letterhead, Section, Table, Texts, WeeklyReport
from thuocdo.report.selection import cut, rows

NO_NUMBER = "…"
"""Stands where the office's registry will put the number."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a report is made of.

    figures      by (indicator code, block): every agency of the block, ranked or not
    definitions  by indicator code, the version in force on the report's date
    national     of the edition's headline indicator, both blocks together
    letterhead   the issuer of that date; `owner` runs the measuring system
    as_known     µs UTC
    checks       what measuring checked of these figures; withheld ones are withheld already
    """

    week: str
    period: Period
    date: dt.date
    number: str | None
    figures: Mapping[tuple[str, str], Sequence[Figure]]
    definitions: Mapping[str, Definition]
    national: NationalFigure
    letterhead: Letterhead
    owner: str
    as_known: int | None
    as_organised: dt.date
    log: Log | None = None
    remark: str = ""
    checks: Sequence[Outcome] = ()


def assemble(edition: Edition, measured: Measured) -> WeeklyReport:
    """The frozen report of what was measured; pure."""
    tables, sections, own = _tables(edition, measured)
    outcomes = [*measured.checks, *own]
    national = measured.national
    if any(edition.headline in one.blocks for one in own):
        national = NationalFigure(None, None, None, None, None, 0)
    measured = replace(measured, national=national, checks=outcomes)
    year, _, week = measured.week.partition("-W")
    values = {
        "week": str(int(week)),
        "year": year,
        "owner": measured.owner,
        "first": format_day(measured.period.first),
        "last": format_day(measured.period.last),
    }
    as_known = to_datetime(measured.as_known) if measured.as_known is not None else None
    return WeeklyReport(
        report=edition.report.format_map(values),
        number=measured.number or f"{NO_NUMBER}/{measured.letterhead.symbol}",
        date=measured.date,
        period=(measured.period.first, measured.period.last),
        tables=tables,
        national={
            f"{edition.headline}_mean": measured.national.mean_of_agencies,
            f"{edition.headline}_ratio_of_sums": measured.national.ratio_of_sums,
        },
        week=measured.week,
        as_known=as_known,
        as_organised=measured.as_organised,
        definitions=list(measured.definitions.values()),
        log_size=measured.log.size if measured.log else None,
        log_root=measured.log.root if measured.log else None,
        software=f"thuocdo {installed_version('thuocdo')}",
        edition=edition.edition,
        headline=edition.headline,
        letterhead=measured.letterhead,
        sections=[
            Section(
                heading=section.heading,
                lead=section.lead.format_map(values),
                tables=section.tables,
                notes=section.notes,
            )
            for section in sections
        ],
        texts=_texts(edition, measured, values, tables, as_known),
        remark=measured.remark,
        checks=outcomes,
    )


def _tables(
    edition: Edition, measured: Measured
) -> tuple[dict[str, Table], list[Section], list[Outcome]]:
    tables: dict[str, Table] = {}
    sections = []
    outcomes: list[Outcome] = []
    for section in edition.sections:
        keys = []
        for spec in section.tables:
            key = str(len(tables) + 1)
            definition = measured.definitions[spec.indicator]
            table = _table(spec, definition, measured.figures[spec.indicator, spec.block.value])
            outcomes.append(checks.of_table(table, definition))
            tables[key] = checks.emptied(table, outcomes[-1])
            keys.append(key)
        used = dict.fromkeys(spec.indicator for spec in section.tables)
        ratios = [
            measured.definitions[code] for code in used if measured.definitions[code].unit != COUNT
        ]
        notes = [definition.text for definition in ratios]
        sections.append(Section(section.heading, section.lead, keys, notes))
    return tables, sections, outcomes


def _table(spec: TableSpec, definition: Definition, figures: Sequence[Figure]) -> Table:
    ranking, unranked = rows(figures)
    top, bottom, remarks = cut(ranking, spec.top_n)
    plain = definition.unit == COUNT
    return Table(
        title=spec.title,
        indicator=spec.indicator if plain else f"{spec.indicator}@{definition.version}",
        block=spec.block.value,
        top_n=spec.top_n,
        unit=msgspec.UNSET if plain else definition.unit,
        top=top,
        bottom=bottom,
        top_heading=spec.top_heading,
        bottom_heading=spec.bottom_heading,
        name_heading=spec.name_heading,
        value_heading=spec.value_heading,
        sheet=spec.sheet,
        ranking=ranking,
        unranked=unranked,
        remarks=remarks,
    )


def _texts(
    edition: Edition,
    measured: Measured,
    values: Mapping[str, str],
    tables: Mapping[str, Table],
    as_known: dt.datetime | None,
) -> Texts:
    text = edition.texts
    headline = [table for table in tables.values() if table.code == edition.headline]
    return Texts(
        kind=text.kind,
        week_line=text.week_line.format_map(values),
        subject=text.subject,
        purpose=text.purpose,
        mark=text.mark,
        intro=text.intro.format_map(values),
        topic=text.topic,
        narrative=words.narrative(measured.period, measured.national, headline),
        statistics_heading=text.statistics_heading,
        statistics=text.statistics.format_map(values),
        coverage=words.coverage(tables.values(), measured.definitions),
        footnote=text.footnote.format_map(values),
        quality_heading=text.quality_heading,
        quality=[
            *words.quality(tables, as_known, measured.as_organised, measured.log),
            *checks.lines(measured.checks, tables),
        ],
        methods_heading=text.methods_heading,
        methods=words.methods(measured.definitions.values(), measured.letterhead.legal_basis),
        closing=text.closing.format_map(values),
        chart_title=text.chart_title,
    )


def letterhead_of(issuer: Issuer, document_type: str) -> Letterhead:
    """The issuer as it is printed; the symbol follows the type of document: `BC-UBQGCĐS`."""
    return Letterhead(
        parent_organisation=issuer.parent_organisation,
        organisation=issuer.organisation,
        symbol=f"{document_type}-{issuer.symbol}",
        place=issuer.place,
        signer_prefix=issuer.signer_title_prefix,
        signer_title=issuer.signer_title,
        recipients=list(issuer.recipients),
        legal_basis=list(issuer.legal_basis),
    )


def definitions_on(
    indicators: Sequence[Indicator], codes: Iterable[str], day: dt.date
) -> dict[str, Definition]:
    """By code and in the order of `codes`, the version of each indicator in force on a day."""
    by_code = {indicator.code: indicator for indicator in indicators}
    return {code: _definition(by_code[code], day) for code in dict.fromkeys(codes)}


def _definition(indicator: Indicator, day: dt.date) -> Definition:
    version = indicator.version_for(day)
    return Definition(
        indicator=indicator.code,
        version=version.version,
        title=indicator.name.vi,
        unit=indicator.unit,
        text=version.description.vi,
        notes=[note.vi for note in version.notes],
        source=f"{version.source.document}, {version.source.place}",
        source_kinds=list(indicator.source_kinds),
        identity=version.identity,
        better=indicator.better,
    )
