"""Landing: sealed WAL segments become rows of the lake, each record exactly once.

A batch of segments is fixed by a plan on disk, with the registry's snapshot it is judged by, before
the first table is written. Every table is committed with the number of the batch's last segment of
each writer. So whenever the lander dies, the next one takes up the same batch under the same
snapshot, skips the tables that have it, and comes to the same rows. Only then do the segments go.
"""

from __future__ import annotations

import gc
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final

import msgspec
import structlog

from thuocdo.core import files
from thuocdo.core import snapshot as snapshot_file
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import Snapshot
from thuocdo.lake.homes import Homes
from thuocdo.lake.landing_reader import Reader
from thuocdo.lake.landing_rows import TABLES, Batch
from thuocdo.lake.locks import held
from thuocdo.lake.networks import Watched
from thuocdo.lake.replays import Replays
from thuocdo.lake.store import Lake
from thuocdo.wal import reader as wal
from thuocdo.wal.reader import Segment

_BATCH_BYTES: Final = 32 << 20
"""Segments taken at once: some hundred thousand hits, a few hundred megabytes while they are read."""

_log = structlog.get_logger("thuocdo.lake")


class Landed(msgspec.Struct, frozen=True):
    """What one pass did. `rows` by table (rejects too), `rejects` by reason."""

    rows: dict[str, int] = {}
    rejects: dict[str, int] = {}
    segments: int = 0
    seconds: float = 0.0


class _Plan(msgspec.Struct, frozen=True):
    """The segments of a batch under way: (writer, number)."""

    segments: tuple[tuple[str, int], ...]


class Lander:
    """Takes what the collectors wrote into the lake. One works at a time; a second waits."""

    def __init__(self, settings: Settings, lake: Lake) -> None:
        self._settings = settings
        self._lake = lake
        self._reader = Reader(settings.secret)
        self._replays = Replays(settings.state_dir)
        self._networks = Watched(settings)
        self._plan_path = settings.state_dir / "landing.plan"
        self._plan_snapshot = settings.state_dir / "landing.snapshot"
        self._snapshot: tuple[tuple[int, int], Snapshot] | None = None

    def land_once(self) -> Landed:
        """Land every segment that is sealed now, those of dead writers included.

        Raises ThuocdoError `not_initialised`, or `busy` when another lander does not end.
        """
        self._settings.require_initialised()
        started = time.monotonic()
        rows: Counter[str] = Counter()
        rejects: Counter[str] = Counter()
        count = 0
        with (
            held(self._settings.state_dir / "landing.lock", "landing"),
            closing(Homes.ready(self._settings, self._lake)) as homes,
        ):
            self._reader.networks = self._networks.now()
            for segments in self._batches():
                landed, refused = self._land(segments, homes)
                rows.update(landed)
                rejects.update(refused)
                count += len(segments)
            wal.forget_damaged(self._settings.wal_dir)
        return Landed(dict(rows), dict(rejects), count, time.monotonic() - started)

    def _batches(self) -> Iterator[list[Segment]]:
        """The batch a dead lander left, then what is sealed, in bounded pieces."""
        unfinished = self._unfinished()
        if unfinished:
            yield unfinished
        wal.recover(self._settings.wal_dir)
        batch: list[Segment] = []
        size = 0
        for segment in wal.sealed(self._settings.wal_dir):
            length = segment.path.stat().st_size
            if batch and size + length > _BATCH_BYTES:
                self._write_plan(batch)
                yield batch
                batch, size = [], 0
            batch.append(segment)
            size += length
        if batch:
            self._write_plan(batch)
            yield batch

    def _land(self, segments: list[Segment], homes: Homes) -> tuple[Counter[str], Counter[str]]:
        """Write one planned batch, remove its segments and its plan."""
        batch = Batch(self._reader, self._planned_snapshot())
        newer = {table: self._missing(table, segments) for table in TABLES}
        with _without_collector():
            for segment in segments:
                wanted = [table for table in TABLES if segment in newer[table]]
                if wanted:
                    batch.add(_name(segment), wal.packed(segment.path), wanted)
        rows: Counter[str] = Counter()
        for table, made in batch.tables(homes, self._replays).items():
            if self._lake.commit(table, made, _last_numbers(newer[table])):
                rows[table] += made.num_rows
        wal.remove(segments)
        self._replays.tidy(map(_name, wal.sealed(self._settings.wal_dir)))
        self._plan_path.unlink(missing_ok=True)
        return rows, batch.rejected()

    def _missing(self, table: str, segments: Sequence[Segment]) -> list[Segment]:
        """Those segments a table does not have yet."""
        writers = {segment.writer for segment in segments}
        there = {name: self._lake.landed_version(table, _app_id(name)) for name in writers}
        return [segment for segment in segments if segment.number > there[segment.writer]]

    def _write_plan(self, segments: Sequence[Segment]) -> None:
        """Fix the batch: the snapshot first, the list second, each in one step and durably."""
        source = self._settings.snapshot_path
        if not (self._plan_snapshot.exists() and self._plan_snapshot.samefile(source)):
            linked = self._plan_snapshot.with_suffix(".snapshot-fresh")
            linked.unlink(missing_ok=True)
            linked.hardlink_to(source)  # the registry replaces its file, it never rewrites it
            linked.replace(self._plan_snapshot)
        plan = _Plan(tuple((segment.writer, segment.number) for segment in segments))
        files.replace(self._plan_path, msgspec.msgpack.encode(plan))

    def _unfinished(self) -> list[Segment]:
        """What is left of the segments of a planned batch."""
        try:
            plan = msgspec.msgpack.decode(self._plan_path.read_bytes(), type=_Plan)
        except FileNotFoundError:
            return []
        planned = set(plan.segments)
        left = [
            segment
            for segment in wal.sealed(self._settings.wal_dir)
            if (segment.writer, segment.number) in planned
        ]
        if left:
            _log.info("landing_taken_up_again", segments=len(left))
        else:
            self._plan_path.unlink()
        return left

    def _planned_snapshot(self) -> Snapshot:
        """The snapshot of the plan; decoded again only when it is another file."""
        status = self._plan_snapshot.stat()
        identity = (status.st_ino, status.st_mtime_ns)
        if self._snapshot is None or self._snapshot[0] != identity:
            self._snapshot = (identity, snapshot_file.read(self._plan_snapshot))
        return self._snapshot[1]


@contextmanager
def _without_collector() -> Iterator[None]:
    """Reading a batch makes many objects and no cycles: looking for some would be most of the work."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _name(segment: Segment) -> str:
    """As the lake's rows name it."""
    return f"{segment.writer}/{segment.number}"


def _app_id(writer: str) -> str:
    return f"wal:{writer}"


def _last_numbers(segments: Sequence[Segment]) -> dict[str, int]:
    """Writer → number of its last segment, as application transactions."""
    return {_app_id(segment.writer): segment.number for segment in segments}
