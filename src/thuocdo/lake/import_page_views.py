# ruff: noqa: S608 - every name put into SQL here is a constant of this module or a quoted path
"""Page views from a file, in bulk: two passes over the file, then day by day into the lake.

The first pass collects the distinct addresses and agents, which Python reads once each; the
second judges every row and keeps of it only what the lake may hold, so nothing personal is
staged. A row is recognised by its content and, among equal rows of a file, by its number: the
lake takes only as many of them as it does not have yet, whichever file they came in.
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

from thuocdo.core.clock import DAY_US, OFFSET_US, local_day, now_us
from thuocdo.core.ids import day_salt
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import Snapshot
from thuocdo.core.vocabulary import Feed, RejectReason, Trust, ViewKind
from thuocdo.lake.enrich import Client, Place, client_of, host_of, place_of
from thuocdo.lake.import_rejects import LineNumbers, RefusedRow, RejectBook
from thuocdo.lake.import_source import Source
from thuocdo.lake.parquet import Column, repeated
from thuocdo.lake.schemas import INSTANT
from thuocdo.lake.store import DataFile, Lake
from thuocdo.wire import rules

REQUIRED: Final = ("site_id", "event_time")
OPTIONAL: Final = ("visitor", "url", "referrer", "user_agent")
_CHUNK_ROWS: Final = 1_500_000
_TEXTS_AT_ONCE: Final = 50_000
_EPOCH: Final = date(1970, 1, 1)
_REFUSED_DAY: Final = -1
_BUCKET_DAYS: Final = 8
"""Days staged together: few open files while a file of many days is read."""
_HUGE: Final = 2**62

Progress = Callable[[int, int | None], None]


def import_file(
    settings: Settings,
    lake: Lake,
    snapshot: Snapshot,
    source: Source,
    scratch: Path,
    progress: Progress,
) -> ImportResult:
    """Import one opened file; accepted + duplicates + rejected = rows."""
    return _PageViewImport(settings, lake, snapshot, source, scratch, progress).run()


class _PageViewImport:
    """One file on its way."""

    def __init__(
        self,
        settings: Settings,
        lake: Lake,
        snapshot: Snapshot,
        source: Source,
        scratch: Path,
        progress: Progress,
    ) -> None:
        self._settings = settings
        self._lake = lake
        self._snapshot = snapshot
        self._source = source
        self._engine = source.engine
        self._staged = scratch / "staged"
        self._progress = progress
        self._started = now_us()
        self._segment = f"import:{source.digest}-{self._started:x}"
        self._texts = [name for name in _READERS if name in source.columns]
        self._accepted = 0

    def run(self) -> ImportResult:
        self._progress(0, None)
        self._lay_out()
        self._read_texts()
        valid, rejected = self._stage()
        book = RejectBook(self._settings, self._lake, self._source.path.name, self._source.digest)
        malformed = self._source.malformed()
        if rejected or malformed:
            book.write(self._refused())
        total = valid + book.counts.total()
        done = book.counts.total()
        for chunk in self._chunks():
            self._land(chunk)
            done += sum(chunk.values())
            self._progress(done, total)
        return ImportResult(
            rows=total,
            accepted=self._accepted,
            duplicates=valid - self._accepted,
            rejected=dict(book.counts),
            rejects_file=book.path,
        )

    def _lay_out(self) -> None:
        """Sites and day salts as tables to join with."""
        ids = [site.site_id for site in self._snapshot.sites]
        last = (local_day(self._started) - _EPOCH).days + 2
        first = (local_day(rules.EARLIEST_US) - _EPOCH).days
        days = range(first, last + 1)
        secret = self._settings.secret
        salts = [day_salt(secret, _EPOCH + timedelta(days=day)).hex() for day in days]
        known = pa.table({"site_id": pa.array(ids, pa.int32()), "site": [str(n) for n in ids]})
        salted = pa.table({"day": pa.array(days, pa.int32()), "salt": pa.array(salts, pa.string())})
        _keep(self._engine, "sites", known)
        _keep(self._engine, "salts", salted)

    def _read_texts(self) -> None:
        """Distinct addresses, referrers and agents, each read once by Python."""
        for name, read in _READERS.items():
            _keep(self._engine, f"read_{name}", read([], 0))
        for name in self._texts:
            found = self._engine.sql(
                f"SELECT text FROM (SELECT {name}::VARCHAR AS text FROM raw GROUP BY text) "
                "WHERE trim(text) <> ''"
            )
            keeping = self._engine.cursor()  # the texts are still coming on the other one
            count = 0
            for batch in found.to_arrow_reader(_TEXTS_AT_ONCE):
                keeping.register("made", _READERS[name](batch.column(0).to_pylist(), count))
                keeping.execute(f"INSERT INTO read_{name} FROM made")
                keeping.unregister("made")
                count += batch.num_rows

    def _stage(self) -> tuple[int, int]:
        """Judge every row and keep what may be kept, by day; how many are valid and how many not."""
        self._engine.execute("SET preserve_insertion_order = false")  # each day is sorted later
        self._engine.execute(
            f"""
            COPY (
                SELECT
                    CASE WHEN verdict IS NULL THEN d.day ELSE {_REFUSED_DAY} END AS day,
                    CASE WHEN verdict IS NULL THEN d.day // {_BUCKET_DAYS}
                        ELSE {_REFUSED_DAY} END AS bucket,
                    j.ev, j.site,
                    CASE WHEN j.visitor IS NULL THEN NULL ELSE (('0x' || substr(sha256(
                        d.salt || j.site_text || '/' || j.visitor), 1, 16))::UBIGINT::HUGEINT
                        - 9223372036854775808)::BIGINT END AS visitor,
                    {", ".join(self._text_id(name) for name in _READERS)}
                FROM ({self._judged(f"({self._source.once})")}) j
                LEFT JOIN salts d ON d.day = (j.ev + {OFFSET_US}) // {DAY_US}
                {" ".join(f"LEFT JOIN read_{name} ON read_{name}.text = j.{name}" for name in self._texts)}
            ) TO '{self._staged}' (FORMAT parquet, COMPRESSION lz4, PARTITION_BY (bucket))
            """
        )
        self._engine.execute("SET preserve_insertion_order = true")
        counts: list[tuple[int, int]] = []
        if any(self._staged.glob("*/*.parquet")):
            counts = self._engine.execute(
                "SELECT day, count(*) FROM read_parquet($1, hive_partitioning = true) GROUP BY day",
                [f"{self._staged}/*/*.parquet"],
            ).fetchall()
        self._rows_by_day = {int(day): int(count) for day, count in sorted(counts)}
        refused = self._rows_by_day.pop(_REFUSED_DAY, 0)
        return sum(self._rows_by_day.values()), refused

    def _text(self, name: str) -> str:
        """SQL: a row's text as it stands in the file: what it says is read from it once."""
        return f"{name}::VARCHAR AS {name}" if name in self._texts else f"NULL AS {name}"

    def _text_id(self, name: str) -> str:
        """SQL: the number of a row's text, NULL when the file has no such column."""
        return f"{f'read_{name}.id' if name in self._texts else 'NULL::INTEGER'} AS {name}"

    def _judged(self, relation: str, numbered: str = "") -> str:
        """SQL: every row with its instant, its site and its verdict (NULL: taken)."""
        source = self._source
        latest = self._started + rules.CLOCK_SKEW_US
        return f"""
            SELECT r.*, s.site_id AS site, CASE
                WHEN site_text IS NULL THEN 'missing_field|site_id: empty'
                WHEN NOT given THEN 'missing_field|event_time: empty'
                WHEN NOT regexp_full_match(site_text, '[0-9]{{1,9}}') THEN 'bad_value|site_id: not a number'
                WHEN s.site_id IS NULL THEN 'unknown_site|site_id: not registered'
                WHEN ev IS NULL THEN 'bad_date|event_time: not a time'
                WHEN ev < {rules.EARLIEST_US} THEN 'bad_date|event_time: before the year 2000'
                WHEN ev > {latest} THEN 'bad_date|event_time: in the future'
                END AS verdict
            FROM (SELECT {numbered} {source.text("site_id")} AS site_text,
                {source.text("event_time")} IS NOT NULL AS given,
                {source.instant("event_time")} AS ev,
                {source.text("visitor")} AS visitor,
                {", ".join(self._text(name) for name in _READERS)}
                FROM {relation}) r
            LEFT JOIN sites s ON s.site = r.site_text"""

    def _refused(self) -> Iterator[RefusedRow]:
        """A second look at the file, for the refused rows only, in the order of its lines."""
        malformed = self._source.malformed()
        yield from (
            RefusedRow(line, RejectReason.MALFORMED, detail, {}) for line, detail in malformed
        )
        number = LineNumbers(self._source, malformed)
        rows = self._engine.execute(
            f"SELECT row, verdict, site_text, ev, {self._source.text('event_time')}, url "
            f"FROM ({self._judged('numbered', 'row, event_time,')}) WHERE verdict IS NOT NULL ORDER BY row"
        )
        while batch := rows.fetchmany(_TEXTS_AT_ONCE):
            for row, verdict, site, _, moment, url in batch:
                reason, _, detail = verdict.partition("|")
                place = place_of(url or "")
                content = {"host": place.host, "path": place.path}
                kept = rules.redacted({"site_id": site, "event_time": moment}.items())
                kept |= {name: value for name, value in content.items() if value}
                known = int(site) if site and site.isascii() and site.isdigit() else None
                yield RefusedRow(number(row), reason, detail, kept, known and min(known, _HUGE))

    def _chunks(self) -> Iterator[dict[int, int]]:
        """Days in order, together up to the size of a chunk."""
        chunk: dict[int, int] = {}
        for day, count in self._rows_by_day.items():
            if chunk and sum(chunk.values()) + count > _CHUNK_ROWS:
                yield chunk
                chunk = {}
            chunk[day] = count
        if chunk:
            yield chunk

    def _land(self, chunk: dict[int, int]) -> None:
        """Write what the lake does not have of some days, in one commit."""
        days = [(_EPOCH + timedelta(days=day)).isoformat() for day in chunk]
        there = self._lake.files("page_views", partitions=days)
        rows = self._engine.sql(self._new_rows(chunk, there)).to_arrow_table()
        if rows.num_rows == 0:
            return
        landed_at = now_us()
        files = self._write(rows, landed_at)
        self._lake.record("page_views", files, {f"import:{self._source.digest}": landed_at})
        self._accepted += rows.num_rows

    def _new_rows(self, chunk: dict[int, int], there: list[str]) -> str:
        """SQL: the staged rows of some days, ordered, without those the lake has."""
        buckets = sorted({day // _BUCKET_DAYS for day in chunk})
        files = [f"{self._staged}/bucket={bucket}/*.parquet" for bucket in buckets]
        days = ", ".join(map(str, chunk))
        staged = f"""
            SELECT day, ev, site, visitor, url, referrer, user_agent
            FROM read_parquet({files}, hive_partitioning = true) WHERE day IN ({days})"""
        order = "ORDER BY day, site, visitor, ev"
        if not there:
            return f"{staged} {order}"
        return f"""
            WITH known AS (
                SELECT epoch_us(event_time) AS ev, site_id AS site, visitor, host, path, count(*) AS n
                FROM read_parquet({there}) WHERE feed = '{Feed.IMPORT}' GROUP BY ALL
            ), numbered AS (
                SELECT s.*, u.host, u.path, row_number() OVER (
                    PARTITION BY ev, site, visitor, u.host, u.path) AS place
                FROM ({staged}) s LEFT JOIN read_url u ON u.id = s.url
            )
            SELECT c.* EXCLUDE (place, host, path) FROM numbered c LEFT JOIN known k
                ON k.ev = c.ev AND k.site = c.site AND k.visitor IS NOT DISTINCT FROM c.visitor
                AND k.host IS NOT DISTINCT FROM c.host AND k.path IS NOT DISTINCT FROM c.path
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
            first = self._accepted + start
            columns: dict[str, Column] = {
                "event_time": part.column("ev").cast(INSTANT),
                "site_id": part.column("site"),
                "visitor": part.column("visitor"),
                **{name: word.of(part.column(word.text)) for name, word in words.items()},
                "kind": repeated(ViewKind.VIEW, part.num_rows),
                "landed_at": pa.repeat(pa.scalar(landed_at, INSTANT), part.num_rows),
                "segment": repeated(self._segment, part.num_rows),
                "event_id": pa.array(np.arange(first, first + part.num_rows)),
                "feed": repeated(Feed.IMPORT, part.num_rows),
                "trust": repeated(Trust.VERIFIED, part.num_rows),
            }
            day = (_EPOCH + timedelta(days=days[start].as_py())).isoformat()
            return self._lake.write_partition("page_views", day, columns)

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


def _places(texts: list[str], first: int) -> pa.Table:
    return _table(texts, first, [place_of(text.strip()) for text in texts], Place._fields)


def _referrers(texts: list[str], first: int) -> pa.Table:
    return _table(texts, first, [(host_of(text),) for text in texts], ("host",))


def _clients(texts: list[str], first: int) -> pa.Table:
    return _table(texts, first, [client_of(text.strip()) for text in texts], Client._fields)


def _table(
    texts: list[str], first: int, read: Sequence[tuple[str | None, ...]], names: Sequence[str]
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


def _keep(engine: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    """Rows as a table of the engine."""
    engine.register("kept_rows", rows)
    engine.execute(f"CREATE OR REPLACE TABLE {name} AS FROM kept_rows")
    engine.unregister("kept_rows")


_READERS: Final[dict[str, Callable[[list[str], int], pa.Table]]] = {
    "url": _places,
    "referrer": _referrers,
    "user_agent": _clients,
}
"""Column of the file → what Python reads from its distinct texts."""
