"""What the Delta logs say of files that came and went, and the digests of those files."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from thuocdo.lake.ledger.records import FileLine
from thuocdo.lake.store import Lake

_LOG: Final = "_delta_log"
_CHUNK: Final = 1 << 20


@dataclass(slots=True)
class Moves:
    """What happened to a table between two versions.

    added    files with new rows (absolute), in the order they came
    rows     how many rows those have
    came     every new file, merged ones and those of the log too
    gone     files no longer named
    unclear  the log does not reach back, or a file is away: only the whole table tells
    """

    added: list[str] = field(default_factory=list)
    rows: int = 0
    came: list[Path] = field(default_factory=list)
    gone: list[Path] = field(default_factory=list)
    unclear: bool = False


def moves(lake: Lake, table: str, since: int, until: int) -> Moves:
    """What happened to a table in versions since < v <= until."""
    found = Moves()
    for version in range(since + 1, until + 1):
        path = lake.log_path(table, version)
        try:
            lines = path.read_bytes().splitlines()
        except FileNotFoundError:
            found.unclear = True
            continue
        found.came.append(path)
        for line in lines:
            _take(lake.root / table, json.loads(line), found)
    if found.unclear:  # the files of the versions that cannot be read are among the live ones
        found.came += [Path(path) for path in lake.files(table, version=until)]
    found.unclear |= not all(Path(path).exists() for path in found.added)
    return found


def _take(folder: Path, action: dict[str, dict[str, object]], found: Moves) -> None:
    if add := action.get("add"):
        path = folder / unquote(str(add["path"]))
        found.came.append(path)
        if add["dataChange"]:
            found.added.append(str(path))
            found.rows += int(json.loads(str(add["stats"]))["numRecords"])
    elif remove := action.get("remove"):
        found.gone.append(folder / unquote(str(remove["path"])))


def checkpoint(lake: Lake, table: str) -> tuple[int, list[Path]]:
    """The last checkpoint of a table's log: its version, its file and the one that points at it.

    (-1, []) when there is none.
    """
    pointer = lake.root / table / _LOG / "_last_checkpoint"
    try:
        version = int(json.loads(pointer.read_bytes())["version"])
    except FileNotFoundError:
        return -1, []
    return version, [pointer, pointer.with_name(f"{version:020d}.checkpoint.parquet")]


def described(lake: Lake, path: Path) -> FileLine | None:
    """Size and digest of a file as it is now; None when it is away."""
    try:
        size, digest = digest_of(path)
    except FileNotFoundError:
        return None
    return FileLine(relative(lake, path), size, digest)


def digest_of(path: Path) -> tuple[int, str]:
    """(bytes, SHA-256 in hex) of a file. Raises FileNotFoundError."""
    summed = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            summed.update(chunk)
            size += len(chunk)
    return size, summed.hexdigest()


def relative(lake: Lake, path: Path) -> str:
    """A file's path below the lake's folder, as the list of files has it."""
    return path.relative_to(lake.root).as_posix()
