"""Drafts on disk: `<home>/reports/<week>/`, the frozen JSON and the formats printed from it.

What the public reads lies elsewhere (report/desk). The JSON is the report; every other file can be printed again from it. Files appear whole or not
at all. A report that is made again with other figures does not wipe out the one before: its JSON
stays beside, named by its digest, because somebody may hold the printed copy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

import msgspec

from thuocdo.core import files
from thuocdo.core.clock import parse_week
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.report.model import WeeklyReport, freeze, thaw
from thuocdo.report.render import Format, render

_DIGEST_LETTERS = 12


def file_name(week: str, form: Format) -> str:
    """`2022-W18.json`; the others as offices name them: `bao-cao-tuan-18-2022.docx`."""
    if form is Format.JSON:
        return f"{week}.json"
    year, _, number = week.partition("-W")
    return f"bao-cao-tuan-{number}-{year}.{form}"


def put_aside(week: str, digest: str) -> str:
    """What the JSON of an earlier draft is called. digest: SHA-256, hex."""
    return f"{week}.{digest[:_DIGEST_LETTERS]}.json"


def save(report: WeeklyReport, settings: Settings, formats: Collection[Format] = ()) -> list[Path]:
    """Keep a report and print it in the formats asked for; the frozen JSON comes first, always."""
    folder = settings.reports_dir / report.week
    folder.mkdir(parents=True, exist_ok=True)
    _keep_other(folder / file_name(report.week, Format.JSON), freeze(report))
    wanted = [
        Format.JSON,
        *(form for form in Format if form in formats and form is not Format.JSON),
    ]
    return write(report, folder, wanted)


def write(report: WeeklyReport, folder: Path, formats: Collection[Format]) -> list[Path]:
    """Print a report into any folder, in the order of `formats`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for form in formats:
        path = folder / file_name(report.week, form)
        files.renew(path, render(report, form))
        paths.append(path)
    return paths


def load(settings: Settings, week: str) -> WeeklyReport:
    """The report kept for a week. Raises ThuocdoError `bad_week`, `no_report`."""
    parse_week(week)
    path = settings.reports_dir / week / file_name(week, Format.JSON)
    try:
        return thaw(path.read_bytes())
    except FileNotFoundError:
        raise ThuocdoError(
            "no_report",
            f"There is no report of {week}.",
            f"Make it with `thuocdo report weekly {week}`.",
        ) from None


def read(path: Path) -> WeeklyReport:
    """The report of a frozen JSON anywhere. Raises ThuocdoError `not_a_report`."""
    try:
        return thaw(path.read_bytes())
    except msgspec.DecodeError as problem:
        raise ThuocdoError(
            "not_a_report",
            f"{path.name} is no frozen report: {problem}.",
            "Give the JSON that was published with the report.",
        ) from None


def _keep_other(path: Path, frozen: bytes) -> None:
    """Put an earlier, different report aside under its digest."""
    if path.exists() and (before := path.read_bytes()) != frozen:
        digest = hashlib.sha256(before).hexdigest()
        files.renew(path.with_name(put_aside(path.stem, digest)), before)
