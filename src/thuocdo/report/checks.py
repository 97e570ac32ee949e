"""What a report does with its checks: compares with the one before, looks at its own tables, says it.

The rules and their wording are policy (measure/invariants); here they meet a report's tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import gt, lt
from typing import Final

import msgspec

from thuocdo.core.clock import Period, from_datetime
from thuocdo.core.vietnamese import format_count
from thuocdo.measure.invariants.model import (
    Count,
    Evidence,
    Outcome,
    Published,
    State,
    rule,
    told,
)
from thuocdo.measure.model import BLOCKED
from thuocdo.report.model import Definition, Row, Table, WeeklyReport

_OWN: Final = "tables_agree"
_CATALOGUE: Final = "catalogue_changes"
_NAMES_LISTED: Final = 8


def published_of(report: WeeklyReport) -> Published:
    """A frozen report as the next one is compared with it."""
    versions = {one.indicator: one.version for one in report.definitions}
    return Published(
        title=report.report,
        period=Period(*report.period),
        as_known=from_datetime(report.as_known) if report.as_known else None,
        counts={
            (table.code, versions[table.code], row.agency): Count(row.numerator, row.denominator)
            for table in report.tables.values()
            for row in (*table.ranking, *table.unranked)
            if row.numerator is not None
        },
    )


def blocked_words(flags: Iterable[str]) -> str:
    """Why a figure is withheld; empty when it is not."""
    codes = [flag.removeprefix(BLOCKED) for flag in flags if flag.startswith(BLOCKED)]
    if not codes:
        return ""
    titles = ", ".join(f"“{rule(code).title.vi}”" for code in codes)
    return f"bị chặn do không đạt kiểm tra: {titles}"


def of_table(table: Table, definition: Definition) -> Outcome:
    """Whether a table's ranks, values and lists agree with each other, as its definition ranks."""
    own = rule(_OWN)
    wrong = _wrong_rows(table, lower_is_better=definition.better == "lower")
    held = Outcome(
        own.code,
        own.severity,
        State.HOLDS if table.ranking else State.NOT_MEASURABLE,
        table.code,
        definition.version,
        table.block,
        checked=len(table.ranking),
    )
    if not wrong:
        return held
    return msgspec.structs.replace(
        held,
        state=State.BROKEN,
        blocks=(table.code,),
        evidence=(
            Evidence("", "", (("wrong", len(wrong)),)),
            *(Evidence(row.agency, row.name, (("wrong", 1),)) for row in wrong),
        ),
    )


def emptied(table: Table, outcome: Outcome) -> Table:
    """A table whose own check failed: nobody in it is ranked, and it says why."""
    if not outcome.is_blocking:
        return table
    reason = blocked_words([f"{BLOCKED}{outcome.rule}"])
    rows = [*table.ranking, *table.unranked]
    return msgspec.structs.replace(
        table,
        top=[],
        bottom=[],
        ranking=[],
        unranked=[
            msgspec.structs.replace(
                row,
                rank=None,
                value=None,
                numerator=None,
                denominator=None,
                flags=(*row.flags, f"{BLOCKED}{outcome.rule}"),
                remark=reason,
            )
            for row in rows
        ],
        remarks=[f"{reason[0].upper()}{reason[1:]}."],
    )


def lines(outcomes: Sequence[Outcome], tables: Mapping[str, Table]) -> list[str]:
    """What the report's part on quality says of its checks."""
    looked = {one.rule for one in outcomes if one.state is not State.NOT_MEASURABLE}
    if not looked:
        return []
    blocking = [one for one in outcomes if one.is_blocking]
    verdict = (
        "mọi kiểm tra bắt buộc đều đạt"
        if not blocking
        else f"{format_count(len(blocking))} kết quả không đạt nên số liệu liên quan không được công bố"
    )
    said = [f"Trước khi ban hành, số liệu đã qua {len(looked)} loại kiểm tra tự động: {verdict}."]
    numbers = {(table.code, table.block): number for number, table in tables.items()}
    for one in blocking:
        number = numbers.get((one.indicator or "", one.block or ""))
        place = f"Bảng {number}, " if number else ""
        name = one.name or "toàn bảng"
        said.append(f"{place}{name}: không đạt kiểm tra “{rule(one.rule).title.vi}” ({told(one)}).")
    warned = [
        one
        for one in outcomes
        if one.state is State.BROKEN and not one.is_blocking and one.rule != _CATALOGUE
    ]
    said += [f"Lưu ý, {one.name or one.agency}: {told(one)}." for one in warned[:_NAMES_LISTED]]
    if len(warned) > _NAMES_LISTED:
        said.append(f"Còn {len(warned) - _NAMES_LISTED} lưu ý khác trong bản dữ liệu của báo cáo.")
    return said + _catalogue(outcomes)


def _catalogue(outcomes: Iterable[Outcome]) -> list[str]:
    changed = [one for one in outcomes if one.rule == _CATALOGUE and one.state is State.BROKEN]
    if not changed:
        return []
    names = list(rule(_CATALOGUE).evidence)
    sums = {
        name: sum(dict(one.evidence[0].counts).get(name, 0) for one in changed) for name in names
    }
    shown = rule(_CATALOGUE).told.vi.format_map({name: format_count(n) for name, n in sums.items()})
    agencies = ", ".join(one.name for one in changed[:_NAMES_LISTED])
    more = len(changed) - _NAMES_LISTED
    tail = f" và {more} cơ quan khác" if more > 0 else ""
    return [f"Danh mục dịch vụ có thay đổi so với kỳ trước ({agencies}{tail}): {shown}."]


def _wrong_rows(table: Table, *, lower_is_better: bool) -> list[Row]:
    """Rows whose rank is not that of their value, or whose name stands in both lists or in none it should."""
    values = [row.value for row in table.ranking if row.value is not None]
    names = [row.name for row in table.ranking]
    top, bottom = [name for name, _ in table.top], [name for name, _ in table.bottom]
    listed_wrong = set(top) & set(bottom)
    listed_wrong |= set(top) ^ set(names[: len(top)])
    listed_wrong |= set(bottom) ^ set(names[len(names) - len(bottom) :])
    ahead = lt if lower_is_better else gt
    wrong = []
    for place, row in enumerate(table.ranking):
        better = [value for value in values if row.value is not None and ahead(value, row.value)]
        rank = None if row.value is None else 1 + len(better)
        earlier = table.ranking[place - 1].rank if place else 1
        out_of_order = (earlier or 0) > (row.rank or 0)
        if row.rank != rank or out_of_order or row.name in listed_wrong:
            wrong.append(row)
    return wrong
