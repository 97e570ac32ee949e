"""Stored dossiers counted by codes: a definition is asked once for each kind of case.

A nation-year has tens of millions of dossiers, and what a definition looks at (level, channel,
outcome and the like) takes some hundred different forms. So the columns are read as places in their
dictionaries, the engine evaluates the definition over the distinct forms (`kinds`), and what is left
for each dossier is to look a number up and add it to a day's. The engine would group by words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from thuocdo.measure.counting.daily import NEVER, Daily, encoded, filled, ranked
from thuocdo.measure.engine import Engine
from thuocdo.measure.facts import cube
from thuocdo.measure.facts.schemas import DOSSIERS

Integers = npt.NDArray[np.int64]

_DAY_OF: Final = {"received": "received_day", "resolved": "resolved_day"}
"""Event of DOSSIERS_DAILY → the day on which a dossier has it."""


def count_days(
    engine: Engine,
    path: Path,
    keys: Sequence[str],
    looked_at: Sequence[str],
    counts: Sequence[str],
    of_kinds: Callable[..., ir.Table],
    **choices: Any,
) -> Daily:
    """The counts of a file of DOSSIERS by day and key.

    keys       columns that tell counts of one day apart
    looked_at  columns that the definition reads; the others are null to it
    of_kinds   from rows of DOSSIERS_DAILY to (`per`, `counts`): what a dossier adds on an event's day.
               It gets one dossier of each kind, whose days are the kind's number
    """
    rows = _read(path, [*keys, *looked_at, *_DAY_OF.values(), "last_landed"])
    kind, kinds = encoded(rows.select(list(looked_at)))
    each = engine.view(cube.dossiers_daily, _each(engine, kinds))
    worth = engine.rows(of_kinds, each, per=("event", "day"), **choices)
    code, words = encoded(rows.select(list(keys)))
    landed = filled(rows["last_landed"], NEVER)
    parts = [
        _Part.of(rows[day], kind, code, landed, _worth(worth, event, kinds.num_rows, counts))
        for event, day in _DAY_OF.items()
    ]
    return _added_up(parts, words, counts)


class _Part:
    """What dossiers add on the days of one event: parallel arrays."""

    __slots__ = ("adds", "code", "day", "landed")

    def __init__(self, day: Integers, code: Integers, landed: Integers, adds: list[Any]) -> None:
        self.day, self.code, self.landed, self.adds = day, code, landed, adds

    @classmethod
    def of(
        cls, days: Any, kind: Any, code: Any, landed: Any, worth: tuple[Any, list[Any]]
    ) -> _Part:
        there, adds = worth
        which = there[kind]
        if days.null_count:
            which &= pc.is_valid(days).to_numpy(zero_copy_only=False)
        day = filled(days, 0).astype(np.int64)
        if not which.all():
            day, code, landed, kind = (values[which] for values in (day, code, landed, kind))
        return cls(day, code.astype(np.int64), landed, [each[kind] for each in adds])


def _worth(found: pa.Table, event: str, size: int, counts: Sequence[str]) -> tuple[Any, list[Any]]:
    """By kind: whether its dossiers are seen on the days of an event, and what each adds."""
    own = found.filter(pc.equal(found["event"], pa.scalar(event)))
    kind = own["day"].to_numpy()
    there = np.zeros(size, np.bool_)
    there[kind] = True
    adds = []
    for name in counts:
        each = np.zeros(size)
        each[kind] = filled(own[name], 0)
        adds.append(each)
    return there, adds


def _added_up(parts: Sequence[_Part], words: pa.Table, counts: Sequence[str]) -> Daily:
    parts = [part for part in parts if len(part.day)] or parts[:1]
    day = np.concatenate([part.day for part in parts])
    size = max(1, words.num_rows)
    first = int(day.min()) if len(day) else 0
    cell = (day - first) * size + np.concatenate([part.code for part in parts])
    place, cells = ranked(cell)
    landed = np.full(len(cells), NEVER)
    np.maximum.at(landed, place, np.concatenate([part.landed for part in parts]))
    sums = {
        name: np.bincount(
            place, np.concatenate([part.adds[n] for part in parts]), minlength=len(cells)
        ).astype(np.int32)
        for n, name in enumerate(counts)
    }
    days, code = np.divmod(cells, size)
    return Daily((days + first).astype(np.int32), code.astype(np.int32), words, sums, landed)


def _each(engine: Engine, kinds: pa.Table) -> Any:
    """One dossier of each kind, as rows of DOSSIERS; null is what no kind tells."""
    number = pa.chunked_array([np.arange(kinds.num_rows, dtype=np.int32)])
    known = {name: kinds[name] for name in kinds.column_names}
    known |= dict.fromkeys(_DAY_OF.values(), number)
    columns = [
        known[field.name].cast(field.type)
        if field.name in known
        else pa.nulls(kinds.num_rows, field.type)
        for field in DOSSIERS
    ]
    return engine.hold(pa.table(columns, schema=DOSSIERS))


def _read(path: Path, names: Sequence[str]) -> pa.Table:
    """Some columns of a file of dossiers, words as places in one dictionary a column."""
    wanted = list(dict.fromkeys(names))
    words = [name for name in wanted if DOSSIERS.field(name).type == pa.string()]
    file = pq.ParquetFile(path, read_dictionary=words)
    return file.read(wanted).unify_dictionaries().combine_chunks()
