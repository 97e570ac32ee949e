"""Imports of raw events from files (DESIGN.md §6.4): the same file twice changes nothing.

What a file holds is recognised by content, so an import that was killed, or overlaps another,
is simply run again. One import at a time: a lock file in the state folder sees to it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

import duckdb

from thuocdo.core import columns
from thuocdo.core import snapshot as snapshot_file
from thuocdo.core.columns import Columns
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import Snapshot
from thuocdo.lake.importing import dossiers, page_views
from thuocdo.lake.importing.source import MACROS, Progress, Source, opened
from thuocdo.lake.locks import held
from thuocdo.lake.store import Lake

_MEMORY: Final = "1800MB"
_PARTITION_BUFFER_ROWS: Final = 16_384


class _ImportFile(Protocol):
    def __call__(
        self,
        settings: Settings,
        lake: Lake,
        snapshot: Snapshot,
        source: Source,
        scratch: Path,
        progress: Progress,
    ) -> ImportResult: ...


def import_page_views(
    settings: Settings, lake: Lake, paths: Sequence[Path], progress: Progress
) -> ImportResult:
    """Page views: `core.columns.PAGE_VIEWS`.

    Raises ThuocdoError `no_file`, `unknown_format`, `missing_columns`, `unreadable_file`,
    `not_initialised` or `busy`.
    """
    return _import(
        settings, lake, paths, progress, page_views.import_file,
        columns.PAGE_VIEWS,
    )  # fmt: skip


def import_dossiers(
    settings: Settings, lake: Lake, paths: Sequence[Path], progress: Progress
) -> ImportResult:
    """Dossier events, one a row: `core.columns.DOSSIERS`. Raises as `import_page_views`."""
    return _import(
        settings, lake, paths, progress, dossiers.import_file,
        columns.DOSSIERS,
    )  # fmt: skip


def _import(
    settings: Settings,
    lake: Lake,
    paths: Sequence[Path],
    progress: Progress,
    import_file: _ImportFile,
    known: Columns,
) -> ImportResult:
    settings.require_initialised()
    snapshot = snapshot_file.read(settings.snapshot_path)
    results = []
    with held(settings.state_dir / "import.lock", "import"), _scratch(settings) as scratch:
        for place, path in enumerate(paths):
            folder = scratch / str(place)
            folder.mkdir()
            with (
                _engine(folder) as engine,
                opened(engine, path, folder, known) as source,
            ):
                results.append(import_file(settings, lake, snapshot, source, folder, progress))
            shutil.rmtree(folder)
    return _together(results)


def _together(results: Iterable[ImportResult]) -> ImportResult:
    every = list(results)
    rejected: Counter[str] = Counter()
    for result in every:
        rejected.update(result.rejected)
    return ImportResult(
        rows=sum(result.rows for result in every),
        accepted=sum(result.accepted for result in every),
        duplicates=sum(result.duplicates for result in every),
        rejected=dict(rejected),
        rejects_file=next((r.rejects_file for r in every if r.rejects_file), None),
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
