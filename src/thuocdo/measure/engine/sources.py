"""The files of the lake as an engine takes them: by partition, in runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from thuocdo.lake.delta_files import partition_of
from thuocdo.lake.store import Lake


def batched(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """`items` in runs of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def files_by_partition(lake: Lake, table: str, version: int | None = None) -> dict[str, list[str]]:
    """Partition → the files an event table has there, at a version or now."""
    found: dict[str, list[str]] = {}
    for path in lake.files(table, version=version):
        found.setdefault(partition_of(path) or "", []).append(path)
    return found
