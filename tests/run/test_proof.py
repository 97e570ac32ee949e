"""The walk through docs/proof.md, command by command, in a real instance that every door has fed."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.run.test_one_stop import encoded, landed, open_cps, send

from thuocdo.core import settings as settings_of
from thuocdo.lake.ledger.columns import COLUMNS
from thuocdo.lake.ledger.ledger import Ledger
from thuocdo.lake.ledger.records import RowsLeaf
from thuocdo.lake.schemas import EVENT_TABLES
from thuocdo.lake.store import Lake

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "proof.md").read_text(encoding="utf-8")
NUMBER = "CT-2026-0001"
DAY = "2026-11-20T08:00:00+07:00"
DOSSIER = {"system": "H13-one_stop", "agency": "H13", "procedure": "1.004194"}


@pytest.fixture
def fed(can_tho: Any, tmp_path: Path) -> Any:
    """By legacy messages, signed batches, page views, imports and a replay of what was refused."""
    key = can_tho.run("key", "create", "tests").stdout.split()[0]
    with can_tho.role("collect"):
        for number, status in ((NUMBER, 1), (NUMBER, 3), ("CT-2026-0002", 1)):
            url = f"{can_tho.collector}/TrackingMCDT"
            assert send(url, *encoded(open_cps(number, status)))[0] == 204
        unknown = open_cps("CT-2026-0003", 1) | {"siteId": "999"}
        assert send(f"{can_tho.collector}/TrackingMCDT", *encoded(unknown))[0] in (204, 400)
        batch = [DOSSIER | {"dossier": "CT-9", "status": "received", "event_time": DAY}]
        _, _, answer = send(
            f"{can_tho.collector}/v1/dossiers", json.dumps(batch).encode(), "application/json",
            Authorization=f"Bearer {key}",
        )  # fmt: skip
        (tmp_path / "receipt.json").write_text(answer)
        for visit in range(3):
            send(f"{can_tho.collector}/tracking?idsite=101&rec=1&rand={visit}", b"", "text/plain")
    landed(can_tho)
    events = [
        DOSSIER | {"dossier": f"I-{n}", "status": "received", "event_time": DAY} for n in range(9)
    ]
    bad = [DOSSIER | {"dossier": "I-9", "status": "no such", "event_time": DAY}]
    can_tho.run("import", "dossiers", can_tho.write_csv("dossiers.csv", [*events, *bad]))
    views = [{"site_id": 101, "event_time": DAY, "visitor": n} for n in range(5)]
    strange = [{"site_id": 4242, "event_time": DAY, "visitor": 1}]
    can_tho.run("import", "page-views", can_tho.write_csv("views.csv", views + strange))
    can_tho.run("refresh")
    return can_tho


PYTHON = shlex.quote(sys.executable)
FUNCTIONS = (f'thuocdo() {{ {PYTHON} -m thuocdo "$@"; }}', f'python() {{ {PYTHON} "$@"; }}')
"""What the guide's programs are in the tests: this environment's."""


def commands() -> list[str]:
    """The indented lines of the walk through."""
    walk = GUIDE.split("## Từng bước")[1].split("\n## ")[0]
    return [line.strip() for line in walk.splitlines() if line.startswith("    ")]


def test_the_guide_works_command_by_command(fed: Any, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    said = {}
    for command in commands():
        line = "\n".join((*FUNCTIONS, "set -o pipefail", command))
        done = subprocess.run(
            ["/bin/bash", "-c", line], cwd=tmp_path, env=fed.environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        said[command] = done.stdout
    assert "Nothing is wrong." in said["thuocdo verify"]
    assert sum("The same, to the last digit." in told for told in said.values()) == 4
    assert "2 erased" in said["thuocdo verify"]
    assert "2 rows are in the log" in said["thuocdo proof check dossier-proof.json --key key.json"]
    assert "is in" in said["thuocdo proof check receipt-proof.json --key key.json"]
    assert "of 4 and 8 leaves" in said["thuocdo proof check growth.json --key key.json"]
    for name in ("dossier-proof.json", "receipt-proof.json"):
        assert NUMBER not in (tmp_path / name).read_text()
    every_leaf_can_be_recomputed_by_a_stranger(fed, tmp_path)
    a_changed_proof_is_refused(fed, tmp_path)


def every_leaf_can_be_recomputed_by_a_stranger(fed: Any, folder: Path) -> None:
    settings = settings_of.load(fed.environment)
    ledger = Ledger(settings, Lake.open(settings))
    head = ledger.head()
    assert head is not None
    seen = set()
    for number, leaf in enumerate(ledger.leaves(0, head.size - 1)):
        if not isinstance(leaf, RowsLeaf) or leaf.table not in EVENT_TABLES:
            continue
        assert not leaf.listed, "each segment's rows of a table came in one commit"
        seen.add(leaf.table)
        done = subprocess.run(
            [sys.executable, ROOT / "docs" / "check_leaf.py", settings.home / "lake",
             settings.ledger_dir, str(number)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    assert {"page_views", "dossier_events", "rejects"} <= seen


def a_changed_proof_is_refused(fed: Any, folder: Path) -> None:
    proof = (folder / "dossier-proof.json").read_text()
    wrong = folder / "wrong.json"
    wrong.write_text(proof.replace("H13-one_stop;", "H14-one_stop;", 1))
    done = fed.run("proof", "check", wrong, "--key", folder / "key.json", check=False)
    assert (done.returncode, "does not hold" in done.stderr) == (1, True), done.stderr


def test_damage_makes_the_command_fail_and_name_the_file(fed: Any) -> None:
    settings = settings_of.load(fed.environment)
    path = Path(Lake.open(settings).files("page_views")[0])
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 4
    path.write_bytes(content)
    done = fed.run("verify", check=False)
    assert done.returncode == 1
    assert path.relative_to(settings.home).as_posix() in done.stdout
    shutil.rmtree(settings.ledger_dir)
    done = fed.run("verify", check=False)
    assert (done.returncode, "There is no ledger" in done.stderr) == (1, True)


def test_the_guide_prints_the_columns_numbers() -> None:
    for table, columns in COLUMNS.items():
        told = ", ".join(f"{number} `{column}`" for number, column in enumerate(columns, 1))
        assert f"| `{table}` | {told} |" in GUIDE
