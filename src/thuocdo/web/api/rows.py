"""The registry's dated rows as the current facts know them, sorted and read a page at a time.

They come from the dimensions that the facts were made with, not from the registry's database: what the
API says of agencies, sites and services is what the figures were computed under, and one version of the
facts vouches for both. A nation's catalogue stays in columns; only the rows of a page become objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.core.vietnamese import fold_accents
from thuocdo.web import board

_AT_ONCE: Final = 1000
_KEYS: Final = {
    "agencies": ("code",),
    "sites": ("site_id",),
    "services": ("agency", "procedure"),
}


def on(table: str, day: date) -> pa.Table:
    """The rows that hold on a day, one for each key, in the order of their keys."""
    with board.measure().reading(None) as (facts, remember):
        key = ("rows", table, day, facts.fingerprint("dimensions", 0, 0))
        return remember(key, lambda: _on(facts.dimensions.table(table), _KEYS[table], day))


def history(table: str, **wanted: Any) -> list[dict[str, Any]]:
    """Every row of one key, the oldest first."""
    with board.measure().reading(None) as (facts, _):
        found = equal(facts.dimensions.table(table), **wanted)
    rows: list[dict[str, Any]] = found.to_pylist()
    return sorted(rows, key=lambda row: row["valid_from"] or date.min)


def equal(rows: pa.Table, **wanted: Any) -> pa.Table:
    """Rows whose columns have these values; None asks nothing."""
    for name, value in wanted.items():
        if value is not None:
            rows = rows.filter(pc.equal(rows[name], value))
    return rows


def within(rows: pa.Table, agency: str | None) -> pa.Table:
    """Rows of an agency and of those below it, by their codes."""
    if agency is None:
        return rows
    own = pc.equal(rows["agency"], agency)
    return rows.filter(pc.or_(own, pc.starts_with(rows["agency"], pattern=f"{agency}.")))


def said(rows: pa.Table, text: str | None, columns: Sequence[str]) -> pa.Table:
    """Rows in which one of these columns holds a text, accents or not."""
    if not text:
        return rows
    needle = fold_accents(text)
    told = zip(*(rows[name].to_pylist() for name in columns), strict=True)
    return rows.filter(
        pa.array([needle in fold_accents(" ".join(map(_plain, row))) for row in told], pa.bool_())
    )


def after(rows: pa.Table, table: str, key: Sequence[Any] | None) -> Iterator[dict[str, Any]]:
    """The rows behind a key, one by one."""
    if key is not None:
        first, *rest = _KEYS[table]
        mask = pc.greater(rows[first], key[0])
        if rest:
            same = pc.equal(rows[first], key[0])
            mask = pc.or_(mask, pc.and_(same, pc.greater(rows[rest[0]], key[1])))
        rows = rows.filter(mask)
    for start in range(0, rows.num_rows, _AT_ONCE):
        yield from rows.slice(start, _AT_ONCE).to_pylist()


def _on(rows: pa.Table, keys: Sequence[str], day: date) -> pa.Table:
    """Of one key's rows that cover the day the one that began last."""
    begun = pc.or_kleene(pc.is_null(rows["valid_from"]), pc.less_equal(rows["valid_from"], day))
    lasts = pc.or_kleene(pc.is_null(rows["valid_to"]), pc.greater_equal(rows["valid_to"], day))
    rows = rows.filter(pc.and_kleene(begun, lasts))
    if not rows.num_rows:
        return rows
    order = [(name, "ascending", "at_start") for name in (*keys, "valid_from")]
    rows = rows.take(pc.sort_indices(rows, sort_keys=order))
    last = pa.array([False] * (rows.num_rows - 1) + [True])
    for name in keys:
        column = rows[name].combine_chunks()
        differs = pc.not_equal(column[:-1], column[1:])
        last = pc.or_(last, pa.concat_arrays([differs, pa.array([True])]))
    return rows.filter(last)


def _plain(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value or "")
