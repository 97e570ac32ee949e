"""What has to be known before somebody puts their name to a frozen report. Pure.

The rules of measure/invariants ran when the report was made, and what they blocked was withheld. Here the
frozen tables are looked at again as they are: nothing blocked may stand in them, ranks must follow from
values, and a failure that empties a whole block is no report to send. One agency's withheld figure does
not hold up a country's report; whoever checks has to say a word to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from thuocdo.measure.definitions import Text
from thuocdo.measure.invariants.model import Outcome, State, rule, told
from thuocdo.report.assemble import NO_NUMBER
from thuocdo.report.checks import of_table
from thuocdo.report.desk.model import Finding, Weight, words
from thuocdo.report.model import Row, Table, WeeklyReport

_HEAVIEST = (Weight.BLOCK, Weight.ACKNOWLEDGE, Weight.NOTE)


def findings(report: WeeklyReport) -> tuple[Finding, ...]:
    """Everything there is to say of a frozen report, the heaviest first."""
    found = [*_of_tables(report), *_of_outcomes(report), *_of_whole(report)]
    return tuple(sorted(found, key=lambda one: _HEAVIEST.index(one.weight)))


def has_number(report: WeeklyReport) -> bool:
    return not report.number.startswith(NO_NUMBER)


def _of_tables(report: WeeklyReport) -> Iterator[Finding]:
    definitions = {definition.indicator: definition for definition in report.definitions}
    for key, table in report.tables.items():
        if of_table(table, definitions[table.code]).is_blocking:
            yield _finding("tables_agree", key, title=Text(vi=table.title, en=table.title))


def _of_outcomes(report: WeeklyReport) -> Iterator[Finding]:
    for outcome in report.checks:
        if outcome.state is not State.BROKEN:
            continue
        title, name = rule(outcome.rule).title, outcome.name or outcome.agency or ""
        said = {
            "rule": title,
            "told": Text(vi=told(outcome), en=told(outcome, "en")),
            "name": Text(vi=name, en=name),
        }
        if not outcome.is_blocking:
            yield _finding("warned", "", **said)
        elif any(row.value is not None for row in _rows(report, outcome)):
            yield _finding("still_printed", "", **said)
        elif outcome.agency is None:
            yield _finding("whole_table", "", **said)
        else:
            yield _finding("withheld", "", **said)


def _of_whole(report: WeeklyReport) -> Iterator[Finding]:
    if not any(table.ranking for table in report.tables.values()):
        yield _finding("no_figures", "")
    if not report.checks:
        yield _finding("no_checks", "")
    if report.log_root is None:
        yield _finding("no_log", "")
    if not has_number(report):
        yield _finding("no_number", "", told=Text(vi=report.number, en=report.number))
    if report.remark:
        yield _finding("remark", "", told=Text(vi=report.remark, en=report.remark))


def _rows(report: WeeklyReport, outcome: Outcome) -> Iterator[Row]:
    """The rows that an outcome takes out of print."""
    for table in report.tables.values():
        if table.code in outcome.blocks and outcome.block in (None, table.block):
            for row in _all(table):
                if outcome.agency in (None, row.agency):
                    yield row


def _all(table: Table) -> Iterator[Row]:
    yield from table.ranking
    yield from table.unranked


def _finding(code: str, place: str, **values: Text) -> Finding:
    said = words().findings[code]
    return Finding(
        code,
        said.weight,
        Text(
            vi=said.vi.format_map({name: text.vi for name, text in values.items()}),
            en=said.en.format_map({name: text.en for name, text in values.items()}),
        ),
        place,
    )
