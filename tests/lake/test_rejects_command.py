"""The command that lists what was refused and replays it, on a real instance."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import subprocess
from pathlib import Path

import msgspec
import pytest
from tests.command import thuocdo

from thuocdo.core import settings as settings_module
from thuocdo.core import snapshot as snapshot_file
from thuocdo.core.clock import parse_instant
from thuocdo.core.snapshot import SiteEntry, Snapshot
from thuocdo.lake.landing import Lander
from thuocdo.lake.store import Lake
from thuocdo.wal.writer import Writer
from thuocdo.wire import mcdt

SECRET = "0123456789abcdef"
NOW = parse_instant("2026-11-21T10:00:00")
MESSAGE = {"siteId": "101", "codeProfile": "H29-1", "codeTTHC": "1.004194", "status": "1"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An instance with two refused messages; its registry has the site of one of them now."""
    found = settings_module.load({"THUOCDO_HOME": str(tmp_path), "THUOCDO_SECRET_KEY": SECRET})
    found.make_folders()
    snapshot_file.write(found.snapshot_path, Snapshot(1))
    lake = Lake.open(found)
    lake.create()

    async def write() -> None:
        writer = Writer(found.wal_dir)
        for fields in (MESSAGE, MESSAGE | {"siteId": "9"}):
            message = mcdt.parse(msgspec.json.encode(fields), "application/json")
            assert isinstance(message, mcdt.Message)
            refused = mcdt.to_event(message, Snapshot(1), SECRET.encode(), NOW)
            await writer.append(msgspec.msgpack.encode(refused))
        closing = writer.close()
        if closing is not None:
            await closing

    asyncio.run(write())
    Lander(found, lake).land_once()
    site = SiteEntry(101, "H29-one_stop", "H29", "one_stop")
    snapshot_file.write(found.snapshot_path, Snapshot(2, sites=(site,), agencies=("H29",)))
    return tmp_path


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"THUOCDO_HOME": str(home), "THUOCDO_SECRET_KEY": SECRET}
    return thuocdo("rejects", *arguments, environment=environment)


def test_refusals_are_listed_with_what_they_would_be_today(home: Path) -> None:
    rows = json.loads(run(home, "list", "--format", "json").stdout)
    assert {(row["site_id"], row["reason"], row["today"]) for row in rows} == {
        (101, "unknown_site", "accepted"),
        (9, "unknown_site", "refused: unknown_site"),
    }
    assert all(row["landed_at"].endswith("+07:00") for row in rows)
    sheet = csv.DictReader(io.StringIO(run(home, "list", "--site", "9", "--format", "csv").stdout))
    assert [row["site_id"] for row in sheet] == ["9"]
    table = run(home, "list").stdout
    assert "unknown_site" in table
    assert table.endswith("2 refused\n")


def test_a_replay_prints_what_became_of_them_and_does_it_once(home: Path) -> None:
    dry = run(home, "replay", "--dry-run").stdout
    assert dry.startswith("would be accepted 1\n  unknown_site 1")
    first = run(home, "replay").stdout
    assert "accepted 1\n  unknown_site 1" in first
    assert "still refused 1\n  unknown_site 1 (the site id is not registered)" in first
    second = run(home, "replay").stdout
    assert second.startswith("accepted 0\n")
    assert second.endswith("replayed before 1\n")


def test_a_wrong_reason_names_those_there_are(home: Path) -> None:
    refused = run(home, "list", "--reason", "nonsense")
    assert refused.returncode == 1
    assert "unknown_site" in refused.stderr
