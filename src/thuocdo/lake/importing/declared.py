"""Figures that others state, into a table of their own: never mixed with measured ones.

An agency says them of itself, or the national portal of the agency. A figure is said for an agency,
an indicator and a period (a day is a period too), of all services or of one, with the paper it
stands in. One that is said anew with another value is a further row, known later; the same row
again is a duplicate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import duckdb
import pyarrow as pa

from thuocdo.core import clock
from thuocdo.core.clock import Period, local_day, now_us
from thuocdo.core.codes import procedure_code
from thuocdo.core.columns import DECLARED as COLUMNS
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import Snapshot
from thuocdo.core.vietnamese import nfc
from thuocdo.core.vocabulary import Feed, RejectReason, SaidBy, Trust
from thuocdo.lake.importing import headings, packed, tables
from thuocdo.lake.importing.headings import folded
from thuocdo.lake.importing.rejects import LineNumbers, RefusedRow, RejectBook
from thuocdo.lake.importing.source import Progress, opened
from thuocdo.lake.redact import redact
from thuocdo.lake.schemas import DECLARED, INSTANT
from thuocdo.lake.store import Lake
from thuocdo.wire import rules
from thuocdo.wire.events import Unreadable

WORDING: Final = "declared_sheet"
_MAX_SOURCE: Final = 300
_GROUPED: Final = re.compile(r"\d{1,3}(\.\d{3})+", re.ASCII)
_AMBIGUOUS: Final = re.compile(r"\d{1,3}\.\d{3}", re.ASCII)
_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,6})?", re.ASCII)
_DAY: Final = re.compile(r"(?:ngay )?(\d{1,2}) (\d{1,2}) (\d{4})", re.ASCII)
_MONTH: Final = re.compile(r"(?:thang )?(\d{1,2}) (\d{4})", re.ASCII)
_QUARTER: Final = re.compile(r"quy ([1-4]|i{1,3}|iv) (\d{4})", re.ASCII)
_YEAR: Final = re.compile(r"nam (\d{4})", re.ASCII)
_ROMAN: Final = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}
_CONTENT: Final = tuple(name for name in DECLARED.names if name not in (
    "landed_at", "segment", "event_id", "feed", "trust",
))  # fmt: skip

_KEPT: Final = ("agency", "indicator", "period", "day", "procedure", "said_by")
"""Columns of which a refused row keeps what is a code or a date."""

Row = Mapping[str, object]


class Figure(NamedTuple):
    """One declared figure, as the columns of the lake's `declared`."""

    agency: str
    indicator: str
    period_first: date
    period_last: date
    numerator: int | None
    denominator: int | None
    value: str
    source: str
    procedure: str | None
    said_by: str


Allowed = Callable[[Figure], bool]
"""Whether somebody may state a figure."""


def import_file(
    settings: Settings,
    lake: Lake,
    snapshot: Snapshot,
    engine: duckdb.DuckDBPyConnection,
    path: Path,
    scratch: Path,
    indicators: Collection[str],
    progress: Progress,
    allowed: Allowed | None = None,
) -> ImportResult:
    """Import one file: CSV, a workbook, NDJSON or Parquet.

    indicators  the codes there are
    allowed     which figures whoever hands the file over may state; None: any
    Raises as `tables.read` and `source.opened`.
    """
    digest = packed.digest(path)
    told: list[str] = []
    figures: list[Figure] = []

    def refused() -> Iterator[RefusedRow]:
        for number, row in _rows(engine, path, scratch, told):
            if isinstance(row, str):
                yield RefusedRow(number, RejectReason.MALFORMED, row, {})
                continue
            figure = _figure(row, snapshot, indicators)
            if isinstance(figure, Figure) and allowed is not None and not allowed(figure):
                figure = Unreadable(RejectReason.OUT_OF_SCOPE, "agency or said_by: not yours")
            if isinstance(figure, Unreadable):
                kept = rules.redacted((name, row.get(name)) for name in _KEPT)
                yield RefusedRow(number, figure.reason, figure.detail, kept)
            else:
                figures.append(figure)

    book = RejectBook(settings, lake, path.name, digest)
    book.write(refused())
    accepted = _land(lake, figures, digest)
    rows = len(figures) + book.counts.total()
    progress(rows, rows)
    return book.result(len(figures), accepted, notes=told)


def _rows(
    engine: duckdb.DuckDBPyConnection, path: Path, scratch: Path, told: list[str]
) -> Iterator[tuple[int, Row | str]]:
    """Numbered rows; a text instead of a row says why it is none."""
    if tables.is_table(path):
        yield from _table_rows(path, told)
        return
    with opened(engine, path, scratch, COLUMNS) as source:
        names = ", ".join(f"{source.text(name)} AS {name}" for name in COLUMNS.every)
        found = engine.execute(f"SELECT {names} FROM ({source.once})").fetchall()  # noqa: S608 - our names
        malformed = source.malformed()
        yield from malformed
        number = LineNumbers(source, malformed)
        for place, cells in enumerate(found, 1):
            yield number(place), dict(zip(COLUMNS.every, cells, strict=True))


def _table_rows(path: Path, told: list[str]) -> Iterator[tuple[int, Row | str]]:
    words = headings.wording(WORDING)
    table = tables.read(path)
    told += table.notes
    read = []
    for sheet in table.sheets:
        columns = None if sheet.hidden else headings.find(sheet, words, path.name)
        if columns is None:
            continue
        read.append(columns)
        for row in sheet.rows[columns.heading_row + 1 :]:
            cells = {
                name: row.cells[place] if place < len(row.cells) else ""
                for name, place in columns.places.items()
            }
            yield row.number, row.fault or cells
    if not read and any(sheet.rows for sheet in table.sheets):
        raise ThuocdoError(
            "missing_columns",
            f"{path.name} has no row with the headings of declared figures.",
            words.hint,
        )
    told += headings.notes(path.name, read)


def _figure(row: Row, snapshot: Snapshot, indicators: Collection[str]) -> Figure | Unreadable:
    text = {name: _text(row.get(name)) for name in COLUMNS.every}
    agency = rules.agency(snapshot, text["agency"])
    period = _when(text["period"], text["day"])
    value = number_of(row.get("value"))
    numerator, denominator = (_count(row.get(n), text[n]) for n in ("numerator", "denominator"))
    if why := _wrong(text, indicators):
        return why
    if isinstance(agency, Unreadable):
        return agency
    if isinstance(period, Unreadable):
        return period
    procedure = _procedure(snapshot, agency, text["procedure"], period)
    if isinstance(procedure, Unreadable):
        return procedure
    if value is None or numerator is False or denominator is False:
        return Unreadable(RejectReason.BAD_VALUE, "value or counts: not numbers that read one way")
    return Figure(
        agency,
        text["indicator"].lower(),
        period.first,
        period.last,
        numerator,
        denominator,
        f"{value.normalize():f}",
        redact(nfc(text["source"])),
        procedure,
        _said_by(text["said_by"]) or SaidBy.AGENCY.value,
    )


def _when(period: str, day: str) -> Period | Unreadable:
    """The period a figure is of; a day beside it narrows it down to that day."""
    whole, narrow = (_period(text) if text else None for text in (period, day))
    if (period and whole is None) or (day and (narrow is None or narrow.days > 1)):
        return Unreadable(RejectReason.BAD_DATE, "period or day: cannot be read")
    found = narrow or whole
    if found is None:
        return Unreadable(RejectReason.MISSING_FIELD, "period: empty")
    if found.first > local_day(now_us()):
        return Unreadable(RejectReason.BAD_DATE, "period: not a period that has begun")
    if whole and not whole.first <= found.first <= whole.last:
        return Unreadable(RejectReason.BAD_DATE, "day: not within the period")
    return found


def _procedure(
    snapshot: Snapshot, agency: str, text: str, period: Period
) -> str | Unreadable | None:
    """The national code, as the catalogue maps an agency's own; one in no catalogue is kept: that
    figures are stated of it is worth knowing."""
    if not text:
        return None
    placed = rules.place(snapshot, agency, text, period.last)
    if isinstance(placed, rules.Place):
        return placed.procedure
    found = procedure_code(text)
    if found is None:
        return Unreadable(RejectReason.BAD_VALUE, "procedure: can be no code")
    return found.national


def _wrong(text: Mapping[str, str], indicators: Collection[str]) -> Unreadable | None:
    for name in COLUMNS.required:
        if not text[name]:
            return Unreadable(RejectReason.MISSING_FIELD, f"{name}: empty")
    if text["indicator"].lower() not in indicators:
        return Unreadable(RejectReason.BAD_VALUE, "indicator: not one of the definitions")
    if len(text["source"]) > _MAX_SOURCE:
        return Unreadable(RejectReason.BAD_VALUE, "source: too long")
    if text["said_by"] and _said_by(text["said_by"]) is None:
        return Unreadable(RejectReason.BAD_VALUE, "said_by: neither agency nor national_portal")
    return None


def _said_by(text: str) -> str | None:
    return headings.wording(WORDING).word("said_by", text)


def _count(value: object, text: str) -> int | Literal[False] | None:
    """A whole number, None when nothing is said, False when it is none."""
    if not text:
        return None
    number = number_of(value)
    return False if number is None or number % 1 or number < 0 else int(number)


def number_of(value: object) -> Decimal | None:
    """A number as Vietnam writes it (`9.941.921`, `88,45%`) or as machines do; None when unsure.

    `9.941` is refused: it is nearly ten thousand to one reader and nearly ten to another.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return Decimal(str(value))
    text = str(value or "").strip().removesuffix("%").strip()
    whole, comma, decimals = text.partition(",")
    if comma:
        if _GROUPED.fullmatch(whole):
            whole = whole.replace(".", "")
        text = f"{whole}.{decimals}"
    elif _AMBIGUOUS.fullmatch(text):
        return None
    elif _GROUPED.fullmatch(text):
        text = text.replace(".", "")
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _period(text: str) -> Period | None:
    """`2022-04`, `30/04/2022`, `2022-Q1`, `2022-W18`, `A..B`, `Tháng 4/2022`, `Quý I/2022`, `Năm 2022`."""
    said = folded(text)
    if found := _DAY.fullmatch(said):
        text = f"{found[3]}-{int(found[2]):02d}-{int(found[1]):02d}"
    elif found := _MONTH.fullmatch(said):
        text = f"{found[2]}-{int(found[1]):02d}"
    elif found := _QUARTER.fullmatch(said):
        text = f"{found[2]}-Q{_ROMAN.get(found[1], found[1])}"
    elif found := _YEAR.fullmatch(said):
        text = found[1]
    try:
        return clock.parse_period(text)
    except ThuocdoError:
        return None


def _text(value: object) -> str:
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()


def _land(lake: Lake, figures: list[Figure], digest: str) -> int:
    """Write the figures the lake has not; how many those are."""
    known = lake.read("declared", partitions={figure.indicator for figure in figures})
    there = {
        Figure(*(row | {"said_by": row["said_by"] or SaidBy.AGENCY.value}).values())
        for row in known.select(list(_CONTENT)).to_pylist()
    }
    new = [figure for figure in dict.fromkeys(figures) if figure not in there]
    if not new:
        return 0
    landed_at = now_us()
    columns: dict[str, Any] = {
        name: [getattr(figure, name) for figure in new] for name in Figure._fields
    } | {
        "landed_at": pa.array([landed_at] * len(new), pa.int64()).cast(INSTANT),
        "segment": [f"import:{digest}-{landed_at:x}"] * len(new),
        "event_id": list(range(len(new))),
        "feed": [Feed.IMPORT.value] * len(new),
        "trust": [Trust.VERIFIED.value] * len(new),
    }
    rows = pa.table(columns, schema=DECLARED)
    lake.append("declared", rows, app_id=f"import:{digest}", version=landed_at)
    return len(new)
