"""The guide for one-stop vendors is followed to the letter, on a real instance."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "connect-a-one-stop-system.md"


def blocks(kind: str) -> list[str]:
    """The guide's blocks of a kind, in order."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture
def vendor(can_tho: Any, tmp_path: Path) -> Any:
    """An instance whose operator did what section 1 says; commands run in a folder of the vendor."""
    (sites,) = blocks("csv")
    (can_tho.home.parent / "sites.csv").write_text(sites)
    can_tho.environment["PATH"] = f"{Path(sys.executable).parent}:{can_tho.environment['PATH']}"
    can_tho.environment["COLLECTOR"] = can_tho.collector
    can_tho.environment["KEY"] = run(
        can_tho, can_tho.home.parent, blocks("sh operator")[0]
    ).split()[-1]
    return can_tho


def run(instance: Any, folder: Path, script: str) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder, env=instance.environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_command_of_the_guide_does_what_it_says(vendor: Any, tmp_path: Path) -> None:
    message, packet, batch, signed = blocks("sh")
    with vendor.role("collect"):
        assert "204 No Content" in run(vendor, tmp_path, message)
        assert json.loads(run(vendor, tmp_path, packet))["error_code"] == "00"
        assert json.loads(run(vendor, tmp_path, batch))["accepted"] == 2
        run(vendor, tmp_path, "sleep 1.1")
        assert json.loads(run(vendor, tmp_path, signed))["accepted"] == 2
        (check,) = blocks("python")
        (tmp_path / "check.py").write_text(check)
        assert "2 accepted" in run(vendor, tmp_path, "python check.py")
    shown = run(vendor, tmp_path, blocks("sh operator")[1])
    figures = json.loads(shown[shown.index("[\n") if "[\n" in shown else shown.rindex("[{") :])
    (can_tho,) = (row for row in figures if row["agency"] == "H13")
    assert (can_tho["numerator"], can_tho["denominator"]) == (3, 3)
