"""The lander's side of the log: which segments are complete, what is in them, and their removal."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from thuocdo.core import files
from thuocdo.wal import folder as _folder
from thuocdo.wal import frame as _frame
from thuocdo.wal.frame import Frame

__all__ = [
    "Frame", "Packed", "Segment", "forget_damaged", "frames", "packed", "recover", "remove", "sealed",
]  # fmt: skip

DAMAGED_SECONDS: Final = 900.0
"""How long an operator can look at a damaged segment before its copy goes."""


class Segment(NamedTuple):
    """One sealed file. Segments of one writer are in the order they were written."""

    writer: str
    number: int
    path: Path


def sealed(wal_dir: Path) -> list[Segment]:
    """Every complete segment, by writer and number."""
    return [
        _segment(path)
        for writer in _folder.folders(wal_dir)
        for path in sorted(writer.glob(f"*{_folder.SEALED}"))
    ]


def frames(path: Path) -> Iterator[Frame]:
    """The whole frames of a segment, oldest first; `landed_at` never goes backwards.

    When bytes of it have gone bad a copy is set aside as `.damaged` and the rest is read on.
    """
    data, spans = _whole_frames(path)
    for start, end in spans:
        yield _frame.decode(data, start, end)


class Packed(NamedTuple):
    """The records of a segment where they lie: record k is `data[start[k]:end[k]]`.

    landed_at  µs UTC of each record's frame
    """

    data: bytes
    start: npt.NDArray[np.int64]
    end: npt.NDArray[np.int64]
    landed_at: npt.NDArray[np.int64]


def packed(path: Path) -> Packed:
    """As `frames`, without making an object of each record."""
    data, spans = _whole_frames(path)
    nothing = np.empty(0, np.int64)
    starts, ends, landed_at = [nothing], [nothing], [nothing]
    for span in spans:
        head = _frame.header(data, *span)
        length = _frame.lengths(data, head)
        end = head.records + np.cumsum(length)
        starts.append(end - length)
        ends.append(end)
        landed_at.append(np.full(head.size, head.landed_at, np.int64))
    return Packed(data, np.concatenate(starts), np.concatenate(ends), np.concatenate(landed_at))


def recover(wal_dir: Path) -> list[Segment]:
    """Seal what dead writers left open; folders of living writers are not touched."""
    recovered: list[Segment] = []
    for writer in _folder.folders(wal_dir):
        with _folder.locked(writer) as free:
            if free:
                recovered.extend(_segment(path) for path in _folder.recover(writer))
    return recovered


def remove(segments: Iterable[Segment]) -> None:
    """Delete landed segments, durably; one that is already gone is no error."""
    touched: set[Path] = set()
    for segment in segments:
        segment.path.unlink(missing_ok=True)
        touched.add(segment.path.parent)
    for writer in touched:
        files.sync(writer)


def forget_damaged(wal_dir: Path) -> int:
    """Delete copies of damaged segments that had their time; how many went.

    They hold addresses, as the log does, and must not outlive it by much: a copy goes a quarter
    of an hour after it was set aside, once the segment's whole frames have landed.
    """
    now = time.time()
    count = 0
    for writer in _folder.folders(wal_dir):
        for copy in writer.glob(f"*{_folder.DAMAGED}"):
            waiting = any(copy.with_suffix(end).exists() for end in (_folder.OPEN, _folder.SEALED))
            old = abs(now - copy.stat().st_mtime) > DAMAGED_SECONDS  # or the clock was set back
            if old and not waiting:
                copy.unlink(missing_ok=True)
                count += 1
    return count


def _whole_frames(path: Path) -> tuple[bytes, list[tuple[int, int]]]:
    data = path.read_bytes()
    found = _frame.scan(data)
    if found.damaged or found.torn:
        _folder.set_aside(path, data)
    return data, found.spans


def _segment(path: Path) -> Segment:
    return Segment(path.parent.name, int(path.stem), path)
