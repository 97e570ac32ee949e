# ruff: noqa: S608 - every name put into SQL here is a constant of this module or a quoted path
"""Dossier events from a file: each row judged by the same rules as a canonical record, in bulk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from thuocdo.core.clock import now_us
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import Snapshot
from thuocdo.core.vocabulary import RejectReason
from thuocdo.lake.importing.dossier_months import DossierMonths
from thuocdo.lake.importing.rejects import LineNumbers, RefusedRow, RejectBook
from thuocdo.lake.importing.source import Progress, Source
from thuocdo.lake.judge_dossiers import TIMES, Judge
from thuocdo.lake.store import Lake
from thuocdo.wire.events import Refused

_ROWS_AT_ONCE: Final = 200_000


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
        self._refused: list[tuple[int, Refused]] = []

    def run(self) -> ImportResult:
        months = DossierMonths(self._settings, self._lake, self._engine, self._source.digest)
        valid = self._judge(months)
        book = RejectBook(self._settings, self._lake, self._source.path.name, self._source.digest)
        malformed = self._source.malformed()
        if self._refused or malformed:
            number = LineNumbers(self._source, malformed)
            book.write(
                [
                    *(RefusedRow(n, RejectReason.MALFORMED, why, {}) for n, why in malformed),
                    *(refused_row(number(row), refused) for row, refused in self._refused),
                ]
            )
        accepted = months.land()
        rows = valid + book.counts.total()
        self._progress(rows, rows)
        return book.result(valid, accepted, notes=self._source.notes)

    def _judge(self, months: DossierMonths) -> int:
        """Every row through the rules; how many are good."""
        judge = Judge(self._snapshot, self._settings.secret, self._started)
        row = valid = 0
        for rows in self._batches():
            events, refused = judge.judge(rows)
            self._refused += [(row + place + 1, verdict) for place, verdict in refused]
            months.add(events)
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


def _plain(name: str, kind: str) -> str:
    """SQL: a column as text the rules can read."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime(make_timestamp(epoch_us({name})), '%Y-%m-%dT%H:%M:%S.%fZ')"
    if kind == "DATE":
        return f"{name}::VARCHAR"
    if kind.startswith("TIMESTAMP"):
        return f"strftime({name}, '%Y-%m-%dT%H:%M:%S.%f')"
    return f"{name}::VARCHAR"


def refused_row(row: int, refused: Refused) -> RefusedRow:
    """What the rules refused as a row of the reject file."""
    content: dict[str, str] = json.loads(refused.payload) if refused.payload else {}
    return RefusedRow(row, refused.reason, refused.detail, content, None, content.get("agency"))
