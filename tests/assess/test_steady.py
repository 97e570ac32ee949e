"""The same page measured again and again has the same total and level, the lab included.

In `make test` a few complete scans of a slow page and of a typical one; `make steady` makes twenty of each.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from tests.assess.conftest import scan_fleet
from tests.tools import TOOLS

from thuocdo.assess import npm, results
from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.probes.page_load.probe import RULES as LAB
from thuocdo.assess.probes.scene import Depth
from thuocdo.assess.scoring import Grade, grade

SCANS = int(os.environ.get("THUOCDO_STEADY_SCANS", "0"))
"""Of each page; 0 is the few of `make test`."""
CRITERIA = criteria_set("2024")
WITHIN = Decimal(1)
AT_ONCE = 2


@pytest.fixture(autouse=True)
def tools(monkeypatch):
    monkeypatch.setenv("THUOCDO_PROBE_TOOLS", str(TOOLS / "tools"))
    npm.packages(TOOLS)


def scanned(home, code: str, scans: int) -> tuple[list[Grade], list[results.Result]]:
    """(grades, what the lab said) of so many complete scans, two at a time as a fleet is scanned."""

    def one(number: int) -> dict[str, results.Result]:
        depth = Depth(lab_runs=LAB.min_runs)
        return asyncio.run(scan_fleet(home / str(number), depth, (code,))).of(code)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        found = list(threads.map(one, range(scans)))
    grades = [grade(CRITERIA, results.points(CRITERIA, each.values())) for each in found]
    return grades, [each["page_load.lab"] for each in found]


def is_near_a_bound(points: Decimal) -> bool:
    return any(abs(points - bound.lowest) <= WITHIN for bound in CRITERIA.levels)


@pytest.mark.parametrize(("code", "few"), [("mau-cham", 3), ("mau-cong", 2)])
def test_the_same_page_has_the_same_total_and_level_every_time(tmp_path, code, few):
    grades, lab = scanned(tmp_path, code, SCANS or few)
    told = [(each.detail, [str(one.value) for one in each.measures[:1]]) for each in lab]
    assert all(each.share is not None for each in lab), told
    if code == "mau-cham":  # a page with a full score would be steady whatever the lab did
        assert any(each.share < 1 for each in lab), told
    totals = [each.points for each in grades]
    assert max(totals) - min(totals) <= WITHIN, (totals, told)
    assert len({each.unmeasured for each in grades}) == 1
    if not any(map(is_near_a_bound, totals)):
        assert len({each.level for each in grades}) == 1
