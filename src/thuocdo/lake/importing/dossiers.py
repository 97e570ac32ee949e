# ruff: noqa: S608 - every name put into SQL here is a constant of this module or a quoted path
"""Dossier events from a file: each row judged by the same rules as a canonical record, in bulk.

What passes is gathered without the dossier's number, told apart by content, given its home month,
and written month by month. Equal rows of one file, or of any earlier import, are duplicates.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from itertools import groupby
from typing import Final

import pyarrow as pa

from thuocdo.core.clock import OFFSET_US, now_us
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import Snapshot
from thuocdo.core.vocabulary import Feed, RejectReason, Trust
from thuocdo.lake.homes import Homes
from thuocdo.lake.importing.rejects import LineNumbers, RefusedRow, RejectBook
from thuocdo.lake.importing.source import Progress, Source
from thuocdo.lake.judge_dossiers import CONTENT, KEPT, TIMES, Judge, events_table
from thuocdo.lake.parquet import repeated
from thuocdo.lake.schemas import INSTANT
from thuocdo.lake.store import Lake
from thuocdo.wire.events import Refused

_ROWS_AT_ONCE: Final = 200_000
_CHUNK_ROWS: Final = 2_000_000
_HOMES_AT_ONCE: Final = 500_000


def import_file(
    settings: Settings,
    lake: Lake,
    snapshot: Snapshot,
    source: Source,
    progress: Progress,
) -> ImportResult:
    """Import one opened file; accepted + duplicates + rejected = rows."""
    return _DossierImport(settings, lake, snapshot, source, progress).run()


class _DossierImport:
    """One file on its way."""

    def __init__(
        self,
        settings: Settings,
        lake: Lake,
        snapshot: Snapshot,
        source: Source,
        progress: Progress,
    ) -> None:
        self._settings = settings
        self._lake = lake
        self._snapshot = snapshot
        self._source = source
        self._engine = source.engine
        self._progress = progress
        self._started = now_us()
        self._segment = f"import:{source.digest}-{self._started:x}"
        self._refused: list[tuple[int, Refused]] = []
        self._accepted = 0

    def run(self) -> ImportResult:
        valid = self._judge()
        book = RejectBook(self._settings, self._lake, self._source.path.name, self._source.digest)
        malformed = self._source.malformed()
        if self._refused or malformed:
            number = LineNumbers(self._source, malformed)
            book.write(
                [
                    *(RefusedRow(n, RejectReason.MALFORMED, why, {}) for n, why in malformed),
                    *(_row(number(row), refused) for row, refused in self._refused),
                ]
            )
        self._settle()
        rows = valid + book.counts.total()
        for months in self._chunks():
            self._land(months)
        self._progress(rows, rows)
        return ImportResult(
            rows=rows,
            accepted=self._accepted,
            duplicates=valid - self._accepted,
            rejected=dict(book.counts),
            rejects_file=book.path,
        )

    def _judge(self) -> int:
        """Every row through the rules; the good ones into `judged`. How many those are."""
        keeping = self._engine.cursor()  # the file is still being read on the other one
        keeping.execute("SET TimeZone = 'UTC'")
        keeping.register("batch", events_table([]))
        keeping.execute("CREATE OR REPLACE TABLE judged AS FROM batch")
        judge = Judge(self._snapshot, self._settings.secret, self._started)
        row = valid = 0
        for rows in self._batches():
            events, refused = judge.judge(rows)
            self._refused += [(row + place + 1, verdict) for place, verdict in refused]
            keeping.register("batch", events)
            keeping.execute("INSERT INTO judged FROM batch")
            keeping.unregister("batch")
            row += rows.num_rows
            valid += events.num_rows
            self._progress(row, None)
        return valid

    def _batches(self) -> Iterator[pa.Table]:
        """Rows in the order of the file, as text, with the instants of their times."""
        source = self._source
        picked = [f"{_plain(name, kind)} AS {name}" for name, kind in source.columns.items()]
        picked += [f"{source.instant(name)} AS {name}_us" for name in TIMES]
        reading = self._engine.sql(f"SELECT {', '.join(picked)} FROM ({source.once})")
        for batch in reading.to_arrow_reader(_ROWS_AT_ONCE):
            yield pa.table(batch)

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
            files.append(self._lake.write_partition("dossier_events", month, columns))
            place += count
        self._lake.record("dossier_events", files, {f"import:{self._source.digest}": landed_at})
        self._accepted += rows.num_rows

    def _new_rows(self, months: list[str]) -> str:
        """SQL: the rows of some months, ordered, without those the lake has from an import."""
        wanted = ", ".join(f"'{month}'" for month in months)
        there = self._lake.files("dossier_events", partitions=months)
        missing = ""
        if there:
            same = " AND ".join(f"k.{name} IS NOT DISTINCT FROM f.{name}" for name in CONTENT[2:])
            missing = (
                f"AND NOT EXISTS (FROM read_parquet({there}) k WHERE k.feed = '{Feed.IMPORT}' "
                f"AND k.dossier_hi = f.dossier_hi AND k.dossier_lo = f.dossier_lo AND {same})"
            )
        return (
            "SELECT month, f.* FROM fresh f JOIN homes ON hi = dossier_hi AND lo = dossier_lo "
            f"WHERE month IN ({wanted}) {missing} ORDER BY month, dossier_hi, dossier_lo, event_time"
        )


def _plain(name: str, kind: str) -> str:
    """SQL: a column as text the rules can read."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime(make_timestamp(epoch_us({name})), '%Y-%m-%dT%H:%M:%S.%fZ')"
    if kind == "DATE":
        return f"{name}::VARCHAR"
    if kind.startswith("TIMESTAMP"):
        return f"strftime({name}, '%Y-%m-%dT%H:%M:%S.%f')"
    return f"{name}::VARCHAR"


def _row(row: int, refused: Refused) -> RefusedRow:
    content: dict[str, str] = json.loads(refused.payload) if refused.payload else {}
    return RefusedRow(row, refused.reason, refused.detail, content, None, content.get("agency"))
