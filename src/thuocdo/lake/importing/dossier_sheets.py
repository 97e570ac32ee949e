"""Spreadsheets of dossiers, one a row, as officials keep them: each row becomes its events.

A row dates what happened (submitted, received, a result, handed over) and says how the dossier
stands. A stage that no column dates happened, as far as the row tells, when the last dated one
did; so the same row makes the same events however often it is imported. A row with anything
wrong in it gives no events at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

import duckdb

from thuocdo.core.clock import now_us
from thuocdo.core.columns import DOSSIERS
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import Snapshot
from thuocdo.core.vocabulary import RejectReason, Status
from thuocdo.lake.importing import headings, packed, tables
from thuocdo.lake.importing.dossier_months import DossierMonths
from thuocdo.lake.importing.headings import Columns, Wording
from thuocdo.lake.importing.rejects import RefusedRow, RejectBook
from thuocdo.lake.importing.source import Progress
from thuocdo.lake.importing.tables import Cell, Row, Sheet
from thuocdo.lake.importing.whole_dossiers import Record, judge_whole
from thuocdo.lake.judge_dossiers import Judge
from thuocdo.lake.store import Lake
from thuocdo.wire import rules
from thuocdo.wire.events import Unreadable

WORDING: Final = "dossier_sheet"
_ROWS_AT_ONCE: Final = 20_000
_DATED: Final[Mapping[str, Status]] = {
    "submitted_at": Status.SUBMITTED,
    "received_at": Status.RECEIVED,
    "completed_at": Status.COMPLETED,
    "returned_at": Status.RETURNED,
}
"""Date columns in the order things happen, and what happened then."""
_ENDS: Final = frozenset((Status.REJECTED, Status.WITHDRAWN, Status.STOPPED))
"""Ends that are no result: the date of an end is theirs."""
_WORDS: Final = (
    *("channel", "level", "payment", "returned_by_post", "digitised", "applicant_kind"),
    *("from_national_portal", "result_electronic", "reused"),
)
_CLOCK: Final = r"\d{1,2}[:h]\d{2}(?::\d{2})?"
_DATE: Final = re.compile(
    rf"(?:(?P<before>{_CLOCK})\s+)?(?P<day>\d{{1,2}})[/.-](?P<month>\d{{1,2}})[/.-]"
    rf"(?P<year>\d{{4}})(?:[\sT,]+(?P<after>{_CLOCK}))?",
    re.ASCII,
)
_EXCEL_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - Vietnam's, as any cell
_EXCEL_DAYS: Final = (36_526, 73_415)  # 1 January 2000 to 31 December 2100
_CODE_DIGITS: Final = 6
_EXAMPLE: Final = "vi du "
"""How the number of a template's example begins, folded."""


class Whose(NamedTuple):
    """What rows that do not name them belong to; None: every row must name its own."""

    system: str | None
    agency: str | None


def is_sheet(path: Path) -> bool:
    """Whether a file is a workbook, or a CSV file without the columns of one event a row."""
    if tables.is_workbook(path):
        return True
    if not tables.is_table(path) or not path.is_file():
        return False
    with packed.unpacked(path) as file:
        text, _ = tables.decoded(file.read(packed.LONGEST_LINE))
    first = text.partition("\n")[0]
    names = {name.strip().strip('"') for name in re.split(r"[,;\t]", first)}
    return bool(first.strip()) and len(names.intersection(DOSSIERS.required)) <= 1


def import_file(
    settings: Settings,
    lake: Lake,
    snapshot: Snapshot,
    engine: duckdb.DuckDBPyConnection,
    path: Path,
    whose: Whose,
    progress: Progress,
) -> ImportResult:
    """Import one spreadsheet. Rows are counted as the events they make.

    Raises as `tables.read`, and ThuocdoError `missing_columns`, `double_column` or `whose_dossiers`.
    """
    table = tables.read(path)
    digest = packed.digest(path)
    reading = _Reading(snapshot, settings.secret, path.name, whose)
    months = DossierMonths(settings, lake, engine, digest)
    book = RejectBook(settings, lake, path.name, digest)
    book.write(reading.rows(table.sheets, months, progress))
    accepted = months.land()
    return book.result(reading.valid, accepted, notes=(*table.notes, *reading.notes()))


class _Reading:
    """The rows of a file's sheets: events to the months, refused rows out."""

    def __init__(self, snapshot: Snapshot, secret: bytes, file: str, whose: Whose) -> None:
        self._judge = Judge(snapshot, secret, now_us())
        self._file = file
        self._whose = whose
        self._words = headings.wording(WORDING)
        self._found: list[Columns] = []
        self._strange: dict[str, int] = {}
        self._dossiers = 0
        self._skipped: list[str] = []
        self._examples = 0
        self.valid = 0

    def rows(
        self, sheets: list[Sheet], months: DossierMonths, progress: Progress
    ) -> Iterator[RefusedRow]:
        total = sum(len(sheet.rows) for sheet in sheets)
        done = 0
        for sheet in sheets:
            columns = headings.find(sheet, self._words, self._file)
            if columns is None or sheet.hidden:
                self._passed_over(sheet, columns)
                done += len(sheet.rows)
                continue
            self._check(columns)
            self._found.append(columns)
            rows = sheet.rows[columns.heading_row + 1 :]
            for first in range(0, len(rows), _ROWS_AT_ONCE):
                part = rows[first : first + _ROWS_AT_ONCE]
                yield from self._part(part, columns, months)
                done += len(part)
                progress(done, total)
        if not self._found and total:
            raise ThuocdoError(
                "missing_columns",
                f"{self._file} has no row with the headings of a table of dossiers.",
                f"{self._words.hint} Or tell events: {', '.join(DOSSIERS.required)}.",
            )

    def notes(self) -> tuple[str, ...]:
        file = self._file
        told = [f"{file}: {self._dossiers} dossiers"]
        told += [f"{file}: {said}" for said in self._skipped]
        if self._examples:
            told.append(f"{file}: the template's example was passed over")
        told += [
            f"{file}: {count} values of “{self._words.fields[name].headings[0]}” are not known"
            " and were left out"
            for name, count in sorted(self._strange.items())
        ]
        return (*told, *headings.notes(file, self._found))

    def _passed_over(self, sheet: Sheet, columns: Columns | None) -> None:
        if columns is None and not sheet.hidden and sheet.name:
            self._skipped.append(f"the sheet “{sheet.name}” holds no dossiers")
        elif columns is not None:
            self._skipped.append(f"the hidden sheet “{sheet.name}” holds dossiers and was not read")

    def _check(self, columns: Columns) -> None:
        missing = [
            name
            for name, given in self._whose._asdict().items()
            if given is None and name not in columns.places
        ]
        if missing:
            raise ThuocdoError(
                "whose_dossiers",
                f"{self._file} does not say of which {' and '.join(missing)} its dossiers are.",
                f"Write {' '.join(f'--{name} CODE' for name in missing)}.",
            )

    def _part(
        self, rows: list[Row], columns: Columns, months: DossierMonths
    ) -> Iterator[RefusedRow]:
        """Some rows; one with a refused event gives none."""
        dossiers: list[tuple[int, list[Record]]] = []
        for row in rows:
            events = self._events(row, columns)
            if isinstance(events, RefusedRow):
                yield events
            else:
                dossiers.append((row.number, events))
        whole = judge_whole(self._judge, [one for one in dossiers if one[1]])
        yield from whole.refused
        self._dossiers += whole.dossiers
        self.valid += whole.events.num_rows
        months.add(whole.events)

    def _events(self, row: Row, columns: Columns) -> list[Record] | RefusedRow:
        if row.fault:
            return RefusedRow(row.number, RejectReason.MALFORMED, row.fault, {})
        cells = {
            name: row.cells[place] if place < len(row.cells) else ""
            for name, place in columns.places.items()
        }
        if headings.folded(_text(cells["dossier"])).startswith(_EXAMPLE):
            self._examples += 1
            return []
        told = _row_events(cells, self._whose, self._words, self._strange)
        if isinstance(told, Unreadable):
            return RefusedRow(row.number, told.reason, told.detail, {})
        return told


def _row_events(
    cells: Mapping[str, Cell], whose: Whose, words: Wording, strange: dict[str, int]
) -> list[Record] | Unreadable:
    """One dossier as the records of its events."""
    status = words.word("status", _text(cells["status"]))
    if status is None:
        empty = not _text(cells["status"])
        reason = RejectReason.MISSING_FIELD if empty else RejectReason.BAD_VALUE
        return Unreadable(reason, f"status: {'empty' if empty else 'not a known word'}")
    dates: dict[str, str] = {}
    for name in (*_DATED, "due_at"):
        if (cell := cells.get(name, "")) not in ("", "-"):
            moment = moment_of(cell)
            if moment is None:
                return Unreadable(RejectReason.BAD_DATE, f"{name}: not a day such as 31/12/2026")
            dates[name] = moment
    happened = [dates[name] for name in _DATED if name in dates]
    if not happened:
        return Unreadable(RejectReason.MISSING_FIELD, "received_at: no date says when")
    record = {
        "system": _text(cells.get("system", "")) or whose.system or "",
        "agency": _text(cells.get("agency", "")) or whose.agency or "",
        "dossier": _text(cells["dossier"]),
        "procedure": _code(cells["procedure"]),
        "due_at": dates.get("due_at", ""),
        "received_at": dates.get("received_at", ""),
    }
    for name in _WORDS:
        text = _text(cells.get(name, ""))
        said = words.word(name, text) if text else None
        if said is not None:
            record[name] = said
        elif text:
            strange[name] = strange.get(name, 0) + 1
    return [
        {**record, "status": stage, "event_time": at}
        for stage, at in _stages(Status(status), dates).items()
    ]


def _stages(status: Status, dates: Mapping[str, str]) -> dict[str, str]:
    """What happened, and when."""
    stages: dict[str, str] = {}
    for name, stage in _DATED.items():
        if name not in dates or (stage is Status.COMPLETED and status in _ENDS):
            continue
        if stage is Status.RETURNED and status in _ENDS:
            continue  # the papers went back; there was no result to hand over
        stages[stage.value] = dates[name]
    if status not in stages:
        ends = ("returned_at", "completed_at") if status is Status.COMPLETED else ()
        if status in _ENDS:
            ends = ("completed_at", "returned_at")
        last = max(dates[name] for name in _DATED if name in dates)
        stages[status.value] = next((dates[name] for name in ends if name in dates), last)
    return stages


def moment_of(cell: Cell) -> str | None:
    """A date cell as `wire.rules.moment` reads it; None when it is no date.

    Text is day, month, year, a time before or after; numbers are Excel's days.
    """
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, int | float):
        return _moment_of_number(cell)
    return _moment_of_text(str(cell).strip())


def _moment_of_number(days: float) -> str | None:
    if not _EXCEL_DAYS[0] <= days <= _EXCEL_DAYS[1]:
        return None
    moment = _EXCEL_EPOCH + timedelta(seconds=round(days * 86_400))
    return moment.isoformat(timespec="seconds")


def _moment_of_text(text: str) -> str | None:
    found = _DATE.fullmatch(text)
    if not found:
        return text if isinstance(rules.moment("date", text), int) else None
    day, month, year = found["day"], found["month"], found["year"]
    clock = found["before"] or found["after"] or ""
    hour, minute, second, *_ = [int(part) for part in re.split("[:h]", clock) if part] + [0, 0, 0]
    try:
        moment = datetime(int(year), int(month), int(day), hour, minute, second)  # noqa: DTZ001
    except ValueError:
        return None
    return moment.isoformat() if clock else moment.date().isoformat()


def _text(cell: Cell) -> str:
    """A cell as text; a number that stands for a name has no decimals."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _code(cell: Cell) -> str:
    """A procedure's code; 1.004194 typed as a number has lost its closing zeros."""
    if isinstance(cell, float) and not cell.is_integer():
        return f"{cell:.{_CODE_DIGITS}f}"
    return _text(cell)
