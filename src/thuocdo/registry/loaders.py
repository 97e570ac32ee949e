"""Imports of agencies, sites and services from files (DESIGN.md §6.4).

Each import is one transaction: all its good records or, when the file itself cannot be read,
none. Refused records are written with their reasons to `<home>/rejects`. A second run of the
same files finds every row as it is and changes nothing. What changed goes out at once: to the
lake, with the time it became known, and to the collector's snapshot (`registry/publish.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from django.db import transaction

from thuocdo.core import columns
from thuocdo.core.clock import now_us
from thuocdo.core.console import operator
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings
from thuocdo.core.vocabulary import RejectReason
from thuocdo.lake.importing import headings
from thuocdo.lake.importing.headings import Wording
from thuocdo.registry import rows, trail
from thuocdo.registry.files import Record, records
from thuocdo.registry.files import columns as columns_of
from thuocdo.registry.models import Agency, Change, Dated, Service, Site
from thuocdo.registry.publish import publish
from thuocdo.registry.rows import Fields, Known, RefusedError
from thuocdo.registry.systems import SystemsOfSites
from thuocdo.registry.upsert import Upsert

Progress = Callable[[int, int | None], None]
"""Called with records done so far and the total, None because a stream does not know it."""

_PROGRESS_EVERY = 500


class Kind(NamedTuple):
    """What one sort of file is made of."""

    model: type[Dated]
    required: tuple[str, ...]
    read: Callable[[Fields, Known], Fields]
    words: Wording | None = None


_AGENCIES = Kind(Agency, columns.AGENCIES.required, rows.agency_fields)
_SITES = Kind(Site, columns.SITES.required, rows.site_fields)
_SERVICES = Kind(
    Service, columns.SERVICES.required, rows.service_fields, headings.wording("service_sheet")
)


def import_agencies(settings: Settings, paths: Sequence[Path], progress: Progress) -> ImportResult:
    """`core.columns.AGENCIES`.

    Raises ThuocdoError `no_such_file`, `bad_format`, `bad_file` or `missing_columns`.
    """
    return _import(settings, _AGENCIES, paths, progress)


def import_sites(settings: Settings, paths: Sequence[Path], progress: Progress) -> ImportResult:
    """`core.columns.SITES`; makes missing systems.

    Several host names are separated by spaces, commas or semicolons. Raises as import_agencies.
    """
    return _import(settings, _SITES, paths, progress)


def import_services(
    settings: Settings,
    paths: Sequence[Path],
    progress: Progress,
    agency: str | None = None,
) -> ImportResult:
    """`core.columns.SERVICES`, or the catalogue file a portal hands over (`core.columns.CATALOGUE`).

    Levels may be the legacy 1 to 4. A service whose level changes comes as a further row with a
    later `valid_from`; on a day the latest row that covers it holds.

    agency  whose a catalogue file is: it names none
    Raises as import_agencies, and ThuocdoError `agency_needed`.
    """
    kinds = [kind_of_services(path, agency) for path in paths]
    return _import(settings, _SERVICES, paths, progress, kinds)


def kind_of_services(path: Path, agency: str | None) -> Kind:
    """What a file of services is made of. Raises ThuocdoError `agency_needed` and as `tables.read`."""
    if set(columns.CATALOGUE.required).issubset(columns_of(path)):
        return _catalogue(path, agency)
    return _SERVICES


def _catalogue(path: Path, agency: str | None) -> Kind:
    if agency is None:
        raise ThuocdoError(
            "agency_needed",
            f"{path.name} is a portal's catalogue and does not say whose.",
            "Write --agency CODE.",
        )

    def read(values: Fields, known: Known) -> Fields:
        return rows.service_fields(rows.catalogued(values, agency), known)

    return Kind(Service, columns.CATALOGUE.required, read)


def _import(
    settings: Settings,
    kind: Kind,
    paths: Sequence[Path],
    progress: Progress,
    kinds: Sequence[Kind] = (),
) -> ImportResult:
    """kinds  of each file, where they differ"""
    files = list(zip(paths, kinds or [kind] * len(paths), strict=True))
    told: list[str] = []
    with _Rejects(settings, kind.model) as rejects, transaction.atomic():
        total, accepted = _take(kind, _records(files, told), progress, rejects)
        result = ImportResult(
            rows=total,
            accepted=accepted,
            duplicates=total - accepted - rejects.counts.total(),
            rejected=dict(rejects.counts),
            rejects_file=rejects.path,
            notes=tuple(told),
        )
        if accepted:
            _leave_trace(kind.model, paths, result)
    publish(settings)
    return result


def _take(
    kind: Kind,
    found: Iterable[tuple[Kind, Record]],
    progress: Progress,
    rejects: _Rejects,
) -> tuple[int, int]:
    """(records read, rows new or changed)."""
    known = rows.knows(frozenset(Agency.objects.values_list("code", flat=True)))
    upsert, systems = Upsert(kind.model), SystemsOfSites()
    total = accepted = 0
    for form, record in found:
        total += 1
        if total % _PROGRESS_EVERY == 0:
            progress(total, None)
        try:
            fields = fields_of(form, record, known)
            accepted += _put(upsert, systems.attach(fields) if kind.model is Site else fields)
        except RefusedError as refused:
            rejects.add(record, refused)
    upsert.save()
    systems.save()
    progress(total, total)
    return total, accepted


def _records(files: Iterable[tuple[Path, Kind]], told: list[str]) -> Iterator[tuple[Kind, Record]]:
    for path, form in files:
        for record in records([path], form.required, told, words=form.words):
            yield form, record


def _put(upsert: Upsert, fields: Fields) -> bool:
    """Whether the row is new or changed."""
    verdict = upsert.put(fields)
    if verdict == "conflict":
        raise RefusedError(RejectReason.BAD_VALUE, "the same key came before with other contents")
    return verdict != "same"


def fields_of(kind: Kind, record: Record, known: Known) -> Fields:
    """The fields of one record. Raises RefusedError."""
    if record.values is None:
        raise RefusedError(RejectReason.MALFORMED, "the record cannot be read")
    for column in kind.required:
        if column not in record.values:
            raise RefusedError(RejectReason.MISSING_FIELD, f"{column} is missing", column)
    return kind.read(record.values, known)


class _Rejects:
    """The file of refused records: made at the first one, one JSON object a line."""

    def __init__(self, settings: Settings, model: type[Dated]) -> None:
        self._path = settings.rejects_dir / f"{model._meta.model_name}-{now_us()}.ndjson"
        self._file: Any = None
        self.counts: Counter[str] = Counter()

    @property
    def path(self) -> Path | None:
        return self._path if self.counts else None

    def add(self, record: Record, refused: RefusedError) -> None:
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("wb")
        self.counts[refused.reason.value] += 1
        line = {
            "file": record.file,
            "record": record.number,
            "line": record.line,
            "reason": refused.reason.value,
            "detail": refused.detail,
            "values": record.values if record.values is not None else record.raw,
        }
        self._file.write(msgspec.json.encode(line) + b"\n")

    def __enter__(self) -> _Rejects:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._file is not None:
            self._file.close()


def _leave_trace(model: type[Dated], paths: Iterable[Path], result: ImportResult) -> None:
    """One line of the audit trail for the whole import."""
    trail.record(
        Change.Action.IMPORT,
        model._meta.model_name,
        who=operator(),
        key=", ".join(path.name for path in paths),
        after={
            "rows": result.rows,
            "accepted": result.accepted,
            "duplicates": result.duplicates,
            "rejected": result.rejected,
        },
    )
