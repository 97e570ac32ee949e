# ruff: noqa: S608 - every name put into SQL here is a constant of this module or a quoted path
"""Judged dossier events into the lake, by home month: only those that no earlier import brought.

Events are gathered without the dossier's number and told apart by content: equal ones of one
import, or of any earlier one, are duplicates.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from typing import Final

import duckdb
import pyarrow as pa

from thuocdo.core.clock import OFFSET_US, now_us
from thuocdo.core.settings import Settings
from thuocdo.core.vocabulary import Feed, Trust
from thuocdo.lake import table_files
from thuocdo.lake.homes import Homes
from thuocdo.lake.judge_dossiers import CONTENT, KEPT, events_table
from thuocdo.lake.parquet import relation, repeated
from thuocdo.lake.schemas import DOSSIER_EVENTS, INSTANT
from thuocdo.lake.store import Lake

_CHUNK_ROWS: Final = 2_000_000
_HOMES_AT_ONCE: Final = 500_000


class DossierMonths:
    """The events of one import: `add` them all, then `land` what is new. `digest` names it."""

    def __init__(
        self, settings: Settings, lake: Lake, engine: duckdb.DuckDBPyConnection, digest: str
    ) -> None:
        self._settings = settings
        self._lake = lake
        self._engine = engine
        self._keeping = engine.cursor()  # a file may still be being read on the other one
        self._keeping.execute("SET TimeZone = 'UTC'")
        self._keep("CREATE OR REPLACE TABLE judged AS FROM batch", events_table([]))
        self._digest = digest
        self._segment = f"import:{digest}-{now_us():x}"
        self._accepted = 0

    def add(self, events: pa.Table) -> None:
        """Take judged events: the columns `judge_dossiers.KEPT`."""
        self._keep("INSERT INTO judged FROM batch", events)

    def land(self) -> int:
        """Write what the lake lacks; how many events that were."""
        self._settle()
        for months in self._chunks():
            self._land(months)
        return self._accepted

    def _keep(self, statement: str, events: pa.Table) -> None:
        self._keeping.register("batch", events)
        self._keeping.execute(statement)
        self._keeping.unregister("batch")

    def _settle(self) -> None:
        """One row for each content, and a home month for each dossier."""
        content = ", ".join(CONTENT)
        self._engine.execute(
            f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT {content}, "
            f"first(level_catalogue) AS level_catalogue, first(quality) AS quality "
            f"FROM judged GROUP BY {content}"
        )
        self._engine.execute("DROP TABLE judged")
        self._engine.execute(
            "CREATE OR REPLACE TEMP TABLE homes (hi BIGINT, lo BIGINT, month VARCHAR)"
        )
        dossiers = self._engine.sql(
            "SELECT dossier_hi, dossier_lo, strftime(make_timestamp("
            f"arg_min(coalesce(received_at, event_time), event_time) + {OFFSET_US}), '%Y-%m') "
            "FROM (SELECT * REPLACE (epoch_us(received_at) AS received_at, "
            "epoch_us(event_time) AS event_time) FROM fresh) "
            "GROUP BY ALL ORDER BY ALL"
        ).to_arrow_table()
        with closing(Homes.ready(self._settings, self._lake)) as homes:
            for part in dossiers.to_batches(_HOMES_AT_ONCE):
                hi, lo, months = (column.to_pylist() for column in part.columns)
                found = homes.assign(list(zip(hi, lo, strict=True)), months)
                settled = pa.table({"hi": part.column(0), "lo": part.column(1), "month": found})
                self._engine.register("settled", settled)
                self._engine.execute("INSERT INTO homes FROM settled")

    def _chunks(self) -> Iterator[list[str]]:
        """Home months in order, together up to the size of a chunk."""
        counts = self._engine.execute(
            "SELECT month, count(*) FROM fresh JOIN homes ON hi = dossier_hi AND lo = dossier_lo "
            "GROUP BY month ORDER BY month"
        ).fetchall()
        chunk: list[str] = []
        size = 0
        for month, count in counts:
            if chunk and size + count > _CHUNK_ROWS:
                yield chunk
                chunk, size = [], 0
            chunk.append(month)
            size += count
        if chunk:
            yield chunk

    def _land(self, months: list[str]) -> None:
        """Write what the lake does not have of some months, in one commit."""
        rows = self._engine.sql(self._new_rows(months)).to_arrow_table()
        if rows.num_rows == 0:
            return
        landed_at = now_us()
        files = []
        place = 0
        for month, group in groupby(rows.column("month").to_pylist()):
            count = sum(1 for _ in group)
            part = rows.slice(place, count)
            first = self._accepted + place
            columns = {
                **{name: part.column(name) for name in KEPT},
                "landed_at": pa.repeat(pa.scalar(landed_at, INSTANT), count),
                "segment": repeated(self._segment, count),
                "event_id": pa.array(range(first, first + count), pa.int64()),
                "feed": repeated(Feed.IMPORT, count),
                "trust": repeated(Trust.VERIFIED, count),
            }
            files.append(
                table_files.write_partition(self._lake.root, "dossier_events", month, columns)
            )
            place += count
        self._lake.record("dossier_events", files, {f"import:{self._digest}": landed_at})
        self._accepted += rows.num_rows

    def _new_rows(self, months: list[str]) -> str:
        """SQL: the rows of some months, ordered, without those the lake has from an import."""
        wanted = ", ".join(f"'{month}'" for month in months)
        there = self._lake.files("dossier_events", partitions=months)
        missing = ""
        if there:
            same = " AND ".join(f"k.{name} IS NOT DISTINCT FROM f.{name}" for name in CONTENT[2:])
            missing = (
                f"AND NOT EXISTS (FROM {relation(there, DOSSIER_EVENTS)} k WHERE k.feed = '{Feed.IMPORT}' "
                f"AND k.dossier_hi = f.dossier_hi AND k.dossier_lo = f.dossier_lo AND {same})"
            )
        return (
            "SELECT month, f.* FROM fresh f JOIN homes ON hi = dossier_hi AND lo = dossier_lo "
            f"WHERE month IN ({wanted}) {missing} ORDER BY month, dossier_hi, dossier_lo, event_time"
        )
