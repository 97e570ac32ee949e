"""Dossiers that come whole, all their events at once: one wrong event and none of them counts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import pyarrow as pa

from thuocdo.core.columns import DOSSIERS
from thuocdo.lake.importing.dossiers import refused_row
from thuocdo.lake.importing.rejects import RefusedRow
from thuocdo.lake.judge_dossiers import TIMES, Judge
from thuocdo.wire import rules

Record = dict[str, str]
"""One event under the names of `core.columns.DOSSIERS`; an absent or empty value says nothing."""


class Whole(NamedTuple):
    """events    of the dossiers taken, as `DossierMonths.add` takes them
    refused   one row for each dossier that was not
    dossiers  how many were taken
    """

    events: pa.Table
    refused: list[RefusedRow]
    dossiers: int


def judge_whole(judge: Judge, dossiers: Iterable[tuple[int, list[Record]]]) -> Whole:
    """Judge dossiers, each with the number of its row and the records of its events."""
    numbers: list[int] = []
    records: list[Record] = []
    for number, events in dossiers:
        numbers += [number] * len(events)
        records += events
    bad: dict[int, RefusedRow] = {}
    for place, refused in judge.judge(_table(records)).refused:
        bad.setdefault(numbers[place], refused_row(numbers[place], refused))
    good = [record for n, record in zip(numbers, records, strict=True) if n not in bad]
    taken = judge.judge(_table(good)).events
    return Whole(taken, list(bad.values()), len(set(numbers) - bad.keys()))


def _table(records: list[Record]) -> pa.Table:
    """Records as the columns that `Judge` takes."""
    columns: dict[str, pa.Array[Any]] = {
        name: pa.array([record.get(name) or None for record in records], pa.string())
        for name in DOSSIERS.every
    }
    for name in TIMES:
        instants = [_instant(record.get(name)) for record in records]
        columns[f"{name}_us"] = pa.array(instants, pa.int64())
    return pa.table(columns)


def _instant(text: str | None) -> int | None:
    moment = rules.moment("time", text) if text else None
    return moment if isinstance(moment, int) else None
