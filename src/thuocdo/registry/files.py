"""Reads the records of an import file, whatever it is written and packed in.

CSV and workbooks as people save them (`lake/importing/tables.py`), NDJSON and Parquet, plain or as
`.gz` or `.zst`. A record that cannot be read is handed on as such, with its place, so that one
broken line never hides the others.
"""

from __future__ import annotations

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
from thuocdo.lake.importing import headings, tables
from thuocdo.lake.importing.headings import Wording
from thuocdo.lake.importing.tables import Cell, Row, Sheet, Table

_PACKED = {".gz", ".zst"}
_JSON_LINES = {".ndjson", ".jsonl"}


class Record(NamedTuple):
    """One record and where it stood: `number` counts from 1; `values` is None when unreadable.

    line  of a CSV file, row of a workbook; None where a file has neither
    """

    file: str
    number: int
    values: dict[str, Any] | None
    raw: str = ""
    line: int | None = None


def records(
    paths: Iterable[Path],
    required: Sequence[str],
    told: list[str] | None = None,
    *,
    words: Wording | None = None,
    encoding: str | None = None,
) -> Iterator[Record]:
    """Every record of every file, in order; `told` gets sentences on how a file was read.

    words     spellings of a table's headings beside the columns' own names
    encoding  of texts, as `tables.decoded`

    Raises ThuocdoError `no_such_file`, `bad_format`, `bad_file`, `missing_columns` (which names
    them) or `double_column`, and what `tables.read` raises; a table or Parquet file states its
    columns once, so a missing one refuses the whole file.
    """
    for path in paths:
        if not path.is_file():
            raise ThuocdoError("no_such_file", f"There is no file {path}.", "Check the path.")
        if tables.is_table(path):
            table = tables.read(path, encoding)
            if told is not None:
                told.extend(table.notes)
            yield from _table(path, table, required, words, told)
            continue
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
    if suffix in _JSON_LINES:
        return _ndjson(path, stream)
    if suffix == ".parquet":
        return _parquet(path, stream, required)
    raise ThuocdoError(
        "bad_format",
        f"{path} is of no known kind.",
        "Name it .csv, .xlsx, .ndjson or .parquet, with .gz or .zst after it when it is compressed.",
    )


def columns(path: Path) -> list[str]:
    """The columns a table states; none for a file that is no table."""
    if not tables.is_table(path) or not path.is_file():
        return []
    rows = _first_sheet(tables.read(path))
    return _names(rows[0]) if rows else []


def _table(
    path: Path,
    table: Table,
    required: Sequence[str],
    words: Wording | None,
    told: list[str] | None,
) -> Iterator[Record]:
    rows = _first_sheet(table)
    if words is not None and (found := headings.find(Sheet("", rows), words, path.name)):
        if told is not None:
            told.extend(headings.notes(path.name, [found]))
        yield from _placed(path, rows, found)
        return
    header = _names(rows[0]) if rows else []
    _check_columns(path, header, required)
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise ThuocdoError(
            "double_column",
            f"{path} has two columns {', '.join(twice)}.",
            "Keep the one that counts and delete the other.",
        )
    for number, row in enumerate(rows[1:], start=1):
        cells = [_value(cell) for cell in row.cells]
        values = None
        if not row.fault and len(cells) == len(header):
            values = {name: cell for name, cell in zip(header, cells, strict=True) if name}
        yield Record(path.name, number, values, ",".join(map(str, cells)), row.number)


def _placed(path: Path, rows: list[Row], found: headings.Columns) -> Iterator[Record]:
    """The rows below the headings; one that is longer or shorter than those is broken."""
    width = len(rows[found.heading_row].cells)
    for number, row in enumerate(rows[found.heading_row + 1 :], start=1):
        cells = [_value(cell) for cell in row.cells]
        values = None
        if not row.fault and len(cells) == width:
            values = {name: cells[place] for name, place in found.places.items()}
        yield Record(path.name, number, values, ",".join(map(str, cells)), row.number)


def _first_sheet(table: Table) -> list[Row]:
    sheets = [sheet for sheet in table.sheets if not sheet.hidden]
    return sheets[0].rows if sheets else []


def _names(row: Row) -> list[str]:
    return [str(cell).strip().lower() for cell in row.cells]


def _value(cell: Cell) -> Any:
    """A cell as the rules read it: a day stays one; a code typed as a number gets its zeros back."""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else f"{cell:.6f}"
    return cell


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
