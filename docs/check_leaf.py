# ruff: noqa: T201 - it says what it found
"""Recompute one leaf of the log from the Parquet files of the lake, with nothing of Thước Đo's.

    python check_leaf.py LAKE LEDGER NUMBER

Needs Python 3.11 and pyarrow. See proof.md: "The form of a row".
"""

import datetime as dt
import hashlib
import json
import sys
from pathlib import Path
from urllib.parse import unquote

import pyarrow.parquet as pq

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)  # noqa: UP017 - as older Pythons know it


def text(value: str) -> str:
    return f":{len(value.encode())}={value}"


def written(value: object) -> str:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, list):
        return f"*{len(value)}" + "".join(":-" if x is None else text(x) for x in value)
    if isinstance(value, bool):
        return "=true" if value else "=false"
    if isinstance(value, dt.datetime):
        return f"={(value - EPOCH) // dt.timedelta(microseconds=1)}"
    return f"={value.isoformat()}" if isinstance(value, dt.date) else f"={value}"


def root(level: list[bytes]) -> bytes:
    while len(level) > 1:
        pairs = [level[n : n + 2] for n in range(0, len(level), 2)]
        level = [hashlib.sha256(b"\x01" + b"".join(p)).digest() if p[1:] else p[0] for p in pairs]
    return level[0]


lake, ledger, number = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
leaves = [json.loads(line) for line in (ledger / "leaves.ndjson").read_bytes().splitlines()]
leaf, columns = leaves[number], json.loads((ledger / "columns.json").read_bytes())
names, files = columns[leaf["table"]], {}
for line in max(ledger.glob("files-*.ndjson")).read_bytes().splitlines():
    file = json.loads(line)
    files[file["path"]] = file.get("sha256")
hashes = [
    (stone["event_id"], bytes.fromhex(stone["hash"]))
    for stone in leaves
    if stone["leaf"] == "erased" and stone["table"] == leaf["table"]
    if stone["segment"] == leaf.get("segment") and stone["event_id"] <= leaf.get("last", 0)
    if stone["event_id"] >= leaf.get("first", 0)
]
for path in (p for p, there in files.items() if there and p.startswith(leaf["table"] + "/")):
    if not path.endswith(".parquet") or "_delta_log" in path:
        continue
    column, _, value = unquote(path.split("/")[1]).partition("=")  # the partition's own column
    for row in pq.read_table(lake / path, partitioning=None).to_pylist():
        if value:
            row[column] = dt.date.fromisoformat(value) if column == "day" else value
        ours = row["segment"] == leaf["segment"]
        if ours and leaf.get("first", 0) <= row["event_id"] <= leaf.get("last", 0):
            form = [f"{n}{written(row[c])};" for n, c in enumerate(names, 1) if row[c] is not None]
            digest = hashlib.sha256(b"\x00" + "".join(form).encode()).digest()
            hashes.append((row["event_id"], digest))
found = root([digest for _, digest in sorted(hashes)]).hex()
print(f"leaf {number}: {leaf['table']} {leaf['segment']}, {len(hashes)} of {leaf['rows']} rows")
print(
    "the root is the leaf's" if found == leaf["root"] else f"WRONG: {found} is not {leaf['root']}"
)
sys.exit(found != leaf["root"])
