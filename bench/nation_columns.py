"""Columns of millions of rows as landing leaves them: words as dictionaries, and how each row came."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.core.clock import day_start_us

FIRST = date(2025, 12, 1)
SECOND_US, MINUTE_US, HOUR_US = 1_000_000, 60_000_000, 3_600_000_000
HOURS = np.array(
    [3, 2, 1, 1, 1, 2, 5, 20, 60, 75, 70, 50, 30, 45, 72, 70, 55, 35, 25, 28, 30, 24, 14, 7.0]
)

Numbers = np.ndarray[Any, np.dtype[Any]]


def words(words: list[str | None], places: Numbers) -> pa.Array:
    """Places among some words as a column of words, with those alone that are used."""
    used, codes = np.unique(places, return_inverse=True)
    return dictionary(pa.array([words[place] for place in used], pa.string()), codes)


def dictionary(words: pa.Array, codes: Numbers) -> pa.Array:
    if not words.null_count:
        return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), words)
    null = int(np.flatnonzero(words.is_null().to_numpy(zero_copy_only=False))[0])
    kept = pa.array(np.delete(np.arange(len(words)), null))
    codes = codes.astype(np.int32)
    moved = np.where(codes > null, codes - 1, codes)
    return pa.DictionaryArray.from_arrays(pa.array(moved, mask=codes == null), words.take(kept))


def origin(landed: Numbers, writer: Numbers) -> dict[str, Any]:
    """When rows landed, in which segment (one a second), and their number in it, in stored order."""
    second = landed // SECOND_US
    used, codes = np.unique(second * 8 + writer, return_inverse=True)
    by_segment = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes)
    number = np.empty(len(landed), np.int64)
    number[by_segment] = np.arange(len(landed)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    closed = np.zeros(len(used), np.int64)
    np.maximum.at(closed, codes, landed)
    names = pc.binary_join_element_wise(
        pa.array([f"{n * 2654435761 + 305419896:08x}" for n in range(8)]).take(pa.array(used % 8)),
        pc.cast(pa.array(used // 8 - day_start_us(FIRST) // SECOND_US), pa.string()),
        "/",
    )
    return {
        "landed_at": pa.array(closed[codes]),
        "segment": pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), names),
        "event_id": pa.array(number),
    }


def typed(columns: dict[str, Any]) -> dict[str, Any]:
    """Instants as instants."""
    instant = pa.timestamp("us", tz="UTC")
    names = ("event_time", "landed_at", "received_at", "due_at")
    return columns | {name: columns[name].cast(instant) for name in names if name in columns}
