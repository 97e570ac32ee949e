"""Dossiers pulled from an OpenCPS server, page by page, and a cursor that outlives a kill.

The server lists the last changed first, so a later pull stops where it meets what the last one
saw. A list that turns out not to be in that order is read to its end. The cursor moves only after
what it stands for is in the lake; what is read twice is recognised and changes nothing.
"""

from __future__ import annotations

import hashlib
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import duckdb
import msgspec

from thuocdo.core import files
from thuocdo.core.clock import now_us
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import Snapshot
from thuocdo.lake.importing import opencps
from thuocdo.lake.importing.dossier_months import DossierMonths
from thuocdo.lake.importing.opencps import Dossier
from thuocdo.lake.importing.opencps_client import Client
from thuocdo.lake.importing.rejects import RejectBook
from thuocdo.lake.importing.source import Progress
from thuocdo.lake.importing.whole_dossiers import judge_whole
from thuocdo.lake.judge_dossiers import Judge
from thuocdo.lake.store import Lake

PAGE: Final = 200
_LANDED_AT_ONCE: Final = 5_000
_DRAFT: Final = "draft_or_folder"


class Place(NamedTuple):
    """Whose dossiers a server's are, and under which name its cursor stands."""

    url: str
    group: str | None
    system: str
    agency: str

    def cursor_path(self, settings: Settings) -> Path:
        name = hashlib.blake2b("\x00".join(map(str, self)).encode(), digest_size=8).hexdigest()
        return settings.state_dir / "opencps" / f"{name}.json"


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a server has been read.

    since   µs UTC: changes up to here are in the lake
    newest  of the pull under way: the latest change it has seen
    next    of the pull under way: the place of its next dossier
    """

    since: int | None = None
    newest: int | None = None
    next: int = 0


def read_cursor(path: Path) -> Cursor:
    return msgspec.json.decode(path.read_bytes(), type=Cursor) if path.exists() else Cursor()


def _write_cursor(path: Path, cursor: Cursor) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    files.replace(path, msgspec.json.encode(cursor))


def pull(
    settings: Settings,
    lake: Lake,
    snapshot: Snapshot,
    engine: duckdb.DuckDBPyConnection,
    client: Client,
    place: Place,
    since: int | None,
    progress: Progress,
) -> ImportResult:
    """Bring what changed. Rows are counted as the events dossiers make.

    since  µs UTC: read no further back than this, whatever the cursor says
    Raises what `Client.page` raises; what was landed by then stays, and the cursor knows.
    """
    return _Pull(settings, lake, snapshot, engine, client, place, progress).run(since)


class _Pull:
    def __init__(
        self,
        settings: Settings,
        lake: Lake,
        snapshot: Snapshot,
        engine: duckdb.DuckDBPyConnection,
        client: Client,
        place: Place,
        progress: Progress,
    ) -> None:
        self._settings = settings
        self._lake = lake
        self._engine = engine
        self._client = client
        self._place = place
        self._progress = progress
        self._judge = Judge(snapshot, settings.secret, now_us())
        self._path = place.cursor_path(settings)
        self._waiting: list[tuple[int, Dossier]] = []
        self._drafts = self._dossiers = self._valid = self._accepted = 0
        self._rejected: dict[str, int] = {}
        self._books: list[Path] = []

    def run(self, since: int | None) -> ImportResult:
        cursor = read_cursor(self._path)
        resumed = cursor.next
        until = cursor.since if since is None else since
        # A dossier that was changed meanwhile has gone to the front and pushed the others back;
        # one that was deleted has drawn them forward, by less than a page.
        place = max(cursor.next - PAGE, 0)
        newest, last = cursor.newest, None
        ordered = True
        while page := self._client.page(place, place + PAGE):
            if not page.data:
                break
            changes = [one.modified for one in page.data if one.modified is not None]
            newest = max(changes, default=None) if newest is None else newest
            ordered = ordered and _falls([*([] if last is None else [last]), *changes])
            last = changes[-1] if changes else last
            wanted = [
                one
                for one in page.data
                if until is None or one.modified is None or one.modified >= until
            ]
            self._waiting += [(place + number, one) for number, one in enumerate(wanted, 1)]
            place += len(page.data)
            self._progress(place, max(page.total or 0, place))
            if len(self._waiting) >= _LANDED_AT_ONCE:
                self._land()
                _write_cursor(self._path, Cursor(cursor.since, newest, place))
            if ordered and until is not None and changes and min(changes) < until:
                break
            if page.total is not None and place >= page.total:
                break
        self._land()
        _write_cursor(self._path, Cursor(newest if newest is not None else cursor.since))
        return self._result(resumed)

    def _land(self) -> None:
        """Take what waits into the lake."""
        if not self._waiting:
            return
        real = [(number, one) for number, one in self._waiting if not one.is_draft]
        self._drafts += len(self._waiting) - len(real)
        told = [
            (number, opencps.events(one, self._place.system, self._place.agency))
            for number, one in real
        ]
        digest = hashlib.blake2b(msgspec.json.encode(told), digest_size=8).hexdigest()
        whole = judge_whole(self._judge, told)
        book = RejectBook(self._settings, self._lake, "opencps", digest)
        book.write(whole.refused)
        months = DossierMonths(self._settings, self._lake, self._engine, digest)
        months.add(whole.events)
        self._accepted += months.land()
        self._valid += whole.events.num_rows
        self._dossiers += whole.dossiers
        for reason, count in book.counts.items():
            self._rejected[reason] = self._rejected.get(reason, 0) + count
        if book.path:
            self._books.append(book.path)
        self._waiting.clear()

    def _result(self, resumed: int) -> ImportResult:
        notes = [f"{self._dossiers} dossiers"]
        if resumed:
            notes.append(f"went on from dossier {resumed}, where the last pull was stopped")
        notes += [f"refused rows with reasons: {book}" for book in self._books[1:]]
        return ImportResult(
            rows=self._valid + sum(self._rejected.values()),
            accepted=self._accepted,
            duplicates=self._valid - self._accepted,
            rejected=self._rejected,
            rejects_file=self._books[0] if self._books else None,
            left_out={_DRAFT: self._drafts} if self._drafts else {},
            notes=tuple(notes),
        )


def _falls(changes: list[int]) -> bool:
    return all(first >= second for first, second in pairwise(changes))
