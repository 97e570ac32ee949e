"""The lander's side of the log: which segments are complete, what is in them, and their removal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from thuocdo.wal import folder as _folder
from thuocdo.wal import frame as _frame
from thuocdo.wal.frame import Frame

__all__ = ["Frame", "Segment", "frames", "recover", "remove", "sealed"]


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
    data = path.read_bytes()
    found = _frame.scan(data)
    if found.damaged or found.torn:
        _folder.set_aside(path, data)
    for start, end in found.spans:
        yield _frame.decode(data, start, end)


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
        _folder.sync_directory(writer)


def _segment(path: Path) -> Segment:
    return Segment(path.parent.name, int(path.stem), path)
