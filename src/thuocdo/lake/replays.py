"""Which requests came before: a tracker that was not answered sends again, and counts once.

Every view and step that can be known again has an id (`Reader.request`): of a browser's request, what
tells it from any other (`wire/content.py`); of a record that a key vouches for, its site, time,
visitor and page. The first to come stands; who comes with the same id later is a replay.

An id is remembered with the segment it was first seen in, durably, before any table takes the
segment's rows. That makes the answer a function of what was remembered: however a batch is repeated,
cut or ordered after a crash, an event whose id came with its own segment is the first again.

The ids lie in sorted runs, `<home>/state/replays/<bucket>-<name>.arrow`, one for each batch and
bucket: the local day of a browser's request, the month of a vouched record's event. Once a run's
segments have left the log its ids belong to no segment any more, and small runs are merged. Runs can
be lost: then a replay of what they held counts again, and nothing else happens.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from thuocdo.core import files
from thuocdo.core.clock import OFFSET_US
from thuocdo.wire.rules import LATE_WINDOW_US

Integers = npt.NDArray[np.int64]
Marks = npt.NDArray[np.bool_]

BROWSER_SECONDS: Final = 3 * 86_400
"""How long a browser's request is known: a tracker's offline queue tries no longer."""
VOUCHED_SECONDS: Final = LATE_WINDOW_US // 1_000_000
"""How long a vouched record is known: as late as an event may come."""
_MERGED_TOGETHER: Final = 4
"""Runs of like size before they become one."""
_LIKE_SIZE: Final = 2
_RECORD_BITS: Final = 40
_NEW: Final = -2
_ELSEWHERE: Final = -1
_ENDING: Final = ".arrow"
_FRESH_ENDING: Final = ".fresh"
_SEGMENTS: Final = b"segments"
_DAY: Final = "day-"
_MONTH: Final = "month-"


def order_of(segment: int, record: int) -> int:
    """The place of an event in its batch: segments as they come, and the records in each."""
    return (segment << _RECORD_BITS) + record


def segment_of(order: Integers) -> Integers:
    return order >> _RECORD_BITS


class Events(NamedTuple):
    """What is asked about, a row each.

    request  the id; 0: cannot be known again
    dated    whether a key vouches for the time
    order    `order_of`
    """

    request: Integers
    event_time: Integers  # µs UTC
    dated: Marks
    order: Integers

    def followed_by(self, others: Events) -> Events:
        return Events(
            np.concatenate([self.request, others.request]),
            np.concatenate([self.event_time, others.event_time]),
            np.concatenate([self.dated, others.dated]),
            np.concatenate([self.order, others.order]),
        )


class _Run(NamedTuple):
    """Sorted ids of one bucket. `segment` is a place in `segments`; None: they have left the log."""

    path: Path
    bucket: str
    ids: Integers
    segment: npt.NDArray[np.int32] | None
    segments: tuple[str, ...]

    def origins(self, where: Integers, number: Mapping[str, int]) -> Integers:
        """The segments of the ids at some places, by number; those that have none are elsewhere."""
        if self.segment is None:
            return np.full(len(where), _ELSEWHERE, np.int64)
        numbers = [number.get(name, _ELSEWHERE) for name in self.segments]
        return np.array(numbers, np.int64)[self.segment[where]]


class Replays:
    """The memory of one instance. Not for two processes at once: the lander holds its lock."""

    def __init__(self, state_dir: Path) -> None:
        self._folder = state_dir / "replays"
        self._runs: dict[Path, _Run] = {}

    def judge(self, events: Events, segments: Sequence[str]) -> Marks:
        """Which events are replays; what is new is remembered, on disk, when this returns.

        segments  names, by the number in `Events.order`
        """
        self._look()
        replayed = np.zeros(len(events.request), np.bool_)
        asked = np.flatnonzero(events.request)
        asked = asked[np.argsort(events.order[asked], kind="stable")]
        dated = events.dated[asked]
        days = [run for run in self._runs.values() if run.bucket.startswith(_DAY)]
        browsers = asked[~dated]
        replayed[browsers] = self._judge(events, browsers, days, segments)
        months = _calendar(events.event_time[asked], "M")
        for month in _distinct(months[dated]):
            runs = [run for run in self._runs.values() if run.bucket == f"{_MONTH}{month}"]
            chosen = asked[dated & (months == month)]
            replayed[chosen] = self._judge(events, chosen, runs, segments)
        return replayed

    def tidy(self, waiting: Iterable[str]) -> None:
        """Forget what is too old, and merge runs of which no segment waits in the log."""
        self._look()
        here = set(waiting)
        now = time.time()
        for run in list(self._runs.values()):
            kept = BROWSER_SECONDS if run.bucket.startswith(_DAY) else VOUCHED_SECONDS
            if now - run.path.stat().st_mtime > kept:
                self._forget(run)
        settled = [run for run in self._runs.values() if not here.intersection(run.segments)]
        for bucket in sorted({run.bucket for run in settled}):
            self._merge(bucket, [run for run in settled if run.bucket == bucket])

    def _judge(
        self, events: Events, chosen: Integers, runs: Iterable[_Run], segments: Sequence[str]
    ) -> Marks:
        """Of the events `chosen`, in order, which are replays; remembers the new ids."""
        ids, first, which = np.unique(
            events.request[chosen], return_index=True, return_inverse=True
        )
        number = {name: place for place, name in enumerate(segments)}
        origin = np.full(len(ids), _NEW, np.int64)
        for run in runs:
            known, where = _find(run.ids, ids)
            origin[known] = run.origins(where, number)
        segment = segment_of(events.order[chosen])
        new = np.flatnonzero(origin == _NEW)
        origin[new] = segment[first[new]]
        own = np.flatnonzero(segment == origin[which])
        standing = own[np.unique(which[own], return_index=True)[1]]
        replayed = np.ones(len(chosen), np.bool_)
        replayed[standing] = False
        for bucket, some in _buckets(events, chosen[first[new]]):
            written = new[some]
            self._write(bucket, ids[written], origin[written].astype(np.int32), segments)
        return replayed

    def _merge(self, bucket: str, runs: list[_Run]) -> None:
        """Make one of the smaller runs when there are some of like size."""
        runs.sort(key=lambda run: len(run.ids))
        total = count = 0
        for run in runs:
            if count >= _MERGED_TOGETHER and len(run.ids) > _LIKE_SIZE * total:
                break
            total += len(run.ids)
            count += 1
        if count < _MERGED_TOGETHER:
            return
        self._write(bucket, np.sort(np.concatenate([run.ids for run in runs[:count]])), None, ())
        for run in runs[:count]:
            self._forget(run)

    def _write(
        self,
        bucket: str,
        ids: Integers,
        segment: npt.NDArray[np.int32] | None,
        segments: Sequence[str],
    ) -> None:
        columns = {"id": pa.array(ids)}
        if segment is not None:
            columns["segment"] = pa.array(segment)
        names = msgspec.json.encode(segments)
        rows = pa.table(columns).replace_schema_metadata({_SEGMENTS: names})
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{bucket}-{uuid.uuid4().hex}{_ENDING}"
        fresh = path.with_suffix(_FRESH_ENDING)
        with fresh.open("wb") as file:
            with pa.ipc.new_file(file, rows.schema) as writer:
                writer.write_table(rows)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        files.sync(self._folder)
        self._runs[path] = _opened(path)

    def _look(self) -> None:
        """Know the runs that are there now; drop what a death in mid-write left."""
        there = set(self._folder.glob(f"*{_ENDING}"))
        for path in self._runs.keys() - there:
            del self._runs[path]
        for path in there - self._runs.keys():
            self._runs[path] = _opened(path)
        for path in self._folder.glob(f"*{_FRESH_ENDING}"):
            path.unlink()

    def _forget(self, run: _Run) -> None:
        del self._runs[run.path]
        run.path.unlink()


def _find(known: Integers, ids: Integers) -> tuple[Marks, Integers]:
    """Which of some sorted ids are among the known ones, and where those are."""
    place = np.searchsorted(known, ids)
    place[place == len(known)] = 0
    found: Marks = known[place] == ids
    return found, place[found]


def _buckets(events: Events, rows: Integers) -> Iterator[tuple[str, Marks]]:
    """Bucket → its events: day of a browser's request, month of a vouched record."""
    dated = events.dated[rows]
    for name, unit, of_kind in ((_DAY, "D", ~dated), (_MONTH, "M", dated)):
        dates = _calendar(events.event_time[rows], unit)
        for date in _distinct(dates[of_kind]):
            yield f"{name}{date}", of_kind & (dates == date)


def _calendar(instants: Integers, unit: str) -> npt.NDArray[np.datetime64]:
    """Local days or months of instants (µs UTC)."""
    return (instants + OFFSET_US).astype("datetime64[us]").astype(f"datetime64[{unit}]")


def _distinct(dates: npt.NDArray[np.datetime64]) -> Iterator[np.datetime64]:
    """The dates that occur: there are few, and they lie together."""
    if len(dates):
        first = dates.min()
        for number in np.flatnonzero(np.bincount((dates - first).astype(np.int64))):
            yield first + number


def _opened(path: Path) -> _Run:
    rows = pa.ipc.open_file(pa.memory_map(str(path))).get_batch(0)
    segments = msgspec.json.decode(rows.schema.metadata[_SEGMENTS], type=tuple[str, ...])
    return _Run(
        path,
        path.name.rpartition("-")[0],
        rows.column("id").to_numpy(),
        rows.column("segment").to_numpy() if segments else None,
        segments,
    )
