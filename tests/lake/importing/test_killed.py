"""An import that dies loses nothing, doubles nothing and leaves nothing behind."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest
from tests.lake.importing.files import (
    CASE_HEAD,
    VIEW_HEAD,
    VIEWS,
    quiet,
    text_file,
)

from thuocdo.core.settings import Settings
from thuocdo.lake.importing.access_logs import LogOptions
from thuocdo.lake.imports import import_access_logs, import_dossiers, import_page_views
from thuocdo.lake.store import Lake

IMPORTER = """
import sys
import tempfile
from pathlib import Path
from thuocdo.core import settings
from thuocdo.lake import imports
from thuocdo.lake.importing import dossier_months, view_days
from thuocdo.lake.importing.access_logs import LogOptions
from thuocdo.lake.store import Lake
chosen = settings.load({"THUOCDO_HOME": sys.argv[1]})
view_days._CHUNK_ROWS = dossier_months._CHUNK_ROWS = 40  # several commits
print("ready", flush=True)
bring = getattr(imports, sys.argv[2])
more = [LogOptions(1)] if sys.argv[2] == "import_access_logs" else []
bring(chosen, Lake.open(chosen), [Path(sys.argv[3])], lambda done, total: None, *more)
"""


@pytest.mark.parametrize("kind", ["import_page_views", "import_dossiers", "import_access_logs"])
def test_killed_in_the_middle_and_run_again_it_loses_and_doubles_nothing(
    settings: Settings, lake: Lake, tmp_path: Path, kind: str
) -> None:
    days = [f"2021-{month:02d}-{day:02d}" for month in range(1, 11) for day in (1, 15)]
    if kind == "import_page_views":
        table = "page_views"
        rows = [f"1,{day}T0{n}:00:00Z,v{n},https://h57.vn/{n},," for day in days for n in range(9)]
        path = text_file(tmp_path, "v.csv", VIEW_HEAD, *rows)
    elif kind == "import_access_logs":
        table = "page_views"
        rows = [
            f'10.0.0.{n} - - [{day[8:]}/{date.fromisoformat(day):%b}/2021:0{n}:00:00 +0000] '
            f'"GET /{n} HTTP/1.1" 200 5 "-" "Mozilla"'
            for day in days for n in range(9)
        ]  # fmt: skip
        path = text_file(tmp_path, "access.log", *rows)
    else:
        table = "dossier_events"
        rows = [
            f"mc,H57,{day}-{n},1.004194,received,{day}T0{n}:00:00Z,online,4,"
            for day in days for n in range(9)
        ]  # fmt: skip
        path = text_file(tmp_path, "d.csv", CASE_HEAD, *rows)
    chance = random.Random(kind)
    for _ in range(3):
        command = [sys.executable, "-c", IMPORTER, str(settings.home), kind, str(path)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0.2, 0.9))
        process.kill()
        process.wait()
        process.stdout.close()
    if kind == "import_access_logs":
        result = import_access_logs(settings, lake, [path], quiet, LogOptions(1))
    else:
        bring = import_page_views if kind == "import_page_views" else import_dossiers
        result = bring(settings, lake, [path], quiet)
    assert (result.rows, result.rejected) == (len(rows), {})
    landed = lake.read(table)
    assert landed.num_rows == len(rows)
    assert len(set(landed.column("event_time").to_pylist())) == len(rows)
    assert not list((settings.state_dir / "imports").glob("*"))


def test_what_a_killed_import_left_behind_is_gone_after_the_next(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    left = settings.state_dir / "imports" / "dead"
    left.mkdir(parents=True)
    (left / "staged.parquet").write_bytes(b"half")
    import_page_views(settings, lake, [text_file(tmp_path, "v.csv", VIEW_HEAD, *VIEWS)], quiet)
    assert not (settings.state_dir / "imports").exists()
