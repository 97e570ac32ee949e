"""Refused rows of an import: a file for the operator, and the lake's `rejects` for the record."""

from __future__ import annotations

import csv
import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, NamedTuple, TextIO

import pyarrow as pa

from thuocdo.core.clock import local_day, now_us
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings
from thuocdo.core.vocabulary import Feed, Trust
from thuocdo.lake.importing.source import Malformed, Source
from thuocdo.lake.schemas import REJECTS
from thuocdo.lake.store import Lake

_KEPT_AT_ONCE: Final = 100_000


class RefusedRow(NamedTuple):
    """One row that was not taken. `content` is free of personal data."""

    row: int  # line of a CSV or NDJSON file, row of a Parquet file; the first is 1
    reason: str  # RejectReason
    detail: str
    content: dict[str, str]
    site_id: int | None = None
    agency: str | None = None


class LineNumbers:
    """The place in the file of the k-th row that could be read."""

    def __init__(self, source: Source, malformed: list[Malformed]) -> None:
        self._header = 1 if source.format == "csv" else 0
        self._lines = sorted({*(line for line, _ in malformed), *source.blank_lines()})
        self._before = [line - self._header - place for place, line in enumerate(self._lines, 1)]

    def __call__(self, row: int) -> int:
        """Line (CSV, NDJSON) or row (Parquet) of the readable row `row`, both from 1."""
        return row + self._header + bisect_left(self._before, row)


class RejectBook:
    """Writes refused rows as they come and counts them by reason; use as a context."""

    def __init__(
        self,
        settings: Settings,
        lake: Lake,
        name: str,
        digest: str,
        feed: str = Feed.IMPORT,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._settings = settings
        self._lake = lake
        self._digest = digest
        self._feed = feed
        self._path = settings.rejects_dir / f"{name}-{digest}.csv"

    @property
    def path(self) -> Path | None:
        return self._path if self.counts else None

    def write(self, rows: Iterable[RefusedRow]) -> None:
        """Write all refused rows of the file, in one go; without any there is no file."""
        pending: list[RefusedRow] = []
        number = 0
        with ExitStack() as stack:
            sheet: Any = None
            for row in rows:
                if sheet is None:
                    sheet = csv.writer(stack.enter_context(self._opened()))
                    sheet.writerow(["row", "reason", "detail", "content"])
                self.counts[row.reason] += 1
                content = json.dumps(row.content, ensure_ascii=False) if row.content else ""
                sheet.writerow([row.row, row.reason, row.detail, content])
                pending.append(row)
                if len(pending) == _KEPT_AT_ONCE:
                    self._record(pending, number)
                    number += 1
                    pending = []
        if pending:
            self._record(pending, number)

    def result(
        self,
        valid: int,
        accepted: int,
        *,
        left_out: Mapping[str, int] | None = None,
        notes: Sequence[str] = (),
    ) -> ImportResult:
        """What the import answers: of its `valid` rows `accepted` were new, the others are refused here."""
        return ImportResult(
            rows=valid + self.counts.total(),
            accepted=accepted,
            duplicates=valid - accepted,
            rejected=dict(self.counts),
            rejects_file=self.path,
            left_out=dict(left_out or {}),
            notes=tuple(notes),
        )

    def _opened(self) -> TextIO:
        self._settings.rejects_dir.mkdir(parents=True, exist_ok=True)
        return self._path.open("w", newline="", encoding="utf-8")

    def _record(self, rows: list[RefusedRow], number: int) -> None:
        """Into the lake, once for each file: a second import of it adds nothing."""
        now = now_us()
        count = len(rows)
        columns = {
            "day": [local_day(now)] * count,
            "site_id": [row.site_id for row in rows],
            "agency": [row.agency for row in rows],
            "reason": [row.reason for row in rows],
            "detail": [row.detail for row in rows],
            "payload": [json.dumps(row.content, ensure_ascii=False) for row in rows],
            "landed_at": [now] * count,
            "segment": [f"import:{self._digest}"] * count,
            "event_id": [row.row for row in rows],
            "feed": [str(self._feed)] * count,
            "trust": [Trust.VERIFIED.value] * count,
        }
        self._lake.append(
            "rejects",
            pa.table(columns, schema=REJECTS),
            app_id=f"import-rejects:{self._digest}",
            version=number,
        )
