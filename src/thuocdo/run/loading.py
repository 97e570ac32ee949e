"""Load a set of simulated or delivered files in the order that their references need."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlencode

import msgspec
import pyarrow.parquet as pq

from thuocdo.core.clock import from_datetime
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings


class FileSet(Protocol):
    """Files in the import formats of DESIGN.md §6.4."""

    @property
    def agencies(self) -> Path: ...
    @property
    def sites(self) -> Path: ...
    @property
    def services(self) -> Path: ...
    @property
    def dossiers(self) -> Sequence[Path]: ...
    @property
    def page_views(self) -> Sequence[Path]: ...


def load(settings: Settings, files: FileSet) -> Iterator[tuple[str, ImportResult]]:
    """Import agencies, sites, services, dossiers and page views; yields what each import said."""
    from thuocdo.lake import imports
    from thuocdo.lake.store import Lake
    from thuocdo.registry.setup import setup_django

    setup_django()
    from thuocdo.registry import loaders

    quiet: Callable[[int, int | None], None] = lambda _done, _total: None  # noqa: E731
    yield "agencies", loaders.import_agencies(settings, [files.agencies], quiet)
    yield "sites", loaders.import_sites(settings, [files.sites], quiet)
    yield "services", loaders.import_services(settings, [files.services], quiet)
    lake = Lake.open(settings)
    yield "dossiers", imports.import_dossiers(settings, lake, list(files.dossiers), quiet)
    yield "page views", imports.import_page_views(settings, lake, list(files.page_views), quiet)


_STEPS_AT_ONCE: Final = 20_000


def send_steps(settings: Settings, steps: Path) -> int:
    """Put simulated `trackDVC` calls (simulate/country_steps.py) into the log that the collector writes.

    There is no import of them, because only browsers make them. Each becomes the hit a tracker would
    have sent at that moment; landing does the rest. Returns how many.
    """
    return asyncio.run(_send(settings, steps))


async def _send(settings: Settings, steps: Path) -> int:
    from thuocdo.core.vocabulary import Trust
    from thuocdo.wal.writer import Writer
    from thuocdo.wire.events import Hit

    log = Writer(settings.wal_dir)
    number = 0
    try:
        for batch in pq.ParquetFile(steps).iter_batches(_STEPS_AT_ONCE):
            records = []
            for row in batch.to_pylist():
                number += 1
                query = urlencode(
                    {
                        "idsite": row["site_id"],
                        "rec": 1,
                        "r": number,
                        "url": row["url"],
                        "_id": row["visitor"],
                        "dvc": row["procedure"],
                        "dvc_state": row["state"],
                    }
                )
                hit = Hit(
                    received=from_datetime(row["event_time"]),
                    address="",
                    agent=row["user_agent"],
                    referrer="",
                    query=query.encode(),
                    body=b"",
                    content_type="",
                    trust=Trust.UNVERIFIED,
                )
                records.append(msgspec.msgpack.encode(hit))
            await log.append_many(records)
    finally:
        await log.close()
    return number
