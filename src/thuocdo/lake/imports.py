"""Imports of raw events from files (DESIGN.md §6.4): the same file twice changes nothing.

What a file holds is recognised by content, so an import that was killed, or overlaps another,
is simply run again. One import at a time: a lock file in the state folder sees to it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb

from thuocdo.core import columns
from thuocdo.core import snapshot as snapshot_file
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import Snapshot
from thuocdo.lake.importing import (
    access_logs,
    declared,
    dossier_sheets,
    dossiers,
    matomo,
    matomo_tables,
    opencps_pull,
    page_views,
)
from thuocdo.lake.importing.access_logs import LogOptions
from thuocdo.lake.importing.dossier_sheets import Whose
from thuocdo.lake.importing.matomo import MatomoSites
from thuocdo.lake.importing.opencps_client import Client
from thuocdo.lake.importing.opencps_pull import Place
from thuocdo.lake.importing.source import MACROS, Progress, opened
from thuocdo.lake.locks import held
from thuocdo.lake.store import Lake

_MEMORY: Final = "1800MB"
_PARTITION_BUFFER_ROWS: Final = 16_384


def import_page_views(
    settings: Settings, lake: Lake, paths: Sequence[Path], progress: Progress
) -> ImportResult:
    """Page views: `core.columns.PAGE_VIEWS`.

    Raises ThuocdoError `no_file`, `not_a_file`, `unknown_format`, `missing_columns`,
    `unreadable_file`, `not_initialised` or `busy`.
    """

    def one(snapshot: Snapshot, path: Path, folder: Path) -> ImportResult:
        with _engine(folder) as engine, opened(engine, path, folder, columns.PAGE_VIEWS) as source:
            return page_views.import_file(settings, lake, snapshot, source, folder, progress)

    return _each(settings, paths, one)


def import_dossiers(
    settings: Settings,
    lake: Lake,
    paths: Sequence[Path],
    progress: Progress,
    whose: Whose = Whose(None, None),  # noqa: B008 - an immutable pair
) -> ImportResult:
    """Dossiers: events, one a row (`core.columns.DOSSIERS`), or spreadsheets, one dossier a row
    (`importing/dossier_sheets.py`).

    whose  the system and agency of spreadsheet rows that name none
    Raises as `import_page_views`, and what `dossier_sheets.import_file` raises.
    """

    def one(snapshot: Snapshot, path: Path, folder: Path) -> ImportResult:
        with _engine(folder) as engine:
            if dossier_sheets.is_sheet(path):
                return dossier_sheets.import_file(
                    settings, lake, snapshot, engine, path, whose, progress
                )
            with opened(engine, path, folder, columns.DOSSIERS) as source:
                return dossiers.import_file(settings, lake, snapshot, source, progress)

    return _each(settings, paths, one)


def import_access_logs(
    settings: Settings,
    lake: Lake,
    paths: Sequence[Path],
    progress: Progress,
    options: LogOptions,
) -> ImportResult:
    """Page loads and downloads from access logs (`importing/access_logs.py`).

    Raises as `import_page_views`, and `unknown_site` or `no_hosts`.
    """

    def one(snapshot: Snapshot, path: Path, folder: Path) -> ImportResult:
        with _engine(folder) as engine:
            return access_logs.import_file(
                settings, lake, snapshot, engine, path, folder, options, progress
            )

    return _each(settings, paths, one)


def import_matomo(
    settings: Settings,
    lake: Lake,
    paths: Sequence[Path],
    progress: Progress,
    sites: MatomoSites,
) -> ImportResult:
    """Visits exported from Matomo, or its raw tables given together (`importing/matomo.py`).

    Raises as `import_page_views`, and `unknown_site`, `too_large` or `missing_tables`.
    """
    found = matomo_tables.tables_of(paths)

    def one(snapshot: Snapshot, path: Path, folder: Path) -> ImportResult:
        with _engine(folder) as engine:
            if found:
                return matomo.import_tables(
                    settings, lake, snapshot, engine, found, folder, sites, progress
                )
            return matomo.import_visits(
                settings, lake, snapshot, engine, path, folder, sites, progress
            )

    return _each(settings, paths[:1] if found else paths, one)


def import_declared(
    settings: Settings,
    lake: Lake,
    paths: Sequence[Path],
    progress: Progress,
    indicators: Collection[str],
    allowed: declared.Allowed | None = None,
) -> ImportResult:
    """Figures agencies report about themselves: `core.columns.DECLARED`.

    indicators  the codes there are
    allowed     which figures whoever hands the files over may state; None: any
    Raises as `import_page_views`, and what `tables.read` raises.
    """

    def one(snapshot: Snapshot, path: Path, folder: Path) -> ImportResult:
        with _engine(folder) as engine:
            return declared.import_file(
                settings, lake, snapshot, engine, path, folder, indicators, progress, allowed
            )

    return _each(settings, paths, one)


def pull_opencps(
    settings: Settings,
    lake: Lake,
    client: Client,
    place: Place,
    progress: Progress,
    since: int | None = None,
) -> ImportResult:
    """Dossiers an OpenCPS server has changed since the last pull (`importing/opencps_pull.py`).

    Raises ThuocdoError `not_initialised`, `busy`, or what `Client.page` raises.
    """
    settings.require_initialised()
    snapshot = snapshot_file.read(settings.snapshot_path)
    with (
        held(settings.state_dir / "import.lock", "import"),
        _scratch(settings) as scratch,
        _engine(scratch) as engine,
    ):
        return opencps_pull.pull(settings, lake, snapshot, engine, client, place, since, progress)


def _each(
    settings: Settings,
    paths: Sequence[Path],
    one: Callable[[Snapshot, Path, Path], ImportResult],
) -> ImportResult:
    """Every file by `one`, which gets a scratch folder; one import at a time."""
    settings.require_initialised()
    snapshot = snapshot_file.read(settings.snapshot_path)
    results = []
    with held(settings.state_dir / "import.lock", "import"), _scratch(settings) as scratch:
        for place, path in enumerate(paths):
            folder = scratch / str(place)
            folder.mkdir()
            results.append(one(snapshot, path, folder))
            shutil.rmtree(folder)
    return _together(results)


def _together(results: Sequence[ImportResult]) -> ImportResult:
    rejected: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    for result in results:
        rejected.update(result.rejected)
        left_out.update(result.left_out)
    books = [result.rejects_file for result in results if result.rejects_file]
    notes = [note for result in results for note in result.notes]
    return ImportResult(
        rows=sum(result.rows for result in results),
        accepted=sum(result.accepted for result in results),
        duplicates=sum(result.duplicates for result in results),
        rejected=dict(rejected),
        rejects_file=books[0] if books else None,
        left_out=dict(left_out),
        notes=(*notes, *(f"refused rows with reasons: {book}" for book in books[1:])),
    )


@contextmanager
def _scratch(settings: Settings) -> Iterator[Path]:
    """A folder of our own; what a killed import left behind goes first."""
    parent = settings.state_dir / "imports"
    shutil.rmtree(parent, ignore_errors=True)
    parent.mkdir(mode=0o700, parents=True)
    try:
        yield Path(tempfile.mkdtemp(dir=parent))
    finally:
        shutil.rmtree(parent, ignore_errors=True)


@contextmanager
def _engine(scratch: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        engine.execute(f"SET memory_limit = '{_MEMORY}'")
        engine.execute(f"SET temp_directory = '{scratch / 'spill'}'")
        engine.execute(f"SET threads = {os.cpu_count() or 1}")
        engine.execute(f"SET partitioned_write_flush_threshold = {_PARTITION_BUFFER_ROWS}")
        engine.execute(MACROS)
        yield engine
