"""Reads the records of an import file, whatever it is written and packed in.

CSV, NDJSON and Parquet, plain or as `.gz` or `.zst`. A record that cannot be read is handed on
as such, with its place, so that one broken line never hides the others.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from thuocdo.core.errors import ThuocdoError

_PACKED = {".gz", ".zst"}
_JSON_LINES = {".ndjson", ".jsonl"}


class Record(NamedTuple):
    """One record and where it stood: `number` counts from 1; `values` is None when unreadable."""

    file: str
    number: int
    values: dict[str, Any] | None
    raw: str = ""


def records(paths: Iterable[Path], required: Sequence[str]) -> Iterator[Record]:
    """Every record of every file, in order.

    Raises ThuocdoError `no_such_file`, `bad_format`, `bad_file` or `missing_columns` (which names
    them); a CSV or Parquet file states its columns once, so a missing one refuses the whole file.
    """
    for path in paths:
        if not path.is_file():
            raise ThuocdoError("no_such_file", f"There is no file {path}.", "Check the path.")
        try:
            with _unpacked(path) as stream:
                yield from _read(path, stream, required)
        except (
            OSError,
            EOFError,
            zstandard.ZstdError,
            UnicodeDecodeError,
            pa.ArrowInvalid,
        ) as error:
            raise ThuocdoError(
                "bad_file", f"{path} cannot be read: {error}.", "Check that the file is complete."
            ) from error


def _unpacked(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return gzip.open(path, "rb")
    if path.suffix == ".zst":
        return zstandard.open(path, "rb")  # type: ignore[return-value]
    return path.open("rb")


def _read(path: Path, stream: IO[bytes], required: Sequence[str]) -> Iterator[Record]:
    suffix = Path(path.stem).suffix if path.suffix in _PACKED else path.suffix
    if suffix == ".csv":
        return _csv(path, stream, required)
    if suffix in _JSON_LINES:
        return _ndjson(path, stream)
    if suffix == ".parquet":
        return _parquet(path, stream, required)
    raise ThuocdoError(
        "bad_format",
        f"{path} is of no known kind.",
        "Name it .csv, .ndjson or .parquet, with .gz or .zst after it when it is compressed.",
    )


def _csv(path: Path, stream: IO[bytes], required: Sequence[str]) -> Iterator[Record]:
    lines = csv.reader(io.TextIOWrapper(stream, encoding="utf-8-sig", newline=""))
    try:
        header = [name.strip() for name in next(lines, [])]
        _check_columns(path, header, required)
        for number, cells in enumerate(lines, start=1):
            if not cells:
                continue
            whole = len(cells) == len(header)
            values = dict(zip(header, cells, strict=True)) if whole else None
            yield Record(path.name, number, values, ",".join(cells))
    except csv.Error as error:
        raise ThuocdoError(
            "bad_file", f"{path} is no CSV after line {lines.line_num}: {error}.", "Save it again."
        ) from error


def _ndjson(path: Path, stream: IO[bytes]) -> Iterator[Record]:
    for number, line in enumerate(io.BufferedReader(stream), start=1):  # type: ignore[type-var]
        if not line.strip():
            continue
        try:
            values = msgspec.json.decode(line, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError):
            yield Record(path.name, number, None, line.decode(errors="replace").strip())
        else:
            yield Record(path.name, number, values)


def _parquet(path: Path, stream: IO[bytes], required: Sequence[str]) -> Iterator[Record]:
    file = pq.ParquetFile(path if path.suffix == ".parquet" else io.BytesIO(stream.read()))
    _check_columns(path, file.schema_arrow.names, required)
    number = 0
    for batch in file.iter_batches():
        for values in batch.to_pylist():
            number += 1
            yield Record(path.name, number, values)


def _check_columns(path: Path, columns: Sequence[str], required: Sequence[str]) -> None:
    missing = [name for name in required if name not in columns]
    if missing:
        raise ThuocdoError(
            "missing_columns",
            f"{path} lacks the column{'s' if len(missing) > 1 else ''} {', '.join(missing)}.",
            f"It needs at least {', '.join(required)}.",
        )
