"""Files to import, and what an import said of them."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import zstandard

from thuocdo.core.results import ImportResult

VIEW_HEAD = "site_id,event_time,visitor,url,referrer,user_agent"


CASE_HEAD = "system,agency,dossier,procedure,status,event_time,channel,level,due_at"


VIEWS = (
    "1,2022-04-30T12:00:00+07:00,anna,https://h57.vn/tin?x=1,https://google.com/?q=a,Mozilla/5.0",
    "1,2022-04-30T12:00:00+07:00,anna,https://h57.vn/tin?x=1,https://google.com/?q=a,Mozilla/5.0",
    "1,2022-04-30 23:59:59,binh,https://h57.vn/,,",
    "1,2022-04-30T17:00:00Z,binh,https://h57.vn/0912345678,,",
    "1,2022-05-01,,,,",
)


CASES = (
    "mc,H57,H57-220401-0001,1.004194,submitted,2022-04-30T12:00:00+07:00,online,4,2022-05-10",
    "mc,H57,H57-220401-0001,1.004194,completed,2022-05-02T12:00:00+07:00,online,full,2022-05-10",
    "mc,000.00.00.H57,h57-220401-0001,1.004194.000.00.00.H57,returned,2022-05-03,online,full,",
    "mc,H13,A 77,9.999999,received,2022-05-02T08:00:00,counter,3,",
)


def quiet(done: int, total: int | None) -> None:
    assert total is None or done <= total


def text_file(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    data = ("\n".join(lines) + "\n").encode()
    if name.endswith(".gz"):
        data = gzip.compress(data)
    if name.endswith(".zst"):
        data = zstandard.compress(data)
    path.write_bytes(data)
    return path


def counts(result: ImportResult) -> tuple[int, int, int, dict[str, int]]:
    assert result.rows == result.accepted + result.duplicates + sum(result.rejected.values())
    return result.rows, result.accepted, result.duplicates, result.rejected


def lines_refused(result: ImportResult) -> dict[int, str]:
    assert result.rejects_file is not None
    with result.rejects_file.open() as file:
        return {int(row["row"]): row["reason"] for row in csv.DictReader(file)}
