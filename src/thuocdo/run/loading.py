"""Load a set of simulated or delivered files in the order that their references need."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Protocol
from urllib.parse import urlencode

import msgspec
import pyarrow.compute as pc
import pyarrow.dataset as ds

from thuocdo.core.clock import from_datetime
from thuocdo.core.files import sync
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings
from thuocdo.core.vocabulary import Trust
from thuocdo.wal.writer import Writer
from thuocdo.wire.events import Hit


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
    @property
    def steps(self) -> Path | None:
        """For `send_steps`; `load` leaves them alone."""


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
_NAME_DIGITS: Final = 16  # as of every writer's folder (wal/folder.py)


def send_steps(settings: Settings, steps: Path, *, since: datetime | None = None) -> int:
    """Put simulated `trackDVC` calls (simulate/country_steps.py) into the log that the collector writes.

    There is no import of them, because only browsers make them. Each becomes the hit a tracker would
    have sent at that moment; landing does the rest. They come as a writer's folder named by what is
    in it, whole or not at all, so a second time changes nothing. Returns how many were sent.

    since  only calls from this instant on
    """
    folder = settings.wal_dir / sha256(steps.read_bytes()).hexdigest()[:_NAME_DIGITS]
    if folder.exists():
        return 0
    with TemporaryDirectory(dir=settings.home, prefix=".steps-") as making:
        number = asyncio.run(_write(Path(making), steps, since))
        for made in Path(making).iterdir():
            settings.wal_dir.mkdir(parents=True, exist_ok=True)
            made.rename(folder)
            sync(settings.wal_dir)
    return number


async def _write(wal_dir: Path, steps: Path, since: datetime | None) -> int:
    """Write the calls as one writer's folder; how many."""
    wanted = None if since is None else pc.field("event_time") >= since
    log = Writer(wal_dir)
    number = 0
    try:
        calls = ds.dataset(steps).scanner(filter=wanted, batch_size=_STEPS_AT_ONCE)
        for batch in calls.to_batches():
            rows = batch.to_pylist()
            await log.append_many([_hit(row, n) for n, row in enumerate(rows, number)])
            number += len(rows)
    finally:
        await log.close()
    return number


def _hit(row: dict[str, Any], number: int) -> bytes:
    """One call as the collector writes it to its log."""
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
    return msgspec.msgpack.encode(
        Hit(
            received=from_datetime(row["event_time"]),
            address="",
            agent=row["user_agent"],
            referrer="",
            query=query.encode(),
            body=b"",
            content_type="",
            trust=Trust.UNVERIFIED,
        )
    )
