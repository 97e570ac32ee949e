"""Changes between two editions of a report as rows of a page's tables."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from thuocdo.measure.definitions import definitions
from thuocdo.measure.model import Figure
from thuocdo.report.desk.changes import Changes, TableChanges
from thuocdo.report.model import Row
from thuocdo.web import board
from thuocdo.web.printing import NOTHING, fraction_text, language, printed

_PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a changed figure, printed; `fraction` is `n/N` or ""."""

    value: str
    fraction: str
    rank: str


@dataclass(frozen=True, slots=True)
class ChangedRow:
    agency: str
    name: str
    before: Side
    now: Side


@dataclass(frozen=True, slots=True)
class ChangedTable:
    """A table with what differs in it; `told` says how many of its agencies."""

    title: str
    told: str
    rows: list[ChangedRow]


@dataclass(frozen=True, slots=True)
class ChangedFigures:
    """All of it; `national`: (name, before, now) of the country's values that differ."""

    count: int
    tables: list[ChangedTable]
    national: list[tuple[str, str, str]]


def of_changes(changes: Changes | None) -> ChangedFigures | None:
    """None where there is nothing to compare."""
    if changes is None:
        return None
    return ChangedFigures(
        changes.count,
        [_table(table) for table in changes.tables],
        [
            (_national(name), printed(before, _PERCENT), printed(now, _PERCENT))
            for name, before, now in changes.national
        ],
    )


def _table(table: TableChanges) -> ChangedTable:
    told = _("%(n)s trong %(all)s cơ quan khác") % {"n": len(table.changed), "all": table.agencies}
    if table.is_new or table.is_gone:
        told = _("bảng mới") if table.is_new else _("bảng không còn")
    rows = [
        ChangedRow(
            one.agency,
            board.agency_name(one.name),
            side(one.before, table.unit),
            side(one.now, table.unit),
        )
        for one in table.changed
    ]
    return ChangedTable(table.title, told, rows)


def side(row: Row | Figure | None, unit: str) -> Side:
    """One side of a changed figure; dashes where there was none."""
    if row is None:
        return Side(NOTHING, "", NOTHING)
    return Side(
        printed(row.value, unit),
        fraction_text(row.numerator, row.denominator),
        str(row.rank) if row.rank else NOTHING,
    )


def _national(name: str) -> str:
    """`online_dossier_rate_mean`: the indicator's title and which mean."""
    for one in definitions():
        if name == f"{one.code}_mean":
            return f"{getattr(one.name, language())}: {_('trung bình các cơ quan')}"
        if name == f"{one.code}_ratio_of_sums":
            return f"{getattr(one.name, language())}: {_('tỷ lệ của tổng số')}"
    return name
