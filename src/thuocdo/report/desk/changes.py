"""Which figures differ between two frozen reports of a week, table by table. Pure.

Agencies are told apart by code, tables by indicator and block: a table that moved is the same table.
"""

from __future__ import annotations

import msgspec

from thuocdo.report.model import Row, Table, WeeklyReport


class Changed(msgspec.Struct, frozen=True):
    """One agency of one table; a side is None where the agency was not in the table."""

    agency: str
    name: str
    before: Row | None
    now: Row | None


class TableChanges(msgspec.Struct, frozen=True):
    """One table: how many of its agencies changed, and each; `unit` as `Table.measure`. `is_new`, `is_gone`: the whole table."""

    title: str
    indicator: str
    block: str
    unit: str
    agencies: int
    changed: tuple[Changed, ...]
    is_new: bool = False
    is_gone: bool = False


class Changes(msgspec.Struct, frozen=True):
    """`national`: name, before, now of each national value that differs."""

    tables: tuple[TableChanges, ...]
    national: tuple[tuple[str, float | None, float | None], ...]

    @property
    def count(self) -> int:
        return sum(len(table.changed) for table in self.tables) + len(self.national)


def compare(before: WeeklyReport, now: WeeklyReport) -> Changes:
    """What a reader of both would find different: values, what they are made of, and ranks."""
    old = {(table.code, table.block): table for table in before.tables.values()}
    new = {(table.code, table.block): table for table in now.tables.values()}
    tables = [_of_table(old.get(key), new.get(key)) for key in {**new, **old}]
    national = tuple(
        (name, before.national.get(name), now.national.get(name))
        for name in {**now.national, **before.national}
        if before.national.get(name) != now.national.get(name)
    )
    return Changes(tuple(table for table in tables if table.changed), national)


def _of_table(before: Table | None, now: Table | None) -> TableChanges:
    told = now or before
    if told is None:
        raise ValueError("a table of neither report")
    old, new = _rows(before), _rows(now)
    changed = tuple(
        Changed(code, (new.get(code) or old[code]).name, old.get(code), new.get(code))
        for code in {**new, **old}
        if _said(old.get(code)) != _said(new.get(code))
    )
    return TableChanges(
        told.title,
        told.indicator,
        told.block,
        told.measure,
        len({**new, **old}),
        changed,
        is_new=before is None,
        is_gone=now is None,
    )


def _rows(table: Table | None) -> dict[str, Row]:
    return {row.agency: row for row in (*table.ranking, *table.unranked)} if table else {}


def _said(row: Row | None) -> tuple[object, ...] | None:
    return (row.value, row.numerator, row.denominator, row.rank) if row else None
