"""Writes one edition: tables as CSV and Parquet, what they mean, what they may be used for, their digests.

An edition is a folder `<home>/opendata/<day>` that appears whole. Addresses within its descriptions are
relative: they hold wherever the folder is put.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.measure.service import Measure
from thuocdo.web.opendata import metadata, rows
from thuocdo.web.opendata.model import MEDIA, SUMS, Edition, File, datasets

_EDITION = "edition.json"


def make(settings: Settings, measure: Measure, day: date) -> Edition:
    """Write the edition of a Vietnamese day from the current facts; one that is there is replaced.

    measure  one that nobody else is waiting for: it stands still meanwhile
    Raises ThuocdoError `no_facts` when nothing was ever measured.
    """
    with measure.still():
        return _make(settings, measure, day)


def _make(settings: Settings, measure: Measure, day: date) -> Edition:
    fresh, log = measure.freshness(), measure.log()
    if fresh.landed_at is None:
        raise ThuocdoError(
            "no_facts", "Nothing was measured yet.", "Let data land and run `thuocdo refresh`."
        )
    part = settings.opendata_dir / f".{day}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    counts = {name: _write(part, name, table) for name, table in _tables(measure, day)}
    spans = rows.periods(day)
    edition = Edition(
        day=day,
        first=min(span.first for span in spans),
        last=max(span.last for span in spans),
        facts_version=fresh.facts_version,
        log_size=log.size if log else None,
        log_root=log.root if log else None,
        rows=counts,
        files=[_file(path) for path in sorted(part.iterdir())],
        remark=_remark(settings),
    )
    for name, text in metadata.documents(edition).items():
        (part / name).write_bytes(text)
    files = [_file(path) for path in sorted(part.iterdir())]
    sums = "".join(f"{file.sha256}  {file.name}\n" for file in files)
    (part / SUMS).write_text(sums, "utf-8")
    edition = msgspec.structs.replace(edition, files=[*files, _file(part / SUMS)])
    (part / _EDITION).write_bytes(msgspec.json.encode(edition))
    return _put(part, settings.opendata_dir / day.isoformat(), edition)


def editions(settings: Settings) -> list[Edition]:
    """Every edition there is, the newest first."""
    found = settings.opendata_dir.glob(f"????-??-??/{_EDITION}")
    return [
        msgspec.json.decode(path.read_bytes(), type=Edition) for path in sorted(found, reverse=True)
    ]


def path_of(settings: Settings, edition: Edition, name: str) -> Path | None:
    """Where a file of an edition lies; None for a name it has not."""
    known = {file.name for file in edition.files}
    return settings.opendata_dir / edition.day.isoformat() / name if name in known else None


def _tables(measure: Measure, day: date) -> Iterable[tuple[str, pa.Table]]:
    agencies = rows.agency_rows(measure)
    english = {row["code"]: row["name_en"] for row in agencies if row["name_en"]}
    figures, national = list[dict[str, Any]](), list[dict[str, Any]]()
    for shown in rows.shown(measure, day):
        figures += [rows.figure_row(measure, figure, english) for figure in shown]
        national.append(rows.national_row(measure, shown))
    yield "figures", _table("figures", figures)
    yield "national", _table("national", national)
    yield "indicators", _table("indicators", list(rows.indicator_rows(measure)))
    yield "agencies", _table("agencies", agencies)


def _table(name: str, found: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(found, schema=datasets()[name].schema)


def _write(folder: Path, name: str, table: pa.Table) -> int:
    """CSV is plain UTF-8, for programs; what is empty in it is null."""
    pa_csv.write_csv(table, folder / f"{name}.csv")
    pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
    return int(table.num_rows)


def _remark(settings: Settings) -> str:
    path = settings.remark_path
    return path.read_text("utf-8").strip() if path.exists() else ""


def _file(path: Path) -> File:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return File(path.name, path.stat().st_size, digest, MEDIA[path.suffix])


def _put(part: Path, whole: Path, edition: Edition) -> Edition:
    """In the place of the edition before, if there is one."""
    old = whole.with_name(f".{whole.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if whole.exists():
        whole.rename(old)
    part.rename(whole)
    shutil.rmtree(old, ignore_errors=True)
    return edition
