# ruff: noqa: S608 - every name put into SQL here is a constant of this module or a quoted path
"""Staged page views into the lake, day by day: only those that no earlier import brought.

Whatever a file was, its views stand staged as numbers: instant, site, visitor, kind, and for each
text what Python read from it. A view is recognised by its content and, among equal views, by its
number: the lake takes only as many of them as it does not have yet of the same feed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.core.clock import now_us
from thuocdo.core.vocabulary import Trust
from thuocdo.lake import table_files
from thuocdo.lake.delta_files import DataFile
from thuocdo.lake.enrich import Client, Place, client_of, host_of, place_of
from thuocdo.lake.importing.source import Progress
from thuocdo.lake.parquet import Column, repeated
from thuocdo.lake.schemas import INSTANT
from thuocdo.lake.store import Lake

EPOCH: Final = date(1970, 1, 1)
BUCKET_DAYS: Final = 8
"""Days staged together: few open files while a file of many days is read."""
_CHUNK_ROWS: Final = 1_500_000


class ViewDays:
    """The staged views of one file.

    staged  folders `bucket=<day // BUCKET_DAYS>` of Parquet files with the columns `day` (days
            since 1970, Vietnam's), `ev` (µs UTC), `site`, `visitor`, `kind`, and `url`,
            `referrer`, `user_agent`: numbers of rows in the engine's table `read_<name>`
    texts   those of the three that the file has
    digest  names the file among imports
    """

    def __init__(
        self,
        lake: Lake,
        engine: duckdb.DuckDBPyConnection,
        staged: Path,
        texts: Sequence[str],
        digest: str,
        feed: str,
    ) -> None:
        self._lake = lake
        self._engine = engine
        self._staged = staged
        self._texts = texts
        self._digest = digest
        self._feed = feed
        self._segment = f"import:{digest}-{now_us():x}"
        self.accepted = 0

    def land(self, rows_by_day: dict[int, int], progress: Progress, done: int, total: int) -> None:
        """Write what the lake lacks of the given days; `accepted` counts it."""
        for chunk in _chunks(rows_by_day):
            self._land(chunk)
            done += sum(chunk.values())
            progress(done, total)

    def _land(self, chunk: dict[int, int]) -> None:
        """Write what the lake does not have of some days, in one commit."""
        days = [(EPOCH + timedelta(days=day)).isoformat() for day in chunk]
        there = self._lake.files("page_views", partitions=days)
        rows = self._engine.sql(self._new_rows(chunk, there)).to_arrow_table()
        if rows.num_rows == 0:
            return
        landed_at = now_us()
        files = self._write(rows, landed_at)
        self._lake.record("page_views", files, {f"import:{self._digest}": landed_at})
        self.accepted += rows.num_rows

    def _new_rows(self, chunk: dict[int, int], there: list[str]) -> str:
        """SQL: the staged rows of some days, ordered, without those the lake has."""
        buckets = sorted({day // BUCKET_DAYS for day in chunk})
        files = [f"{self._staged}/bucket={bucket}/*.parquet" for bucket in buckets]
        days = ", ".join(map(str, chunk))
        staged = f"""
            SELECT day, ev, site, visitor, kind, url, referrer, user_agent
            FROM read_parquet({files}, hive_partitioning = true) WHERE day IN ({days})"""
        order = "ORDER BY day, site, visitor, ev"
        if not there:
            return f"{staged} {order}"
        return f"""
            WITH known AS (
                SELECT epoch_us(event_time) AS ev, site_id AS site, visitor, kind, host, path,
                    count(*) AS n
                FROM read_parquet({there}) WHERE feed = '{self._feed}' GROUP BY ALL
            ), numbered AS (
                SELECT s.*, u.host, u.path, row_number() OVER (
                    PARTITION BY ev, site, visitor, kind, u.host, u.path) AS place
                FROM ({staged}) s LEFT JOIN read_url u ON u.id = s.url
            )
            SELECT c.* EXCLUDE (place, host, path) FROM numbered c LEFT JOIN known k
                ON k.ev = c.ev AND k.site = c.site AND k.visitor IS NOT DISTINCT FROM c.visitor
                AND k.kind = c.kind AND k.host IS NOT DISTINCT FROM c.host
                AND k.path IS NOT DISTINCT FROM c.path
            WHERE c.place > coalesce(k.n, 0) {order}"""

    def _write(self, rows: pa.Table, landed_at: int) -> list[DataFile]:
        """One file a day from rows in order; their numbers follow on from the last chunk's."""
        days = rows.column("day").combine_chunks()
        starts = [0, *(pc.indices_nonzero(pc.not_equal(days[1:], days[:-1])).to_numpy() + 1)]
        spans = list(pairwise([*(int(n) for n in starts), rows.num_rows]))
        words = self._words(rows)

        def write(span: tuple[int, int]) -> DataFile:
            start, end = span
            part = rows.slice(start, end - start)
            first = self.accepted + start
            columns: dict[str, Column] = {
                "event_time": part.column("ev").cast(INSTANT),
                "site_id": part.column("site"),
                "visitor": part.column("visitor"),
                "kind": part.column("kind").combine_chunks().dictionary_encode(),
                **{name: word.of(part.column(word.text)) for name, word in words.items()},
                "landed_at": pa.repeat(pa.scalar(landed_at, INSTANT), part.num_rows),
                "segment": repeated(self._segment, part.num_rows),
                "event_id": pa.array(np.arange(first, first + part.num_rows)),
                "feed": repeated(self._feed, part.num_rows),
                "trust": repeated(Trust.VERIFIED, part.num_rows),
            }
            day = (EPOCH + timedelta(days=days[start].as_py())).isoformat()
            return table_files.write_partition(self._lake.root, "page_views", day, columns)

        with ThreadPoolExecutor(os.cpu_count()) as writers:
            return list(writers.map(write, spans))

    def _words(self, rows: pa.Table) -> dict[str, _Words]:
        """Columns of the lake that are read from texts, for the texts of some rows."""
        words: dict[str, _Words] = {}
        for text in self._texts:
            ids = rows.column(text).combine_chunks().drop_null().to_numpy()
            used = np.flatnonzero(np.bincount(ids))
            self._engine.register("used", pa.table({"id": used}))
            found = self._engine.sql(
                f"SELECT * EXCLUDE (id, text) FROM used JOIN read_{text} USING (id) ORDER BY id"
            ).to_arrow_table()
            self._engine.unregister("used")
            for name in found.column_names:
                column = "referrer_host" if text == "referrer" else name
                words[column] = _Words.made(text, used, found.column(name).combine_chunks())
        return words


class _Words(NamedTuple):
    """What was read from each text: its place in a dictionary of words."""

    text: str  # the column of the file
    codes: npt.NDArray[np.int32]  # by the text's number; -1 for nothing, at the end for no text
    words: pa.Array[Any]

    @classmethod
    def made(cls, text: str, ids: npt.NDArray[np.intp], read: pa.Array[Any]) -> _Words:
        """read  the words of the texts `ids`, in that order"""
        encoded = read.dictionary_encode()
        codes = np.full(int(ids.max(initial=0)) + 2, -1, np.int32)
        codes[ids] = encoded.indices.fill_null(-1).to_numpy()
        return cls(text, codes, encoded.dictionary)

    def of(self, texts: pa.ChunkedArray[Any]) -> pa.Array[Any]:
        """The words of a column of text numbers, with a dictionary of those that occur."""
        codes = self.codes[texts.combine_chunks().fill_null(-1).to_numpy()]
        used = np.flatnonzero(np.bincount(codes + 1, minlength=len(self.words) + 1)[1:])
        place = np.zeros(len(self.words) + 1, np.int32)
        place[used] = np.arange(len(used), dtype=np.int32)
        indices = pa.array(place[codes], mask=codes < 0)
        return pa.DictionaryArray.from_arrays(indices, self.words.take(used))


def _chunks(rows_by_day: dict[int, int]) -> Iterator[dict[int, int]]:
    """Days in order, together up to the size of a chunk."""
    chunk: dict[int, int] = {}
    for day, count in rows_by_day.items():
        if chunk and sum(chunk.values()) + count > _CHUNK_ROWS:
            yield chunk
            chunk = {}
        chunk[day] = count
    if chunk:
        yield chunk


def _places(texts: Sequence[str], first: int) -> pa.Table:
    return _table(texts, first, [place_of(text.strip()) for text in texts], Place._fields)


def _referrers(texts: Sequence[str], first: int) -> pa.Table:
    return _table(texts, first, [(host_of(text),) for text in texts], ("host",))


def _clients(texts: Sequence[str], first: int) -> pa.Table:
    return _table(texts, first, [client_of(text.strip()) for text in texts], Client._fields)


def _table(
    texts: Sequence[str],
    first: int,
    read: Sequence[tuple[str | None, ...]],
    names: Sequence[str],
) -> pa.Table:
    """id, text, and what was read from the text, all as strings."""
    columns = list(zip(*read, strict=True)) or [()] * len(names)
    return pa.table(
        {
            "id": pa.array(range(first, first + len(texts)), pa.int32()),
            "text": pa.array(texts, pa.string()),
            **{
                name: pa.array(column, pa.string())
                for name, column in zip(names, columns, strict=True)
            },
        }
    )


READERS: Final[dict[str, Callable[[Sequence[str], int], pa.Table]]] = {
    "url": _places,
    "referrer": _referrers,
    "user_agent": _clients,
}
"""Text of a view → what Python reads from distinct ones: rows numbered from `first`."""


def keep(engine: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    """Rows as a table of the engine."""
    engine.register("kept_rows", rows)
    engine.execute(f"CREATE OR REPLACE TABLE {name} AS FROM kept_rows")
    engine.unregister("kept_rows")
