# ruff: noqa: S608 - every name put into SQL here is a constant of this module or a quoted path
"""Page views from a file, in bulk: two passes over it, then day by day into the lake.

The first pass collects the distinct addresses and agents, which Python reads once each; the
second judges every row and keeps of it only what the lake may hold, so nothing personal is
staged.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa

from thuocdo.core.clock import DAY_US, OFFSET_US, local_day, now_us
from thuocdo.core.codes import MAX_SITE_ID
from thuocdo.core.ids import day_salt
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import Snapshot
from thuocdo.core.vocabulary import Feed, RejectReason, ViewKind
from thuocdo.lake.enrich import place_of
from thuocdo.lake.importing.rejects import LineNumbers, RefusedRow, RejectBook
from thuocdo.lake.importing.source import Progress, Source
from thuocdo.lake.importing.view_days import BUCKET_DAYS, EPOCH, READERS, ViewDays, keep
from thuocdo.lake.store import Lake
from thuocdo.wire import rules

_TEXTS_AT_ONCE: Final = 50_000
_REFUSED_DAY: Final = -1
_SITE_DIGITS: Final = len(str(MAX_SITE_ID))


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
        self._texts = [name for name in READERS if name in source.columns]

    def run(self) -> ImportResult:
        self._progress(0, None)
        self._lay_out()
        self._read_texts()
        valid, rejected = self._stage()
        book = RejectBook(self._settings, self._lake, self._source.path.name, self._source.digest)
        malformed = self._source.malformed()
        if rejected or malformed:
            book.write(self._refused())
        refused = book.counts.total()
        days = ViewDays(
            self._lake, self._engine, self._staged, self._texts, self._source.digest, Feed.IMPORT
        )
        days.land(self._rows_by_day, self._progress, refused, valid + refused)
        return book.result(valid, days.accepted, notes=self._source.notes)

    def _lay_out(self) -> None:
        """Sites and day salts as tables to join with."""
        ids = [site.site_id for site in self._snapshot.sites]
        last = (local_day(self._started) - EPOCH).days + 2
        first = (local_day(rules.EARLIEST_US) - EPOCH).days
        days = range(first, last + 1)
        secret = self._settings.secret
        salts = [day_salt(secret, EPOCH + timedelta(days=day)).hex() for day in days]
        known = pa.table({"site_id": pa.array(ids, pa.int32()), "site": [str(n) for n in ids]})
        salted = pa.table({"day": pa.array(days, pa.int32()), "salt": pa.array(salts, pa.string())})
        keep(self._engine, "sites", known)
        keep(self._engine, "salts", salted)

    def _read_texts(self) -> None:
        """Distinct addresses, referrers and agents, each read once by Python."""
        for name, read in READERS.items():
            keep(self._engine, f"read_{name}", read([], 0))
        for name in self._texts:
            found = self._engine.sql(
                f"SELECT text FROM (SELECT {name}::VARCHAR AS text FROM raw GROUP BY text) "
                "WHERE trim(text) <> ''"
            )
            keeping = self._engine.cursor()  # the texts are still coming on the other one
            count = 0
            for batch in found.to_arrow_reader(_TEXTS_AT_ONCE):
                keeping.register("made", READERS[name](batch.column(0).to_pylist(), count))
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
                    CASE WHEN verdict IS NULL THEN d.day // {BUCKET_DAYS}
                        ELSE {_REFUSED_DAY} END AS bucket,
                    j.ev, j.site, '{ViewKind.VIEW}' AS kind,
                    CASE WHEN j.visitor IS NULL THEN NULL ELSE (('0x' || substr(sha256(
                        d.salt || j.site_text || '/' || j.visitor), 1, 16))::UBIGINT::HUGEINT
                        - 9223372036854775808)::BIGINT END AS visitor,
                    {", ".join(self._text_id(name) for name in READERS)}
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
                WHEN NOT regexp_full_match(site_text, '[0-9]{{1,{_SITE_DIGITS}}}') THEN 'bad_value|site_id: not a number'
                WHEN s.site_id IS NULL THEN 'unknown_site|site_id: not registered'
                WHEN ev IS NULL THEN 'bad_date|event_time: not a time'
                WHEN ev < {rules.EARLIEST_US} THEN 'bad_date|event_time: before the year 2000'
                WHEN ev > {latest} THEN 'bad_date|event_time: in the future'
                END AS verdict
            FROM (SELECT {numbered} {source.text("site_id")} AS site_text,
                {source.text("event_time")} IS NOT NULL AS given,
                {source.instant("event_time")} AS ev,
                {source.text("visitor")} AS visitor,
                {", ".join(self._text(name) for name in READERS)}
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
                yield RefusedRow(number(row), reason, detail, kept, _site_named(site))


def _site_named(text: str | None) -> int | None:
    """The site a refused row names; None where the text is no site's number, or could be a person's."""
    if not text or not (text.isascii() and text.isdigit()) or len(text) > _SITE_DIGITS:
        return None
    return int(text)
